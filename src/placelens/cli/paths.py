"""Paths on a terminal: short enough for the line, and never cut inside a name."""

from __future__ import annotations

from pathlib import Path

from rich.cells import cell_len


def short_path(path: str, width: int) -> str:
    """A path with ``~`` for the home folder, and ``…`` for folders in the middle where need be.

    The file's own name is always whole, and so is every folder that is named: it may be longer
    than the width.

    Examples
    --------
    >>> short_path("/data/photos/2019/rome/day 1/IMG_2041.jpg", 30)
    '/data/…/day 1/IMG_2041.jpg'
    """
    home = str(Path.home())
    if home != "/" and path.startswith((f"{home}/", f"{home}\\")):
        path = f"~{path[len(home) :]}"
    mark = "\\" if "\\" in path and "/" not in path else "/"
    parts = path.split(mark)
    if cell_len(path) <= width or len(parts) <= 2:
        return path
    # Folders from the left and from the right in turn, as long as one fits.
    head, middle, tail = parts[:1], parts[1:-1], parts[-1:]
    while middle:
        longer = [(head + middle[:1], middle[1:], tail), (head, middle[:-1], middle[-1:] + tail)]
        if len(head) > len(tail):
            longer.reverse()
        fitting = [
            (left, rest, right)
            for left, rest, right in longer
            if cell_len(mark.join([*left, *(["…"] if rest else []), *right])) <= width
        ]
        if not fitting:
            break
        head, middle, tail = fitting[0]
    return mark.join([*head, *(["…"] if middle else []), *tail])
