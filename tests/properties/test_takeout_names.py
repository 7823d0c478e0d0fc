"""Photos and JSONs named as Google Takeout names them: each photo finds its own JSON."""

import unicodedata
from typing import NamedTuple

from hypothesis import example, given, settings
from hypothesis import strategies as st

from placelens.readers.sidecars import sidecars_in

SUFFIXES = ["-edited", "-bearbeitet", "-modifié", "-ha editado", "-editat", "-編集済み", "-effects"]


class Upload(NamedTuple):
    """One photo in Google Photos: its title, and the suffix of the copy edited there, if any."""

    stem: str
    ending: str = ".jpg"
    edited: str | None = None


def cut(text: str, units: int) -> str:
    """The start of a text that has so many UTF-16 code units."""
    return text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", "ignore")


def written(text: str) -> str:
    return "".join("_" if c in '&%?*:"<>|/\\' else c for c in text)


def export(uploads: list[Upload], supplement: str) -> tuple[dict[str, str], dict[str, str]]:
    """What Takeout writes: the JSON of each photo by name, and each JSON's title.

    Names are cut (a photo's so that 51 code units are left, a JSON's so that 46 are left before
    its ending) and then numbered until both are free.
    """
    json_of: dict[str, str] = {}
    titles: dict[str, str] = {}
    for stem, ending, edited in uploads:
        media_ending = ending or ".jpg"
        for number in ("", *(f"({n})" for n in range(1, 99))):
            photo = cut(written(stem), 51 - len(media_ending)) + number + media_ending
            json = cut(written(stem + ending) + supplement, 46) + number + ".json"
            if photo not in json_of and json not in titles:
                break
        json_of[photo], titles[json] = json, stem + ending
        if edited is not None:
            copy = cut(written(stem) + edited, 51 - len(media_ending)) + number + media_ending
            if copy == photo and not number:
                # The suffix was cut off, and a number tells the two apart.
                copy = copy.replace(media_ending, f"(1){media_ending}")
            json_of.setdefault(copy, json)
    return json_of, titles


letters = st.text("abAB é한😀_&%", min_size=1, max_size=12).filter(lambda s: s.strip(" .") == s)
# None ends in a dash: cut there, the name of its copy would be that of another photo's.
long_stems = st.builds(
    lambda start, end: ("Wedding of Ana and Bo in the old town of Práha"[:start] + end).strip(),
    st.integers(36, 46), st.text("abé한😀", min_size=1, max_size=14),
)  # fmt: skip
edits = st.none() | st.sampled_from(SUFFIXES)
endings = st.sampled_from([".jpg", ".JPG", ".jpeg", ".heic"])
# A long title without ending leaves nothing that tells its copies from those of another.
uploads = st.one_of(
    st.builds(Upload, letters, endings | st.just(""), edits),
    st.builds(Upload, st.sampled_from(["IMG_1", "IMG_1(1)", "IMG_10"]), endings, edits),
    st.builds(Upload, long_stems, endings, edits),
)


@given(
    st.lists(uploads, min_size=1, max_size=8),
    st.sampled_from(["", ".supplemental-metadata"]),
    st.sampled_from(["NFC", "NFD"]),
)
@example([Upload("IMG_1"), Upload("IMG_1", ".JPG")], "", "NFC")
@example([Upload("x" * 60, edited="-edited"), Upload("x" * 60)], ".supplemental-metadata", "NFC")
@example([Upload("x" * 46 + "a"), Upload("x" * 46 + "b"), Upload("x" * 46 + "b")], "", "NFC")
@settings(max_examples=300)
def test_every_photo_finds_its_own_json(taken, supplement, form):
    json_of, titles = export(taken, supplement)
    on_disk = {unicodedata.normalize(form, name): title for name, title in titles.items()}
    expected = {
        unicodedata.normalize(form, photo): (unicodedata.normalize(form, json),)
        for photo, json in json_of.items()
    }
    assert sidecars_in([*expected, *on_disk], on_disk.__getitem__) == expected


@given(st.lists(uploads, min_size=2, max_size=6, unique_by=lambda u: (u.stem, u.ending)), st.data())
@settings(max_examples=150)
def test_a_photo_without_its_json_gets_none_of_another_title(taken, data):
    taken = [upload._replace(edited=None) for upload in taken]
    json_of, titles = export(taken, ".supplemental-metadata")
    lost = data.draw(st.sampled_from(sorted(json_of)))
    del titles[json_of[lost]]
    found = sidecars_in([*json_of, *titles], titles.__getitem__)
    given_to_lost = found.pop(lost, None)
    del json_of[lost]
    assert found == {photo: (json,) for photo, json in json_of.items()}
    if given_to_lost is not None:
        # The same picture in another format, or a copy whose suffix was cut off.
        stem = titles[given_to_lost[0]].rpartition(".")[0] or titles[given_to_lost[0]]
        assert cut(written(stem), 46).casefold() in lost.casefold()
