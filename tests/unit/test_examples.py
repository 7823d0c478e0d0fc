"""Every public method and property of the classes that users hold has an example that is run."""

import doctest
import inspect
from collections.abc import Iterator

import pytest

import placelens as pl
from placelens.results import Hits


def public(cls: type) -> Iterator[tuple[type, str]]:
    """Public methods and properties of a class, and the class of ours that has each."""
    for owner in cls.__mro__:
        if owner.__module__.startswith("placelens."):
            for name, member in vars(owner).items():
                is_ours = isinstance(member, property | classmethod | staticmethod)
                if not name.startswith("_") and (is_ours or inspect.isfunction(member)):
                    yield owner, name


def run_in(owner: type) -> set[str]:
    """What pytest finds examples in: a wrapped method might look like another module's."""
    module = inspect.getmodule(owner)
    found = doctest.DocTestFinder(exclude_empty=True).find(owner, owner.__name__, module=module)
    return {test.name.partition(".")[2] for test in found if test.examples}


@pytest.mark.parametrize("cls", [pl.Collection, Hits])
def test_has_an_example(cls: type) -> None:
    # The clock is the standard library's own function.
    lacking = {name for owner, name in public(cls) if name not in run_in(owner)} - {"clock"}
    assert not lacking, f"{cls.__name__} needs examples for {', '.join(sorted(lacking))}"
    assert "" in run_in(cls), f"{cls.__name__} needs one itself"
