"""Names of countries beside GeoNames' own, written by hand."""

from __future__ import annotations

__all__ = ["EVERYDAY_NAMES", "FORMAL_NAMES"]

EVERYDAY_NAMES = {
    "AE": ("UAE", "Emirates"), "BA": ("Bosnia",), "BO": ("Bolivia",), "BN": ("Brunei",),
    "BR": ("Brasil",), "CD": ("DR Congo", "DRC", "Congo-Kinshasa", "Zaire"), "CG": ("Congo",),
    "CH": ("Schweiz", "Suisse", "Svizzera"), "CI": ("Côte d'Ivoire",), "CN": ("PRC",),
    "CV": ("Cape Verde",), "CZ": ("Czech Republic", "Czechia"), "DE": ("Deutschland",),
    "DK": ("Danmark",), "ES": ("España",), "FI": ("Suomi",), "FM": ("Micronesia",),
    "GB": ("UK", "U.K.", "Great Britain", "Britain"), "GR": ("Hellas",), "HK": ("Hongkong",),
    "HR": ("Hrvatska",), "HU": ("Magyarország",), "IE": ("Republic of Ireland", "Eire"),
    "IT": ("Italia",), "JP": ("Nippon", "日本"), "KH": ("Kampuchea",), "KP": ("North Korea",),
    "KR": ("South Korea", "Korea"), "LA": ("Laos",), "LK": ("Ceylon",), "MA": ("Maroc",),
    "MD": ("Moldova",), "MK": ("North Macedonia", "Macedonia"), "MM": ("Myanmar", "Burma"),
    "MX": ("México",), "NL": ("Netherlands", "Holland", "Nederland"), "NO": ("Norge",),
    "PL": ("Polska",), "PS": ("Palestine",), "RO": ("România",), "RU": ("Russia",),
    "SE": ("Sverige",), "ST": ("São Tomé",), "SY": ("Syria",), "SZ": ("Swaziland",),
    "TL": ("East Timor", "Timor-Leste"), "TR": ("Türkiye", "Turkey"), "TW": ("Formosa",),
    "TZ": ("Tanzania",), "US": ("USA", "U.S.A.", "US", "U.S.", "United States of America",
    "America"), "VA": ("Vatican City",), "VN": ("Viet Nam",), "XK": ("Kosovo",),
    "AT": ("Österreich",), "BE": ("Belgique", "België"), "IR": ("Persia",),
}  # fmt: skip
"""Names that people use beside GeoNames' own, by ISO 3166 code."""

FORMAL_NAMES = {
    "BO": "Plurinational State of Bolivia",
    "IR": "Islamic Republic of Iran",
    "KP": "Democratic People's Republic of Korea",
    "KR": "Republic of Korea",
    "LA": "Lao People's Democratic Republic",
    "MD": "Republic of Moldova",
    "RU": "Russian Federation",
    "SY": "Syrian Arab Republic",
    "TZ": "United Republic of Tanzania",
    "VA": "Holy See",
}
"""Names that the United Nations use, by ISO 3166 code."""
