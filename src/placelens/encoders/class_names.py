"""Names that people give the classes of class maps, and the class that each stands for."""

from __future__ import annotations

from collections.abc import Sequence

# Names of a class and of its kinds; small letters. What may be of two classes ("path", "ground",
# "bridge") is of none.
_SYNONYMS: dict[str, str] = {
    "sky": "skies, cloud, clouds, clouded sky, cloudy sky, blue sky",
    "building": "buildings, house, houses, skyscraper, skyscrapers, tower, towers, church, facade, "
    "facades, roof, roofs, architecture",
    "vegetation": "tree, trees, grass, plant, plants, bush, bushes, forest, forests, wood, woods, "
    "meadow, lawn, foliage, leaves, shrub, shrubs, hedge, hedges, greenery",
    "road": "roads, street, streets, highway, motorway, lane, lanes, asphalt, carriageway",
    "pavement": "pavements, sidewalk, sidewalks, footpath, footway",
    "water": "sea, ocean, lake, lakes, river, rivers, pond, canal, waves",
    "car": "cars, vehicle, vehicles, automobile, automobiles, taxi, taxis, van, vans",
    "person": "persons, people, man, men, woman, women, child, children, boy, girl, human, humans, "
    "pedestrian, pedestrians, crowd, boys, girls, kid, kids, guy, lady, baby, toddler, couple",
}
_IRREGULAR = {
    "people": "person",
    "men": "man",
    "women": "woman",
    "children": "child",
    "geese": "goose",
    "mice": "mouse",
}
_CLASS_OF = {name.strip(): known for known, names in _SYNONYMS.items() for name in names.split(",")}


def class_of_name(name: str) -> str:
    """The class that a name stands for; a name that stands for none is one of its own.

    Examples
    --------
    >>> class_of_name("Trees"), class_of_name("water"), class_of_name("a zebra")
    ('vegetation', 'water', 'zebra')
    """
    plain = " ".join(name.lower().split())
    for article in ("a ", "an ", "the "):
        plain = plain.removeprefix(article)
    return _CLASS_OF.get(plain, plain)


def singulars(name: str) -> tuple[str, ...]:
    """What a name, by its last word, may be the plural of, itself first.

    Examples
    --------
    >>> singulars("buses"), singulars("knives"), singulars("glass")
    (('buses', 'buse', 'bus'), ('knives', 'knive', 'kniv', 'knife', 'knif'), ('glass', 'glas'))
    >>> singulars("old men")
    ('old men', 'old man')
    """
    before, space, word = name.rpartition(" ")
    found = [word, *([_IRREGULAR[word]] if word in _IRREGULAR else [])]
    for ending, others in (("s", ("",)), ("es", ("",)), ("ies", ("y",)), ("ves", ("fe", "f"))):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            found += [word.removesuffix(ending) + other for other in others]
    return tuple(before + space + each for each in found)


def channels_of(asked: Sequence[str], known: Sequence[str]) -> list[int] | None:
    """Where each name asked for stands among known classes; None unless all do, each apart.

    Two names of one class, such as tree and grass, cannot be told apart by it.

    Examples
    --------
    >>> channels_of(["trees", "sky"], ["sky", "vegetation"])
    [1, 0]
    >>> channels_of(["tree", "grass"], ["sky", "vegetation"]) is None
    True
    >>> channels_of(["tree", "zebra"], ["sky", "vegetation"]) is None
    True
    """
    classes = [class_of_name(name) for name in asked]
    place = {class_of_name(name): number for number, name in enumerate(known)}
    if len(set(classes)) < len(classes) or not set(classes) <= set(place):
        return None
    return [place[name] for name in classes]
