"""Hits: a sequence, a table, a picture grid."""

import copy
import json
import pickle
from dataclasses import FrozenInstanceError
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from xml.etree import ElementTree

import pytest

from placelens.collection import Collection
from placelens.encoders.base import Answerability
from placelens.engine.plan import Plan
from placelens.export.svg_map import HEIGHT, MEANING_COLOUR, PLACE_COLOUR, WIDTH, svg_map
from placelens.export.text_table import because
from placelens.geo.gazetteer import PlaceChoice
from placelens.geo.understood import PlaceMention, Understood
from placelens.results import UNLIKELY, Hits
from placelens.testing.fakes import HashEncoder
from placelens.types import Hit, Item, Place, ScoreTerm


def hit(rank: int, *, place: Place | None, title: str = "A dome", **item: object) -> Hit:
    terms = (
        ScoreTerm(kind="place", label="near", weight=0.5, value=0.8, contribution=0.4),
        ScoreTerm(kind="text", label="dome", weight=0.5, value=0.2, contribution=0.1),
    )
    thing = Item(id=f"i{rank}", place=place, attributes={"title": title}, **item)  # type: ignore[arg-type]
    distance = None if place is None else 1500.0
    return Hit(
        rank=rank,
        id=thing.id,
        score=0.5,
        terms=terms,
        distance_m=distance,
        matched="image",
        item=thing,
    )


@pytest.fixture
def hits() -> Hits:
    return Hits(
        [
            hit(1, place=Place(lat=50.0, lon=14.0), title="<script>alert('x')</script>"),
            hit(2, place=Place(lat=50.5, lon=14.5), place_source="estimated"),
            hit(3, place=None),
        ],
        query={"text": "dome"},
        cursor="next",
        elapsed_ms=1.5,
        thumbnails={"i2": b"jpeg"}.get,
    )


def test_is_a_sequence_that_cannot_be_changed(hits: Hits) -> None:
    assert len(hits) == 3
    assert [each.rank for each in hits] == [1, 2, 3]
    assert hits[-1].id == "i3"
    assert hits[0] in hits
    with pytest.raises(FrozenInstanceError):
        hits[0].rank = 2  # type: ignore[misc]
    with pytest.raises(TypeError):
        hits[0] = hits[1]  # type: ignore[index]


def test_a_slice_keeps_the_question_but_not_the_next_page(hits: Hits) -> None:
    best = hits[:1]
    assert isinstance(best, Hits)
    assert (len(best), best.query["text"], best.cursor) == (1, "dome", None)


def test_to_dict_is_json(hits: Hits) -> None:
    answer = json.loads(json.dumps(hits.to_dict()))
    assert answer["query"] == {"text": "dome"}
    assert answer["cursor"] == "next"
    assert answer["understood"] is None
    assert [each["id"] for each in answer["hits"]] == ["i1", "i2", "i3"]


def test_to_geojson_returns_and_writes_the_same(hits: Hits, tmp_path: Path) -> None:
    path = tmp_path / "hits.geojson"
    collection = hits.to_geojson(path)
    assert json.loads(path.read_text()) == collection
    assert collection["features"][0]["geometry"]["coordinates"] == [14.0, 50.0]
    assert hits.to_geojson(drop_places=True)["features"][0]["geometry"] is None


@pytest.mark.parametrize("name", ["csv", "kml", "gpx", "gpkg", "geoparquet", "html"])
def test_every_short_cut_writes_its_format(hits: Hits, name: str, tmp_path: Path) -> None:
    if name in ("gpkg", "geoparquet"):
        pytest.importorskip("pyogrio")
    report = getattr(hits, f"to_{name}")(tmp_path / "file")
    assert report.format == name
    assert report.n_written == (2 if name in ("kml", "gpx") else 3)
    assert (tmp_path / "file").stat().st_size > 0


def test_to_geodataframe_has_points_and_scores(hits: Hits) -> None:
    pytest.importorskip("geopandas")
    frame = hits.to_geodataframe()
    assert frame["score"].tolist() == [0.5, 0.5, 0.5]
    assert (frame.geometry[0].x, frame.geometry[0].y) == (14.0, 50.0)
    assert frame.geometry[2] is None


def test_repr_is_a_table(hits: Hits) -> None:
    lines = repr(hits).splitlines()
    assert lines[0].split() == ["rank", "score", "distance", "title", "because"]
    assert " ".join(lines[2].split()) == "2 0.500 1.5 km A dome 0.40 place + 0.10 text"
    assert repr(Hits([])) == "no hits"


def test_because_names_signs_and_labels() -> None:
    terms = (
        ScoreTerm(kind="text", label="dome", weight=-0.5, value=0.2, contribution=-0.1),
        ScoreTerm(kind="text", label="a green garden by night", weight=1, value=1, contribution=1),
        ScoreTerm(kind="place", label="near", weight=0.5, value=0.8, contribution=-0.4),
    )
    item = Item(id="a")
    full = Hit(rank=1, id="a", score=0, terms=terms, distance_m=None, matched=None, item=item)
    assert because(full) == "-0.10 text 'dome' + 1.00 text 'a green garden by n…' - 0.40 place"


def test_doubt_needs_calibrated_scores_below_those_of_random_items() -> None:
    def answer(similarity: str, value: float, rank: int = 1) -> Hits:
        term = ScoreTerm(kind="text", label="x", weight=1, value=value, contribution=value)
        item = Item(id="a")
        found = Hit(
            rank=rank,
            id="a",
            score=value,
            terms=(term,),
            distance_m=None,
            matched="image",
            item=item,
        )
        return Hits([found], plan=Plan("scan", "few items", 1, 1, similarity))

    assert answer("calibrated", 0.1).doubt is None
    assert answer("raw", 0.1).doubt is None
    assert Hits([]).doubt is None
    assert answer("calibrated", 0.08, rank=11).doubt is None  # the best are on the first page
    assert "fits by 0.08 of 1" in (answer("calibrated", 0.08).doubt or "")


def test_doubt_weighs_how_many_were_compared() -> None:
    def answer(
        n_items: int, *, kind: str = "text", value: float = 0.9, intercept: float = 0
    ) -> Hits:
        term = ScoreTerm(kind=kind, label="x", weight=1, value=value, contribution=value)
        found = Hit(
            rank=1, id="a", score=value, terms=(term,), distance_m=None, matched="image",
            item=Item(id="a"),
        )  # fmt: skip
        return Hits(
            [found],
            plan=Plan("scan", "few items", n_items, n_items, "calibrated"),
            answerabilities={
                ("text", "image"): Answerability(
                    slope=1, size_slope=-0.5, intercept=intercept, largest=100_000
                )
            },
        )

    assert answer(10).answerable == pytest.approx(0.74, abs=0.01)
    assert answer(10).doubt is None
    many = answer(10_000)
    assert many.answerable == pytest.approx(0.083, abs=0.001)
    assert many.doubt == (
        "probably no good match: the best fits by 0.90 of 1, "
        "which leaves 8% that anything here shows it"
    )
    assert many[:1].to_dict()["answerable"] == many.answerable
    # Few items make an answer likely, and still none is told from a random one.
    few = answer(1, value=0.08, intercept=2)
    assert (few.answerable or 0) > UNLIKELY
    assert (few.doubt or "").startswith("no good match: the best of these fits by 0.08 of 1")
    # Who asks by an image is told by the fit alone, as before.
    assert answer(10_000, kind="image").answerable is None
    assert answer(10_000, kind="image").doubt is None
    assert "no good match" in (answer(10, kind="image", value=0.05).doubt or "")


def test_doubt_holds_with_a_place_by_the_best_fit_anywhere() -> None:
    def answer(best: float | None, *, unfit: str | None = None) -> Hits:
        place = ScoreTerm(kind="place", label="Lyon", weight=0.5, value=1.0, contribution=0.5)
        text = ScoreTerm(kind="text", label="x", weight=0.5, value=0.6, contribution=0.3)
        found = Hit(
            rank=1, id="a", score=0.8, terms=(place, text), distance_m=0.0, matched="image",
            item=Item(id="a"),
        )  # fmt: skip
        return Hits(
            [found],
            plan=Plan("scan", "few items", 10_000, 10_000, "calibrated"),
            answerabilities={
                ("text", "image"): Answerability(
                    slope=1, size_slope=-0.5, intercept=0, largest=100_000
                )
            },
            best=None if best is None else (best, "image"),
            unfit=unfit,
        )

    # The hits fit by 0.6, and something far away by 0.9: 9 / 10,000 ** 0.5 = 0.09 to 1.
    assert answer(0.9).answerable == pytest.approx(0.09 / 1.09)
    assert "fits by 0.90 of 1" in (answer(0.9).doubt or "")
    assert answer(0.9999).doubt is None
    # The best of all is among the hits.
    assert answer(0.6).answerable == pytest.approx(0.015 / 1.015)
    # Nobody looked for the best: the hits' own fits say nothing of what is elsewhere.
    assert answer(None).answerable is None
    # What the encoder cannot read has no odds.
    assert answer(0.9999, unfit="lite reads English").doubt == "lite reads English"
    assert answer(0.9999, unfit="lite reads English").answerable is None


def test_a_notebook_shows_what_was_understood_and_where() -> None:
    lyon = PlaceChoice(
        name="Lyon", kind="town", country="France", admin=None,
        lat=45.76, lon=4.84, population=522_000, code="FR",
    )  # fmt: skip
    mention = PlaceMention(phrase="near Lyon", written="Lyon", relation="near", choices=(lyon,))
    understood = Understood(text="<dome>", mentions=(mention,), near=Place(lat=45.76, lon=4.84))
    hits = Hits([hit(1, place=Place(lat=46, lon=5))], understood=understood)
    said = "understood: near Lyon, France; words: <dome>"
    assert hits.interpretation == said
    assert repr(hits).splitlines()[0] == said
    html = hits._repr_html_()
    assert "near Lyon, France; words: &lt;dome&gt;" in html
    assert html.count(f'stroke="{PLACE_COLOUR}"') == 1  # the cross at Lyon
    assert f"background:{PLACE_COLOUR}" in html
    assert f"background:{MEANING_COLOUR}" in html


def test_html_escapes_and_embeds(hits: Hits) -> None:
    html = hits._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "data:image/jpeg;base64,anBlZw==" in html  # b64 of b"jpeg"
    assert "estimated position" in html
    assert "http" not in html.replace("http-equiv", "")  # nothing is fetched
    root = ElementTree.fromstring(
        html.replace('cover;display:block">', 'cover;display:block"/>').replace("<br>", "<br/>")
    )
    assert len(list(root.iter("circle"))) == 2
    assert "No hits" in Hits([])._repr_html_()


def circles(svg: str) -> dict[str, tuple[float, float]]:
    found = {}
    for group in ElementTree.fromstring(svg).iter("g"):
        circle = group.find("circle")
        found[group.findtext("text", "")] = (float(circle.get("cx", 0)), float(circle.get("cy", 0)))  # type: ignore[union-attr]
    return found


def test_map_has_north_up_and_east_right() -> None:
    svg = svg_map([hit(1, place=Place(lat=50, lon=14)), hit(2, place=Place(lat=51, lon=15))])
    points = circles(svg)
    assert points["2"][0] > points["1"][0]
    assert points["2"][1] < points["1"][1]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points.values())


def test_map_over_the_antimeridian_stays_narrow() -> None:
    fiji, samoa = Place(lat=-17.0, lon=178.0), Place(lat=-14.0, lon=-172.0)
    points = circles(svg_map([hit(1, place=fiji), hit(2, place=samoa)]))
    # 10 degrees apart by the short way, east of Fiji; the long way would put Samoa far left.
    assert points["2"][0] > points["1"][0]


@pytest.mark.parametrize("lat", [90.0, -90.0, 0.0])
def test_map_of_a_single_point_is_centred(lat: float) -> None:
    points = circles(svg_map([hit(1, place=Place(lat=lat, lon=180.0))]))
    assert points["1"] == (WIDTH / 2, HEIGHT / 2)


def test_map_draws_land_that_is_in_view() -> None:
    hits = [hit(1, place=Place(lat=50, lon=14)), hit(2, place=Place(lat=51, lon=15))]
    around = [(0.0, 40.0), (30.0, 40.0), (30.0, 60.0), (0.0, 60.0)]
    away = [(100.0, 0.0), (101.0, 0.0), (101.0, 1.0)]
    assert svg_map(hits, outlines=[around, away]).count('fill="#f6f4ee"') == 1


def test_land_over_the_antimeridian_is_one_piece() -> None:
    fiji = [hit(1, place=Place(lat=-17.0, lon=179.0))]
    svg = svg_map(fiji, outlines=[[(178.0, -18.0), (-179.0, -18.0), (-179.0, -16.0)]])
    path = next(ElementTree.fromstring(svg).iter("path")).get("d", "")
    xs = [float(pair.split()[0]) for pair in path.strip("MZ").split("L")]
    # 178 to 181 degrees lie 1 degree west and 2 degrees east of the centre, by the same scale.
    assert xs[1] - WIDTH / 2 == pytest.approx(2 * (WIDTH / 2 - xs[0]), rel=1e-3)


def test_map_of_a_plane_and_of_nothing() -> None:
    assert len(circles(svg_map([hit(1, place=Place(x=1e6, y=2.0))]))) == 1
    assert svg_map([hit(1, place=None)]) == ""


def test_pickled_hits_come_back_without_their_thumbnails() -> None:
    lyon = PlaceChoice(
        name="Lyon", kind="town", country="France", admin=None,
        lat=45.76, lon=4.84, population=522_000, code="FR",
    )  # fmt: skip
    mention = PlaceMention(phrase="near Lyon", written="Lyon", relation="near", choices=(lyon,))
    made = Hits(
        [hit(1, place=Place(lat=46, lon=5))],
        query={"query": "dome"},
        understood=Understood(text="dome", mentions=(mention,), near=Place(lat=45.76, lon=4.84)),
        plan=Plan("scan", "few items", 1, 1, "calibrated"),
        cursor="next",
        elapsed_ms=1.0,
        thumbnails=lambda _: b"jpeg",
        # As encoders give them, in a view that cannot be pickled.
        answerabilities=MappingProxyType(
            {("text", "text"): Answerability(slope=1, size_slope=0, intercept=0, largest=9)}
        ),
        notes=["no item has an attribute 'ctiy'"],
    )
    for again in (pickle.loads(pickle.dumps(made)), copy.copy(made), copy.deepcopy(made)):
        assert again.to_dict() == made.to_dict()
        assert list(again) == list(made)
        assert repr(again) == repr(made)
        assert again.thumbnail(again[0]) is None
        assert "A dome" in again._repr_html_()


def test_hits_of_a_search_can_be_pickled(tmp_path: Path) -> None:
    collection = Collection.create(tmp_path / "c.pl", encoder=HashEncoder())
    collection.add_vectors(
        ["a"], HashEncoder().encode_texts(["red"]), modality="text", text=["red"],
        lat=[45.7], lon=[4.8], attributes=[{"keywords": ["sea", "boat"]}],
    )  # fmt: skip
    for hits in (
        collection.search("red near Lyon"),
        collection.search("red in France", where={"keywords": "sea"}, bbox=(0, 40, 10, 50)),
        collection.search(sort="time"),
    ):
        assert len(hits) == 1
        assert pickle.loads(pickle.dumps(hits)).to_dict() == hits.to_dict()


def tagged() -> Hits:
    def one(rank: int, **attributes: object) -> Hit:
        item = Item(id=f"i{rank}", place=Place(lat=1.0, lon=2.0), attributes=attributes)  # type: ignore[arg-type]
        return Hit(
            rank=rank, id=item.id, score=0.5, terms=(), distance_m=None, matched=None, item=item
        )

    return Hits(
        [one(1, keywords=["sea", "boat"], n=1, odd=1, flag=True), one(2, n=2.5, odd="x", none=None)]
    )


def test_to_arrow_has_the_columns_of_the_csv_with_types() -> None:
    table = tagged().to_arrow()
    kinds = {field.name: str(field.type) for field in table.schema}
    assert kinds["keywords"].startswith("list<")
    assert {name: kinds[name] for name in ("rank", "score", "distance_m", "lat", "n", "odd")} == {
        "rank": "int64", "score": "double", "distance_m": "double", "lat": "double",
        "n": "double", "odd": "string",
    }  # fmt: skip
    assert table["keywords"].to_pylist() == [["sea", "boat"], None]
    assert table["odd"].to_pylist() == ["1", "x"]
    assert table["none"].to_pylist() == [None, None]
    assert Hits([]).to_arrow().num_rows == 0
    # Answers of several searches can be joined: their fixed columns have one type.
    listed = Hits([hit(1, place=None)]).to_arrow()
    assert listed.schema.field("lat").type == table.schema.field("lat").type


def test_to_pandas_has_the_columns_of_the_csv_with_types() -> None:
    pytest.importorskip("pandas")
    frame = tagged().to_pandas()
    assert frame["keywords"].tolist()[0] == ["sea", "boat"]
    assert frame["score"].sum() == 1.0
    assert str(frame["flag"].dtype) == "boolean"
    assert frame["lon"].tolist() == [2.0, 2.0]
    assert len(Hits([]).to_pandas()) == 0


def test_lists_are_one_text_where_a_format_has_no_lists(tmp_path: Path) -> None:
    tagged().to_csv(tmp_path / "hits.csv")
    assert "sea; boat" in (tmp_path / "hits.csv").read_text()
    tagged().to_kml(tmp_path / "hits.kml")
    assert "<value>sea; boat</value>" in (tmp_path / "hits.kml").read_text()
    features = tagged().to_geojson()["features"]
    assert features[0]["properties"]["attributes"]["keywords"] == ["sea", "boat"]


def test_a_list_shows_times_in_place_of_scores() -> None:
    item = Item(id="a", time=datetime(2019, 6, 1, 12, 30), attributes={"title": "A dome"})
    listed = Hit(rank=1, id="a", score=None, terms=(), distance_m=None, matched=None, item=item)
    hits = Hits([listed], plan=Plan("list", "in the order of time", 1, 1, None))
    assert repr(hits).splitlines()[1].split() == ["1", "2019-06-01", "12:30", "A", "dome"]
    assert hits.doubt is None
    assert hits.answerable is None
    assert "2019-06-01 12:30" in hits._repr_html_()
    assert hits.to_dict()["hits"][0]["score"] is None
