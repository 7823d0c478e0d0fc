"""Each command in this process, with the fake encoder."""

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.faults import version_1

import placelens.collection
import placelens.demo.run
import placelens.encoders.registry
from placelens.cli.main import COMMANDS
from placelens.collection import Collection
from placelens.demo.hit_rates import HitRate
from placelens.demo.page import Answer
from placelens.demo.run import DemoResult
from placelens.encoders.fits import load_fits
from placelens.ingest.extractor import EXTRACTORS
from placelens.ingest.report import IngestReport
from placelens.results import Hits
from placelens.testing import byte_mean
from placelens.testing.fakes import HashEncoder
from placelens.types import Hit, Item, Place

Run = Callable[..., Any]


def test_index_counts_and_names_what_it_skipped(
    cli: Run, tiny_photos: Path, tmp_path: Path
) -> None:
    path, report = tmp_path / "new.pl", tmp_path / "skipped.csv"
    result = cli("index", tiny_photos, "--to", path, "--workers", 0, "--report", report)
    assert "6 added, 1 skipped" in result.stderr
    assert "holds 6 items" in result.stderr
    assert "broken.jpg" in result.stderr
    (row,) = csv.DictReader(report.read_text().splitlines())
    assert row["file"].endswith("broken.jpg")
    assert row["reason"]
    again = cli("index", tiny_photos, "--to", path, "--workers", 0)
    assert "6 unchanged" in again.stderr


def test_index_of_what_is_not_there_leaves_nothing(cli: Run, tmp_path: Path) -> None:
    assert "gone does not exist" in cli("index", tmp_path / "gone", code=1).stderr
    assert not list(tmp_path.iterdir())


def test_index_fails_when_all_was_skipped(cli: Run, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no image")
    result = cli("index", broken, "--to", tmp_path / "new.pl", "--workers", 0, code=1)
    assert f"skipped {broken}: " in result.stderr


def test_index_puts_the_collection_next_to_the_folder(
    cli: Run, tmp_path: Path, tiny_photos: Path
) -> None:
    folder = tmp_path / "Pictures"
    folder.mkdir()
    (folder / "prague.png").write_bytes((tiny_photos / "prague.png").read_bytes())
    result = cli("index", folder, "--workers", 0)
    assert f"new collection {tmp_path / 'Pictures.pl'}" in result.stderr
    assert len(Collection.open(tmp_path / "Pictures.pl")) == 1


def test_index_of_several_paths_needs_a_name(cli: Run, tmp_path: Path) -> None:
    assert "--to" in cli("index", tmp_path, tmp_path, code=1).stderr


def test_index_keeps_to_the_collections_encoder(
    cli: Run, tiny_photos: Path, tiny_collection: Path
) -> None:
    result = cli("index", tiny_photos, "--to", tiny_collection, "--encoder", "other", code=1)
    assert "holds vectors of hash, and --encoder names other; leave it out" in result.stderr
    assert f"placelens index {tiny_collection} --reencode --encoder other" in result.stderr


def test_index_prunes_when_asked(cli: Run, tiny_photos: Path, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("prague", "brno"):
        (folder / f"{name}.png").write_bytes((tiny_photos / f"{name}.png").read_bytes())
    cli("index", folder, "--workers", 0)
    (folder / "brno.png").unlink()
    assert "holds 2 items" in cli("index", folder, "--workers", 0).stderr
    assert "1 removed" in cli("index", folder, "--workers", 0, "--prune").stderr


def test_index_reads_columns_as_told(cli: Run, tmp_path: Path) -> None:
    table = tmp_path / "sites.csv"
    table.write_text("what,y,breite,laenge\nA red castle,left out,50.0,14.0\n")
    cli(
        "index", table, "--to", tmp_path / "sites.pl", "--text-columns", "what",
        "--column", "lat=breite", "--column", "lon=laenge",
    )  # fmt: skip
    (item,) = Collection.open(tmp_path / "sites.pl").items()
    assert item.text == "A red castle"
    assert item.place is not None
    assert item.place.lonlat == (14.0, 50.0)
    message = cli("index", table, "--to", tmp_path / "x.pl", "--column", "nose=y", code=1).stderr
    assert "not ROLE=NAME" in message


def test_search_by_words_finds_the_colour(cli: Run, tiny_collection: Path) -> None:
    answer = json.loads(
        cli("search", tiny_collection, "red", "--no-parse", "--format", "json").stdout
    )
    assert answer["hits"][0]["id"] == "prague"
    assert answer["plan"]["engine"] == "scan"


def test_search_ranks_by_place_with_negative_coordinates(cli: Run, tiny_collection: Path) -> None:
    place = ["--near", "-33.86,151.21", "--decay", "linear"]
    result = cli("search", tiny_collection, *place, "--format", "csv", "-k", 2)
    rows = list(csv.DictReader(result.stdout.splitlines()))
    assert [row["id"] for row in rows] == ["sydney", "suva"]
    assert float(rows[0]["distance_m"]) < 1


@pytest.mark.parametrize(
    ("limits", "ids"),
    [
        (["--bbox", "-170,-90,-180,90"], {"prague", "brno", "lyon", "sydney", "suva"}),
        (["--bbox", "170,-30,-170,0"], {"suva"}),
        (["--where", "city=praha", "--where", "city=Brno"], {"prague", "brno"}),
        (["--where", "rating>=2", "--where", "rating<4"], {"lyon", "sydney"}),
        (["--radius", "200km", "--near", "50.087,14.421"], {"prague", "brno"}),
        (["--located-only", "--where", "rating!=5"], {"brno", "lyon", "sydney", "suva"}),
    ],
)
def test_search_keeps_to_its_limits(
    cli: Run, tiny_collection: Path, limits: list[str], ids: set[str]
) -> None:
    result = cli("search", tiny_collection, "red", "--no-parse", *limits, "--format", "jsonl")
    assert {json.loads(line)["id"] for line in result.stdout.splitlines()} == ids


def test_search_in_a_polygon(cli: Run, tiny_collection: Path, tmp_path: Path) -> None:
    ring = [[14, 50], [15, 50], [15, 51], [14, 51], [14, 50]]
    area = tmp_path / "area.geojson"
    area.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    result = cli(
        "search", tiny_collection, "--like", "brno", "--polygon", area, "--format", "paths"
    )
    assert [Path(line).name for line in result.stdout.splitlines()] == ["prague.png"]


def test_search_by_example_leaves_the_example_out(cli: Run, tiny_collection: Path) -> None:
    result = cli("search", tiny_collection, "--like", "prague", "--format", "jsonl", "-k", 10)
    ids = [json.loads(line)["id"] for line in result.stdout.splitlines()]
    assert len(ids) == 5
    assert "prague" not in ids


def test_search_by_image_and_against_words(
    cli: Run, tiny_collection: Path, tiny_photos: Path
) -> None:
    answer = cli(
        "search", tiny_collection, "--image", tiny_photos / "lyon.png", "--text", "green^0.2",
        "--not", "red^0.5", "--format", "json",
    )  # fmt: skip
    hits = json.loads(answer.stdout)["hits"]
    assert hits[0]["id"] == "lyon"
    weights = {term["label"]: term["weight"] for term in hits[0]["terms"]}
    assert weights["red"] < 0 < weights["green"]


def test_search_shows_a_table_and_the_next_page(cli: Run, tiny_collection: Path) -> None:
    result = cli("search", tiny_collection, "red", "--no-parse", "-k", 2, "--explain-plan")
    assert result.stdout.splitlines()[0].split() == [
        "rank",
        "score",
        "distance",
        "title",
        "because",
        "id",
    ]
    assert "\x1b[" not in result.stdout
    assert "plan: scan, because" in result.stderr
    assert "more with --page 2" in result.stderr
    again = ("search", tiny_collection, "red", "--no-parse", "-k", 2)
    following = cli(*again, "--page", 2).stdout
    assert following.splitlines()[1].split()[0] == "3"
    cursor = json.loads(cli(*again, "--format", "json").stdout)["cursor"]
    after = cli(*again, "--cursor", cursor)
    assert after.stdout == following
    assert "more with --cursor " in after.stderr
    last = cli(*again, "--page", 3)  # 6 items
    assert "more with" not in last.stderr
    assert "end with page 3" in cli(*again, "--page", 4, code=1).stderr
    assert "not both" in cli(*again, "--page", 2, "--cursor", cursor, code=1).stderr


def test_search_says_what_it_understood(cli: Run, tiny_collection: Path) -> None:
    result = cli("search", tiny_collection, "red house near Lyon", "-k", 1)
    assert "understood: near Lyon" in result.stderr
    assert "red house" in result.stderr


def test_search_weighs_its_first_words_too(cli: Run, tiny_collection: Path) -> None:
    answer = cli("search", tiny_collection, "red^0.5", "--text", "green", "--format", "json")
    terms = json.loads(answer.stdout)["hits"][0]["terms"]
    # Weights are shares of their sum, 0.5 + 1.
    assert [term["label"] for term in terms] == ["red", "green"]
    assert terms[1]["weight"] == pytest.approx(2 * terms[0]["weight"])


@pytest.mark.parametrize(
    "arguments",
    [
        ("search", "red", "--near", "50,14", "--radius", "20"),
        ("search", "red", "--near", "50,14", "--decay", "gauss:5km:1"),
        ("export", "--format", "csv", "--blur", "1"),
    ],
)
def test_a_distance_without_a_unit_is_refused(
    cli: Run, tiny_collection: Path, arguments: tuple[str, ...]
) -> None:
    command, *others = arguments
    error = cli(command, tiny_collection, *others, code=1).stderr
    assert f"{arguments[-2]} {arguments[-1]} has no unit" in error


def test_search_says_which_place_near_is(cli: Run, tiny_collection: Path) -> None:
    named = cli("search", tiny_collection, "red", "--near", "Venice", "-k", 1).stderr
    assert "understood: near Venice, Italy; other places of that name: Venice, Cal" in named
    assert "understood" not in cli("search", tiny_collection, "red", "--near", "45,12").stderr


def test_search_says_which_options_had_no_effect(cli: Run, tiny_collection: Path) -> None:
    idle = cli("search", tiny_collection, "red", "--no-parse", "--mu", 0.2, "--decay", "exp:1km")
    assert "--decay and --mu changed nothing" in idle.stderr
    placed = cli("search", tiny_collection, "red near Lyon", "--mu", 0.2, "--decay", "exp:1km")
    assert "changed nothing" not in placed.stderr


def test_search_names_the_image_it_cannot_read(cli: Run, tiny_collection: Path) -> None:
    result = cli("search", tiny_collection, "--image", "none.jpg", code=1)
    assert "--image none.jpg: there is no such file" in result.stderr


def test_search_says_why_there_are_no_hits(cli: Run, tiny_collection: Path, tmp_path: Path) -> None:
    result = cli("search", tiny_collection, "red", "--no-parse", "--where", "nme=Lyon")
    assert "no item has an attribute 'nme'; there are: " in result.stderr
    Collection.create(tmp_path / "empty.pl", encoder=HashEncoder())
    assert "empty.pl is empty" in cli("search", tmp_path / "empty.pl", "red").stderr


def test_search_with_no_hits_says_so(cli: Run, tiny_collection: Path) -> None:
    result = cli("search", tiny_collection, "red", "--no-parse", "--where", "city=Atlantis")
    assert "no hits" in result.stderr
    assert result.stdout == ""


def test_search_writes_a_file_of_the_format_in_its_name(
    cli: Run, tiny_collection: Path, tmp_path: Path
) -> None:
    path = tmp_path / "hits.geojson"
    cli("search", tiny_collection, "red", "--no-parse", "-o", path)
    assert len(json.loads(path.read_text())["features"]) == 6
    assert (
        "exists already"
        in cli("search", tiny_collection, "red", "--no-parse", "-o", path, code=1).stderr
    )
    cli("search", tiny_collection, "red", "--no-parse", "-o", path, "--force", "-k", 1)
    assert len(json.loads(path.read_text())["features"]) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["red", "--format", "docx"], "no format 'docx'; choose one of table, json"),
        (["red", "--no-parse", "--bbox", "1,2"], "is not four numbers"),
        (["--near", "95,200"], "latitude 95"),
        (["red", "--no-parse", "--decay", "cubic"], "cubic"),
        (["--like", "atlantis"], "atlantis"),
    ],
)
def test_errors_are_one_line_without_a_traceback(
    cli: Run, tiny_collection: Path, arguments: list[str], message: str
) -> None:
    result = cli("search", tiny_collection, *arguments, code=1)
    assert result.stderr.startswith("error: ")
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_wrong_usage_is_2(cli: Run, tiny_collection: Path) -> None:
    cli("search", tiny_collection, "red", "--mu", 2, code=2)
    cli("search", tiny_collection, "red", "--nonsense", code=2)
    cli("search", code=2)
    cli("fly", code=2)


def test_debug_shows_the_error_itself(cli: Run, tmp_path: Path) -> None:
    assert "error: " in cli("stats", tmp_path / "none.pl", code=1).stderr
    result = cli("--debug", "stats", tmp_path / "none.pl", code=1)
    assert type(result.exception).__name__ == "CollectionNotFoundError"


def test_show(cli: Run, tiny_collection: Path, tmp_path: Path) -> None:
    assert "Praha" in cli("show", tiny_collection, "prague").stdout
    record = json.loads(cli("show", tiny_collection, "prague", "--json").stdout)
    assert (record["lat"], record["attributes"]["city"]) == (50.087, "Praha")
    jpeg = tmp_path / "small.jpg"
    cli("show", tiny_collection, "prague", "--thumbnail", jpeg)
    assert jpeg.read_bytes()[:2] == b"\xff\xd8"
    assert "atlantis" in cli("show", tiny_collection, "atlantis", code=1).stderr


def test_stats(cli: Run, tiny_collection: Path) -> None:
    stats = json.loads(cli("stats", tiny_collection, "--json").stdout)
    assert (stats["n_items"], stats["n_located"]) == (6, 5)
    assert "city (5)" in cli("stats", tiny_collection).stdout


def test_export_blurs_drops_and_counts(cli: Run, tiny_collection: Path, tmp_path: Path) -> None:
    path = tmp_path / "all.gpx"
    assert "1 without a place left out" in cli("export", tiny_collection, "-o", path).stderr
    blurred = cli("export", tiny_collection, "--format", "jsonl", "--blur", "10km").stdout
    assert json.loads(blurred.splitlines()[0])["place_blur_m"] == 10_000
    dropped = cli("export", tiny_collection, "--format", "csv", "--drop-places").stdout
    assert {row["lat"] for row in csv.DictReader(dropped.splitlines())} == {""}
    assert "say what to write" in cli("export", tiny_collection, code=1).stderr


def test_delete_and_snapshots(cli: Run, tiny_collection: Path) -> None:
    cli("snapshot", tiny_collection, "before")
    assert "removed 1 item" in cli("delete", tiny_collection, "suva").stderr
    assert "tiny.pl: 'suva'" in cli("delete", tiny_collection, "suva", code=1).stderr
    assert len(Collection.open(tiny_collection)) == 5
    assert "before" in cli("snapshot", tiny_collection).stdout
    assert "holds 6 items again" in cli("restore", tiny_collection, "before").stderr
    cli("snapshot", tiny_collection, "before", "--drop")
    assert cli("snapshot", tiny_collection).stdout == ""
    assert "no snapshots yet" in cli("snapshot", tiny_collection).stderr
    assert "freed" in cli("compact", tiny_collection).stderr
    assert "--drop needs the name" in cli("snapshot", tiny_collection, "--drop", code=1).stderr


def test_encoders_say_how_to_get_them(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        {"name": "lite", "summary": "built in", "installed": True, "dim": 384, "languages": ["en"]},
        {"name": "hf:<id>", "summary": "the hub", "installed": False, "install": "pip install x"},
    ]
    monkeypatch.setattr(
        placelens.encoders.registry, "list_encoders", lambda: [dict(row) for row in rows]
    )
    assert json.loads(cli("encoders", "--json").stdout) == rows
    assert cli("encoders").stdout.splitlines() == [
        "lite", "  built in", "  installed", "  dim: 384", "  languages: en",
        "hf:<id>", "  the hub", "  not installed: pip install x",
    ]  # fmt: skip


def test_eval_prints_exactly_the_promised_keys(
    cli: Run, tiny_photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placelens.encoders.registry, "load_encoder", lambda _: HashEncoder())
    pairs = tmp_path / "pairs.jsonl"
    colours = {"prague": "red", "brno": "green", "lyon": "blue"}
    pairs.write_text(
        "\n".join(
            json.dumps({"image": str(tiny_photos / f"{name}.png"), "captions": [colour]})
            for name, colour in colours.items()
        )
    )
    report = json.loads(cli("eval", pairs, "--encoder", "hash", "--json").stdout)
    assert set(report) == {
        "text_to_image", "image_to_text", "mR", "mR_ceiling", "match", "answerable",
        "hub_corrected", "n_images", "n_texts",
    }  # fmt: skip
    assert report["hub_corrected"] is None
    assert report["text_to_image"] == {"R@1": 100.0, "R@5": 100.0, "R@10": 100.0}
    assert (report["mR"], report["n_images"], report["n_texts"]) == (100.0, 3, 3)
    assert "mR 100.00 (a perfect ranker: 100.00)" in cli("eval", pairs).stdout
    assert "--part needs --split" in cli("eval", pairs, "--part", "test", code=1).stderr
    with_pool = HashEncoder(hub_texts=("red", "green"))
    monkeypatch.setattr(placelens.encoders.registry, "load_encoder", lambda _: with_pool)
    assert cli("eval", pairs).stdout.count("mR 100.00") == 2
    corrected = json.loads(cli("eval", pairs, "--json").stdout)["hub_corrected"]
    assert set(corrected) == {
        "text_to_image", "image_to_text", "mR", "mR_gain", "match", "answerable",
    }  # fmt: skip


def test_help_lists_every_command(cli: Run) -> None:
    overview = cli().stdout
    assert all(name in overview for name in COMMANDS)
    for name in COMMANDS:
        assert "Usage:" in cli(name, "--help").stdout
    assert cli("--version").stdout.startswith("placelens ")


def test_demo_prints_hits_rates_and_where_to_go_on(
    cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = Item(id="t", attributes={"title": "Around Codajás"})
    hit = Hit(rank=1, id="t", score=0.5, terms=(), distance_m=1000.0, matched="image", item=item)
    answer = Answer(
        direction="text to image", question="a forest", hits=Hits([hit] * 5), thumbnails={}
    )
    rates = tuple(
        HitRate(
            direction="text to image", mu=mu, n_queries=9, top={1: 0.5, 5: 1.0},
            chance={1: 0.01, 5: 0.05},
        )
        for mu in (0.0, 0.5)
    )  # fmt: skip

    def run_demo(folder: Path, *, encoder: str, progress: Any) -> DemoResult:
        progress("cutting tiles", 1, 2)
        return DemoResult(
            collection=folder / "earth.pl", page=folder / "index.html", n_tiles=954, n_texts=1,
            report=IngestReport(), answers=(answer,), rates=rates, seconds=61.4,
        )  # fmt: skip

    monkeypatch.setattr(placelens.demo.run, "run_demo", run_demo)
    result = cli("demo", "--to", tmp_path)
    assert "cutting tiles" in result.stderr
    lines = result.stdout.splitlines()
    assert lines[1] == "text to image: a forest"
    assert sum("Around Codajás" in line for line in lines) == 3  # of five hits
    assert [line.split() for line in lines if "mu" in line or "chance" in line] == [
        ["text", "to", "image,", "mu", "0", "50%", "100%"],
        ["by", "chance", "1%", "5%"],
        ["text", "to", "image,", "mu", "0.5", "50%", "100%"],
    ]
    assert "954 tiles and 1 text in 61 s" in lines[-2]
    assert lines[-1].endswith(f"placelens serve {tmp_path / 'earth.pl'}")
    assert json.loads(cli("demo", "--to", tmp_path, "--json").stdout)["n_tiles"] == 954


class NumberEncoder(HashEncoder):
    """Images whose red is their number, and texts that begin with one."""

    def _vectors(self, numbers: list[int], seeds: list[int]) -> np.ndarray:
        rows = []
        for number, seed in zip(numbers, seeds, strict=True):
            group = np.random.default_rng(1_000 + number // 6).normal(size=self.dim)
            own = np.random.default_rng(number).normal(size=self.dim)
            rows.append(
                3 * group + own + 0.5 * np.random.default_rng(9_000 + seed).normal(size=self.dim)
            )
        vectors = np.array(rows)
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)

    def encode_images(self, images: np.ndarray) -> np.ndarray:
        numbers = images[:, 0, 0, 0].astype(int).tolist()
        return self._vectors(numbers, numbers)

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        return self._vectors(
            [int(text.split()[0]) for text in texts], [sum(map(ord, t)) for t in texts]
        )


def test_calibrate_fits_what_later_collections_use(
    cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLACELENS_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(placelens.encoders.registry, "load_encoder", lambda _: NumberEncoder())
    lines = []
    for number in range(120):
        Image.new("RGB", (64, 64), (number, 0, 0)).save(tmp_path / f"{number}.png")
        lines.append({"image": f"{number}.png", "captions": [f"{number} a", f"{number} pq"]})
    pairs, few = tmp_path / "pairs.jsonl", tmp_path / "few.jsonl"
    pairs.write_text("\n".join(map(json.dumps, lines)))
    few.write_text(json.dumps(lines[0]))
    assert "lite comes calibrated" in cli("calibrate", pairs, "--encoder", "lite", code=1).stderr
    message = cli("calibrate", few, "--encoder", "numbers", code=1).stderr
    assert "holds 1 images, and a calibration needs 50 or more" in message
    report = json.loads(cli("calibrate", pairs, "--encoder", "numbers", "--json").stdout)
    assert len(report["calibrations"]) == 4
    kept = load_fits(report["encoder"]).to_json()
    assert kept["answerabilities"] == report["answerabilities"]
    assert (
        "calibrated numbers on 120 images" in cli("calibrate", pairs, "--encoder", "numbers").stdout
    )


def test_migrate_says_what_it_does(cli: Run, tmp_path: Path) -> None:
    path = tmp_path / "old.pl"
    version_1.write(path, ["a", "b"], np.eye(2))
    assert json.loads(cli("stats", path, "--json").stdout)["n_items"] == 2
    refused = cli("delete", path, "a", code=1)
    assert "placelens migrate" in refused.stderr
    would = cli("migrate", path, "--dry-run")
    assert "would be made format 2 of format 1; 2 items stay as they are" in would.stderr
    assert Collection.open(path).format_version == 1
    done = cli("migrate", path, "--json")
    assert "made format 2 of format 1" in done.stderr
    assert json.loads(done.stdout)["is_needed"]
    assert "is of format 2 already" in cli("migrate", path).stderr
    cli("delete", path, "a")
    assert len(Collection.open(path)) == 1


def test_index_fills_in_a_feature(
    cli: Run, tiny_photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "new.pl"
    cli("index", tiny_photos, "--to", path, "--workers", 0)
    monkeypatch.setitem(EXTRACTORS, byte_mean.NAME, byte_mean.RECIPE)
    done = cli("index", path, "--features", byte_mean.NAME, "--workers", 0)
    assert f"{byte_mean.NAME}: made of " in done.stderr
    assert byte_mean.NAME in [feature.name for feature in Collection.open(path).features]
    refused = cli("index", path, "--features", "smell", code=1)
    assert "makes no feature 'smell'" in refused.stderr


def test_proposals_are_listed_accepted_and_undone(cli: Run, tmp_path: Path) -> None:
    collection = Collection.create(tmp_path / "c.pl", dim=2)
    collection.add_vectors(["a", "b"], np.eye(2))
    assert "no proposals" in cli("proposals", collection.path).stderr
    place = Place(lat=50.25, lon=14.5)
    first = collection.propose("a", place, radius_m=40, confidence=0.75, evidence="a tower").id
    second = collection.propose("b", place).id
    listed = cli("proposals", collection.path).stdout
    assert "open, a at 50.25, 14.5, within 40 m, 75% sure, a tower" in listed
    done = cli("proposals", collection.path, "--accept", first, "--reject", second)
    assert done.stderr.splitlines() == [f"accepted {first}", f"rejected {second}"]
    (kept,) = json.loads(cli("proposals", collection.path, "--state", "accepted", "--json").stdout)
    assert (kept["id"], kept["place"]) == (first, {"lat": 50.25, "lon": 14.5})
    assert Collection.open(collection.path).get("a").place == place
    cli("proposals", collection.path, "--undo", first)
    assert Collection.open(collection.path).get("a").place is None
    refused = cli("proposals", collection.path, "--state", "lost", code=1)
    assert "open, accepted, rejected" in refused.stderr
    unknown = cli("proposals", collection.path, "--undo", "0-9", code=1)
    assert "has no proposal '0-9'; Collection.proposals lists them" in unknown.stderr
