"""The ways in which strangers' programs write the same table, and name the images in it."""

import csv
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from placelens.readers.base import Skipped, Source
from placelens.readers.discover import read_photos, read_table
from placelens.types import Place


def rows(path):
    found = list(read_table(path))
    return (
        [one for one in found if isinstance(one, Source)],
        [one for one in found if isinstance(one, Skipped)],
    )


def reasons(skipped):
    return [one.reason for one in skipped]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
@pytest.mark.parametrize(
    ("first", "delimiter"),
    [
        ("sep=;", ";"), ('"sep=;"', ";"), ("SEP=,", ","), ("sep=\t", "\t"), ("sep=^", "^"),
        (None, "|"),
    ],
)  # fmt: skip
def test_the_delimiter_that_a_spreadsheet_states(write, first, delimiter, encoding):
    lines = [delimiter.join(row) for row in (("name", "lat", "lon"), ("Lyon", "45.5", "4.5"))]
    text = "\r\n".join([first, *lines] if first else lines) + "\r\n"
    [source], skipped = rows(write("t.csv", text.encode(encoding)))
    assert (source.text, source.place) == ("Lyon", Place(lat=45.5, lon=4.5))
    assert skipped == []


def test_lines_that_end_as_on_old_macs(write):
    [source], _ = rows(write("t.csv", "name;lat;lon\rLyon, or Lugdunum;45,5;4,5\r"))
    assert (source.text, source.place) == ("Lyon, or Lugdunum", Place(lat=45.5, lon=4.5))


def test_a_json_table_in_utf_16_is_found_in_a_folder(write):
    path = write("t.json", json.dumps([{"text": "Café", "lat": 1, "lon": 2}]).encode("utf-16"))
    [source] = read_photos(path.parent)
    assert source.text == "Café"


def test_a_cell_of_any_length_leaves_the_csv_modules_limit_alone(write):
    before = csv.field_size_limit()
    long = "x" * (before + 1)
    sources, skipped = rows(write("t.csv", f'name,text\na,"{long}"\nb,c\n'))
    assert [len(source.text) for source in sources] == [len(f"a\n{long}"), 3]
    assert skipped == []
    assert csv.field_size_limit() == before


def test_a_quote_that_is_never_closed_is_named(write):
    rest = "".join(f"{n},x\n" for n in range(20_000))  # more than 131,072 characters
    sources, skipped = rows(write("t.csv", f'name,text\na,"b"\nc,"d\n{rest}'))
    assert [source.text for source in sources] == ["a\nb"]
    assert reasons(skipped) == [
        "t.csv row 2: a quote in it is never closed, so the lines after it cannot be told apart"
    ]
    # A lone quote for inches, or one within several lines that are closed, is none.
    sources, skipped = rows(write("u.csv", 'name,text\na,5" nails\nc,"d\ne"\nf,g\n'))
    assert [source.text for source in sources] == ['a\n5" nails', "c\nd\ne", "f\ng"]
    assert skipped == []


def test_tables_read_in_threads_do_not_take_the_limit_from_each_other(write):
    before = csv.field_size_limit()
    long = "x" * (before + 1)
    paths = [write(f"{n}.csv", "text\n" + f"{long}{n}\n" * 20) for n in range(8)]
    with ThreadPoolExecutor(4) as pool:
        for sources, skipped in pool.map(rows, paths):
            assert len(sources) == 20
            assert skipped == []
    assert csv.field_size_limit() == before


@pytest.mark.parametrize(
    ("on_disk", "in_table"),
    [
        ("Cafe\u0301.jpg", "Caf\u00e9.jpg"),  # NFD, as macOS writes it
        ("Caf\u00e9.jpg", "Cafe\u0301.jpg"),
        ("a.JPG", "a.jpg"),
        ("IMG_1.jpg", "img_1.JPG"),
        ("E\u0301te\u0301/a.JPG", "\u00c9t\u00e9/a.jpg"),
        ("images/Cafe\u0301.jpg", "Caf\u00e9.jpg"),
        ("deep/er/Cafe\u0301.JPG", "Caf\u00e9.jpg"),
    ],
)
def test_an_image_whose_name_is_written_in_another_way(write, make_jpeg, on_disk, in_table):
    image = write(on_disk, make_jpeg())
    [source], skipped = rows(write("t.csv", f"image,text\n{in_table},a\n"))
    assert skipped == []
    assert source.image == str(image)


def test_of_images_that_differ_in_case_the_exact_one_is_taken(write, make_jpeg):
    exact = write("a.jpg", make_jpeg())
    write("a.JPG", make_jpeg())
    sources, skipped = rows(write("t.csv", "image,text\na.jpg,one\nA.jpg,two\n"))
    assert [source.image for source in sources] == [str(exact)]
    assert reasons(skipped) == [
        "t.csv row 2: its image or folder 'A.jpg' may be any of a.JPG, a.jpg"
    ]


def test_numbers_and_lists_are_names_too(write):
    lines = [
        {"name": 2001, "text": "A film"},
        {"title": 1984.0, "captions": [1, "two", 2.5, None]},
        {"name": float("nan"), "text": "b"},
        {"name": True, "text": "c"},
    ]
    sources, skipped = rows(write("t.jsonl", "\n".join(map(json.dumps, lines))))
    assert skipped == []
    assert [s.text for s in sources] == ["2001\nA film", "1984\n1\ntwo\n2.5", "b", "c"]
    assert sources[0].attributes == {"name": 2001}
