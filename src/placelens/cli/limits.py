"""The filters as options, in which all commands agree: made from the one table of them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from placelens.cli import completion
from placelens.cli.options import geojson_file, with_unit
from placelens.cli.search_options import LIMITS, OUTPUT
from placelens.query.written import FILTERS, UNORDERED, WrittenFilter, read_filters

Limits = dict[str, Any]
"""What may be found at all and in which order, as `Collection.search` and ``items`` take it."""

# A shell has files; and who types a distance is asked for its unit.
_READ_OTHERWISE: Mapping[str, Callable[[Any, str], Any]] = {
    "polygon": geojson_file,
    "radius": with_unit,
}
_COMPLETIONS: Mapping[str, Callable[..., list[str]]] = {
    "where": completion.conditions,
    "sort": completion.sorts,
}
_TYPES: Mapping[str, Any] = {"text": str | None, "texts": list[str] | None, "switch": bool}


def takes_limits(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of all filters in the place of its parameter ``limits``.

    It is called with what they say, read. A filter that the command declares itself keeps its own
    help, and counts among the limits all the same.
    """
    return _taking(command, FILTERS)


def takes_filters(command: Callable[..., None]) -> Callable[..., None]:
    """The same without an order, for a command that counts."""
    return _taking(command, UNORDERED)


def _taking(
    command: Callable[..., None], filters: Mapping[str, WrittenFilter]
) -> Callable[..., None]:
    own = inspect.signature(command, eval_str=True).parameters
    spread = [_option(name, each) for name, each in filters.items() if name not in own]
    parameters = [
        parameter
        for declared in own.values()
        for parameter in (spread if declared.name == "limits" else [declared])
    ]

    @wraps(command)
    def with_options(**given: Any) -> None:
        written = {name: given[name] for name in filters}
        limits = read_filters(written, called=flag_of, own=_READ_OTHERWISE)
        command(**{name: given[name] for name in own if name != "limits"}, limits=limits)

    # Where Typer looks for a command's parameters.
    told: Any = with_options
    told.__signature__ = inspect.Signature(parameters)
    told.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return with_options


def flag_of(name: str) -> str:
    """The option of a filter: ``--located-only``."""
    return FILTERS[name].flag or f"--{name.replace('_', '-')}"


def _option(name: str, filter_: WrittenFilter) -> inspect.Parameter:
    is_file, choices = name == "polygon", filter_.choices
    option = typer.Option(
        flag_of(name),
        metavar="FILE" if is_file else filter_.example,
        help=re.sub(r"`(\w+)`", lambda other: flag_of(other[1]), filter_.help),
        autocompletion=completion.among(lambda: choices) if choices else _COMPLETIONS.get(name),
        rich_help_panel=OUTPUT if name == "sort" else LIMITS,
    )
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=False if filter_.takes == "switch" else filter_.default,
        annotation=Annotated[Path | None if is_file else _TYPES[filter_.takes], option],
    )
