"""What people type: places and times in words, distances, decays, conditions, cursors, areas."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

from tests.fuzz.mutations import ODD_VALUES, broken_bytes, broken_text, broken_value
from tests.fuzz.scratch import scratch

import placelens as pl
from placelens.engine.cursor import Cursor, ListCursor
from placelens.engine.filters import conditions
from placelens.engine.times import parse_time_range, split_range
from placelens.engine.where import parse_bbox, parse_where
from placelens.errors import PlacelensError
from placelens.geo.decay import Decay
from placelens.geo.geojson import read_area
from placelens.geo.place_names import parse_query, read_near
from placelens.geo.points import as_place
from placelens.geo.time_words import parse_times
from placelens.geo.units import parse_distance_m
from placelens.query.near import gazetteer
from placelens.readers.coordinates import parse_angle, parse_pair
from placelens.testing.fakes import HashEncoder

WORDS = (
    "baroque church near Prague at night", "beaches in Spain, not in Catalonia",
    "within 5 km of 50.08, 14.42", "temples in Peru and Bolivia, last May", "bridge north of Lyon",
    "snow in the Alps in winter 2019", "Paris, Texas", "red roofs more than 10 miles from London",
    "photos from June to August 2018 without people", "São Paulo bei Nacht",
    '"near Lyon" market', "yesterday in the state of Washington", "東京 tower near Tokyo",
    "between 2010 and 2015 in Rome or Milan",
)  # fmt: skip
TIMES = (
    "2019",
    "2019-06",
    "2019-06-30",
    "2019-06-30T12:00+02:00",
    "2018..2019-03",
    "..2020",
    "2020..",
)
DISTANCES = ("5km", "3 mi", "200m", "1.5e3 ft", "0.25 nmi", "1000", "-5km", "1 yd")
DECAYS = ("linear", "linear:5km", "gauss:25km", "exp:3 mi", "gauss:5km:500m", "exp:1e3:0")
WHERE = ("city=Paris", "rating>=3", "rating<5", "keywords contains sea", "folder starts 2019/ro",
         "keywords not contains sea", "rating exists", "name ends .jpg", "tags all sea",
         "a!=1")  # fmt: skip
BOXES = ("14.2,49.9,14.7,50.2", "170,-20,-170,20", "-180,-90,180,90")
ANGLES = (
    "50.087",
    "50° 5' 13.2\" N",
    "N 50° 05.217",
    "14,421 E",
    "-33.86",
    "50d5m13s S",
    "5005.22N",
)
PAIRS = ("50.087, 14.421", "50,087; 14,421", "14.421E 50.087N", "geo:50.087,14.421",
         "+50.087+014.421/", "N 50° 05.217 E 14° 25.26", "Lat: 50.087 Lon: 14.421",
         "(50.087 14.421)")  # fmt: skip
FILTERS: dict[str, Any] = {
    "city": ["Paris", "Lyon"], "rating": {"gte": 3, "lt": 5}, "keywords": {"all": ["sea", "boat"]},
    "folder": {"starts": "2019/ro", "not": {"contains": "x"}}, "name": {"exists": True, "ne": "b"},
}  # fmt: skip
AREAS: tuple[dict[str, Any], ...] = (
    {"type": "Polygon", "coordinates": [[[4, 45], [6, 45], [6, 47], [4, 47], [4, 45]],
                                        [[4.5, 45.5], [5, 45.5], [5, 46], [4.5, 45.5]]]},
    {"type": "MultiPolygon", "coordinates": [[[[170, -20], [-170, -20], [-170, 20], [170, -20]]]]},
    {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry":
     {"type": "Polygon", "coordinates": [[[0, 0], [9, 9], [9, 0], [0, 9], [0, 0]]]}}]},
)  # fmt: skip
ASKED: dict[str, Any] = {
    "query": "red roofs near Lyon", "near": {"lat": 1.0, "lon": 2.0}, "decay": "gauss:25km",
    "mu": 0.5, "k": 3, "radius": "5000km", "bbox": [-180, -90, 180, 90], "time": ["2018", "2020"],
    "sort": "distance", "polygon": AREAS[0], "where": {"city": "Lyon"},
    "vector": [1.0, 0, 0, 0, 0, 0, 0, 0], "like": "a", "engine": "scan", "recall_target": 0.9,
    "similarity": "raw", "modality": ["text"], "delta": 0.0,
}  # fmt: skip
NAMES = ("a", "b", "c")
NOW = datetime(2024, 6, 1, 12)


def try_places(rng: random.Random) -> bool:
    """Places in words, and a place's name alone."""
    text = broken_text(WORDS, rng)
    understood = parse_query(text, gazetteer())
    understood.describe()
    is_read = _is_taken(read_near, text[:60], gazetteer())
    return bool(understood.mentions) or is_read


def try_times(rng: random.Random) -> bool:
    """Times in words, and periods as options take them."""
    if rng.random() < 0.5:
        return bool(parse_times(broken_text(WORDS, rng), NOW))
    return _is_taken(
        lambda written: parse_time_range(split_range(written)), broken_text(TIMES, rng)
    )


def try_distances(rng: random.Random) -> bool:
    """Distances."""
    return _is_taken(parse_distance_m, broken_text(DISTANCES, rng))


def try_decays(rng: random.Random) -> bool:
    """Decays; what is read is read the same when it is written."""
    text = broken_text(DECAYS, rng)
    if not _is_taken(Decay.parse, text):
        return False
    str(Decay.parse(text))
    return True


def try_conditions(rng: random.Random) -> bool:
    """Conditions as people type them and as programs give them; boxes."""
    kind = rng.random()
    if kind < 0.1:
        return _is_taken(parse_bbox, broken_text(BOXES, rng))
    if kind < 0.6:
        written = [broken_text(WHERE, rng) for _ in range(rng.randint(1, 3))]
        if not _is_taken(parse_where, written):
            return False
        where = parse_where(written)
    else:
        where = broken_value(FILTERS, rng)
    return isinstance(where, dict) and all(
        _is_taken(_apply, name, wanted) for name, wanted in where.items()
    )


def try_cursors(rng: random.Random) -> bool:
    """Cursors of searches and of lists, forged or broken."""
    values = (
        [0.5, 7, 99, 1e6, 20, "digest"] if rng.random() < 0.5 else ["name", 7, 99, 20, "digest"]
    )
    if rng.random() < 0.7:
        text = base64.urlsafe_b64encode(json.dumps(broken_value(values, rng)).encode()).decode()
    else:
        text = base64.urlsafe_b64encode(broken_bytes(json.dumps(values).encode(), rng)).decode()
        text = broken_text([text], rng)
    kind = Cursor if len(values) == 6 else ListCursor
    return _is_taken(lambda given: kind.decode(given, digest="digest"), text.rstrip("="))


def try_coordinates(rng: random.Random) -> bool:
    """Angles and pairs as tables hold them, and points as calls take them."""
    kind = rng.random()
    if kind < 0.4:
        return _is_taken(
            parse_angle, broken_text(ANGLES, rng), rng.choice(("latitude", "longitude"))
        )
    if kind < 0.8:
        return _is_taken(parse_pair, broken_text(PAIRS, rng))
    point = rng.choice(
        ({"lat": 1.0, "lon": 2.0}, [1.0, 2.0], {"type": "Point", "coordinates": [1, 2]})
    )
    return _is_taken(as_place, broken_value(point, rng), rng.choice(("sphere", "plane")))


def try_areas(rng: random.Random) -> bool:
    """Areas in GeoJSON."""
    space = rng.choice(("sphere", "plane"))
    return _is_taken(
        lambda area: read_area(area, space=space), broken_value(rng.choice(AREAS), rng)
    )


def try_searches(rng: random.Random) -> bool:
    """Whole searches by a few arguments, one of them broken."""
    names = rng.sample(sorted(ASKED), rng.randint(1, 4))
    asked = {name: ASKED[name] for name in names}
    value = asked[names[0]]
    if rng.random() < 0.2:
        asked[names[0]] = rng.choice(ODD_VALUES)
    elif isinstance(value, str):
        asked[names[0]] = broken_text([value, *WORDS], rng)
    else:
        asked[names[0]] = broken_value(value, rng)
    return _is_taken(lambda: searched_collection().search(**asked))


def _is_taken(call: Callable[..., Any], *arguments: Any) -> bool:
    """Whether a call takes what it is given; a refusal must say why, and not at length."""
    try:
        call(*arguments)
    except PlacelensError as error:
        if not 0 < len(str(error)) < 2_000:
            raise AssertionError("a reason that nobody can read") from error
        return False
    return True


def _apply(name: Any, wanted: Any) -> None:
    test = conditions(name, wanted)
    for value in ("Paris", 4, 2.5, True, ["sea", "boat"], [], "", 2**63):
        test(value)


@cache
def searched_collection() -> pl.Collection:
    """Three texts, each with a place, a time and an attribute."""
    collection = pl.Collection.create(scratch("queries") / "c.pl", encoder=HashEncoder(8))
    add_texts(collection)
    return collection


def add_texts(collection: pl.Collection) -> None:
    """Add the three texts, or those of them that are gone."""
    words = ["red", "blue", "green"]
    collection.add_vectors(
        NAMES, HashEncoder(8).encode_texts(words), text=words, lat=[1, 2, 3], lon=[4, 5, 6],
        time=[datetime(2018, 5, 1), datetime(2019, 6, 1), None], modality="text",
        attributes=[{"city": "Lyon"}, {"rating": 3}, {"keywords": ["sea", "boat"]}],
        on_conflict="skip",
    )  # fmt: skip
