"""What is taken for a place in a query, and, above all, what is not."""

import math

import numpy as np
import pytest

from placelens.geo.decay import Decay
from placelens.geo.gazetteer import Gazetteer
from placelens.geo.place_names import parse_query
from placelens.geo.regions import AnyOf, Circle
from placelens.types import Place

# Words that are names of towns somewhere, and relations that lead to no place.
NO_PLACE = """
a man in black near water
A man in Black near Water
A Man In Black Near Water
MAN IN BLACK NEAR WATER
dog in snow
boats in harbour
turkey on a table
stuffing in turkey
in orange
girl in orange
near the nice beach
Near the Nice Beach
near nice houses
people reading in bath
a child in a bath near a tub
man in jersey
players in jerseys near the field
cup in china cabinet
woman in paris hilton dress
car in mobile home park
boat in long beach sunset
a split second in time
in split screen
near us
close to me
next to her
dinner in May
picnic in March
trees in Spring
leaves in the Fall
presents under the tree in Christmas lights
fog in December
in the city
around town
near the old town
around the corner
in the country
in the middle of the street
next to the church
near the river
in the Park
near the Museum
in North Station
temple in gold
building in gothic style
ships in port
men in uniform
rocks in the field near van
dogs near a model
in sale
sheep in the valley
a hall in a castle
cathedral near Lyon Cathedral
lights of Paris
in New York Times Square
in Paris Hilton shirt
church from Prague
lights near 91.5,14.2
near 3,4 people
within 5 km
5 km of road
in 2019
in a
in
near

the city of London
tower near Central Park Zoo
""".strip().splitlines()

# Query, words that are left, what was understood.
PLACES = [
    ("baroque church near Prague", "baroque church", ["near Prague, Czechia"]),
    ("church near Prague at night", "church at night", ["near Prague, Czechia"]),
    ("temples in Peru", "temples", ["in Peru"]),
    ("church in Lyon, France", "church", ["in Lyon, France"]),
    ("church in lyon, france", "church", ["in Lyon, France"]),
    ("café in Paris Texas", "café", ["in Paris, Texas, United States"]),
    ("tower in Paris, Texas, USA", "tower", ["in Paris, Texas, United States"]),
    ("tower in Paris (Texas) at night", "tower at night", ["in Paris, Texas, United States"]),
    ("statue near Paris in Texas", "statue",
     ["near Paris, Texas, United States", "in Texas, United States"]),
    ("temple near Kyoto in Japan", "temple", ["near Kyoto, Japan", "in Japan"]),
    ("churches in France and Italy", "churches", ["in France", "in Italy"]),
    ("churches in France, Italy or Spain, old", "churches, old",
     ["in France", "in Italy", "in Spain"]),
    ("hotel in Portland, or in Seattle", "hotel",
     ["in Portland, Oregon, United States", "in Seattle, Washington, United States"]),
    ("within 5 km of Lyon", "", ["within 5.0 km of Lyon, France"]),
    ("bridge 5km from Lyon", "bridge", ["within 5.0 km of Lyon, France"]),
    ("bridges less than 3 miles from Lyon", "bridges", ["within 4.8 km of Lyon, France"]),
    ("harbour near São Paulo", "harbour", ["near São Paulo, Brazil"]),
    ("harbour near sao paulo", "harbour", ["near São Paulo, Brazil"]),
    ("skyscraper in Frankfurt am Main", "skyscraper", ["in Frankfurt am Main, Germany"]),
    ("beach in Rio de Janeiro", "beach", ["in Rio de Janeiro, Brazil"]),
    ("market near L'Aquila", "market", ["near L'Aquila, Italy"]),
    ("street in Aix-en-Provence", "street", ["in Aix-en-Provence, France"]),
    ("sunset in new york", "sunset", ["in New York City, New York, United States"]),
    ("beach around Nice", "beach", ["near Nice, France"]),
    ("photos taken in Holland", "photos", ["in Netherlands"]),
    ("villages in northern Italy", "villages", ["in Italy"]),
    ("a village in the south of France", "a village", ["in France"]),
    ("castle in South Korea", "castle", ["in South Korea"]),
    ("castle in Scotland", "castle", ["in Scotland, United Kingdom"]),
    ("old town in Bali", "old town", ["in Bali, Indonesia"]),
    ("tower near Pisa. At night", "tower At night", ["near Pisa, Italy"]),
    ("temple near 京都", "temple", ["near Kyoto, Japan"]),
    ("церковь near Москва", "церковь", ["near Moscow, Russia"]),
    ("castle near 50.08,14.42", "castle", ["near 50.08,14.42"]),
    ("people in Reading", "people", ["in Reading, England, United Kingdom"]),
]  # fmt: skip


@pytest.fixture(scope="module")
def gazetteer():
    return Gazetteer()


@pytest.mark.parametrize("query", NO_PLACE)
def test_words_are_not_places(gazetteer, query):
    understood = parse_query(query, gazetteer)
    assert understood.mentions == ()
    assert understood.text == query.strip(" ,;")
    assert (understood.near, understood.decay, understood.region) == (None, None, None)


def test_there_are_enough_tricky_queries():
    assert len(set(NO_PLACE)) >= 60


@pytest.mark.parametrize(("query", "text", "descriptions"), PLACES)
def test_places_are_understood(gazetteer, query, text, descriptions):
    understood = parse_query(query, gazetteer)
    assert [mention.describe() for mention in understood.mentions] == descriptions
    assert understood.text == text


def holds(region, *, lat, lon):
    return bool(region.contains(np.array([lon]), np.array([lat]))[0])


def test_near_a_town_is_a_place_term_only(gazetteer):
    understood = parse_query("church near Lyon", gazetteer)
    assert understood.near.lonlat == pytest.approx((4.85, 45.75), abs=0.01)
    assert understood.decay == "gauss:25km"
    assert understood.region is None


def test_near_a_country_is_full_within_a_circle_of_its_size(gazetteer):
    understood = parse_query("temples near Peru", gazetteer)
    decay = Decay.parse(understood.decay)
    # Peru's mainland has 1.296 million km², that is a circle of 642 km.
    assert decay.offset_m == pytest.approx(642e3, abs=1e3)
    assert decay.scale_m == pytest.approx(321e3, abs=1e3)
    assert understood.region is None


def test_in_a_country_is_a_filter_only(gazetteer):
    understood = parse_query("temples in Peru", gazetteer)
    assert understood.near is None
    assert understood.decay is None
    assert holds(understood.region, lat=-12.05, lon=-77.04)  # Lima, on the coast
    assert not holds(understood.region, lat=-16.5, lon=-68.15)  # La Paz, Bolivia


def test_in_a_town_is_a_circle_and_a_place_term(gazetteer):
    understood = parse_query("church in Lyon", gazetteer)
    assert isinstance(understood.region, Circle)
    # 12 m * sqrt(522,000 people or so: each release of GeoNames counts anew) = 8.7 km
    radius_m = 12 * math.sqrt(gazetteer.resolve("Lyon").population)
    assert 8_600 < radius_m < 8_800
    assert understood.region.radius_m == pytest.approx(radius_m)
    assert understood.near == understood.region.center
    assert understood.decay == f"gauss:{radius_m:.0f}m"


def test_within_a_distance_is_a_circle_and_a_place_term(gazetteer):
    understood = parse_query("church within 12 km of 50.08,14.42", gazetteer)
    assert understood.region == Circle(center=Place(lat=50.08, lon=14.42), radius_m=12_000.0)
    assert understood.decay == "gauss:12km"


def test_places_in_a_list_are_alternatives(gazetteer):
    region = parse_query("churches in France and Italy", gazetteer).region
    assert isinstance(region, AnyOf)
    assert holds(region, lat=48.85, lon=2.35)
    assert holds(region, lat=41.9, lon=12.5)
    assert not holds(region, lat=40.4, lon=-3.7)


def test_the_narrower_place_filters(gazetteer):
    region = parse_query("café in Paris in Texas", gazetteer).region
    assert holds(region, lat=33.66, lon=-95.55)
    assert not holds(region, lat=29.76, lon=-95.37)  # Houston is in Texas too


def test_other_places_of_the_name_are_listed(gazetteer):
    understood = parse_query("bridge in Paris", gazetteer)
    (mention,) = understood.mentions
    assert [choice.label for choice in mention.choices[:2]] == [
        "Paris, France",
        "Paris, Texas, United States",
    ]
    assert "other places of that name: Paris, Texas, United States" in understood.describe()


def test_only_the_first_near_is_a_place_term(gazetteer):
    understood = parse_query("bridge near Lyon and lake near Geneva", gazetteer)
    assert understood.text == "bridge and lake near Geneva"
    assert [mention.name for mention in understood.mentions] == ["Lyon"]


def test_as_plain_json(gazetteer):
    import json

    understood = parse_query("church near Lyon in France", gazetteer).to_dict()
    assert json.loads(json.dumps(understood)) == understood
    assert understood["text"] == "church"
    assert understood["near"] == pytest.approx({"lat": 45.75, "lon": 4.85}, abs=0.01)
    assert understood["mentions"][0]["phrase"] == "near Lyon"
    assert understood["mentions"][0]["choices"][0]["label"] == "Lyon, France"
    assert understood["bounds"][0] < 2.0 < understood["bounds"][2]
