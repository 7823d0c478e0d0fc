"""Areas of countries, divisions, continents and landscapes, held against towns and places."""

import numpy as np
import pytest

from placelens.geo import divisions, named_areas
from placelens.geo.country_groups import PARTS, country_groups
from placelens.geo.gazetteer import Gazetteer
from placelens.geo.known_regions import known_regions
from placelens.geo.outlines import outline_codes
from placelens.geo.towns import town_table


@pytest.fixture(scope="module")
def gazetteer():
    return Gazetteer()


def holds(code, lat, lon):
    return bool(
        named_areas.shape_of(code).contains(np.array([float(lon)]), np.array([float(lat)]))[0]
    )


@pytest.mark.parametrize(
    ("code", "lat", "lon", "what"),
    [
        ("VA", 41.9022, 12.4539, "St Peter's"),
        ("MV", 4.1755, 73.5093, "Malé"),
        ("MV", -0.6060, 73.0890, "Addu, the southernmost atoll"),
        ("SC", -4.3300, 55.7400, "Praslin"),
        ("PF", -16.5004, -151.7415, "Bora Bora"),
        ("IT", 35.5010, 12.6090, "Lampedusa"),
        ("GU", 13.4440, 144.7937, "Guam"),
        ("TV", -8.5240, 179.1940, "Funafuti"),
        ("GI", 36.1400, -5.3500, "Gibraltar"),
        ("TK", -9.3800, -171.2200, "Tokelau"),
        ("FJ", -16.8500, -179.9700, "Taveuni, over the antimeridian"),
        ("LS", -29.3100, 27.4800, "Maseru"),
    ],
)
def test_small_islands_and_states_lie_in_theirs(code, lat, lon, what):
    assert holds(code, lat, lon), what


def test_an_enclave_is_no_part_of_the_country_around_it():
    assert not holds("ZA", -29.6, 28.2)  # the middle of Lesotho
    assert not holds("IT", 43.94, 12.46)  # San Marino


@pytest.mark.parametrize(
    ("lat", "lon", "codes"),
    [
        (45.0, 34.1, ("UA", "RU")),  # Crimea
        (23.7, -15.9, ("EH", "MA")),  # Western Sahara
        (33.0, 35.8, ("SY", "IL")),  # the Golan Heights
    ],
)
def test_a_disputed_area_lies_in_both(lat, lon, codes):
    assert all(holds(code, lat, lon) for code in codes)


# An area, places in it, and places that are not, by (lat, lon).
AREAS = {
    "Africa": ([(30.0, 31.2), (-33.9, 18.4), (14.7, -17.4), (-18.9, 47.5)],
               [(36.1, -5.4), (15.4, 44.2)]),
    "Europe": ([(38.7, -9.1), (59.9, 30.3), (41.01, 28.95), (64.1, -21.9)],
               [(39.9, 32.9), (55.0, 82.9)]),
    "Asia": ([(39.9, 32.9), (55.0, 82.9), (35.7, 139.7), (1.3, 103.8)],
               [(55.8, 37.6), (-6.2, 147.0)]),
    "Oceania": ([(-33.9, 151.2), (-17.5, -149.5), (13.4, 144.8)], [(-8.7, 115.2)]),
    "Antarctica": ([(-77.8, 166.7)], [(-54.8, -68.3)]),
    "North America": ([(19.4, -99.1), (45.5, -73.6), (9.9, -84.1), (64.2, -51.7)], [(4.7, -74.1)]),
    "South America": ([(4.7, -74.1), (4.9, -52.3), (-54.8, -68.3)], [(9.0, -79.5), (19.4, -99.1)]),
    "Central America": ([(9.9, -84.1), (14.6, -90.5)], [(19.4, -99.1), (4.7, -74.1)]),
    "Caribbean": ([(18.0, -76.8), (23.1, -82.4)], [(25.8, -80.2)]),
    "Latin America": ([(19.4, -99.1), (-23.5, -46.6)], [(32.7, -117.2)]),
    "Scandinavia": ([(59.9, 10.8), (55.7, 12.6)], [(60.2, 24.9), (54.3, 10.1)]),
    "Balkans": ([(42.7, 23.3), (44.8, 20.5)], [(47.5, 19.0), (41.9, 12.5)]),
    "Middle East": ([(33.5, 36.3), (24.7, 46.7)], [(33.7, 73.1), (36.8, 10.2)]),
    "Benelux": ([(50.9, 4.4), (52.4, 4.9)], [(50.9, 6.9)]),
    "Iberia": ([(40.4, -3.7), (38.7, -9.1)], [(28.1, -15.4), (43.6, 1.4)]),
    "South-eastern Asia": ([(13.8, 100.5), (-6.2, 106.8)], [(22.3, 114.2), (23.8, 90.4)]),
    # Tashkent, Vilnius, Kyiv; not Warsaw, Kabul, Helsinki
    "USSR": ([(41.3, 69.2), (54.7, 25.3), (50.45, 30.5), (66.1, -169.8)],
             [(52.2, 21.0), (34.5, 69.2), (60.2, 24.9)]),
    # Sarajevo, Skopje, Ljubljana; not Tirana, Trieste
    "Yugoslavia": ([(43.85, 18.4), (42.0, 21.4), (46.05, 14.5)], [(41.3, 19.8), (45.65, 13.77)]),
    # Bratislava, Brno; not Vienna
    "Czechoslovakia": ([(48.15, 17.1), (49.2, 16.6)], [(48.2, 16.37)]),
    # Leipzig, Rostock, Berlin; not Hanover, Munich, Szczecin
    "East Germany": ([(51.34, 12.37), (54.09, 12.13), (52.52, 13.4)],
                     [(52.37, 9.73), (48.14, 11.58), (53.43, 14.55)]),
    # Bonn, Munich, Berlin; not Leipzig
    "West Germany": ([(50.73, 7.1), (48.14, 11.58), (52.52, 13.4)], [(51.34, 12.37)]),
    "Siberia": ([(62.0, 129.7), (55.0, 82.9)], [(55.8, 37.6)]),
    "New England": ([(42.4, -71.1)], [(40.7, -74.0)]),
    "Alps": ([(45.9, 6.9), (47.27, 11.4), (46.5, 8.0)],
               [(45.46, 9.19), (48.14, 11.58), (45.75, 4.85)]),
    "Himalayas": ([(27.99, 86.93), (27.7, 85.3)], [(28.6, 77.2), (29.7, 91.1)]),
    "Andes": ([(-13.5, -72.0), (-0.2, -78.5), (4.7, -74.1)], [(-12.05, -77.04), (-34.6, -58.4)]),
    "Rocky Mountains": ([(51.2, -115.6), (40.3, -105.7)], [(47.6, -122.3), (41.9, -87.6)]),
    "Sahara": ([(22.8, 5.5), (16.8, -3.0)], [(36.8, 3.1), (12.6, -8.0)]),
    "Amazon": ([(-3.1, -60.0)], [(-22.9, -43.2), (-12.05, -77.04)]),
    "Patagonia": ([(-50.3, -72.3), (-42.8, -65.0)], [(-34.6, -58.4), (-33.4, -70.7)]),
    "Bavaria": ([(48.14, 11.58), (49.45, 11.08)], [(48.78, 9.18), (47.8, 13.05)]),
    "Quebec": ([(46.81, -71.21), (45.5, -73.57)], [(45.42, -75.7), (43.65, -79.38)]),
    "Scotland": ([(55.95, -3.19), (57.48, -4.22)], [(54.97, -1.61)]),
    "Tuscany": ([(43.77, 11.26)], [(44.49, 11.34)]),
}  # fmt: skip


@pytest.mark.parametrize("name", AREAS)
def test_a_region_holds_its_places_and_no_others(gazetteer, name):
    area = gazetteer.shape(gazetteer.find(name)[0])
    inside, outside = (np.array(places, float).T for places in AREAS[name])
    assert area.contains(inside[1], inside[0]).all(), name
    assert not area.contains(outside[1], outside[0]).any(), name


def test_every_member_of_a_group_is_known():
    for name, (shown, members) in country_groups().items():
        assert members, name
        known = {*PARTS, *outline_codes(), *divisions.division_names()}
        unknown = set(members) - known
        assert unknown <= {"BV", "IO", "HM", "UM", "GS", "TF"}, (shown, unknown)


def test_every_country_lies_on_a_continent():
    continents = ("africa", "europe", "asia", "oceania", "north america", "south america",
                  "antarctica")  # fmt: skip
    members = {
        member.partition("/")[0]
        for name in continents
        for member in (country_groups()[name][1] if name in country_groups() else ("AQ",))
    }
    countries = {code for code in outline_codes() if "-" not in code}
    assert countries - members <= {"GS", "HM", "TF", "UM", "IO", "BV"}


def test_middles_are_those_of_the_outlines():
    """Of one in thirty, and of each kind; ``tools/make_middles.py`` writes them all."""
    codes = sorted(named_areas.area_codes())
    assert codes == sorted(named_areas._middles())
    for code in [*codes[::30], "VA", "US-TX", "CA-10", "Alps", "Benelux"]:
        lon, lat, radius_km = named_areas.middle_of(code)
        area = named_areas.area(code)
        assert (area.lon, area.lat) == (lon, lat), code
        assert area.radius_m == pytest.approx(1_000 * radius_km), code
        assert radius_km > 0
        assert holds(code, lat, lon), code


def test_divisions_are_those_of_their_towns():
    """A division holds nearly all of its own towns, and none of a neighbour's far from it."""
    towns = town_table()
    codes, admin1 = np.array(towns.countries), np.array(towns.admin1)
    for code in ("CA-10", "DE-02", "AU-07", "IT-16", "GB-WLS"):
        country, _, division = code.partition("-")
        own = (codes == country) & (admin1 == division)
        others = (codes == country) & ~own
        area = named_areas.shape_of(code)
        assert area.contains(towns.lon[own], towns.lat[own]).mean() > 0.99, code
        assert area.contains(towns.lon[others], towns.lat[others]).mean() < 0.01, code


def test_names_of_divisions_fit_their_largest_town(gazetteer):
    """Codes are GeoNames' and may be given anew: each division has towns."""
    for code in divisions.division_names():
        assert divisions.population(code) > 0, code


def test_landscapes_are_rings_of_the_globe():
    for area in known_regions().values():
        lon, lat = np.array(area.ring, float).T
        assert (np.abs(lon) <= 180).all(), area.names
        assert (np.abs(lat) <= 90).all(), area.names
