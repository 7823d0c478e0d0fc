"""From candidates to objects: of boxes that overlap, and are of one class, the best one stays."""

from __future__ import annotations

import numpy as np

from placelens.types import MAX_OBJECTS, Float32Array, Int64Array, Objects

# A score below this says nothing. It is far lower than what is drawn into pictures, at .3 or so:
# whoever looks for one class wants its best box even where the network is not sure of it.
LEAST_SCORE = 0.01
# Two boxes of one class that share so much of their union are of one thing: .45 in the code of
# FastestDet and of YOLO v5 and v8.
SAME_OVERLAP = 0.45
# Candidates beyond these are worse than a thousand others.
_MOST_CANDIDATES = 1_000


def objects_of(boxes: Float32Array, scores: Float32Array) -> Objects:
    """The objects among candidates: the best boxes of each class that are not of one thing.

    Non-maximum suppression, class by class. Equal scores keep the order of the candidates, so that
    the same image always gives the same objects.

    Parameters
    ----------
    boxes
        (n, 4) left, top, right and bottom, as shares of an image's width and height.
    scores
        (n, classes) how sure it is that a box holds an object of each class, in [0, 1].

    Returns
    -------
    Objects
        At most `MAX_OBJECTS`, the surest first, cut at the image's edges.

    Examples
    --------
    Two boxes of one thing, and one of another class in the same place.

    >>> boxes = np.array([[0, 0, 0.5, 0.5], [0, 0, 0.5, 0.6], [0, 0, 0.5, 0.5]], np.float32)
    >>> scores = np.array([[0.9, 0], [0.8, 0], [0, 0.3]], np.float32)
    >>> found = objects_of(boxes, scores)
    >>> found.classes.tolist(), found.scores
    ([0, 1], array([0.9, 0.3], dtype=float32))
    """
    boxes = np.clip(boxes, 0, 1)
    is_box = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    at, classes = np.nonzero((scores >= LEAST_SCORE) & is_box[:, None])
    found = scores[at, classes]
    order = np.argsort(-found, kind="stable")[:_MOST_CANDIDATES]
    at, classes = at[order], classes[order]
    kept = _best(boxes[at], classes)
    return Objects(
        np.asarray(boxes[at[kept]], dtype=np.float32),
        np.asarray(classes[kept], dtype=np.uint8),
        np.asarray(np.clip(found[order][kept], 0, 1), dtype=np.float32),
    )


def _best(boxes: Float32Array, classes: Int64Array) -> list[int]:
    """Places of boxes, the best first, that no better one of their class overlaps too far."""
    left = np.ones(len(boxes), dtype=np.bool_)
    kept: list[int] = []
    for place in range(len(boxes)):
        if not left[place]:
            continue
        kept.append(place)
        if len(kept) == MAX_OBJECTS:
            break
        rest = slice(place + 1, None)
        same = classes[rest] == classes[place]
        left[rest] &= ~(same & (overlaps(boxes[place], boxes[rest]) > SAME_OVERLAP))
    return kept


def in_pixels(box: Float32Array, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """A box in pixels of an image of a width and a height; never without any.

    Parameters
    ----------
    box
        (4,) left, top, right and bottom, as shares of the sides.
    size
        Width and height.

    Returns
    -------
    left, top, right, bottom
        Right and bottom not included.

    Examples
    --------
    >>> in_pixels(np.array([0.25, 0.0, 0.75, 1.0]), (400, 300))
    (100, 0, 300, 300)
    >>> in_pixels(np.array([0.999, 0.0, 1.0, 1.0]), (40, 30))
    (39, 0, 40, 30)
    """
    ends = [
        (min(round(float(first) * side), side - 1), round(float(last) * side))
        for first, last, side in ((box[0], box[2], size[0]), (box[1], box[3], size[1]))
    ]
    (left, right), (top, bottom) = ((first, max(first + 1, last)) for first, last in ends)
    return left, top, right, bottom


def overlaps(box: Float32Array, others: Float32Array) -> Float32Array:
    """What a box, (4,), and others, (n, 4), share of their union, in [0, 1].

    Examples
    --------
    >>> overlaps(np.array([0, 0, 2, 1]), np.array([[0, 0, 1, 1], [2, 0, 3, 1]])).tolist()
    [0.5, 0.0]
    """
    width = np.minimum(box[2], others[:, 2]) - np.maximum(box[0], others[:, 0])
    height = np.minimum(box[3], others[:, 3]) - np.maximum(box[1], others[:, 1])
    both = np.maximum(width, 0) * np.maximum(height, 0)
    areas = (others[:, 2] - others[:, 0]) * (others[:, 3] - others[:, 1])
    union = (box[2] - box[0]) * (box[3] - box[1]) + areas - both
    return np.asarray(both / np.maximum(union, 1e-12), dtype=np.float32)
