"""Continents and groups of countries: what "in Africa" or "in Scandinavia" is made of.

Continents and their parts are those of the United Nations' M49 standard ("Standard country or area
codes for statistical use"), with Kosovo in Southern Europe and Taiwan in Eastern Asia, which have
no code there. Two countries lie on two continents: Russia is cut at 60 degrees east (the Urals),
Turkey at the straits. Of groups without a standard each says below what it counts.
"""

from __future__ import annotations

from functools import cache

from placelens.geo.names import fold

__all__ = ["PARTS", "CountryGroup", "country_groups"]

Corners = tuple[tuple[float, float], ...]
CountryGroup = tuple[str, tuple[str, ...]]
"""The name to show and its members: codes of countries or divisions, or keys of ``PARTS``."""

PARTS: dict[str, tuple[str, Corners]] = {
    "RU/Europe": ("RU", ((19.0, 41.0), (60.0, 41.0), (60.0, 82.0), (19.0, 82.0))),
    "RU/Asia": ("RU", ((60.0, 41.0), (180.0, 41.0), (180.0, 82.0), (60.0, 82.0))),
    "RU/Chukotka": ("RU", ((-180.0, 60.0), (-168.0, 60.0), (-168.0, 72.0), (-180.0, 72.0))),
    "TR/Europe": ("TR", (
        (25.5, 40.0), (26.15, 39.98), (26.4, 40.2), (26.7, 40.42), (27.5, 40.75), (28.97, 40.97),
        (29.05, 41.08), (29.13, 41.25), (29.2, 41.5), (28.0, 42.3), (25.5, 42.3),
    )),
    "ES/Iberia": ("ES", ((-9.8, 35.8), (3.5, 35.8), (3.5, 44.0), (-9.8, 44.0))),
    "PT/Iberia": ("PT", ((-9.8, 36.5), (-6.0, 36.5), (-6.0, 42.3), (-9.8, 42.3))),
}  # fmt: skip
"""Parts of countries: of which, and the ring that cuts them out."""

_M49 = {
    "Northern Africa": "DZ EG LY MA SD TN EH",
    "Eastern Africa":
        "IO BI KM DJ ER ET TF KE MG MW MU YT MZ RE RW SC SO SS UG TZ ZM ZW",
    "Middle Africa": "AO CM CF TD CG CD GQ GA ST",
    "Southern Africa": "BW SZ LS NA ZA",
    "Western Africa": "BJ BF CV CI GM GH GN GW LR ML MR NE NG SH SN SL TG",
    "Caribbean":
        "AI AG AW BS BB BQ VG KY CU CW DM DO GD GP HT JM MQ MS PR BL KN LC MF VC SX TT TC VI",
    "Central America": "BZ CR SV GT HN NI PA",
    "South America": "AR BO BR CL CO EC FK GF GY PY PE GS SR UY VE",
    "Northern America": "BM CA GL PM US",
    "Central Asia": "KZ KG TJ TM UZ",
    "Eastern Asia": "CN HK MO KP JP MN KR TW",
    "South-eastern Asia": "BN KH ID LA MY MM PH SG TH TL VN",
    "Southern Asia": "AF BD BT IN IR MV NP PK LK",
    "Western Asia": "AM AZ BH CY GE IQ IL JO KW LB OM QA SA PS SY TR AE YE",
    "Eastern Europe": "BY BG CZ HU PL MD RO RU/Europe SK UA",
    "Northern Europe": "AX DK EE FO FI GG IS IE IM JE LV LT NO SJ SE GB",
    "Southern Europe": "AL AD BA HR GI GR VA IT MT ME MK PT SM RS SI ES XK",
    "Western Europe": "AT BE FR DE LI LU MC NL CH",
    "Australasia": "AU CX CC NZ NF",
    "Melanesia": "FJ NC PG SB VU",
    "Micronesia": "GU KI MH FM NR MP PW UM",
    "Polynesia": "AS CK PF NU PN WS TK TO TV WF",
    "Antarctica": "AQ",
}  # fmt: skip
"""Codes by part. M49 counts Mexico to Central America; people who write that mostly do not."""


def _of(*parts: str) -> str:
    return " ".join(_M49[part] for part in parts)


_AFRICA = _of(
    "Northern Africa", "Eastern Africa", "Middle Africa", "Southern Africa", "Western Africa"
)
_GROUPS = {
    "Africa": _AFRICA,
    "Europe": _of("Eastern Europe", "Northern Europe", "Southern Europe", "Western Europe")
        + " TR/Europe CY",
    "Asia": _of("Central Asia", "Eastern Asia", "South-eastern Asia", "Southern Asia",
                "Western Asia") + " RU/Asia RU/Chukotka",
    "Oceania": _of("Australasia", "Melanesia", "Micronesia", "Polynesia"),
    "North America": _of("Northern America", "Central America", "Caribbean") + " MX",
    "South America": _M49["South America"],
    "Americas/the Americas": _of("Northern America", "Central America", "Caribbean",
                                 "South America") + " MX",
    "Latin America": _of("Central America", "South America", "Caribbean") + " MX",
    "Caribbean/West Indies": _M49["Caribbean"],
    "Central America": _M49["Central America"],
    "Northern Africa/North Africa": _M49["Northern Africa"],
    "Western Africa/West Africa": _M49["Western Africa"],
    "Eastern Africa/East Africa": _M49["Eastern Africa"],
    "Middle Africa/Central Africa": _M49["Middle Africa"],
    "Southern Africa": _M49["Southern Africa"],
    # All of Africa but M49's northern part.
    "Sub-Saharan Africa": " ".join(c for c in _AFRICA.split()
                                   if c not in _M49["Northern Africa"].split()),
    "Maghreb": "DZ LY MA MR TN EH",
    "Horn of Africa": "DJ ER ET SO",
    "Central Asia": _M49["Central Asia"],
    "Eastern Asia/East Asia": _M49["Eastern Asia"],
    "Far East": _of("Eastern Asia", "South-eastern Asia"),
    "South-eastern Asia/Southeast Asia/South East Asia": _M49["South-eastern Asia"],
    "Southern Asia/South Asia": _M49["Southern Asia"],
    "Western Asia/West Asia": _M49["Western Asia"],
    # The Indian plate's countries.
    "Indian subcontinent": "BD BT IN MV NP PK LK",
    "Indochina": "KH LA MM TH VN",
    # As the Encyclopaedia Britannica lists it, without Northern Africa west of Egypt.
    "Middle East/Near East": "BH CY EG IR IQ IL JO KW LB OM QA SA PS SY TR AE YE",
    "Levant": "CY IL JO LB PS SY",
    "Arabian Peninsula/Arabia": "BH KW OM QA SA AE YE",
    # Its three southern states; the mountains reach into Russia.
    "South Caucasus": "AM AZ GE",
    "Eastern Europe": _M49["Eastern Europe"],
    "Northern Europe": _M49["Northern Europe"],
    "Southern Europe": _M49["Southern Europe"],
    # M49 with the British Isles, which people count to the west and M49 to the north.
    "Western Europe": _M49["Western Europe"] + " GB IE IM JE GG",
    "Central Europe": "AT CZ DE HU LI PL SK SI CH",
    # The three kingdoms; the Nordic countries are more.
    "Scandinavia": "DK NO SE",
    "Nordic countries/Nordics": "DK FI FO IS NO SE AX SJ GL",
    "Baltic states/Baltics/Baltic countries": "EE LV LT",
    "Benelux/Low Countries": "BE LU NL",
    "Iberia/Iberian Peninsula": "ES/Iberia PT/Iberia AD GI",
    "British Isles": "GB IE IM JE GG",
    # The peninsula with all of the countries that reach far into it.
    "Balkans/Balkan Peninsula/Balkan": "AL BA BG HR GR XK ME MK RO RS SI TR/Europe",
    # The members since February 2020.
    "European Union/EU": "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK "
        "SI ES SE AX",
    "Australasia": _M49["Australasia"],
    "Melanesia": _M49["Melanesia"],
    "Polynesia": _M49["Polynesia"],
    # The US Census Bureau's New England and Midwest; two states of the coast.
    "New England": "US-CT US-ME US-MA US-NH US-RI US-VT",
    "Midwest": "US-IL US-IN US-IA US-KS US-MI US-MN US-MO US-NE US-ND US-OH US-SD US-WI",
    "Pacific Northwest": "US-OR US-WA",
    "Siberia": "RU/Asia RU/Chukotka",
    # What was, by today's countries and divisions; of Berlin, which was both, all.
    "USSR/Soviet Union/Union of Soviet Socialist Republics/former USSR/former Soviet Union":
        "AM AZ BY EE GE KZ KG LV LT MD RU TJ TM UA UZ",
    "Yugoslavia/former Yugoslavia": "BA HR ME MK RS SI XK",
    "Czechoslovakia/former Czechoslovakia": "CZ SK",
    "East Germany/German Democratic Republic/GDR/former East Germany":
        "DE-11 DE-12 DE-13 DE-14 DE-15 DE-16",
    "West Germany/former West Germany":
        "DE-01 DE-02 DE-03 DE-04 DE-05 DE-06 DE-07 DE-08 DE-09 DE-10 DE-16",
}  # fmt: skip


@cache
def country_groups() -> dict[str, CountryGroup]:
    """The groups by each of their folded names."""
    groups: dict[str, CountryGroup] = {}
    for names, members in _GROUPS.items():
        shown, *others = names.split("/")
        for name in (shown, *others):
            groups[fold(name)] = (shown, tuple(dict.fromkeys(members.split())))
    return groups
