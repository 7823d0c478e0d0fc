"""Examples to look like: images, items of the collection, vectors of one's own."""

from __future__ import annotations

import os
from pathlib import Path

from placelens.display import LONGEST_LABEL, cut, shown
from placelens.engine.terms import FusedTerm
from placelens.errors import ItemNotFoundError, QueryError
from placelens.limits import MAX_ID
from placelens.query.kind import Asked, Context, TermKind


def _image(asked: Asked, context: Context) -> FusedTerm:
    from placelens.readers.images import pixels_of

    image, encoder = asked.value, context.encoder()
    if encoder.image_spec is None:
        raise QueryError(f"the encoder {encoder.name} takes no images; search by text")
    pixels = pixels_of(image, encoder.image_spec)
    label = Path(image).name if isinstance(image, str | os.PathLike) else "image"
    vector = encoder.encode_images(pixels[None])[0]
    (shares,) = encoder.describe_images(pixels[None])
    return context.fused("image", cut(label, LONGEST_LABEL), vector, asked.weight, shares)


def _like(asked: Asked, context: Context) -> FusedTerm:
    """The item's own vector, of the first feature that it has one of."""
    item_id, version = asked.value, context.version
    row = version.row_of(item_id)
    if row is None:
        raise ItemNotFoundError(f"like: the collection has no item with id {shown(item_id)}")
    for feature in context.manifest.vector_names:
        vector = version.vector_of(row, feature)
        if vector is not None:
            title = cut(version.items([row])[0].title, LONGEST_LABEL - len("like "))
            return context.fused(feature, f"like {title}", vector, asked.weight)
    raise QueryError(f"like: item {shown(item_id)} has no vector to compare with")


def _vector(asked: Asked, context: Context) -> FusedTerm:
    label = f"vector {asked.nth + 1}" if asked.nth else "vector"
    return context.fused("vector", label, asked.value, asked.weight)


IMAGE = TermKind(
    name="image",
    what="an example image",
    example="photo.jpg",
    argument="image",
    is_json=False,
    read=_image,
)
LIKE = TermKind(
    name="like",
    what="an item of the collection as the example",
    example="an id",
    argument="like",
    is_text=True,
    longest=MAX_ID,
    read=_like,
)
VECTOR = TermKind(
    name="vector",
    what="a vector of one's own",
    example=[0.6, 0.8],
    argument="vector",
    read=_vector,
)
