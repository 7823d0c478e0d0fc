"""What is to be seen in a collection's pictures, in words: which show a thing, and where."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from placelens.collection.reading import Reading
from placelens.display import shown
from placelens.encoders.detectors.boxes import in_pixels
from placelens.encoders.naming import SHOWN, Namer
from placelens.engine.query import MAX_K
from placelens.errors import QueryError
from placelens.explain.objects import OBJECTS, objects_at
from placelens.explain.pointing import Box, out_of_square
from placelens.explain.shown import InvertedIndex, Postings, Tuples, read_as
from placelens.limits import MAX_TEXT, within
from placelens.query.values import number, whole, whole_text
from placelens.storage.faults import naming_faults, on_newest
from placelens.types import ImageSpec, Item

# Of words of this weight or more every second is right, and one in six of what is there is found
# (photos of other kinds of things than were learnt from: docs/explain.md).
LIKELY = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class WordCount:
    """A word, and how many items show it."""

    word: str
    n_items: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {"word": self.word, "n_items": self.n_items}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownWord:
    """A word in a picture.

    Attributes
    ----------
    word : of the vocabulary.
    weight : in [0, 1], about the probability that a caption would name it.
    box : left, top, right, bottom of the region that shows it best, in pixels of the original
        image; None where its size is not known.
    """

    word: str
    weight: float
    box: Box | None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {"word": self.word, "weight": self.weight, "box": self.box}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownItem:
    """An item that shows some words, in their order; ``weight`` is the least of theirs."""

    id: str
    weight: float
    words: tuple[ShownWord, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        words = [word.to_dict() for word in self.words]
        return {"id": self.id, "weight": self.weight, "words": words}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Which pictures show something, and where.

    Attributes
    ----------
    read_as : what each phrase was taken for, a word of the vocabulary.
    n_items : how many show all of these.
    items : the first of them, the largest weight first.
    """

    read_as: Mapping[str, str]
    n_items: int
    items: tuple[ShownItem, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "read_as": dict(self.read_as),
            "n_items": self.n_items,
            "items": [item.to_dict() for item in self.items],
        }


@naming_faults
class Showing(Reading):
    """Words for what pictures show; nothing is ranked by a query."""

    @on_newest
    def words(self, *, least: float = LIKELY) -> list[WordCount]:
        """The words for what the pictures show, those that most show first.

        Parameters
        ----------
        least
            In [0, 1]: how sure it must be that a picture shows a word, to be counted.

        Raises
        ------
        QueryError
            If the collection keeps no words (``features="shown"`` makes them), or ``least`` is out
            of range.

        Examples
        --------
        >>> [(word.word, word.n_items) for word in scenes.words(least=0.9)]
        [('green', 2), ('blue', 1), ('red', 1)]
        """
        index, _ = self._shown()
        counts = index.counts(_least(least))
        return [WordCount(word=word, n_items=n) for word, n in counts.items()]

    @on_newest
    def shows(self, text: str, *, k: int = 20, least: float = LIKELY) -> Shown:
        """Which pictures show what a text names, all of it, and where.

        Its phrases are taken for words of a vocabulary: a red tram for a tram. `search` with
        ``delta`` looks for what words describe; this says what is there, by an inverted index.

        Parameters
        ----------
        text
            Words, such as "a dog on a beach".
        k
            How many items at most.
        least
            In [0, 1]: how sure it must be of each word.

        Raises
        ------
        QueryError
            If the collection keeps no words, nothing in the vocabulary stands for a phrase (the
            message names some like it), or a value is out of range.

        Examples
        --------
        >>> found = scenes.shows("the blue ones", least=0.9)
        >>> found.read_as, found.n_items, found.items[0].words[0].box
        ({'blue ones': 'blue'}, 1, (0, 0, 5, 5))
        """
        index, namer = self._shown()
        asked = within(whole_text(text, "text"), MAX_TEXT, "text")
        count = whole(k, "k")
        if not 1 <= count <= MAX_K:
            raise QueryError(f"k = {count} is not in [1, {MAX_K}]")
        known, unknown = read_as(asked, index.words, namer)
        if unknown or not known:
            raise QueryError(_no_word(unknown[0] if unknown else asked, index.words))
        words = list(dict.fromkeys(known.values()))
        found = index.showing(words, _least(least))
        items = self._versions.version.items(found.rows[:count])
        return Shown(
            read_as=known,
            n_items=len(found.rows),
            items=tuple(
                self._shown_item(item, words, [each.at(slice(at, at + 1)) for each in found.words])
                for at, item in enumerate(items)
            ),
        )

    def _shown_item(
        self, item: Item, words: Sequence[str], postings: Sequence[Postings]
    ) -> ShownItem:
        """An item with the one posting that each word has of it."""
        spec = self.encoder.image_spec if self.encoder_name is not None else None
        shown_words = tuple(
            ShownWord(word=word, weight=float(own.weights[0]), box=_box(own, item, spec))
            for word, own in zip(words, postings, strict=True)
        )
        return ShownItem(
            id=item.id, weight=min(each.weight for each in shown_words), words=shown_words
        )

    def _shown(self) -> tuple[InvertedIndex, Namer | None]:
        """The index of the newest version, and what made its words, if an encoder did."""
        kept = {each.name: each for each in self.features}
        if not kept.keys() & {SHOWN, OBJECTS}:
            raise QueryError(
                f"{self.path} keeps no words for what its pictures show; make them with: "
                f"placelens index {self.path} --features regions,{SHOWN}; or have a detector of "
                "yours find objects"
            )
        namer = Namer(self.encoder) if SHOWN in kept else None
        if namer is not None and kept[SHOWN].fingerprint != namer.fingerprint:
            raise QueryError(
                f"the words that {self.path} keeps are of another vocabulary than this version of "
                f"placelens has; make them anew with: placelens index {self.path} --reencode"
            )
        version = self._versions.version

        def made() -> InvertedIndex:
            sources = []
            if namer is not None:
                grid = namer.encoder.grid or (1, 1)
                sources.append(Tuples.of_names(namer.words, *version.maps(SHOWN), grid))
            if OBJECTS in kept:
                classes = tuple(name for name, _ in kept[OBJECTS].blocks)
                rows = range(version.n_items)
                sources.append(Tuples.of_objects(classes, objects_at(version, rows), rows))
            return InvertedIndex.over(sources)

        index: InvertedIndex = version.made_once("inverted index of words", made)
        return index, namer


def _least(value: Any) -> float:
    least = number(value, "least")
    if not 0.0 <= least <= 1.0:
        raise QueryError(f"least = {least:g} is not in [0, 1]")
    return least


def _no_word(phrase: str, words: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(phrase.casefold(), words, n=3)
    like = f"did you mean {' or '.join(near)}?" if near else "placelens words lists what there is;"
    return (
        f"no word for {shown(phrase)} among the {len(words)} of the vocabulary; {like} "
        "search looks for any words"
    )


def _box(posting: Postings, item: Item, spec: ImageSpec | None) -> Box | None:
    """The one box of a posting in pixels."""
    size = (item.width or 0, item.height or 0)
    (box,), (is_exact,) = posting.boxes, posting.is_exact
    if not all(size):
        return None
    if is_exact:
        return in_pixels(box, size)
    return None if spec is None else out_of_square(box, size, spec)
