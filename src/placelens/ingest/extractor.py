"""What is kept of an item is made from what was read of it by extractors: one for each feature.

An extractor turns what it needs of some items (their pixels, their texts, or another feature) into
an array with an entry an item. Imports run all those of a collection over each batch, each once:
one pass of a network serves all that is made from its vectors, and all that is a `PartOf` it.
`placelens.ingest.fill` runs some over items that are there already. A new feature is a recipe in a
file of its own, and a line in `EXTRACTORS`. Class maps may be a segmenter's instead of the
encoder's, or be given: see `placelens.ingest.class_maps`; objects are always a detector's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from placelens.display import shown
from placelens.encoders.base import Encoder
from placelens.encoders.binding import reencode_command
from placelens.encoders.detectors.detector import Detector
from placelens.encoders.detectors.registry import STORE as DETECTORS
from placelens.encoders.naming import BYTES, MOST, SHOWN, namer_of
from placelens.encoders.parts import CLASS_MAP, IMAGE, REGIONS
from placelens.encoders.segmenters.segmenter import Segmenter
from placelens.errors import CollectionError, EncoderMismatchError, InputError
from placelens.ingest.class_maps import map_feature, segmenter_feature
from placelens.ingest.codes import CODES, codes_of, quantizer_of
from placelens.ingest.objects import OBJECTS, objects_feature
from placelens.ingest.own_models import (
    NO_MODELS,
    OwnModels,
    is_from_elsewhere,
    other_maker,
)
from placelens.storage.feature_columns import to_columns
from placelens.storage.manifest import Hub, Hubs, Manifest, hubness_of
from placelens.types import Feature, FeatureName, ImageSpec, UInt8Array

# What an extractor may need, beside the names of features.
PIXELS, WHOLE, TEXT = "pixels", "whole image", "words"
OF_IMAGES = (PIXELS, WHOLE)

Values = dict[FeatureName, Any]
Size = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extractor:
    """How a feature is made.

    Attributes
    ----------
    feature : what it makes.
    needs : what it makes it from: `PIXELS`, (n, size, size, 3) uint8 RGB as the encoder wants them;
        `WHOLE`, (n, *size, 3) uint8 RGB, each all of an image; `TEXT`, n texts that are not empty;
        or the name of a feature.
    make : from these to an array, or a sequence, with an entry for each.
    size : height and width, of what needs `WHOLE`.
    """

    feature: Feature
    needs: str
    make: Callable[[Any], Any]
    size: Size | None = None


Made = tuple[Feature, Callable[[Any], Any]]


@dataclass(frozen=True, slots=True)
class PartOf:
    """What makes one of several features that one pass gives, as `Extractor.make`.

    Attributes
    ----------
    run : from the inputs and names of features to an array for each of these, by name. Parts of
        equal ``run``, such as a method of one encoder, are made in one pass.
    name : the one of them.
    """

    run: Callable[[Any, Sequence[FeatureName]], Mapping[FeatureName, Any]]
    name: FeatureName

    def __call__(self, inputs: Any) -> Any:
        """This feature alone."""
        return self.run(inputs, [self.name])[self.name]


class Recipe(NamedTuple):
    """How a feature is made, whatever the encoder is.

    ``needs`` is as in `Extractor`; ``build`` gives, for an encoder, the feature and what makes it;
    None when that encoder has no such thing. A new collection has what ``is_default``, and of the
    rest what it is asked for.
    """

    needs: str
    build: Callable[[Encoder], Made | None]
    is_default: bool = True


def _image_vectors(encoder: Encoder) -> Made | None:
    if encoder.image_spec is None:
        return None
    return _vector(IMAGE, encoder), PartOf(encoder.encode_parts, IMAGE)


def _regions(encoder: Encoder) -> Made | None:
    code = encoder.region_code
    if REGIONS not in encoder.parts or encoder.grid is None or code is None:
        return None
    made_by = f"{encoder.fingerprint}:{code.fingerprint}"
    feature = map_feature(REGIONS, (*encoder.grid, code.n_components), made_by)
    return feature, PartOf(encoder.encode_parts, REGIONS)


def _class_map(encoder: Encoder) -> Made | None:
    if CLASS_MAP not in encoder.parts or encoder.class_grid is None:
        return None
    shape = (*encoder.class_grid, len(encoder.class_names))
    feature = map_feature(CLASS_MAP, shape, encoder.fingerprint, encoder.class_names)
    return feature, PartOf(encoder.encode_parts, CLASS_MAP)


def _shown_words(encoder: Encoder) -> Made | None:
    namer = namer_of(encoder)
    if namer is None:
        return None
    return map_feature(SHOWN, (1, MOST, BYTES), namer.fingerprint), namer.names


def _text_vectors(encoder: Encoder) -> Made | None:
    return (_vector("text", encoder), encoder.encode_texts) if encoder.takes_text else None


def _hubness(query: FeatureName, item: FeatureName) -> Callable[[Encoder], Made | None]:
    """How near items are to queries of a kind in general."""

    def build(encoder: Encoder) -> Made | None:
        pool = encoder.hub_pools.get((query, item))
        if pool is None:
            return None
        made_by = f"{encoder.fingerprint}:{pool.fingerprint}"
        return Feature(name=hubness_of(item), kind="number", fingerprint=made_by), pool.hubness

    return build


def _vector(name: FeatureName, encoder: Encoder) -> Feature:
    fingerprint = encoder.fingerprint
    return Feature(name=name, length=encoder.dim, space=fingerprint, fingerprint=fingerprint)


# By the feature that each makes; what one needs stands before it.
EXTRACTORS: dict[FeatureName, Recipe] = {
    IMAGE: Recipe(PIXELS, _image_vectors),
    REGIONS: Recipe(PIXELS, _regions, is_default=False),
    CLASS_MAP: Recipe(PIXELS, _class_map, is_default=False),
    "text": Recipe(TEXT, _text_vectors),
    SHOWN: Recipe(REGIONS, _shown_words, is_default=False),
    # By a quantizer of the collection's own.
    CODES: Recipe(CLASS_MAP, lambda _: None, is_default=False),
    # By a detector of its user's.
    OBJECTS: Recipe(WHOLE, lambda _: None, is_default=False),
    hubness_of("image"): Recipe("image", _hubness("text", "image")),
    hubness_of("text"): Recipe("text", _hubness("image", "text")),
}


def hubs_of(encoder: Encoder) -> Hubs:
    """How the cosines of an encoder are corrected for hubs, where it says how."""
    return {
        pair: Hub(pool.weight, fit.slope, fit.intercept)
        for pair, pool in encoder.hub_pools.items()
        if (fit := encoder.hub_calibrations.get(pair)) is not None
    }


def extractors_of(
    encoder: Encoder | None, own: OwnModels = NO_MODELS
) -> dict[FeatureName, Extractor]:
    """The extractors that an encoder has, by the feature that each makes.

    With a segmenter, class maps are made by that, and with a detector there are objects. Without
    an encoder there is nothing else.
    """
    found: dict[FeatureName, Extractor] = {}
    for name, recipe in EXTRACTORS.items():
        if name == CLASS_MAP and own.segmenter is not None:
            found[name] = _of_segmenter(own.segmenter)
        elif name == OBJECTS and own.detector is not None:
            found[name] = _of_detector(own.detector)
        elif encoder is not None and (made := recipe.build(encoder)) is not None:
            found[name] = Extractor(feature=made[0], needs=recipe.needs, make=made[1])
    return found


def _of_segmenter(segmenter: Segmenter) -> Extractor:
    return Extractor(
        feature=segmenter_feature(segmenter),
        needs=WHOLE,
        make=segmenter.class_maps,
        size=segmenter.size,
    )


def _of_detector(detector: Detector) -> Extractor:
    return Extractor(
        feature=objects_feature(detector),
        needs=WHOLE,
        make=detector.objects,
        size=detector.size,
    )


def extractors_for(
    manifest: Manifest,
    encoder: Encoder | None,
    folder: Path,
    names: Iterable[FeatureName] | None = None,
) -> list[Extractor]:
    """The extractors of a collection's features, as far as there are any.

    Parameters
    ----------
    manifest, folder
        The collection's.
    encoder
        Its encoder; None where it has none. Class maps of a segmenter are made by that, those that
        were given by none, and objects by their detector.
    names
        Of the features that matter; all by default.

    Raises
    ------
    EncoderMismatchError
        If one of them makes another feature of the name than the collection holds, or a segmenter
        or a detector is not on this machine.
    """
    wanted = manifest.names if names is None else set(names)
    kept = {each.name: each for each in manifest.features if each.name in wanted}
    own = NO_MODELS.with_those_of(kept, folder)
    known = extractors_of(encoder, own)
    if own.segmenter is None and is_from_elsewhere(kept.get(CLASS_MAP)):  # they were given
        known.pop(CLASS_MAP, None)
    found = [each for name, each in known.items() if name in kept]
    for extractor in found:
        check_same(kept[extractor.feature.name], extractor.feature, folder)
    return found + coders_of(kept.get(CODES), folder)


def coders_of(feature: Feature | None, folder: Path) -> list[Extractor]:
    """What makes codes of a collection's class maps; nothing where it keeps none.

    Raises
    ------
    CollectionError
        If the quantizer that made them is gone.
    """
    if feature is None:
        return []
    quantizer = quantizer_of(feature, folder)
    return [Extractor(feature=feature, needs=CLASS_MAP, make=partial(codes_of, quantizer))]


def check_same(kept: Feature, made: Feature, folder: Path) -> None:
    """Raise EncoderMismatchError unless a collection's feature is the one that is made."""
    if kept == made:
        return
    if is_from_elsewhere(kept) or is_from_elsewhere(made):
        raise other_maker(kept, made, folder)
    raise EncoderMismatchError(
        f"{folder} holds {kept.name!r} of {shown(kept.fingerprint)}, and the extractor at hand "
        f"is {shown(made.fingerprint)}, or of another kind or length; make all anew with: "
        f"{reencode_command(folder)}"
    )


def asked_for(
    names: Iterable[FeatureName], encoder: Encoder | None, own: OwnModels = NO_MODELS
) -> list[Extractor]:
    """The extractors of some features, those that others need first.

    Raises
    ------
    InputError
        If the encoder has none for one (the message lists those it has), or a segmenter or a
        detector is named and what it makes is not asked for.
    CollectionError
        If one is made by an encoder, and there is none.
    """
    wanted, known = set(names), extractors_of(encoder, own)
    for kind, model, what, feature in (
        ("segmenter", own.segmenter, "makes class maps", CLASS_MAP),
        ("detector", own.detector, "finds objects", OBJECTS),
    ):
        if model is not None and feature not in wanted:
            raise InputError(
                f"the {kind} {model.name} {what}, and features name none; ask for {feature} too"
            )
    unknown = sorted(wanted - set(known))
    if OBJECTS in unknown:
        raise InputError(
            f"{OBJECTS} are found by a detector of your own; add one with: "
            f"{DETECTORS.command('NAME')}, and name it with --detector NAME, or detector="
        )
    if unknown and encoder is None:
        raise CollectionError(
            f"the feature {shown(unknown[0])} is made by an encoder, and a collection of vectors "
            "of your own has none"
        )
    if unknown:
        raise InputError(
            f"the encoder {encoder.name if encoder else None} makes no feature "
            f"{shown(unknown[0])}; it makes: {', '.join(known)}"
        )
    return [extractor for name, extractor in known.items() if name in wanted]


def check_needs(extractors: Sequence[Extractor], names: Sequence[FeatureName]) -> None:
    """Raise InputError when what one is made from is neither there nor made as well."""
    for extractor in extractors:
        if extractor.needs not in (*OF_IMAGES, TEXT, *names):
            raise InputError(
                f"{extractor.feature.name} is made from {extractor.needs}, which the collection "
                f"does not have; name both"
            )


def chosen_extractors(
    encoder: Encoder, names: Iterable[FeatureName] = (), own: OwnModels = NO_MODELS
) -> list[Extractor]:
    """The extractors of what every collection of an encoder has, and of some that not all have.

    Names of which nothing is made are passed over; `asked_for` refuses them.
    """
    wanted = set(names)
    return [
        extractor
        for name, extractor in extractors_of(encoder, own).items()
        if EXTRACTORS[name].is_default or name in wanted
    ]


def spec_for(extractors: Iterable[Extractor], spec: ImageSpec | None) -> ImageSpec | None:
    """How images are to be prepared for some extractors, of an encoder that wants ``spec``.

    None where no extractor is of images.
    """
    own = [each for each in extractors if each.needs in OF_IMAGES]
    sizes = sorted({each.size for each in own if each.size is not None})
    if not own or not sizes:
        return spec if own else None
    # An encoder that takes no images leaves nothing to say but how large the whole is.
    return replace(spec or ImageSpec(size=1, fit="squash"), wholes=tuple(sizes))


def made_from(source: str, names: Iterable[FeatureName]) -> list[FeatureName]:
    """Those of some features that are made from something, or from what is made from it.

    Examples
    --------
    >>> made_from(PIXELS, ["image", "text", "image_hubness"])
    ['image', 'image_hubness']
    """
    kept, reached = set(names), {source}
    for name, recipe in EXTRACTORS.items():
        if recipe.needs in reached:
            reached.add(name)
    return [name for name in EXTRACTORS if name in kept & reached]


def columns_from_text(
    manifest: Manifest, text: str | None, encoder: Callable[[], Encoder], *, folder: Path
) -> dict[str, Any]:
    """Columns of what is made from an item's text, without a value where it has none.

    The encoder is asked for only when there is something to make.
    """
    kept = {feature.name: feature for feature in manifest.features}
    names = made_from(TEXT, kept)
    made: Values = {}
    if text and names:
        own = extractors_for(manifest, encoder(), folder, names)
        made = extract(own, texts=[text])[0]
    return {
        column: array[0].as_py()
        for name in names
        for column, array in to_columns(kept[name], [made.get(name)]).items()
    }


def extract(
    extractors: Iterable[Extractor],
    *,
    texts: Sequence[str | None] = (),
    pixels: Sequence[UInt8Array | None] = (),
    wholes: Sequence[Mapping[Size, UInt8Array]] = (),
    features: Mapping[FeatureName, Sequence[Any]] | None = None,
) -> list[Values]:
    """What extractors make of some items, each from those that have what it needs.

    Parameters
    ----------
    extractors
        What one needs is given, or made by one before it.
    texts, pixels, wholes, features
        What there is of each item, None for nothing; as many of each as are given. Whole images
        are by their height and width.

    Returns
    -------
    list of dict
        For each item its features by name, without those it has not.
    """
    given: dict[str, Sequence[Any]] = {
        TEXT: texts,
        PIXELS: pixels,
        **(features or {}),
    }
    out: list[Values] = [{} for _ in range(max(len(wholes), *map(len, given.values())))]
    for needs, group in _passes(extractors):
        size = group[0].size
        inputs = given.get(needs, ()) if size is None else [own.get(size) for own in wholes]
        there = [i for i, value in enumerate(inputs) if value is not None and not _is_empty(value)]
        made = _run(group, _together([inputs[i] for i in there])) if there else {}
        for name, values in made.items():
            for i, value in zip(there, values, strict=True):
                out[i][name] = value
        for extractor in group:
            name = extractor.feature.name
            given[name] = [own.get(name) for own in out]
    return out


def _passes(extractors: Iterable[Extractor]) -> list[tuple[str, list[Extractor]]]:
    """What is needed, and those that one pass over it makes, where the first of them stood."""
    groups: dict[Any, tuple[str, list[Extractor]]] = {}
    for extractor in extractors:
        make = extractor.make
        one = make.run if isinstance(make, PartOf) else extractor.feature.name
        groups.setdefault((extractor.needs, one), (extractor.needs, []))[1].append(extractor)
    return list(groups.values())


def _run(group: Sequence[Extractor], inputs: Any) -> Mapping[FeatureName, Any]:
    """What one pass makes, by feature."""
    make = group[0].make
    if isinstance(make, PartOf):
        return make.run(inputs, [extractor.feature.name for extractor in group])
    return {group[0].feature.name: make(inputs)}


def _is_empty(value: Any) -> bool:
    return isinstance(value, str) and not value


def _together(values: list[Any]) -> Any:
    """Arrays as one; texts, and what has several sizes, as they are."""
    if isinstance(values[0], np.ndarray) and len({value.shape for value in values}) == 1:
        return np.stack(values)
    return values
