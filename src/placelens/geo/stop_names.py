"""Names of places that are words as well, and how each must be written to be taken for a place."""

from __future__ import annotations

__all__ = ["EXONYMS", "GENERIC", "NEVER", "WORDS"]

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

_CAPTION_WORDS = """
action aim airport alley along alter angle arc are area ashes bacon bag baker bale band banjo bank
banks bar bare barn barren base bat battle bear bed bell bend bent big bites bloom blossom blur
bone boomerang booth born bottom bow bra branch brass brick bride bright bronze brush bud bun bust
but butterfly buy cage camo can canal canyon cardigan care carry cars casino cat cave celebration
chair change chat chin clay cloud clover collie color come concert cone converse cop corral cot
countryside crane creek crossroads crystal dam danger detail diamond dig dining dives
dolphin dome duffel dusty eagle eden emerald enter evergreen faith far farmers fashion fireworks
flames flashing flea fleet flight focus fortune fountain freedom from front fully furnace gal garb
gay gaze general glory goes gondola grabs grace grass grin grins grove groves guns halfway hang
hard harmony hat heaven hillside hit hole holiday home honor honour hook hope horn horseshoe hula
human hunter incline int jade jar joy junction justice kingdom kissing kite lacrosse lakes landing
lane lavender law lens liberty lick lids lie life light lime limo line lion log logos lone long
loop loos lot love luck luna made marathon marble marina marks mascot mercy mid mill modern
monster monument more moss most motion mound mountainside mountaintop much nails name never nine
non nose oasis occasion off officer one oriental pail pale pan panda paper peace pearl peer pen
pet pets pier pine plain plan plaza poking police polo pond pong pop possession post prayer pre
pride pristine profile progress puck punch put race rail rain ran rapid reach real redwood repose
rest ridge riding rifle rise riverbank robe rock rodeo rose roses roundabout ruins run rush rust
sack salon salt same sand sandwich sandy sari saris sauce save say seaside season see seen semi
service session set shack she shoreline shot side silence silly since sing ski slide soda son song
space sparks spike spray stains star steps stone store story style summit sumo sunrise sunset
sunshine swan swords tall tan tank tap tape taping tarp temple tent terrace than time tin tire
tongue torn tour traffic trail transit triangle trim trooper trouble truth tub turn tutu uniform
union unity uses vans vert victory vie villa villas vine waits wake walk walker war wave ways wed
wedding welcome wheelers whitewater wilderness wisdom wonder woodland yoga young
"""
"""Words that people describe pictures with and that some town above 5,000 people is called by."""

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

WORDS = (
    frozenset((_ENGLISH_WORDS + _CAPTION_WORDS + _GIVEN_AND_FAMILY_NAMES).split()) | _SEVERAL_WORDS
)
"""Not a place when written in small letters; written as a name, one if it is a large town's."""

_GENERIC_WORDS = """
big little great grand new old upper lower inner outer main royal national holy saint first
palace cathedral mosque temple abbey stadium arena gate house mountain mountains peak sea ocean
lakeside harbour harbor pier square avenue boulevard mall zoo farm airport island islands club
quarter district side heights gardens woods springs falls rock rapids
"""
GENERIC = NEVER | frozenset(_CAPTION_WORDS.split()) | frozenset(_GENERIC_WORDS.split())
"""Words that a name may be made of without saying where: Central Park, Old Town, Green Hill."""

_EXONYMS = """
EG: alexandria / TR: antioch constantinople / IN: bangalore bombay calcutta madras benares /
CH: basle geneva lucerne zuerich / BE: bruges brussel bruxelles ghent / CN: canton peking /
DE: cologne frankfurt hanover koln munchen muenchen nuremberg / DK: koebenhavn / PL: cracow
warszawa danzig /
MA: fes fez marrakech / IT: firenze florence genoa milano napoli padua roma torino venezia venice /
CU: havana / UA: kharkov kiev lvov odessa / RU: leningrad / PT: lisboa oporto / FR: lyons
marseilles / SA: mecca medina / ES: seville / CZ: praha / MM: rangoon / VN: saigon / GR: salonica /
GE: tiflis / US: vegas nyc / AT: wien / BY: minsk / NL: hague / UZ: samarkand / JO: petra
"""
_LONG_EXONYMS = {
    "las palmas": "ES", "new york": "US", "new york city": "US", "saint petersburg": "RU",
    "the hague": "NL", "washington dc": "US", "ho chi minh": "VN",
}  # fmt: skip
EXONYMS = _LONG_EXONYMS | {
    name: country.split(":")[0].strip()
    for country in _EXONYMS.split("/")
    for name in country.split(":")[1].split()
}
"""Names by which people know a large town though GeoNames gives another, and its country; they
are understood in small letters too."""
