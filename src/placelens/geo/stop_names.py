"""Names of places that are words as well, and how each must be written to be taken for a place."""

from __future__ import annotations

__all__ = ["LOWER_CASE_ALTERNATES", "NEVER", "WORDS"]

_MONTHS_AND_FEASTS = """
january february march april may june july august september october november december
monday tuesday wednesday thursday friday saturday sunday
spring summer autumn fall winter christmas xmas easter halloween ramadan
"""

_COLOURS_AND_THINGS = """
black white red blue green yellow pink purple brown gray grey gold golden silver color colour
center centre central downtown midtown uptown city town village castle street road market park
church lake river beach bay hill valley forest field port hall university college school station
museum garden tower square bridge north south east west man men woman male female model art
"""

NEVER = frozenset((_MONTHS_AND_FEASTS + _COLOURS_AND_THINGS).split())
"""Never a place, however they are written."""

_ENGLISH_WORDS = """
archway aurora barking bath bender boulder bush cerro chandler commonwealth concord concordia cork
corona crawley cypress delta enterprise essen fargo gap garland hail hub hue independence island
lima limerick mage mango mascara mesa metro midland mobile nice oral orange paradise pest ponce
pool poole preston providence reading reunion ruse saga sage sale samba serra shaping split springs
surprise sutton tours turkey tyre tyres us van vista waterloo wellington windsor woodlands york
americana astoria buffalo burlington bologna lexington parma toyota
chad guernsey guinea jersey surrey
aba aden ama chu gao jian kota naga pali rio san togo yao
"""

_GIVEN_AND_FAMILY_NAMES = """
alexandra anand ann bari batman brandon brent carolina cary charlotte constantine dali dudley
edison elizabeth eugene everett george georgia gilbert guadalupe hagen hamilton harrow hassan
henderson irvine irving jackson jena joanna jordan kara kennedy kent kerman kira laval leon
livingstone logan lourdes lowell madison marino mary moreno nancy nigel norman paterson raleigh
regina richardson rodriguez salem santa santana santos trier tyler victoria vladimir warren
"""

_SEVERAL_WORDS = {
    "bay area", "broken arrow", "business bay", "cape coast", "central coast", "college station",
    "deer valley", "east london", "elk grove", "garden grove", "gold coast", "grand prairie",
    "grand rapids", "green bay", "high point", "international city", "ivory park", "little rock",
    "long beach", "model town", "new territories", "north shore", "overland park", "palm bay",
    "red deer", "round rock", "sandy springs", "south bend", "spanish town", "spring valley",
    "sunset park", "sunshine coast", "thousand oaks", "thunder bay", "tri cities",
    "universal city", "upper west side",
}  # fmt: skip

WORDS = frozenset((_ENGLISH_WORDS + _GIVEN_AND_FAMILY_NAMES).split()) | _SEVERAL_WORDS
"""Not a place when written in small letters; a place when written as a name."""

LOWER_CASE_ALTERNATES = frozenset(
    {
        "bangalore", "beirut", "bombay", "brussel", "bruxelles", "calcutta", "cologne",
        "constantinople", "firenze", "frankfurt", "geneva", "hanover", "kiev", "koebenhavn",
        "las palmas", "leningrad", "lisboa", "lucerne", "lyons", "madras", "mecca", "milano",
        "muenchen", "munchen", "napoli", "new york", "new york city", "nyc", "peking", "praha",
        "rangoon", "roma", "saigon", "seville", "sofia", "st petersburg", "the hague", "torino",
        "vegas", "venezia", "warszawa", "washington dc", "wien", "zuerich",
    }
)  # fmt: skip
"""Alternate names of large towns that are understood in small letters too."""
