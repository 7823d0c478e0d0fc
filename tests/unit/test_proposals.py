"""Estimated places wait in the item's own row until somebody accepts or rejects them."""

import dataclasses
import json

import lance
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import placelens as pl
from placelens.storage.format_v2 import PROPOSALS
from placelens.testing.fakes import HashEncoder
from placelens.types import PROPOSAL_STATES

HERE, THERE = pl.Place(lat=50.25, lon=14.5), pl.Place(lat=-33.25, lon=151.5)


@pytest.fixture
def collection(tmp_path):
    made = pl.Collection.create(tmp_path / "c.pl", dim=2)
    made.add_vectors(
        ["placed", "lost"],
        [[1, 0], [0, 1]],
        lat=[50.25, None],
        lon=[14.5, None],
        place_radius_m=[8, None],
    )
    return made


def where(collection, item_id):
    item = collection.get(item_id)
    return item.place, item.place_source, item.place_radius_m


def test_a_proposal_changes_nothing_until_it_is_accepted(collection):
    before = where(collection, "lost")
    made = collection.propose(
        "lost", THERE, radius_m=500, confidence=0.9, evidence="two photos a minute apart"
    )
    assert where(collection, "lost") == before == (None, None, None)
    assert (made.item_id, made.place, made.state, made.radius_m) == ("lost", THERE, "open", 500)
    assert collection.proposals() == [made]
    collection.accept(made.id)
    assert where(collection, "lost") == (THERE, "estimated", 500)
    assert [p.state for p in collection.proposals()] == ["accepted"]


def test_place_and_state_are_one_commit(collection):
    made = collection.propose("lost", THERE)
    version = collection.version
    collection.accept(made.id)
    assert collection.version == version + 1


def test_undone_the_item_has_the_place_it_had(collection):
    before = where(collection, "placed")
    assert before == (HERE, "given", 8)
    made = collection.propose("placed", THERE, radius_m=30)
    collection.accept(made.id)
    assert collection.proposals("accepted")[0].previous == HERE
    collection.undo(made.id)
    assert where(collection, "placed") == before
    assert collection.proposals("open") == [made]


def test_one_that_is_rejected_changes_no_place_and_can_be_opened_again(collection):
    made = collection.propose("placed", THERE)
    collection.reject(made.id)
    assert where(collection, "placed") == (HERE, "given", 8)
    assert collection.proposals("open") == []
    with pytest.raises(pl.ProposalStateError, match=f"proposal {made.id} is rejected, not open"):
        collection.accept(made.id)
    collection.undo(made.id)
    collection.accept(made.id)
    assert where(collection, "placed")[0] == THERE


def test_what_was_changed_since_is_not_undone(collection):
    made = collection.propose("lost", THERE)
    collection.accept(made.id)
    collection.update("lost", place=HERE)
    with pytest.raises(pl.ProposalStateError, match="'lost' was changed after proposal 1-0"):
        collection.undo(made.id)
    assert where(collection, "lost") == (HERE, "given", None)


def test_proposals_go_with_their_item_and_are_numbered_for_good(collection):
    first, second = collection.propose("lost", HERE), collection.propose("lost", THERE)
    assert (first.id, second.id) == ("1-0", "1-1")
    collection.reject(first.id)
    collection.compact()
    reopened = pl.Collection.open(collection.path)
    assert reopened.proposals("open") == [second]
    reopened.delete(["lost"])
    assert reopened.proposals() == []
    with pytest.raises(pl.ItemNotFoundError, match="no item of that proposal"):
        reopened.accept(second.id)


def test_what_became_of_one_is_given(collection):
    made = collection.propose("placed", THERE, radius_m=30)
    accepted = collection.accept(made.id)
    assert (accepted.state, accepted.previous) == ("accepted", HERE)
    assert collection.proposals() == [accepted]
    assert collection.undo(made.id) == made
    rejected = collection.reject(made.id)
    assert collection.proposals() == [rejected]
    assert rejected == dataclasses.replace(made, state="rejected")


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(PROPOSAL_STATES))))
@settings(max_examples=25)
def test_pages_are_the_whole_list_and_counts_its_lengths(tmp_path_factory, drawn):
    made = pl.Collection.create(tmp_path_factory.mktemp("pages") / "c.pl", dim=2)
    made.add_vectors([*"abc"], [[1, 0]] * 3)
    for item_id, state in drawn:
        proposal = made.propose(item_id, THERE)
        if state != "open":
            (made.accept if state == "accepted" else made.reject)(proposal.id)
    whole = made.proposals()
    assert [p.id for p in whole] == [
        f"{iid}-{n}"
        for iid, name in enumerate("abc")
        for n in range(sum(item_id == name for item_id, _ in drawn))
    ]
    counts = made.count_proposals()
    for state in (None, *PROPOSAL_STATES):
        listed = made.proposals(state)
        assert listed == [p for p in whole if state in (None, p.state)]
        assert state is None or counts[state] == len(listed)
        for k in (1, 2, 100):
            paged, after = [], None
            while page := made.proposals(state, k=k, after=after):
                assert len(page) <= k
                paged += page
                after = page[-1].id
            assert paged == listed
    # After one that is in another state, or not there at all, what follows is the same.
    assert made.proposals("open", after="1-9") == [
        p for p in made.proposals("open") if p.id[0] > "1"
    ]
    assert made.proposals(after="99-0") == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"k": 0}, "k 0 is not a whole number above 0"),
        ({"k": True}, "k True"),
        ({"k": "5"}, "k '5'"),
        ({"after": "x"}, "after 'x' is not the id of a proposal"),
        ({"after": 5}, "the id in after 5"),
        ({"after": "9" * 25 + "-0"}, "is not the id of a proposal"),
    ],
)
def test_a_page_that_is_none_is_named(collection, asked, said):
    collection.propose("lost", THERE)
    with pytest.raises(pl.InputError, match=said):
        collection.proposals(**asked)


@pytest.mark.parametrize("wrong", ["", "1", "1-", "1-7", "x-0", "1-0-0", "9" * 30 + "-0", "1-²"])
def test_a_proposal_that_is_none_is_named(collection, wrong):
    collection.propose("lost", THERE)
    for change in (collection.accept, collection.reject, collection.undo):
        with pytest.raises(pl.ItemNotFoundError, match="has no proposal"):
            change(wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"radius_m": -1}, r"radius_m -1 is not in \[0"),
        ({"radius_m": float("nan")}, "radius_m nan"),
        ({"radius_m": True}, "radius_m True"),
        ({"confidence": 1.5}, r"confidence 1.5 is not in \[0, 1\]"),
        ({"confidence": "high"}, "confidence 'high'"),
        ({"evidence": 5}, "the evidence 5"),
        ({"place": (1, 2)}, r"place \(1, 2\) is not a Place"),
        ({"place": pl.Place(x=1, y=2)}, "does not lie on the collection's sphere"),
    ],
)
def test_what_cannot_be_proposed_is_named(collection, wrong, message):
    with pytest.raises(pl.InputError, match=message):
        collection.propose("lost", **{"place": THERE, **wrong})
    assert collection.proposals() == []
    with pytest.raises(pl.InputError, match="state 'done' is not one of open, accepted, rejected"):
        collection.proposals("done")


def test_on_a_plane(tmp_path):
    collection = pl.Collection.create(tmp_path / "p.pl", dim=2, space="plane")
    collection.add_vectors(["a"], [[1, 0]])
    made = collection.propose("a", pl.Place(x=3.5, y=-4), radius_m=2)
    collection.accept(made.id)
    assert where(collection, "a") == (pl.Place(x=3.5, y=-4), "estimated", 2)
    assert collection.proposals()[0].to_dict()["place"] == {"x": 3.5, "y": -4}


def test_an_import_keeps_what_was_proposed_and_accepted(tmp_path):
    photo = tmp_path / "photos" / "a.png"
    photo.parent.mkdir()
    Image.new("RGB", (40, 40), "red").save(photo)
    collection = pl.Collection.create(tmp_path / "c.pl", encoder=HashEncoder())
    collection.add(pl.read_photos(photo), workers=0)
    (item,) = collection.items()
    other = collection.propose(item.id, HERE)
    made = collection.propose(item.id, THERE, radius_m=40)
    collection.accept(made.id)
    Image.new("RGB", (50, 50), "blue").save(photo)
    assert collection.add(pl.read_photos(photo), workers=0).n_updated == 1
    assert collection.get(item.id).width == 50
    assert where(collection, item.id) == (THERE, "estimated", 40)
    assert [(p.id, p.state) for p in collection.proposals()] == [
        (other.id, "open"),
        (made.id, "accepted"),
    ]
    # What the file itself says outranks an estimate.
    exif = Image.Exif()
    exif[271] = "Maker"
    exif.get_ifd(0x8825).update(
        {1: "N", 2: (50.0, 15.0, 0.0), 3: "E", 4: (14.0, 30.0, 0.0), 31: 6.5}
    )
    Image.new("RGB", (60, 60), "blue").save(photo, exif=exif.tobytes())
    collection.add(pl.read_photos(photo), workers=0)
    assert where(collection, item.id) == (HERE, "exif", 6.5)


@pytest.mark.parametrize(
    "entry",
    [
        {"value": "{"},
        {"value": "[1]"},
        {"value": None},
        {"value": '{"lat": 500, "lon": 1}'},
        {"value": '{"lat": "a", "lon": 1}'},
        {"state": "done"},
        {"state": None},
        {"field": "time"},
        {"time": None},
    ],
)
def test_what_a_stranger_wrote_is_left_out(collection, entry):
    good = {
        "field": "place", "value": json.dumps({"lat": 1.0, "lon": 2.0}), "radius_m": np.inf,
        "confidence": 0.5, "evidence": None, "state": "open", "previous": "[", "time": 0,
    }  # fmt: skip
    path = str(collection.path / "items.lance")
    table = lance.dataset(path).to_table()
    at = table.schema.get_field_index("proposals")
    column = pa.array([[good, good | entry], None], PROPOSALS)
    table = table.set_column(at, table.schema.field(at), column)
    lance.write_dataset(table, path, mode="overwrite", enable_v2_manifest_paths=True)
    reopened = pl.Collection.open(collection.path)
    (left,) = reopened.proposals()
    assert (left.id, left.radius_m, left.previous) == ("0-0", None, None)
    with pytest.raises(pl.ItemNotFoundError, match="no proposal '0-1'"):
        reopened.accept("0-1")
    reopened.accept("0-0")
    assert where(reopened, "placed") == (pl.Place(lat=1, lon=2), "estimated", None)
