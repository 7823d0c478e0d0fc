"""Names of towns that are names of landmarks as well: Hyde Park, Lake Geneva, Castillo Grande.

Few who write "in Hyde Park" mean the town of that name in Massachusetts; that it is in the
gazetteer and the park is not says nothing. So a small town whose name says park, bridge or lake is
no evidence of a place by its name alone.
"""

from __future__ import annotations

from placelens.geo.names import fold

__all__ = ["KINDS", "SEEN", "is_landmark_name"]

_KIND_WORDS = """
abbey airport arch basilica bridge canyon castle cathedral colosseum falls fort gate hall lake
lighthouse market memorial monastery monument mosque mount mountain museum opera pagoda palace
park pyramid pyramids shrine square stadium station statue temple theatre tower wall zoo
"""
KINDS = frozenset(_KIND_WORDS.split())
"""Words that a landmark's name ends with, also in small letters: "the eiffel tower"."""

_SEEN_WORDS = """
a an another any brick broken bus busy clock closed colorful concrete covered crowded dark empty
famous fire football glass huge iron its large little local my our paved ruined small snowy some
stone subway suspension tall that their this tiny train water wooden
"""
SEEN = frozenset(_SEEN_WORDS.split())
"""Words that say how a landmark looks and not which one it is: "the old stone tower"."""

_ALSO_LAST = """
avenue beach boulevard cave caves cemetery chapel church common dam forest fountain garden gardens
glacier lakes mall mountains parc pier plaza reservoir river road street university volcano
waterfall
"""
# Most places that end in "Hall" are German or Dutch towns: Schwäbisch Hall.
_LAST = (KINDS | frozenset(_ALSO_LAST.split())) - {"hall"}

_FIRST_BY_LANGUAGE = {
    "English": "lake loch lough",
    "French": "cascade cathédrale château forêt gare jardin jardins lac musée palais parc place "
    "plage pont",
    "Spanish": "bosque cascada castillo catedral estación jardín jardines lago laguna museo "
    "palacio parque playa plaza puente torre",
    "Italian": "castel castello giardini giardino lago palazzo parco piazza ponte spiaggia "
    "stazione torre",
    "Portuguese": "cachoeira castelo estação jardim lagoa lago palácio parque ponte praia praça",
    "Catalan": "castell estany llac parc platja plaça pont",
    "German": "burg schloss",
    "Czech, Slovak, Polish": "hrad jezero jezioro zamek zámek",
    "Malay, Indonesian": "danau pantai taman tasik",
}
_FIRST = frozenset(fold(word) for words in _FIRST_BY_LANGUAGE.values() for word in words.split())
_ARTICLES = frozenset({"a", "as", "el", "il", "la", "las", "le", "les", "lo", "los", "o", "os"})


def is_landmark_name(written: str) -> bool:
    """Whether a name of several words says that it is a park's, a bridge's, a lake's.

    The kind is the last word in English, the first one in most other languages, perhaps behind an
    article. What hyphens join is one word: they make a town of a lake, Lac-Mégantic.

    Examples
    --------
    >>> is_landmark_name("Hyde Park"), is_landmark_name("Parc Monceau")
    (True, True)
    >>> is_landmark_name("Lac-Mégantic"), is_landmark_name("Newcastle"), is_landmark_name("Park")
    (False, False, False)
    """
    words = [fold(word) for word in written.split()]
    if len(words) < 2:
        return False
    first = words[1] if words[0] in _ARTICLES else words[0]
    return words[-1] in _LAST or first in _FIRST
