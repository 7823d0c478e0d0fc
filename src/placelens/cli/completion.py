"""What the shell offers for a value when Tab is pressed.

Shells call the command anew at each Tab, so that nothing is imported that is not needed, and
nothing is ever said: what cannot be told is not offered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from placelens.collection import Collection

_MOST = 100
Complete = Callable[[str], list[str]]


def collections(incomplete: str) -> list[str]:
    """Collections, and the folders on the way to them."""
    written = Path(incomplete).expanduser()
    folder = written if incomplete.endswith(("/", "\\")) or not incomplete else written.parent
    lead = incomplete[: len(incomplete) - len(written.name)] if folder != written else incomplete
    try:
        found = sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError:
        return []
    names = (
        path.name if (path / "manifest.json").is_file() else f"{path.name}/"
        for path in found
        if not path.name.startswith(".")
    )
    start = "" if folder == written else written.name
    return [f"{lead}{name}" for name in names if name.startswith(start)]


def among(values: Callable[[], Iterable[str]]) -> Complete:
    """Those of some values that begin as what is written."""

    def complete(incomplete: str) -> list[str]:
        return [value for value in values() if value.startswith(incomplete)]

    return complete


def _formats() -> list[str]:
    from placelens.export import FORMATS

    return list(FORMATS)


def _sorts() -> list[str]:
    from placelens.engine.sorting import SORTS

    return list(SORTS)


def _engines() -> list[str]:
    from placelens.engine.plan import engines

    return list(engines())


def _encoders() -> list[str]:
    from placelens.encoders.registry import ENCODERS

    return [pattern.partition("<")[0] for pattern in ENCODERS]


def _segmenters() -> list[str]:
    from placelens.encoders.segmenters.registry import STORE

    return STORE.names()


def _detectors() -> list[str]:
    from placelens.encoders.detectors.registry import STORE

    return STORE.names()


def _models() -> list[str]:
    return [*_segmenters(), *_detectors()]


def _model_kinds() -> list[str]:
    from placelens.encoders.user_models import MODEL_KINDS

    return list(MODEL_KINDS)


formats = among(_formats)
formats_and_table = among(lambda: ["table", *_formats()])
sorts = among(_sorts)
engines = among(_engines)
encoders = among(_encoders)
segmenters = among(_segmenters)
detectors = among(_detectors)
models = among(_models)
model_kinds = among(_model_kinds)
decays = among(lambda: ["gauss:", "exp:", "linear:", "linear"])


def conditions(context: typer.Context, incomplete: str) -> list[str]:
    """Names of attributes; behind ``name=`` the values that they have."""
    name, equals, start = incomplete.partition("=")
    opened = _opened(context)
    if opened is None:
        return []
    if not equals:
        return [f"{each}=" for each in opened.attribute_names() if each.startswith(incomplete)]
    values = (str(value) for value in opened.values(name))
    return [f"{name}={value}" for value in islice(_beginning(values, start), _MOST)]


def ids(context: typer.Context, incomplete: str) -> list[str]:
    """Ids of the collection's items."""
    opened = _opened(context)
    return list(islice(_beginning(opened or (), incomplete), _MOST))


def snapshots(context: typer.Context, incomplete: str) -> list[str]:
    """Names of the states that the collection keeps."""
    opened = _opened(context)
    return list(_beginning(opened.snapshots() if opened else (), incomplete))


def searches(context: typer.Context, incomplete: str) -> list[str]:
    """Names of the searches that the collection keeps."""
    opened = _opened(context)
    return list(_beginning(opened.saved_searches if opened else (), incomplete))


def attributes(context: typer.Context, incomplete: str) -> list[str]:
    """Names of the attributes that items have."""
    opened = _opened(context)
    return list(_beginning(opened.attribute_names() if opened else (), incomplete))


def _beginning(values: Iterable[str], start: str) -> Iterator[str]:
    return (value for value in values if value.startswith(start))


def _opened(context: typer.Context) -> Collection | None:
    """The collection that is named before; None when there is none."""
    from placelens.collection import Collection
    from placelens.errors import PlacelensError

    # An option that still lacks its value ends the parsing before arguments get their names.
    path: Any = context.params.get("collection") or next(iter(context.args), None)
    try:
        return Collection.open(path) if path else None
    except (PlacelensError, OSError):
        return None
