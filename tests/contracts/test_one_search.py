"""One search through four doors: in Python, many at once, in a shell, over HTTP.

Each has every argument of `Collection.search`, with the same default, and nothing that it lacks.
"""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
import typer.main

import placelens as pl
from placelens.cli import search_options
from placelens.cli.main import app
from placelens.engine.query import Similarity
from placelens.export import export
from placelens.query.written import FILTERS, UNORDERED
from placelens.server.export_schemas import ExportedSearch, ExportRequest
from placelens.server.list_schemas import (
    ClusterRequest,
    FilterRequest,
    ListRequest,
    TimelineRequest,
)
from placelens.server.schemas import HeatRequest, SearchRequest
from placelens.testing.fakes import HashEncoder


def arguments_of(method: Any) -> dict[str, Any]:
    """Names and defaults; a server and a shell have ways of their own to give up a search."""
    parameters = inspect.signature(method).parameters.values()
    return {p.name: p.default for p in parameters if p.name not in ("self", "deadline")}


def options_of(command: str) -> dict[str, Any]:
    parameters = typer.main.get_command(app).commands[command].params
    return {parameter.name: parameter for parameter in parameters}


SEARCH = arguments_of(pl.Collection.search)
# An object of the caller's own.
ONLY_IN_PYTHON = {"rerank"}
ITEMS = arguments_of(pl.Collection.items)
# What a command takes to print what it found, or to get at the collection; of no search.
PRINTING = {"collection", "output", "format", "force", "csv_safe", "open_it"}
# The words of a query come as an argument, as more of them, as those to stay away from, and with
# terms of other kinds among them.
WORDS = {"words", "text", "without", "term"}


def test_over_http() -> None:
    renamed = {"query": "text", "image": "images", "like": "images"}
    expected = {renamed.get(name, name) for name in set(SEARCH) - ONLY_IN_PYTHON}
    # Terms of other kinds stand among the words in Python.
    assert expected | {"terms"} == set(SearchRequest.model_fields)
    for name, field in SearchRequest.model_fields.items():
        if name in SEARCH:
            assert field.default == SEARCH[name], name


def test_in_a_shell() -> None:
    options = options_of("search")
    of_search = set(options) - PRINTING
    ways_to_show = {
        *("page", "null", "explain_plan", "why", "explain", "explain_to", "allow_download"),
        *("saved", "save"),
    }
    assert of_search - ways_to_show - WORDS == set(SEARCH) - {"query"} - ONLY_IN_PYTHON
    for name in set(SEARCH) & set(options):
        assert options[name].default == SEARCH[name], name
    assert get_args(search_options.Similarity)[0] == Similarity | None


def test_many_at_once(tiny_source: Path) -> None:
    photos = pl.Collection.open(tiny_source, encoder=HashEncoder())
    asked: Mapping[str, Any] = {**SEARCH, "query": "red", "parse": False}
    (found,) = photos.search_many([asked])
    assert list(found) == list(photos.search("red", parse=False))
    assert list(photos.search_many([{}], **asked)[0]) == list(found)
    with pytest.raises(pl.QueryError, match=f"no argument 'colour'; it takes {', '.join(SEARCH)}$"):
        photos.search_many([{"colour": "red"}])


def test_the_filters_of_search_are_those_of_items() -> None:
    assert set(FILTERS) == set(ITEMS) - {"ids", "batch_size"}
    assert {name: SEARCH[name] for name in FILTERS} == {name: ITEMS[name] for name in FILTERS}


def test_a_timeline_takes_every_filter_and_no_order() -> None:
    arguments = arguments_of(pl.Collection.timeline)
    assert arguments == {"by": "month", **{name: ITEMS[name] for name in UNORDERED}}
    assert set(TimelineRequest.model_fields) == set(arguments)
    assert set(FilterRequest.model_fields) == set(UNORDERED) == set(FILTERS) - {"sort"}
    options = options_of("timeline")
    assert set(options) - PRINTING - {"as_json"} == {"by", *UNORDERED}
    for name in UNORDERED:
        assert options[name].default == ITEMS[name], name


def test_clusters_take_a_view_and_every_filter() -> None:
    arguments = arguments_of(pl.Collection.clusters)
    view = {name: arguments.pop(name) for name in ("zoom", "west", "south", "east", "north")}
    assert arguments == {name: ITEMS[name] for name in UNORDERED}
    fields = ClusterRequest.model_fields
    assert set(fields) == {*UNORDERED, *view}
    assert fields["zoom"].is_required()
    assert view.pop("zoom") is inspect.Parameter.empty
    assert {name: fields[name].default for name in view} == view


def test_heat_takes_a_view_and_every_search() -> None:
    arguments = arguments_of(pl.Collection.heat)
    view = {name: arguments.pop(name) for name in ("zoom", "west", "south", "east", "north")}
    assert set(arguments) == {"query", "search"}
    fields = HeatRequest.model_fields
    assert set(fields) == {*SearchRequest.model_fields, *view}
    assert fields["zoom"].is_required()
    assert {name: fields[name].default for name in view if name != "zoom"} == {
        name: default for name, default in view.items() if name != "zoom"
    }


def test_lists_take_every_filter() -> None:
    assert set(ListRequest.model_fields) - {"k", "cursor"} == set(FILTERS)
    options = options_of("export")
    assert set(options) - PRINTING - {"ids", "blur", "drop_places"} == set(FILTERS)
    for name in FILTERS:
        assert options[name].default == ITEMS[name], name


def test_an_export_takes_the_same_everywhere() -> None:
    """In Python of a collection and of anything, in a shell and over HTTP."""
    how = set(arguments_of(export)) - {"things", "of", "thumbnails"}
    assert set(arguments_of(pl.Collection.export)) == how | {"ids", "filters"}
    of_shell = set(options_of("export")) - set(FILTERS) - {"collection", "output", "open_it"}
    assert of_shell | {"path"} == how | {"ids"}
    # A server writes no file of its own.
    assert set(ExportRequest.model_fields) == how - {"path", "force"} | {"ids", "search"}
    assert set(SearchRequest.model_fields) == set(ExportedSearch.model_fields)


def test_an_option_has_one_meaning() -> None:
    """Where two commands have an option of the same name, it is written in the same way."""
    search = options_of("search")
    for command in ("export", "timeline"):
        other = options_of(command)
        for name in set(search) & set(other):
            assert search[name].opts == other[name].opts, name
            assert search[name].metavar == other[name].metavar, name


def test_the_manuals_name_every_argument(repo: Path) -> None:
    for page, names in (("python.md", set(SEARCH)), ("server.md", set(SearchRequest.model_fields))):
        text = (repo / "docs" / page).read_text(encoding="utf-8")
        assert {name for name in names if f"`{name}`" not in text} == set(), page
