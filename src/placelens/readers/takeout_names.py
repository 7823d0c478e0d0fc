"""Google Takeout's names: which JSON belongs to which photo of a folder.

Takeout publishes no rule; this one explains the names that its users report. A photo with the
title ``T.jpg`` becomes

- the file ``T.jpg``, its stem cut so that 51 characters remain with the ending;
- the JSON ``T.jpg.json`` (until 2024) or ``T.jpg.supplemental-metadata.json`` (since), the part
  before ``.json`` cut so that 46 characters remain, wherever that falls;
- ``T(1).jpg`` with ``T.jpg(1).json`` or ``T.jpg.supplemental-metadata(1).json`` where the names
  are taken already: the number comes after the cut;
- ``T.json`` or ``T.supplemental-metadata.json`` where the title has no ending.

A picture made of another (``T-edited.jpg``, the suffix in the language of the account and cut
with the name) has no JSON of its own, and of the two files of a live photo only one has.
Characters are UTF-16 code units: an emoji counts as two.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from placelens.readers.formats import IMAGE_SUFFIXES, suffix_of

# Code units that are left of a JSON's name before ".json", and of a photo's with its ending.
# JSONs were seen cut a little shorter and longer too.
_JSON_LIMIT, _PHOTO_LIMIT = 46, 51
_CUT_LENGTHS = range(40, _PHOTO_LIMIT + 1)
_SUPPLEMENT = ".supplemental-metadata"
_SUPPLEMENTS = frozenset(_SUPPLEMENT[:end] for end in range(1, len(_SUPPLEMENT) + 1))
_NUMBERED = re.compile(r"(.+)(\(\d{1,4}\))", re.DOTALL)
# "Edited" in the languages of accounts: as users of Takeout report it (English, German, French,
# Spanish, Portuguese, Catalan, Italian, Dutch, Polish, Japanese, Chinese), then in others the word
# that Google Photos has for it; last what it makes by itself, in English everywhere.
_DERIVED = (
    "-edited", "-bearbeitet", "-modifié", "-ha editado", "-editado", "-editada", "-editat",
    "-modificato", "-bewerkt", "-edytowane", "-編集済み", "-编辑",
    "-redigerad", "-redigeret", "-redigert", "-muokattu", "-upraveno", "-upravené",
    "-szerkesztett", "-editată", "-uređeno", "-urejeno", "-düzenlendi", "-изменено",
    "-відредаговано", "-已编辑", "-已編輯", "-수정됨",
    "-effects", "-smile", "-mix", "-motion", "-animation", "-collage", "-pano",
)  # fmt: skip
Fold = Callable[[str], str]
# JSONs, each with the ending it names, by stem and number.
ByStem = dict[tuple[str, str], list[tuple[str, str]]]

_VIDEO_SUFFIXES = frozenset({".mp4", ".mov", ".mp", ".mv", ".m4v"})
_MEDIA_SUFFIXES = IMAGE_SUFFIXES | _VIDEO_SUFFIXES
# Long names are compared in turn, but only those that begin alike; 40 code units may be as few as
# 20 characters.
_ALIKE = 20


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _spelled(name: str) -> str:
    """A name with its accents apart, so that one cut anywhere is the start of the whole."""
    return unicodedata.normalize("NFD", name)


def _folded(name: str) -> str:
    """The same without letter case."""
    return unicodedata.normalize("NFD", name.casefold())


_SUFFIXES = frozenset(map(_folded, _DERIVED))
_CUT_SUFFIXES = frozenset(suffix[:end] for suffix in _SUFFIXES for end in range(1, len(suffix)))


class FileNames:
    """Names of files, found by their spelling first, then in any letter case.

    Composed and decomposed accents are one spelling: which of them a disk keeps depends on the
    system that wrote it.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._exact: dict[str, str] = {}
        self._folded: dict[str, str] = {}
        for name in names:
            self._exact.setdefault(_composed(name), name)
            self._folded.setdefault(_folded(name), name)

    def __bool__(self) -> bool:
        return bool(self._exact)

    def find(self, name: str, *, exact: bool = False) -> str | None:
        """The file of this name; ``exact`` wants the same letter case."""
        found = self._exact.get(_composed(name))
        return found if found or exact else self._folded.get(_folded(name))


class _Name(NamedTuple):
    """A photo's name in its parts: ``IMG``, ``(1)`` and ``.jpg``; a title may lack the ending."""

    stem: str
    number: str
    ending: str

    @classmethod
    def of(cls, name: str) -> _Name:
        """Take a name apart; what stands behind its last dot is an ending if media have it."""
        if suffix_of(name) not in _MEDIA_SUFFIXES:
            return cls(*_numbered(name), "")
        dot = name.rindex(".")
        return cls(*_numbered(name[:dot]), name[dot:])

    @classmethod
    def read_from(cls, json: str) -> list[_Name]:
        """The photos that a JSON may belong to by its name, unless that was cut within theirs."""
        base, number = _numbered(json[: -len(".json")])
        named = []
        for title in dict.fromkeys((base, _without_supplement(base))):
            stem, own, ending = cls.of(title)
            named.append(cls(stem + own, number, ending) if number else cls(stem, own, ending))
        return named

    @property
    def title(self) -> str:
        """What Google Photos calls it, as far as the name was not cut."""
        return self.stem + self.ending

    @property
    def may_be_cut(self) -> bool:
        """Whether its JSON's name may be cut within it."""
        return _units(self.title) >= _JSON_LIMIT

    @property
    def is_cut(self) -> bool:
        """Whether it may have been longer; half an emoji is not kept."""
        return _units(self.title) >= _PHOTO_LIMIT - 1


class TakeoutMatcher:
    """The photos and JSONs of one folder: first each photo's own, then what photos share."""

    def __init__(self, jsons: Iterable[str], title_of: Callable[[str], str | None]) -> None:
        self._jsons = list(jsons)
        self._read_title = title_of
        self._titles: dict[str, str | None] = {}
        self._found: dict[str, str] = {}
        self._owned: set[str] = set()
        self._indexes: dict[Fold, ByStem] = {}
        self._alike: dict[Fold, dict[str, list[str]]] = {}

    def match(self, images: Iterable[str]) -> dict[str, str]:
        """Each image's JSON, for those that have one.

        A JSON is the own one of a single image, and the surer match decides: the exact name, then
        its parts in another order, then in another letter case, then a cut name, then one
        without ending, then the title alone. Images that are left share the JSON of what they
        were made of, or of the file that differs in its ending alone.
        """
        images = list(images)
        names = FileNames(self._jsons)
        for image in images:
            for json in (f"{image}.json", f"{image}{_SUPPLEMENT}.json"):
                self._claim(image, names.find(json, exact=True))
        for match in (
            self._match_parts,
            self._match_cut,
            self._match_endless,
            self._match_titles,
            self._share,
        ):
            for fold in (_spelled, _folded):
                waiting = {i: _Name.of(fold(i)) for i in images if i not in self._found}
                if waiting:
                    match(waiting, fold)
        return self._found

    def _claim(self, image: str, json: str | None) -> None:
        if json is not None and image not in self._found and json not in self._owned:
            self._found[image] = json
            self._owned.add(json)

    def _claim_first(self, image: str, jsons: Iterable[str]) -> None:
        self._claim(image, next((json for json in jsons if json not in self._owned), None))

    def _by_stem(self, fold: Fold) -> ByStem:
        if fold not in self._indexes:
            index = self._indexes.setdefault(fold, {})
            for json in self._jsons:
                for stem, number, ending in _Name.read_from(fold(json)):
                    index.setdefault((stem, number), []).append((json, ending))
        return self._indexes[fold]

    def _match_parts(self, photos: Mapping[str, _Name], fold: Fold) -> None:
        for image, photo in photos.items():
            jsons = self._by_stem(fold).get((photo.stem, photo.number), ())
            self._claim_first(image, (json for json, of in jsons if of == photo.ending))

    def _match_cut(self, photos: Mapping[str, _Name], fold: Fold) -> None:
        """Photos with long names: JSONs are cut before the names differ, so titles decide.

        Photos of one title are numbered in the order of their JSONs, but the numbers may differ,
        since more JSONs than photos collide once they are cut.
        """
        groups: dict[tuple[str, str], list[tuple[int, str]]] = {}
        for image, photo in photos.items():
            if photo.may_be_cut:
                group = groups.setdefault((photo.stem, photo.ending), [])
                group.append((_count(photo.number), image))
        for (stem, ending), group in groups.items():
            photo = _Name(stem, "", ending)
            cut = [(n, j) for n, j in self._cut_from(photo, fold) if j not in self._owned]
            titled = [(n, j) for n, j in cut if self._states(j, photo, fold)]
            if len(titled) == len(group):
                for (_, image), (_, json) in zip(sorted(group), titled, strict=True):
                    self._claim(image, json)
            nameless = [(n, j) for n, j in cut if self._title(j) is None]
            for number, image in group:
                self._claim_first(image, (j for n, j in titled + nameless if n == number))

    def _cut_from(self, photo: _Name, fold: Fold) -> list[tuple[int, str]]:
        """JSONs whose names are the start of a photo's, with their numbers, in order of these."""
        if fold not in self._alike:
            alike = self._alike.setdefault(fold, {})
            for json in self._jsons:
                alike.setdefault(fold(json)[:_ALIKE], []).append(json)
        jsons = self._alike[fold].get(photo.stem[:_ALIKE], ())
        numbered = ((_number_if_cut(fold(json), photo), json) for json in jsons)
        return sorted((number, json) for number, json in numbered if number is not None)

    def _match_endless(self, photos: Mapping[str, _Name], fold: Fold) -> None:
        for image, photo in photos.items():
            self._claim_first(image, self._endless(photo, fold))

    def _endless(self, photo: _Name, fold: Fold) -> Iterator[str]:
        """JSONs that name a photo of this stem without an ending, and were not cut there."""
        for json, ending in self._by_stem(fold).get((photo.stem, photo.number), ()):
            if not ending and (not photo.may_be_cut or self._states(json, photo, fold)):
                yield json

    def _match_titles(self, photos: Mapping[str, _Name], fold: Fold) -> None:
        """Photos left, with the JSONs left that state their titles and have their numbers."""
        free: dict[str, list[str]] = {}
        for json in self._jsons:
            videos = {name.ending for name in _Name.read_from(_folded(json))} & _VIDEO_SUFFIXES
            if json not in self._owned and not videos and (title := self._title(json)):
                free.setdefault(_plain(fold(title)), []).append(json)
        for image, photo in photos.items():
            whole = photo._replace(stem=photo.stem + photo.number, number="")
            for name in dict.fromkeys((whole, photo)):
                stated = [j for t in (name.title, name.stem) for j in free.get(_plain(t), ())]
                fitting = [j for j in stated if _numbered(j[:-5])[1] == name.number]
                fitting = fitting or (stated if not name.number else [])
                if len(fitting) == 1:
                    self._claim(image, fitting[0])

    def _share(self, photos: Mapping[str, _Name], fold: Fold) -> None:
        siblings: ByStem = {}
        for image, own in self._found.items():
            stem, number, ending = _Name.of(fold(image))
            siblings.setdefault((stem, number), []).append((own, ending))
        for image, photo in photos.items():
            json = next(self._shared(photo, siblings, fold), None)
            if json is not None:
                self._found[image] = json

    def _shared(self, photo: _Name, siblings: ByStem, fold: Fold) -> Iterator[str]:
        """JSONs of what a picture may be made of, then of what differs in its ending alone."""
        by_stem = self._by_stem(fold)
        for original in _originals(photo):
            named = [*siblings.get(original, ()), *by_stem.get(original, ())]
            yield from (json for json, _ in sorted(named, key=lambda n: n[1] != photo.ending))
            if photo.is_cut:
                made_of = _Name(*original, photo.ending)
                for number, json in self._cut_from(made_of, fold):
                    if number == _count(made_of.number) and self._may_state(json, made_of, fold):
                        yield json
        # The other half of a live photo, or the same picture saved in another format.
        for json, ending in by_stem.get((photo.stem, photo.number), ()):
            if ending and json not in self._owned:
                yield json
        yield from self._endless(photo, fold)

    def _title(self, json: str) -> str | None:
        if json not in self._titles:
            self._titles[json] = self._read_title(json)
        return self._titles[json]

    def _may_state(self, json: str, photo: _Name, fold: Fold) -> bool:
        return self._title(json) is None or self._states(json, photo, fold)

    def _states(self, json: str, photo: _Name, fold: Fold) -> bool:
        """Whether a JSON's title is the photo's, as far as the photo's name goes."""
        title = self._title(json)
        if title is None:
            return False
        named = _Name.of(title)
        if fold(named.ending) not in ("", photo.ending):
            return False
        whole = named.stem + named.number
        written = (whole, *(_cut(whole, limit) for limit in _stem_limits(photo.ending)))
        return _plain(photo.stem) in {_plain(fold(stem)) for stem in written}


def _originals(photo: _Name) -> Iterator[tuple[str, str]]:
    """Stem and number of what a picture may have been made of, the likeliest first."""
    dash = photo.stem.rfind("-")
    suffix = photo.stem[dash:].casefold()
    # Takeout cuts the suffix with the name.
    is_made = dash > 0 and (suffix in _SUFFIXES or (photo.is_cut and suffix in _CUT_SUFFIXES))
    if is_made:
        stem = photo.stem[:dash]
        yield (stem, photo.number) if photo.number else _numbered(stem)
    if photo.number and photo.is_cut:
        # The name was cut before the suffix, so that only a number tells it from the original's.
        yield photo.stem, ""


def _number_if_cut(json: str, photo: _Name) -> int | None:
    """The number of a JSON whose name is the start of the photo's (0 for none), else None."""
    base, number = _numbered(json[: -len(".json")])
    for start in (base, _without_supplement(base)):
        length = _units(_composed(start))
        fits = photo.title.startswith(start) or (photo.is_cut and start.startswith(photo.stem))
        if fits and (length in _CUT_LENGTHS or _units(start) in _CUT_LENGTHS):
            return _count(number)
    return None


def _without_supplement(base: str) -> str:
    dot = base.rfind(".")
    return base[:dot] if dot > 0 and base[dot:] in _SUPPLEMENTS else base


def _numbered(stem: str) -> tuple[str, str]:
    """A name and the number that makes it unique, if it has one: ``IMG(1)`` to IMG and (1)."""
    match = _NUMBERED.fullmatch(stem)
    return (match[1], match[2]) if match else (stem, "")


def _count(number: str) -> int:
    return int(number[1:-1]) if number else 0


def _stem_limits(ending: str) -> tuple[int, int]:
    """Code units that are left of a photo's stem, with its ending or, as for .jpg, in any case."""
    return _PHOTO_LIMIT - len(ending), _PHOTO_LIMIT - len(".jpg")


def _cut(text: str, units: int) -> str:
    """The start of a text that has so many UTF-16 code units, half an emoji left out."""
    return text.encode("utf-16-le", "surrogatepass")[: 2 * units].decode("utf-16-le", "ignore")


def _units(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _plain(text: str) -> str:
    """A title as it compares with a name, in which Takeout replaces some characters by ``_``."""
    return re.sub(r"[^\w.()-]", "_", text)
