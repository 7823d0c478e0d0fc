"""First-level divisions of some large countries: Quebec, Bavaria, New South Wales.

Codes are GeoNames' (``admin1``), names are written by hand. There is no public-domain map of them
small enough to ship. Each is therefore drawn from its towns: all of its country that lies nearer
to one of them than to a town of another division. Where towns are dense a border is right to a
few kilometres; in empty land it may be off by half the way to the next town.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from placelens.geo.towns import town_table

if TYPE_CHECKING:
    from shapely import Geometry

__all__ = ["cells", "codes_of_letters", "division_names", "population", "short_names"]

_DIVISIONS = {
    "AU": "01 Australian Capital Territory/ACT; 02 New South Wales/NSW; 03 Northern Territory/NT; "
        "04 Queensland/QLD; 05 South Australia/SA; 06 Tasmania/TAS; 07 Victoria/VIC; "
        "08 Western Australia/WA",
    "CA": "01 Alberta/AB; 02 British Columbia/BC; 03 Manitoba/MB; 04 New Brunswick/NB; "
        "05 Newfoundland and Labrador/NL/Newfoundland; 07 Nova Scotia/NS; 08 Ontario/ON; "
        "09 Prince Edward Island/PE/PEI; 10 Quebec/QC; 11 Saskatchewan/SK; 12 Yukon/YT; "
        "13 Northwest Territories/NT; 14 Nunavut/NU",
    "GB": "ENG England; NIR Northern Ireland; SCT Scotland; WLS Wales",
    "DE": "01 Baden-Württemberg; 02 Bavaria/Bayern; 03 Bremen; 04 Hamburg; 05 Hesse/Hessen; "
        "06 Lower Saxony/Niedersachsen; 07 North Rhine-Westphalia/Nordrhein-Westfalen/NRW; "
        "08 Rhineland-Palatinate/Rheinland-Pfalz; 09 Saarland; 10 Schleswig-Holstein; "
        "11 Brandenburg; 12 Mecklenburg-Western Pomerania/Mecklenburg-Vorpommern; "
        "13 Saxony/Sachsen; 14 Saxony-Anhalt/Sachsen-Anhalt; 15 Thuringia/Thüringen; 16 Berlin",
    "FR": "11 Île-de-France; 24 Centre-Val de Loire; 27 Bourgogne-Franche-Comté; "
        "28 Normandy/Normandie; 32 Hauts-de-France; 44 Grand Est; 52 Pays de la Loire; "
        "53 Brittany/Bretagne; 75 Nouvelle-Aquitaine; 76 Occitanie/Occitania; "
        "84 Auvergne-Rhône-Alpes; 93 Provence-Alpes-Côte d'Azur; 94 Corsica/Corse",
    "IT": "01 Abruzzo; 02 Basilicata; 03 Calabria; 04 Campania; 05 Emilia-Romagna; "
        "06 Friuli Venezia Giulia; 07 Lazio; 08 Liguria; 09 Lombardy/Lombardia; "
        "10 Marche/Le Marche; 11 Molise; 12 Piedmont/Piemonte; 13 Apulia/Puglia; "
        "14 Sardinia/Sardegna; 15 Sicily/Sicilia; 16 Tuscany/Toscana; "
        "17 Trentino-Alto Adige/South Tyrol/Südtirol; 18 Umbria; 19 Aosta Valley/Valle d'Aosta; "
        "20 Veneto",
    "ES": "07 Balearic Islands/Islas Baleares; 27 La Rioja; 29 Community of Madrid; "
        "31 Region of Murcia; 32 Navarre/Navarra; 34 Asturias; 39 Cantabria; "
        "51 Andalusia/Andalucía; 52 Aragon/Aragón; 53 Canary Islands/Islas Canarias; "
        "54 Castilla-La Mancha; 55 Castile and León/Castilla y León; "
        "56 Catalonia/Catalunya/Cataluña; 57 Extremadura; 58 Galicia; "
        "59 Basque Country/País Vasco/Euskadi; 60 Valencian Community",
    "AT": "01 Burgenland; 02 Carinthia/Kärnten; 03 Lower Austria/Niederösterreich; "
        "04 Upper Austria/Oberösterreich; 05 Land Salzburg; 06 Styria/Steiermark; "
        "07 Tyrol/Tirol; 08 Vorarlberg",
    "CH": "GR Graubünden/Grisons; TI Ticino; VS Valais/Wallis; VD Vaud; BE Canton of Bern; "
        "JU Jura; AG Aargau; TG Thurgau; UR Uri",
    "NL": "01 Drenthe; 02 Friesland/Fryslân; 03 Gelderland; 06 North Brabant/Noord-Brabant; "
        "07 North Holland/Noord-Holland; 10 Zeeland; 11 South Holland/Zuid-Holland; "
        "15 Overijssel; 16 Flevoland",
    "BE": "VLG Flanders/Vlaanderen; WAL Wallonia/Wallonie",
    "PT": "10 Madeira; 23 Azores/Açores",
    "IN": "02 Andhra Pradesh; 03 Assam; 09 Gujarat; 10 Haryana; 11 Himachal Pradesh; "
        "12 Jammu and Kashmir; 13 Kerala; 16 Maharashtra; 17 Manipur; 18 Meghalaya; "
        "19 Karnataka; 20 Nagaland; 21 Odisha/Orissa; 23 Punjab; 24 Rajasthan; 25 Tamil Nadu; "
        "26 Tripura; 28 West Bengal; 29 Sikkim; 30 Arunachal Pradesh; 31 Mizoram; 33 Goa; "
        "34 Bihar; 35 Madhya Pradesh; 36 Uttar Pradesh; 37 Chhattisgarh; 38 Jharkhand; "
        "39 Uttarakhand; 40 Telangana; 41 Ladakh",
    "CN": "01 Anhui; 02 Zhejiang; 03 Jiangxi; 04 Jiangsu; 06 Qinghai; 07 Fujian; "
        "08 Heilongjiang; 09 Henan; 10 Hebei; 11 Hunan; 12 Hubei; 13 Xinjiang; 14 Tibet/Xizang; "
        "15 Gansu; 16 Guangxi; 18 Guizhou; 19 Liaoning; 20 Inner Mongolia; 21 Ningxia; "
        "24 Shanxi; 25 Shandong; 26 Shaanxi; 29 Yunnan; 30 Guangdong; 31 Hainan; 32 Sichuan",
    "JP": "12 Hokkaido/Hokkaidō; 47 Okinawa; 01 Aichi; 05 Ehime; 13 Hyōgo/Hyogo; 14 Ibaraki; "
        "15 Ishikawa; 16 Iwate; 17 Kagawa; 19 Kanagawa; 23 Mie; 24 Miyagi; 31 Okayama Prefecture; "
        "35 Shiga; 36 Shimane; 38 Tochigi; 46 Yamanashi",
    "BR": "01 Acre; 02 Alagoas; 03 Amapá; 04 Amazonas; 05 Bahia; 06 Ceará; 08 Espírito Santo; "
        "11 Mato Grosso do Sul; 13 Maranhão; 14 Mato Grosso; 15 Minas Gerais; 16 Pará; "
        "17 Paraíba; 18 Paraná; 20 Piauí; 22 Rio Grande do Norte; 23 Rio Grande do Sul; "
        "24 Rondônia; 25 Roraima; 26 Santa Catarina; 28 Sergipe; 29 Goiás; 30 Pernambuco; "
        "31 Tocantins",
    "MX": "02 Baja California; 03 Baja California Sur; 05 Chiapas; 07 Coahuila; 11 Guanajuato; "
        "12 Guerrero; 14 Jalisco; 16 Michoacán; 18 Nayarit; 19 Nuevo León; 20 Oaxaca; "
        "23 Quintana Roo; 25 Sinaloa; 26 Sonora; 27 Tabasco; 28 Tamaulipas; 30 Veracruz; "
        "31 Yucatán",
    "ZA": "02 KwaZulu-Natal; 03 Free State; 05 Eastern Cape; 06 Gauteng; 07 Mpumalanga; "
        "08 Northern Cape; 09 Limpopo; 10 North West; 11 Western Cape",
    "ID": "01 Aceh; 02 Bali; 07 Central Java; 08 East Java; 30 West Java",
    "NZ": "F7 Otago; F8 Southland; G1 Waikato; F6 Northland; E9 Canterbury Region",
}  # fmt: skip
"""By country: GeoNames' code and the names, the first one to show; short ones are qualifiers."""


@cache
def division_names() -> dict[str, tuple[str, ...]]:
    """Names by code: ``{"CA-10": ("Quebec", "QC"), ...}``."""
    names = {}
    for country, divisions in _DIVISIONS.items():
        for division in divisions.split("; "):
            admin1, _, written = division.partition(" ")
            names[f"{country}-{admin1}"] = tuple(written.split("/"))
    return names


@cache
def short_names(name: str) -> frozenset[str]:
    """The folded short forms of a division of that name: ``qc``; empty where it has none."""
    return frozenset(
        short.casefold()
        for names in division_names().values()
        if names[0] == name
        for short in names[1:]
        if short.isupper()
    )


def codes_of_letters(folded: str) -> tuple[str, ...]:
    """The codes of the divisions that go by a folded short form."""
    names = division_names().items()
    return tuple(code for code, of in names if folded in {n.casefold() for n in of if n.isupper()})


@lru_cache(maxsize=64)
def population(code: str) -> int:
    """How many people live in a division's towns."""
    towns = town_table()
    country, _, admin1 = code.partition("-")
    codes = zip(towns.countries, towns.admin1, towns.population.tolist(), strict=True)
    return sum(n for of, division, n in codes if (of, division) == (country, admin1))


@lru_cache(maxsize=16)
def cells(country: str) -> dict[str, Geometry]:
    """By admin1 code, what lies nearer to a town of that division than to any other's.

    Distances are those of a plane whose degrees of longitude are as long as in the country's
    middle; the cells reach far beyond the country.
    """
    import shapely

    towns = town_table()
    rows = np.flatnonzero(np.array(towns.countries) == country)
    points, first = np.unique(
        np.column_stack([towns.lon, towns.lat])[rows], axis=0, return_index=True
    )
    divisions = np.array(towns.admin1)[rows][first]
    shrink = np.cos(np.radians(np.median(points[:, 1])))
    sites = shapely.multipoints(points * (shrink, 1.0))
    reach = shapely.buffer(sites.envelope, 20.0)
    polygons = shapely.get_parts(shapely.voronoi_polygons(sites, extend_to=reach))
    at_site, at_polygon = shapely.STRtree(polygons).query(
        shapely.get_parts(sites), predicate="intersects"
    )
    found: dict[str, Geometry] = {}
    for division in np.unique(divisions).tolist():
        own = polygons[at_polygon[divisions[at_site] == division]]
        joined = shapely.coverage_union_all(own)
        found[division] = shapely.transform(joined, lambda xy: xy / (shrink, 1.0))
    return found
