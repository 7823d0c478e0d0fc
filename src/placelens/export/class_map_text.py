"""A class map for a terminal: a letter for each cell, and each class's share of the image."""

from __future__ import annotations

from collections.abc import Sequence

UNKNOWN, OTHER = "·", "-"


def class_map_text(cells: Sequence[Sequence[int]], names: Sequence[str]) -> str:
    """Draw what the cells show, twice as wide as high, with the classes below by their share.

    Parameters
    ----------
    cells
        Of each row its cells: the number of a class, ``len(names)`` for other, -1 for not known.
    names
        Of the classes.

    Examples
    --------
    >>> print(class_map_text([[0, 0], [1, -1]], ["sky", "sea"]))
    S S
    E ·
    <BLANKLINE>
    S sky      50%
    E sea      25%
    · unknown  25%
    """
    letters = [*_letters(names), OTHER, UNKNOWN]  # -1 is the last
    told = [*names, "other", "unknown"]
    drawn = "\n".join(" ".join(letters[cell] for cell in row) for row in cells)
    flat = [cell % len(told) for row in cells for cell in row]
    width = max(map(len, told)) + 2
    counts = sorted(((flat.count(number), -number) for number in set(flat)), reverse=True)
    legend = [
        f"{letters[-number]} {told[-number]:<{width}}{n / len(flat):.0%}" for n, number in counts
    ]
    return "\n".join([drawn, "", *legend])


def _letters(names: Sequence[str]) -> list[str]:
    """A letter of each name that no other has; a digit where none is left, and then a star."""
    taken: list[str] = []
    for name in names:
        free = [letter for letter in [*name.upper(), *"0123456789"] if letter not in taken]
        taken.append(free[0] if free else "*")
    return taken
