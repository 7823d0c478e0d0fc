"""Which files beside a photo describe it: XMP sidecars and Google Takeout's JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from placelens.readers.formats import IMAGE_SUFFIXES, suffix_of
from placelens.readers.takeout_names import FileNames, TakeoutMatcher


def sidecars_in(
    names: Iterable[str], title_of: Callable[[str], str | None]
) -> dict[str, tuple[str, ...]]:
    """Name the sidecars of every image of a folder.

    Parameters
    ----------
    names : the names of the folder's files.
    title_of : gives the title that a Takeout JSON states, None when it states none. It is asked
        only where names do not tell: of cut names, and for images that found none.

    Returns
    -------
    dict
        For each image that has any, its XMP sidecars (``IMG.jpg.xmp`` before ``IMG.xmp``), then at
        most one Takeout JSON.

    Examples
    --------
    >>> names = ["IMG.jpg", "IMG.jpg.json", "IMG(1).jpg", "IMG.jpg(1).json", "IMG-edited.jpg"]
    >>> for image, sidecars in sidecars_in(names, lambda name: None).items():
    ...     print(image, *sidecars)
    IMG.jpg IMG.jpg.json
    IMG(1).jpg IMG.jpg(1).json
    IMG-edited.jpg IMG.jpg.json
    """
    by_ending: dict[str, list[str]] = {}
    for name in names:
        by_ending.setdefault(suffix_of(name), []).append(name)
    packets, jsons = FileNames(by_ending.get(".xmp", ())), by_ending.get(".json", ())
    if not jsons and not packets:
        return {}
    images = [name for ending in sorted(IMAGE_SUFFIXES) for name in by_ending.get(ending, ())]
    takeout = TakeoutMatcher(jsons, title_of).match(images) if jsons else {}
    found = {}
    for image in images:
        stem = image.rpartition(".")[0]
        described = (packets.find(f"{image}.xmp"), packets.find(f"{stem}.xmp"), takeout.get(image))
        sidecars = tuple(dict.fromkeys(name for name in described if name is not None))
        if sidecars:
            found[image] = sidecars
    return found
