"""The gazetteer on its real data: towns, countries, names, outlines."""

import numpy as np
import pytest

from placelens.errors import CoordinateError, QueryError
from placelens.geo import named_areas
from placelens.geo.gazetteer import Gazetteer, town_radius_m
from placelens.geo.names import fold


@pytest.fixture(scope="module")
def gazetteer():
    return Gazetteer()


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("lyon", "Lyon, France"),
        ("SAO PAULO", "São Paulo, Brazil"),
        ("Sao  Paulo", "São Paulo, Brazil"),
        ("frankfurt am main", "Frankfurt am Main, Germany"),
        ("L’Aquila", "L'Aquila, Italy"),
        ("Xian", "Xi'an, China"),
        ("st louis", "St. Louis, Missouri, United States"),
        ("Saint Petersburg", "Saint Petersburg, Russia"),
        ("Geneva", "Genève, Switzerland"),
        ("Puno", "Puno, Peru"),  # not Pune in India, one of whose alternate names is Puno
        ("Москва", "Moscow, Russia"),
        ("京都", "Kyoto, Japan"),
        ("Bombay", "Mumbai, India"),
        ("New York", "New York City, New York, United States"),
        ("Paris, Texas", "Paris, Texas, United States"),
        ("Paris, TX", "Paris, Texas, United States"),
        ("Paris, Texas, USA", "Paris, Texas, United States"),
        ("Perth, Scotland", "Perth, Scotland, United Kingdom"),
        ("Holland", "Netherlands"),
        ("U.S.A.", "United States"),
        ("Czech Republic", "Czechia"),
        ("Georgia", "Georgia"),
        ("Bali", "Bali, Indonesia"),
        ("Texas", "Texas, United States"),
    ],
)
def test_the_best_place_of_a_name(gazetteer, name, label):
    found = gazetteer.find(name)[0].label
    assert fold(found) == fold(label) or (name == "Geneva" and found.endswith("Switzerland"))


def test_choices_are_ranked_by_population_within_main_names(gazetteer):
    choices = [c for c in gazetteer.find("Springfield") if c.name == "Springfield"]
    populations = [choice.population for choice in choices]
    assert len(choices) >= 4
    assert populations == sorted(populations, reverse=True)


@pytest.mark.parametrize("name", ["", "   ", "Brigadoon", "Paris, Brigadoon"])
def test_what_is_no_place(gazetteer, name):
    assert gazetteer.find(name) == []


def test_an_unknown_place_suggests_similar_ones(gazetteer):
    with pytest.raises(QueryError, match=r"'Pragueq' is not a known town.*similar.*Prague"):
        gazetteer.resolve("Pragueq")


def test_a_position_is_a_place(gazetteer):
    point = gazetteer.resolve("50.08, 14.42")
    assert (point.kind, point.lat, point.lon) == ("point", 50.08, 14.42)
    with pytest.raises(CoordinateError, match="latitude 95"):
        gazetteer.resolve("95.0,14.4")


def test_completion_puts_the_whole_name_first(gazetteer):
    labels = [choice.label for choice in gazetteer.complete("par")]
    assert labels[0].startswith("Par, ")
    assert "Paris, France" in labels
    assert gazetteer.complete("") == []
    assert len(gazetteer.complete("s", limit=5)) == 5


@pytest.mark.parametrize(
    ("lat", "lon", "town"),
    [
        (45.7578, 4.832, "Lyon"),  # nearer to the centre of its second district than to its own
        (48.8566, 2.3522, "Paris"),
        (-18.14, 178.44, "Suva"),
        (-18.2, -179.99, "Levuka"),  # over the antimeridian
        (-89.9, 0.0, "Ushuaia"),
    ],
)
def test_the_nearest_town(gazetteer, lat, lon, town):
    nearest = gazetteer.nearest(lat=lat, lon=lon)
    assert nearest.name == town


def test_the_nearest_town_is_the_one_with_the_smallest_gap(gazetteer):
    """Against the plain definition, without the window of latitudes."""
    from placelens.geo.distance import distances_m
    from placelens.types import Place

    table = gazetteer.towns
    rng = np.random.default_rng(5)
    for lat, lon in zip(rng.uniform(-90, 90, 40), rng.uniform(-180, 180, 40), strict=True):
        distances = distances_m(table.lat, table.lon, to=Place(lat=lat, lon=lon))
        gaps = np.maximum(distances - town_radius_m(table.population) / 2, 0)
        best = np.lexsort((-table.population, gaps))[0]
        assert gazetteer.nearest(lat=lat, lon=lon) == gazetteer.town(int(best))


def test_russia_and_fiji_cross_the_antimeridian():
    for code, west_of, east_of in (("RU", 19.0, -169.0), ("FJ", 174.0, -178.0)):
        west, _, east, _ = named_areas.shape_of(code).bounds
        assert west > west_of > east
        assert east < east_of or east == pytest.approx(east_of, abs=1.0)


def test_a_town_has_no_area(gazetteer):
    with pytest.raises(QueryError, match="Lyon, France is a town"):
        gazetteer.shape(gazetteer.resolve("Lyon"))


def test_reach_of_towns():
    # 12 m times the root: 12 * sqrt(1,000,000) = 12 km; clipped to 5 and 40 km.
    assert town_radius_m(np.array([1_000_000, 6_000, 25_000_000])).tolist() == [12e3, 5e3, 40e3]


@pytest.mark.parametrize(
    ("code", "lat", "lon", "where"),
    [
        ("CA", 42.322, -83.176, "Dearborn, 6 km from the river"),
        ("DE", 47.799, 13.044, "Salzburg"),
        ("US-NY", 40.735, -74.172, "Newark"),
    ],
)
def test_a_region_stops_at_the_neighbours_border(code, lat, lon, where):
    assert not named_areas.shape_of(code).contains(np.array([lon]), np.array([lat])).any(), where
