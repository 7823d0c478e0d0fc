"""Islands, provinces and landscapes that people name in queries, with the box each fills.

Written by hand, for finding photos: the boxes are rounded to about a tenth of a degree (the three
nations of Great Britain are rings of a few corners), and they take in whatever else lies in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from placelens.geo.names import fold

__all__ = ["KnownRegion", "known_regions"]


@dataclass(frozen=True, slots=True)
class KnownRegion:
    """A region: its names, first the one to show, its country's code (or none), and its ring."""

    names: tuple[str, ...]
    country: str
    ring: tuple[tuple[float, float], ...]


@cache
def known_regions() -> dict[str, KnownRegion]:
    """The regions by each of their folded names."""
    regions = [
        KnownRegion(tuple(names.split("/")), country, _box_ring(*box))
        for names, country, box in _BOXES
    ]
    regions += [KnownRegion((name,), "GB", ring) for name, ring in _BRITISH_NATIONS.items()]
    return {fold(name): region for region in regions for name in region.names}


def _box_ring(
    west: float, south: float, east: float, north: float
) -> tuple[tuple[float, float], ...]:
    return ((west, south), (east, south), (east, north), (west, north))


_SCOTTISH_BORDER = (
    (-4.0, 54.5), (-3.2, 54.93), (-3.03, 55.05), (-2.7, 55.2), (-2.3, 55.45), (-2.2, 55.65),
    (-2.0, 55.82),
)  # fmt: skip
_WELSH_BORDER = (
    (-3.2, 53.42), (-3.0, 53.25), (-2.93, 53.12), (-2.75, 52.93), (-3.1, 52.9), (-3.0, 52.6),
    (-3.2, 52.45), (-2.97, 52.3), (-3.12, 52.1), (-2.95, 51.9), (-2.68, 51.82), (-2.65, 51.6),
    (-3.0, 51.35),
)  # fmt: skip
_BRITISH_NATIONS = {
    "Scotland": (
        *_SCOTTISH_BORDER, (-0.5, 56.5), (-0.5, 61.0), (-8.8, 61.0), (-8.8, 57.0), (-7.5, 55.6),
        (-5.95, 55.35), (-5.6, 55.0), (-5.3, 54.6),
    ),
    "Wales": (*_WELSH_BORDER, (-5.6, 51.2), (-5.6, 52.0), (-4.9, 53.5)),
    "England": (
        *_WELSH_BORDER, (-5.3, 51.3), (-6.6, 50.1), (-6.6, 49.7), (-1.0, 50.3), (1.0, 50.7),
        (1.6, 51.1), (2.1, 52.5), (0.6, 54.0), (-1.2, 55.5), *reversed(_SCOTTISH_BORDER),
        (-3.6, 53.8),
    ),
}  # fmt: skip

_BOXES: tuple[tuple[str, str, tuple[float, float, float, float]], ...] = (
    # Europe
    ("Northern Ireland", "GB", (-8.2, 54.0, -5.4, 55.35)),
    ("Cornwall", "GB", (-5.8, 49.9, -4.15, 50.95)),
    ("Lake District", "GB", (-3.65, 54.2, -2.6, 54.75)),
    ("Isle of Skye/Skye", "GB", (-6.8, 57.0, -5.6, 57.75)),
    ("Alps", "", (5.5, 43.9, 16.5, 48.1)),
    ("Pyrenees", "", (-1.9, 42.0, 3.2, 43.4)),
    ("Scandinavia", "", (4.5, 54.5, 31.2, 71.3)),
    ("Lapland", "", (16.0, 65.5, 31.0, 70.2)),
    ("Provence", "FR", (4.2, 43.1, 7.1, 44.6)),
    ("Normandy/Normandie", "FR", (-2.0, 48.15, 1.85, 50.1)),
    ("Brittany/Bretagne", "FR", (-5.2, 47.2, -1.0, 48.95)),
    ("Alsace", "FR", (6.8, 47.4, 8.3, 49.1)),
    ("Burgundy/Bourgogne", "FR", (2.8, 46.1, 5.6, 48.4)),
    ("French Riviera/Côte d'Azur", "FR", (6.4, 43.0, 7.6, 43.95)),
    ("Corsica/Corse", "FR", (8.5, 41.3, 9.6, 43.05)),
    ("Sicily/Sicilia", "IT", (12.3, 36.6, 15.7, 38.35)),
    ("Sardinia/Sardegna", "IT", (8.1, 38.8, 9.9, 41.32)),
    ("Tuscany/Toscana", "IT", (9.65, 42.2, 12.4, 44.5)),
    ("Umbria", "IT", (11.85, 42.35, 13.3, 43.65)),
    ("Lombardy/Lombardia", "IT", (8.45, 44.65, 11.45, 46.65)),
    ("Piedmont/Piemonte", "IT", (6.6, 44.05, 9.25, 46.5)),
    ("Apulia/Puglia", "IT", (14.9, 39.75, 18.6, 42.25)),
    ("Dolomites", "IT", (11.3, 46.0, 12.7, 47.0)),
    ("Bavaria/Bayern", "DE", (8.95, 47.25, 13.9, 50.6)),
    ("Saxony/Sachsen", "DE", (11.85, 50.15, 15.1, 51.7)),
    ("Black Forest", "DE", (7.5, 47.5, 8.75, 49.0)),
    ("Tyrol/Tirol", "AT", (10.05, 46.6, 13.0, 47.8)),
    ("Catalonia/Catalunya", "ES", (0.1, 40.5, 3.4, 42.9)),
    ("Andalusia/Andalucía", "ES", (-7.6, 35.95, -1.6, 38.75)),
    ("Galicia", "ES", (-9.35, 41.8, -6.7, 43.85)),
    ("Basque Country", "ES", (-3.5, 42.4, -1.7, 43.5)),
    ("Balearic Islands", "ES", (1.1, 38.6, 4.4, 40.15)),
    ("Mallorca/Majorca", "ES", (2.3, 39.25, 3.5, 39.98)),
    ("Ibiza", "ES", (1.15, 38.8, 1.65, 39.15)),
    ("Canary Islands", "ES", (-18.3, 27.5, -13.3, 29.5)),
    ("Tenerife", "ES", (-16.95, 27.98, -16.1, 28.62)),
    ("Lanzarote", "ES", (-13.95, 28.8, -13.4, 29.3)),
    ("Madeira", "PT", (-17.35, 32.55, -16.2, 33.15)),
    ("Azores", "PT", (-31.4, 36.85, -24.9, 39.8)),
    ("Algarve", "PT", (-9.05, 36.9, -7.35, 37.55)),
    ("Crete", "GR", (23.4, 34.8, 26.4, 35.75)),
    ("Santorini", "GR", (25.3, 36.3, 25.5, 36.5)),
    ("Rhodes", "GR", (27.65, 35.85, 28.27, 36.48)),
    ("Bohemia", "CZ", (12.05, 48.5, 16.4, 51.1)),
    ("Transylvania", "RO", (22.3, 45.4, 26.4, 47.8)),
    ("Dalmatia", "HR", (14.4, 42.35, 18.6, 44.6)),
    ("Crimea", "", (32.4, 44.35, 36.7, 46.25)),
    ("Cappadocia", "TR", (33.9, 38.0, 35.7, 39.0)),
    # Africa
    ("Sahara", "", (-17.0, 15.0, 37.0, 32.0)),
    ("Sinai", "EG", (32.3, 27.7, 34.95, 31.35)),
    ("Zanzibar", "TZ", (39.1, -6.55, 39.65, -5.7)),
    # Asia
    ("Siberia", "RU", (60.0, 49.0, 180.0, 78.0)),
    ("Himalayas/Himalaya", "", (72.0, 26.5, 97.0, 36.5)),
    ("Tibet", "CN", (78.3, 26.8, 99.2, 36.6)),
    ("Yunnan", "CN", (97.5, 21.1, 106.2, 29.3)),
    ("Hainan", "CN", (108.5, 18.1, 111.2, 20.2)),
    ("Kashmir", "", (73.2, 32.5, 77.5, 35.2)),
    ("Ladakh", "IN", (75.8, 32.2, 79.6, 36.0)),
    ("Rajasthan", "IN", (69.4, 23.0, 78.3, 30.2)),
    ("Goa", "IN", (73.65, 14.88, 74.35, 15.82)),
    ("Kerala", "IN", (74.8, 8.25, 77.4, 12.8)),
    ("Tamil Nadu", "IN", (76.2, 8.05, 80.4, 13.6)),
    ("Hokkaido", "JP", (139.3, 41.3, 145.9, 45.6)),
    ("Kyushu", "JP", (129.3, 30.9, 132.1, 34.0)),
    ("Luzon", "PH", (119.7, 12.5, 124.3, 18.7)),
    ("Mindanao", "PH", (121.8, 5.5, 126.7, 9.95)),
    ("Palawan", "PH", (117.1, 8.3, 119.7, 11.5)),
    ("Bali", "ID", (114.42, -8.86, 115.72, -8.04)),
    ("Lombok", "ID", (115.8, -9.0, 116.75, -8.2)),
    ("Java", "ID", (105.1, -8.8, 114.6, -5.8)),
    ("Sumatra", "ID", (95.0, -6.1, 106.2, 5.7)),
    ("Sulawesi", "ID", (118.7, -6.0, 125.3, 1.8)),
    ("Borneo", "", (108.8, -4.3, 119.4, 7.1)),
    # The Americas
    ("British Columbia", "CA", (-139.1, 48.2, -114.0, 60.0)),
    ("Alberta", "CA", (-120.0, 48.99, -110.0, 60.0)),
    ("Ontario", "CA", (-95.2, 41.6, -74.3, 56.9)),
    ("Nova Scotia", "CA", (-66.4, 43.3, -59.7, 47.1)),
    ("Newfoundland", "CA", (-59.5, 46.6, -52.5, 51.7)),
    ("Yukon", "CA", (-141.0, 60.0, -123.8, 69.7)),
    ("Maui", "US", (-156.75, 20.55, -155.95, 21.05)),
    ("Oahu", "US", (-158.3, 21.2, -157.6, 21.75)),
    ("Grand Canyon", "US", (-113.9, 35.7, -111.6, 36.9)),
    ("Yellowstone", "US", (-111.15, 44.1, -109.8, 45.15)),
    ("Yucatán", "MX", (-92.5, 17.8, -86.7, 21.7)),
    ("Baja California", "MX", (-117.2, 22.8, -109.3, 32.75)),
    ("Caribbean", "", (-85.5, 10.0, -59.3, 27.3)),
    ("Patagonia", "", (-76.0, -55.9, -62.0, -38.0)),
    ("Galápagos/Galápagos Islands", "EC", (-92.1, -1.5, -89.2, 0.8)),
    ("Easter Island", "CL", (-109.5, -27.25, -109.2, -27.05)),
    # Oceania
    ("Tasmania", "AU", (143.8, -43.75, 148.5, -39.5)),
    ("Queensland", "AU", (138.0, -29.2, 153.6, -10.0)),
    ("New South Wales", "AU", (141.0, -37.55, 153.7, -28.15)),
    ("Western Australia", "AU", (112.9, -35.2, 129.0, -13.6)),
)
