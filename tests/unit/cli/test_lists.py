"""Filters on the command line: lists, exports of what passes, contact sheets, what is said."""

import csv
import json
import webbrowser
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from placelens.collection import Collection
from placelens.testing.fakes import HashEncoder

Run = Callable[..., Any]


def ids(output: str) -> list[str]:
    return [json.loads(line)["id"] for line in output.splitlines()]


@pytest.fixture
def dated(tmp_path: Path) -> Path:
    """Three texts with times, one without a place."""
    path = tmp_path / "dated.pl"
    made = Collection.create(path, encoder=HashEncoder())
    made.add_vectors(
        ["b", "a", "c"],
        HashEncoder().encode_texts(["red", "green", "blue"]),
        text=["Boat 10", "boat 2", "A hill"],
        modality="text",
        lat=[1, None, 3],
        lon=[1, None, 3],
        time=[datetime(2020, 1, 1), datetime(2021, 1, 1), None],
        attributes=[{"keywords": ["sea", "boat"]}, {"keywords": ["sea"]}, {}],
    )
    return path


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ([], ["a", "b", "c"]),
        (["--sort", "time"], ["a", "b", "c"]),
        (["--sort", "oldest"], ["b", "a", "c"]),
        (["--sort", "name"], ["c", "a", "b"]),
        (["--sort", "distance", "--near", "3,3"], ["c", "b", "a"]),
        (["--unlocated"], ["a"]),
        (["--where", "keywords=sea"], ["a", "b"]),
        (["--where", "keywords all sea", "--where", "keywords all boat"], ["b"]),
        (["--where", "keywords not exists"], ["c"]),
        (["--time", "2020"], ["b"]),
    ],
)
def test_limits_alone_list_and_export_the_same(
    cli: Run, dated: Path, limits: list[str], expected: list[str]
) -> None:
    assert ids(cli("search", dated, *limits, "--format", "jsonl").stdout) == expected
    exported = ids(cli("export", dated, *limits, "--format", "jsonl").stdout)
    assert sorted(exported) == sorted(expected)
    if "--sort" in limits:
        assert exported == expected


def test_a_timeline_counts_by_month(cli: Run, dated: Path) -> None:
    shown = cli("timeline", dated).stdout.splitlines()
    assert [line.split()[:2] for line in shown] == [
        ["2020-01", "1"], ["2021-01", "1"], ["undated", "1"],
    ]  # fmt: skip
    asked = ("timeline", dated, "--where", "keywords=boat")
    assert json.loads(cli(*asked, "--json").stdout) == {
        "by": "month",
        "periods": [{"period": "2020-01", "n_items": 1}],
        "n_undated": 0,
    }
    by_day = cli("timeline", dated, "--by", "day").stdout.splitlines()
    assert all(len(line.split()[0]) == len("2020-01-31") for line in by_day[:-1])
    assert "nothing in the collection passes" in cli("timeline", dated, "--time", "1999").stderr
    assert "did you mean 'keywords'?" in cli("timeline", dated, "--where", "keyword=sea").stderr
    assert "No such option" in cli("timeline", dated, "--sort", "name", code=2).stderr


def test_a_list_is_a_table_with_times_and_pages(cli: Run, dated: Path) -> None:
    result = cli("search", dated, "--where", "keywords=sea", "-k", 1)
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines == [
        ["rank", "taken", "title", "id"],
        ["1", "2021-01-01", "00:00", "boat", "2", "a"],
    ]
    assert "more with --page 2" in result.stderr
    second = cli("search", dated, "--where", "keywords=sea", "-k", 1, "--page", 2)
    assert second.stdout.splitlines()[1].split()[0] == "2"
    placed = cli("search", dated, "--near", "1,1", "--sort", "name").stdout.splitlines()[0]
    assert placed.split() == ["rank", "taken", "distance", "title", "id"]


def test_words_with_a_sort_keep_the_best(cli: Run, dated: Path) -> None:
    ranked = ids(cli("search", dated, "red", "--no-parse", "-k", 2, "--format", "jsonl").stdout)
    by_name = cli(
        "search", dated, "red", "--no-parse", "-k", 2, "--sort", "name", "--format", "jsonl"
    )
    assert ids(by_name.stdout) == [each for each in "cab" if each in ranked]


def test_a_vector_by_its_numbers_and_by_its_file(cli: Run, dated: Path, tmp_path: Path) -> None:
    vector = Collection.open(dated).vector("a")
    np.save(tmp_path / "a.npy", vector)
    for written in (",".join(map(str, vector)), tmp_path / "a.npy"):
        found = cli("search", dated, "--vector", written, "--format", "jsonl").stdout
        best = json.loads(found.splitlines()[0])
        assert (best["id"], best["terms"][0]["cosine"]) == ("a", pytest.approx(1.0))


def test_the_kind_of_similarity_is_chosen(cli: Run, dated: Path) -> None:
    for kind in ("raw", "calibrated"):
        asked = ("search", dated, "red", "--no-parse", "--similarity", kind, "--format", "json")
        assert json.loads(cli(*asked).stdout)["plan"]["similarity"] == kind
    assert "'raw'" in cli("search", dated, "red", "--similarity", "rwa", code=2).stderr


def test_titles_are_whole_in_a_pipe(cli: Run, tmp_path: Path) -> None:
    name = f"IMG_{'x' * 70}.jpg"
    made = Collection.create(tmp_path / "c.pl", dim=2)
    made.add_vectors(["a"], [[1, 0]], image=[f"/photos/{name}"])
    assert name in cli("search", tmp_path / "c.pl", "--sort", "time").stdout


def test_lists_are_written_in_words(cli: Run, dated: Path) -> None:
    shown = cli("show", dated, "b").stdout.splitlines()
    assert ["keywords", "sea,", "boat"] in [line.split() for line in shown]
    rows = list(csv.DictReader(cli("export", dated, "--format", "csv").stdout.splitlines()))
    assert [row["keywords"] for row in rows] == ["sea; boat", "sea", ""]


def test_safe_csv_is_safe_in_a_pipe_as_in_a_file(cli: Run, tmp_path: Path) -> None:
    made = Collection.create(tmp_path / "c.pl", dim=2)
    made.add_vectors(["a"], [[1, 0]], attributes=[{"keywords": ["=1+1", "sea"]}])
    for command in (("export", made.path), ("search", made.path, "--sort", "name")):
        for target in ((), ("-o", tmp_path / f"{command[0]}.csv")):
            printed = cli(*command, "--format", "csv", "--csv-safe", *target).stdout
            (row,) = csv.DictReader(
                (target[1].read_text(encoding="utf-8") if target else printed).splitlines()
            )
            assert row["keywords"] == "'=1+1; sea"


def test_a_mistyped_name_is_said_by_search_and_export(cli: Run, dated: Path) -> None:
    note = "no item has an attribute 'keyword'; did you mean 'keywords'?"
    found = cli("search", dated, "--where", "keyword=sea")
    assert note in found.stderr
    assert "no hits: nothing in the collection passes the limits" in found.stderr
    # Not only where nothing is found.
    assert note in cli("search", dated, "red", "--where", "keyword!=sea").stderr
    assert note in cli("export", dated, "--where", "keyword=sea", "--format", "csv").stderr
    near = cli("search", dated, "--where", "keywords=boats").stderr
    assert "no item has keywords 'boats'; did you mean 'boat'?" in near


def test_a_contact_sheet_is_one_file(cli: Run, tiny_collection: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.html"
    assert "wrote 6 items" in cli("export", tiny_collection, "-o", sheet).stderr
    html = sheet.read_text(encoding="utf-8")
    assert html.count("data:image/jpeg;base64,") == 6
    assert "<script" not in html
    assert html.count('href="file://') == 6
    assert (
        cli("search", tiny_collection, "red", "-k", 2, "--format", "html").stdout.count("<li>") == 2
    )


def test_open_shows_a_sheet_or_the_file(
    cli: Run, tiny_collection: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setenv("PLACELENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(webbrowser, "open", lambda url: bool(shown.append(url)) or len(shown) < 3)
    cli("search", tiny_collection, "red", "--open")
    cli("export", tiny_collection, "--open", "-o", tmp_path / "all.html")
    kept = tmp_path / "cache" / "contact-sheet.html"
    assert shown == [kept.as_uri(), (tmp_path / "all.html").as_uri()]
    assert "<!doctype html>" in kept.read_text()
    # The third cannot be shown: a machine without a browser.
    assert "open " + str(kept) in cli("search", tiny_collection, "--unlocated", "--open").stderr
    error = cli("export", tiny_collection, "--open", "--format", "csv", code=1).stderr
    assert "give -o FILE" in error


def test_words_without_quotes_are_told_to_have_them(cli: Run, tmp_path: Path) -> None:
    path = tmp_path / "photos.pl"
    Collection.create(path, encoder=HashEncoder())
    error = cli("search", path, "old", "bridge", "near", "Lyon", "-k", 3, code=2).stderr
    assert f"placelens search {path} 'old bridge near Lyon'" in error
    apostrophe = cli("search", path, "it's", "old", code=2).stderr
    assert """'it'"'"'s old'""" in apostrophe


@pytest.mark.parametrize("written", ["photos", "Photos.pl", "phtos.pl", "photos.p"])
def test_a_collection_written_almost_right_is_named(
    cli: Run, tmp_path: Path, written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Collection.create(tmp_path / "photos.pl", encoder=HashEncoder())
    (tmp_path / "photos").mkdir()  # the pictures themselves
    monkeypatch.chdir(tmp_path)
    for path in (written, tmp_path / written):
        error = cli("stats", path, code=1).stderr
        assert f"did you mean {Path(path).with_name('photos.pl')}?" in error


def test_nothing_like_it_says_how_to_make_one(cli: Run, tmp_path: Path) -> None:
    Collection.create(tmp_path / "photos.pl", encoder=HashEncoder())
    assert "make one with" in cli("stats", tmp_path / "archive.pl", code=1).stderr
    assert "make one with" in cli("stats", "/", code=1).stderr


def test_a_dry_run_names_what_would_go_and_changes_nothing(
    cli: Run, tiny_photos: Path, tmp_path: Path
) -> None:
    folder, path = tmp_path / "photos", tmp_path / "photos.pl"
    folder.mkdir()
    for name in ("prague", "brno", "lyon"):
        (folder / f"{name}.png").write_bytes((tiny_photos / f"{name}.png").read_bytes())
    cli("index", folder, "--workers", 0)
    (folder / "brno.png").unlink()
    (folder / "lyon.png").rename(folder / "moved.png")  # what has only moved does not go
    (folder / "suva.png").write_bytes((tiny_photos / "suva.png").read_bytes())
    result = cli("index", folder, "--prune", "--dry-run")
    assert result.stdout.splitlines() == [str(folder / "brno.png")]
    assert "would find 2 new, 1 unchanged" in result.stderr
    assert "would drop 1 item" in result.stderr
    assert len(Collection.open(path)) == 3
    assert cli("index", folder, "--dry-run").stdout == ""
    done = cli("index", folder, "--prune", "--workers", 0).stderr
    assert "1 added, 1 moved, 1 removed, 1 unchanged" in done


def test_a_dry_run_over_an_empty_folder_drops_nothing(
    cli: Run, tiny_photos: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    photo = folder / "a.png"
    photo.write_bytes((tiny_photos / "prague.png").read_bytes())
    cli("index", folder, "--workers", 0)
    photo.unlink()
    result = cli("index", folder, "--prune", "--dry-run")
    assert result.stdout == ""
    assert "is a disk not mounted?" in result.stderr
    error = cli("index", folder, "--to", tmp_path / "other.pl", "--dry-run", code=1).stderr
    assert "other.pl does not exist" in error
    assert "nothing to --watch" in cli("index", folder, "--watch", "--dry-run", code=1).stderr


def test_index_leaves_out_what_it_is_told_to(cli: Run, tiny_photos: Path, tmp_path: Path) -> None:
    path = tmp_path / "few.pl"
    cli(
        "index", tiny_photos, "--to", path, "--workers", 0,
        "--exclude", "b*.png", "--exclude", "/suva.png", "--exclude", "*.jpg",
    )  # fmt: skip
    assert sorted(Collection.open(path)) == ["lyon", "nowhere", "prague", "sydney"]
    assert "names nothing" in cli("index", tiny_photos, "--exclude", "/", code=1).stderr


def test_more_than_five_unknown_ids_are_counted(cli: Run, dated: Path) -> None:
    error = cli("delete", dated, *"uvwxyz", "a", code=1).stderr
    assert "6 ids of 7 not in" in error
    assert "..." in error


def test_a_warning_names_the_first_file_that_it_is_of(cli: Run, tmp_path: Path) -> None:
    for name in ("a", "b"):
        table = tmp_path / "tables" / f"{name}.csv"
        table.parent.mkdir(exist_ok=True)
        table.write_text(f"name,lat,lon\n{name},0,0\n", encoding="utf-8")
    said = cli("index", tmp_path / "tables", "--to", tmp_path / "c.pl").stderr.replace("\n", " ")
    assert f"warning: {tmp_path / 'tables' / 'a.csv'}: row 1: 0, 0 is taken as it is" in said
    assert "(and 1 more like it)" in said


def test_export_of_items_that_are_named(cli: Run, dated: Path, tmp_path: Path) -> None:
    named = ["--id", "c", "--id", "a", "--format", "jsonl"]
    assert ids(cli("export", dated, *named).stdout) == ["c", "a"]
    assert ids(cli("export", dated, *named, "--sort", "oldest").stdout) == ["a", "c"]
    assert ids(cli("export", dated, *named, "--where", "keywords=sea").stdout) == ["a"]
    refused = cli("export", dated, "--id", "a", "--id", "x y", "-o", tmp_path / "a.csv", code=1)
    assert "no item with id 'x y', of 2 asked for" in refused.stderr
    assert not (tmp_path / "a.csv").exists()
