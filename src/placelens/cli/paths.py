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
    # Folders from the left and from the right in turn, as long as they fit.
    head, tail = parts[:1], parts[-1:]
    middle = parts[1:-1]
    while middle:
        from_left = len(head) <= len(tail)
        part = middle[0] if from_left else middle[-1]
        longer = [*head, part, "…", *tail] if from_left else [*head, "…", part, *tail]
        if cell_len(mark.join(longer)) > width:
            break
        if from_left:
            head, middle = [*head, part], middle[1:]
        else:
            tail, middle = [part, *tail], middle[:-1]
    return mark.join([*head, *(["…"] if middle else []), *tail])
