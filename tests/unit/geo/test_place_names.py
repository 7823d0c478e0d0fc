"""What is taken for a place in a query, and, above all, what is not."""

import math

import numpy as np
import pytest

from placelens.geo.areas import AnyOf, Circle
from placelens.geo.decay import Decay
from placelens.geo.gazetteer import Gazetteer, PlaceChoice
from placelens.geo.place_names import parse_query
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
man without Jersey
man without jersey
dog in Golden Gate Park
parade in Red Square
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
    # Towns of a landmark's name: large ones, or where what they lie in or their kind is said.
    ("dog in Long Beach", "dog", ["in Long Beach, California, United States"]),
    ("dog in Virginia Beach", "dog", ["in Virginia Beach, Virginia, United States"]),
    ("dog in Salt Lake City", "dog", ["in Salt Lake City, Utah, United States"]),
    ("dog in Newcastle upon Tyne", "dog", ["in Newcastle upon Tyne, England, United Kingdom"]),
    ("dog in Hyde Park, Massachusetts", "dog", ["in Hyde Park, Massachusetts, United States"]),
    ("dog in Menlo Park, CA", "dog", ["in Menlo Park, California, United States"]),
    ("dog in Menlo Park in California", "dog",
     ["in Menlo Park, California, United States", "in California, United States"]),
    ("dog in the town of Hyde Park", "dog", ["in Hyde Park, Massachusetts, United States"]),
    ("dog near Hyde Park", "dog", ["near Hyde Park, Massachusetts, United States"]),
    ("boat in Lac-Mégantic", "boat", ["in Lac-Mégantic, Quebec, Canada"]),
]  # fmt: skip


@pytest.fixture(scope="module")
def gazetteer():
    return Gazetteer()


@pytest.mark.parametrize("query", NO_PLACE)
def test_words_are_not_places(gazetteer, query):
    understood = parse_query(query, gazetteer)
    assert understood.mentions == ()
    assert understood.text == query.strip(" ,;")
    assert (understood.near, understood.decay, understood.area) == (None, None, None)


def test_there_are_enough_tricky_queries():
    assert len(set(NO_PLACE)) >= 60


@pytest.mark.parametrize(("query", "text", "descriptions"), PLACES)
def test_places_are_understood(gazetteer, query, text, descriptions):
    understood = parse_query(query, gazetteer)
    assert [mention.describe() for mention in understood.mentions] == descriptions
    assert understood.text == text


# Query, words that are left, what was understood: what is asked for is never kept.
NEGATIONS = [
    ("churches not in Spain", "churches", ["not in Spain"]),
    ("beach more than 50 km from Nice", "beach", ["more than 50.0 km from Nice, France"]),
    ("beach at least 3 miles away from Nice", "beach", ["more than 4.8 km from Nice, France"]),
    ("beach fifty km or more from Nice", "beach", ["more than 50.0 km from Nice, France"]),
    ("beach > 20km from Nice", "beach", ["more than 20.0 km from Nice, France"]),
    ("beach not within 5 km of Nice", "beach", ["more than 5.0 km from Nice, France"]),
    ("cafe not in Paris but in Lyon", "cafe", ["not in Paris, France", "in Lyon, France"]),
    ("cafe not in Paris but Lyon", "cafe", ["not in Paris, France", "in Lyon, France"]),
    ("church outside France", "church", ["not in France"]),
    ("church in France except Paris", "church", ["in France", "not in Paris, France"]),
    ("church in Europe, not France", "church", ["in Europe", "not in France"]),
    ("church in Europe without France", "church", ["in Europe", "not in France"]),
    ("church in Europe but not in France or Spain", "church",
     ["in Europe", "not in France", "not in Spain"]),
    ("neither in France nor in Spain", "", ["not in France", "not in Spain"]),
    ("neither France nor Spain", "", ["not in France", "not in Spain"]),
    ("cafe not in Spain or in Portugal", "cafe", ["not in Spain", "not in Portugal"]),
    ("photos not taken in Peru", "photos", ["not in Peru"]),
    ("photos that weren't taken anywhere near Lyon", "photos that",
     ["not within 25.0 km of Lyon, France"]),
    ("everything but Spain", "", ["not in Spain"]),
    ("exclude Spain", "", ["not in Spain"]),
    ("Kirche nicht in Berlin", "Kirche", ["not in Berlin, Germany"]),
    ("église pas in Lyon", "église", ["not in Lyon, France"]),
    ("not outside France", "", ["in France"]),
    ("no more than 5 km from Lyon", "", ["within 5.0 km of Lyon, France"]),
    ("not far from Lyon", "", ["near Lyon, France"]),
    # A distance or "outside" negates its own place only.
    ("beach further than 50 km from Nice, in France", "beach",
     ["more than 50.0 km from Nice, France", "in France"]),
    ("villages outside Paris and in France", "villages", ["not in Paris, France", "in France"]),
    ("cafe outside Paris, near Lyon", "cafe", ["not in Paris, France", "near Lyon, France"]),
    ("food in Mexico not Mexico City", "food", ["in Mexico", "not in Mexico City, Mexico"]),
    # What is negated is something else.
    ("people not wearing hats in Spain", "people not wearing hats", ["in Spain"]),
    ("castles without Germany", "castles", ["not in Germany"]),
    ("castles without the Netherlands", "castles", ["not in Netherlands"]),
    ("castles outside Germany", "castles", ["not in Germany"]),
    ("castles but not in Germany", "castles", ["not in Germany"]),
    ("castles except Bavaria", "castles", ["not in Bavaria, Germany"]),
    ("parade in the USSR", "parade", ["in USSR"]),
    ("cars in East Germany", "cars", ["in East Germany"]),
    ("lake without people in Spain", "lake without people", ["in Spain"]),
]  # fmt: skip

# Left to the words, and said so, since it is not clear what the negation takes out.
UNCLEAR = """
not only in Spain
not a church in Spain
no photos from Spain
I don't want photos from Spain
anything but photos from Spain
""".strip().splitlines()

# Query, words that are left, what was understood: what stands around a name must fit it.
QUALIFIED = [
    ("peach in the state of Georgia", "peach", ["in Georgia, United States"]),
    ("apple in Washington state", "apple", ["in Washington, United States"]),
    ("theatre in New York State", "theatre", ["in New York, United States"]),
    ("beach in Victoria, Australia", "beach", ["in Victoria, Australia"]),
    ("pier in Long Beach, CA", "pier", ["in Long Beach, California, United States"]),
    ("hall in Springfield, IL", "hall", ["in Springfield, Illinois, United States"]),
    ("opera in Odessa", "opera", ["in Odesa, Ukraine"]),
    ("opera in Odessa, Texas", "opera", ["in Odessa, Texas, United States"]),
    ("church in Quebec", "church", ["in Quebec, Canada"]),
    ("church in Quebec City", "church", ["in Québec, Quebec, Canada"]),
    ("market in Munich, Bavaria", "market", ["in Munich, Germany"]),
    ("market in Ontario, California", "market", ["in Ontario, California, United States"]),
    ("market in the province of Ontario", "market", ["in Ontario, Canada"]),
    ("glass in Murano, Venice", "glass Murano", ["in Venice, Italy"]),
    ("bridge in Paris, Australia", "bridge Paris", ["in Australia"]),
    ("cigar in Cuba, NY", "cigar Cuba", ["in New York, United States"]),
    ("cafe in Paris, London and Rome", "cafe",
     ["in Paris, France", "in London, England, United Kingdom", "in Rome, Italy"]),
    ("lions in Africa", "lions", ["in Africa"]),
    ("temple in Asia", "temple", ["in Asia"]),
    ("llama in South America", "llama", ["in South America"]),
    ("hut in the Alps", "hut", ["in Alps"]),
    ("photos from Spain", "photos", ["in Spain"]),
    ("ship within a mile of Lyon", "ship", ["within 1.6 km of Lyon, France"]),
]  # fmt: skip

# Query and a word of the reason: named, not read as a place, and said so.
UNREAD = [
    ("bench near Central Park", "landmark"),
    ("flowers in Bloom", "little known"),
    ("dog in Hyde Park", "landmark"),
    ("dog in Battery Park", "landmark"),
    ("dog in Central Park", "landmark"),
    ("dog in Menlo Park", "landmark"),
    ("dog in Palm Beach", "landmark"),
    ("dog in Green River", "landmark"),
    ("boat in Lake Geneva", "landmark"),
    ("tower in Castillo Grande", "landmark"),
    ("castles without germany", "not in"),
    ("cafe near the Eiffel Tower", "no such place"),
    ("cafe near the eiffel tower", "no such place"),
    ("cathedral near Lyon Cathedral", "no such place"),
    ("shop in Orange County", "no such place"),
    ("field north of Lyon", "directions"),
    ("market in Brigadoon", "no such place"),
]


@pytest.mark.parametrize(("query", "text", "descriptions"), NEGATIONS + QUALIFIED)
def test_negations_and_what_stands_around_a_name(gazetteer, query, text, descriptions):
    understood = parse_query(query, gazetteer)
    assert [mention.describe() for mention in understood.mentions] == descriptions
    assert understood.text == text


@pytest.mark.parametrize("query", UNCLEAR)
def test_a_negation_that_is_not_clear_is_left_to_the_words(gazetteer, query):
    understood = parse_query(query, gazetteer)
    assert understood.mentions == ()
    assert understood.text == query
    assert any("negation" in each.reason for each in understood.unread)


@pytest.mark.parametrize("query", ["church not in Spain, in Portugal", "far from Lyon or in Spain"])
def test_a_negation_whose_reach_is_not_clear_takes_out_its_own_place_only(gazetteer, query):
    understood = parse_query(query, gazetteer)
    assert [mention.negated for mention in understood.mentions] == [True]
    assert "negation" in understood.unread[0].reason


def test_what_is_not_known_is_said_once(gazetteer):
    notes = parse_query("church not in Blorfland", gazetteer).notes
    assert notes == ("'not in Blorfland' is left to the words: no such place is known",)


@pytest.mark.parametrize(("query", "reason"), UNREAD)
def test_what_is_not_read_is_said(gazetteer, query, reason):
    understood = parse_query(query, gazetteer)
    assert understood.mentions == ()
    assert understood.text == query
    assert reason in understood.unread[0].reason
    assert reason in understood.notes[0]


def test_old_town_in_prague_is_in_prague(gazetteer):
    (mention,) = parse_query("street in Old Town, Prague", gazetteer).mentions
    assert mention.choice.country == "Czechia"


@pytest.mark.parametrize(
    ("query", "label"),
    [
        ("Kyoto", "Kyoto, Japan"),
        ("kyoto", "Kyoto, Japan"),
        ("Paris, Texas", "Paris, Texas, United States"),
        ("京都", "Kyoto, Japan"),
        ("Peru", "Peru"),
    ],
)
def test_a_name_alone_is_near_it_and_stays_with_the_words(gazetteer, query, label):
    understood = parse_query(query, gazetteer)
    (mention,) = understood.mentions
    assert (mention.relation, mention.choice.label, mention.is_bare) == ("near", label, True)
    assert understood.text == query
    assert understood.area is None


@pytest.mark.parametrize(
    ("query", "offers"),
    [
        ("Nice", ["near Nice, France"]),
        ("Turkey", ["near Turkey"]),
        ("kyoto temple", ["near Kyoto, Japan"]),
        ("temple Kyoto", ["near Kyoto, Japan"]),
        ("field north of Lyon", ["near Lyon, France"]),
        ("dog in Hyde Park", ["near Hyde Park, Massachusetts, United States"]),
        ("red car", []),
        ("not Kyoto", []),
    ],
)
def test_what_may_be_a_place_is_offered(gazetteer, query, offers):
    understood = parse_query(query, gazetteer)
    assert understood.mentions == ()
    assert [offer.write for offer in understood.offers] == offers
    for offer in understood.offers:
        assert parse_query(query.replace(offer.phrase, offer.write), gazetteer).near is not None


def test_quotes_are_never_read(gazetteer):
    understood = parse_query('church "near Lyon" in France', gazetteer)
    assert [mention.describe() for mention in understood.mentions] == ["in France"]
    assert understood.text == "church near Lyon"


def test_what_is_excluded_is_a_region_of_its_own(gazetteer):
    understood = parse_query("church in France, not in Paris", gazetteer)
    assert holds(understood.area, lat=48.857, lon=2.352)
    assert holds(understood.outside, lat=48.857, lon=2.352)
    assert not holds(understood.outside, lat=45.76, lon=4.84)
    assert understood.near is None


def test_landmarks_of_the_collection_are_places(gazetteer):
    asked = []

    def landmarks(names):
        asked.append(list(names))
        at = PlaceChoice.point(48.858, 2.294)
        return (names.index("Eiffel Tower"), at) if "Eiffel Tower" in names else None

    understood = parse_query("cafe near the Eiffel Tower at night", gazetteer, landmarks=landmarks)
    assert understood.near.lonlat == (2.294, 48.858)
    assert understood.text == "cafe at night"
    assert asked == [["Eiffel Tower", "Eiffel"]]


def test_a_long_query_is_read_in_linear_time(gazetteer, monkeypatch):
    """Names looked up for a query eight times as long: eight times as many, and some."""

    def lookups(query):
        calls = []
        find = Gazetteer.find
        monkeypatch.setattr(
            Gazetteer, "find", lambda self, name, **k: calls.append(name) or find(self, name, **k)
        )
        parse_query(query, gazetteer)
        monkeypatch.undo()
        return len(calls)

    for phrase in ("near Lyon in Peru ", "in Foo, Bar, ", "not not ", "A B c "):
        once, often = lookups(phrase * 10), lookups(phrase * 80)
        assert often <= 9 * max(once, 10)


def holds(area, *, lat, lon):
    return bool(area.contains(np.array([lon]), np.array([lat]))[0])


def test_near_a_town_is_a_place_term_only(gazetteer):
    understood = parse_query("church near Lyon", gazetteer)
    assert understood.near.lonlat == pytest.approx((4.85, 45.75), abs=0.01)
    assert understood.decay == "gauss:25km"
    assert understood.area is None


def test_near_a_country_is_full_within_a_circle_of_its_size(gazetteer):
    understood = parse_query("temples near Peru", gazetteer)
    decay = Decay.parse(understood.decay)
    # Peru's mainland has 1.296 million km², that is a circle of 642 km.
    assert decay.offset_m == pytest.approx(642e3, abs=1e3)
    assert decay.scale_m == pytest.approx(321e3, abs=1e3)
    assert understood.area is None


def test_in_a_country_is_a_filter_only(gazetteer):
    understood = parse_query("temples in Peru", gazetteer)
    assert understood.near is None
    assert understood.decay is None
    assert holds(understood.area, lat=-12.05, lon=-77.04)  # Lima, on the coast
    assert not holds(understood.area, lat=-16.5, lon=-68.15)  # La Paz, Bolivia


def test_in_a_town_is_a_circle_and_a_place_term(gazetteer):
    understood = parse_query("church in Lyon", gazetteer)
    assert isinstance(understood.area, Circle)
    # 12 m * sqrt(522,000 people or so: each release of GeoNames counts anew) = 8.7 km
    radius_m = 12 * math.sqrt(gazetteer.resolve("Lyon").population)
    assert 8_600 < radius_m < 8_800
    assert understood.area.radius_m == pytest.approx(radius_m)
    assert understood.near == understood.area.center
    assert understood.decay == f"gauss:{radius_m:.0f}m"


def test_within_a_distance_is_a_circle_and_a_place_term(gazetteer):
    understood = parse_query("church within 12 km of 50.08,14.42", gazetteer)
    assert understood.area == Circle(center=Place(lat=50.08, lon=14.42), radius_m=12_000.0)
    assert understood.decay == "gauss:12km"


def test_places_in_a_list_are_alternatives(gazetteer):
    area = parse_query("churches in France and Italy", gazetteer).area
    assert isinstance(area, AnyOf)
    assert holds(area, lat=48.85, lon=2.35)
    assert holds(area, lat=41.9, lon=12.5)
    assert not holds(area, lat=40.4, lon=-3.7)


def test_the_narrower_place_filters(gazetteer):
    area = parse_query("café in Paris in Texas", gazetteer).area
    assert holds(area, lat=33.66, lon=-95.55)
    assert not holds(area, lat=29.76, lon=-95.37)  # Houston is in Texas too


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


def test_a_distance_from_a_country_is_one_from_its_border(gazetteer):
    area = parse_query("villages within 50 km of Spain", gazetteer).area
    assert holds(area, lat=40.4, lon=-3.7)  # Madrid, in Spain
    assert holds(area, lat=42.7, lon=2.9)  # Perpignan, 25 km from the border
    assert not holds(area, lat=43.6, lon=1.44)  # Toulouse, 95 km away
    outside = parse_query("villages more than 50 km from Spain", gazetteer).outside
    assert holds(outside, lat=42.7, lon=2.9)


@pytest.mark.parametrize("number", ["٣", "5٣", "੬", "²"])
def test_digits_that_no_distance_has_are_words(gazetteer, number):
    assert parse_query(f"boats {number} km from Lyon", gazetteer).text.startswith("boats")
