"""What the package exports is sorted, exists, and is documented."""

import importlib
import inspect
import pkgutil

import pytest

import placelens


def _order(name: str) -> tuple[int, str]:
    """The order that ruff keeps: constants, then classes, then the rest, each by name."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)


def _exports(name: str) -> list[str]:
    return list(getattr(importlib.import_module(name), "__all__", []))


# The facade and every room that declares what it exports.
ROOMS = [f"placelens.{found.name}" for found in pkgutil.iter_modules(placelens.__path__)]
PACKAGES = ["placelens", *(room for room in ROOMS if _exports(room))]


@pytest.mark.parametrize("name", PACKAGES)
def test_all_is_sorted_and_complete(name: str) -> None:
    exported = _exports(name)
    module = importlib.import_module(name)
    assert exported == sorted(set(exported), key=_order), f"{name}.__all__ is not sorted"
    missing = [entry for entry in exported if not hasattr(module, entry)]
    assert not missing, f"{name}.__all__ names {missing}, which do not exist"


@pytest.mark.parametrize("name", PACKAGES)
def test_every_exported_class_and_function_is_documented(name: str) -> None:
    module = importlib.import_module(name)
    bare = [
        entry
        for entry in _exports(name)
        if (inspect.isclass(thing := getattr(module, entry)) or inspect.isfunction(thing))
        and not (thing.__doc__ or "").strip()
    ]
    assert not bare, f"{name}: {bare} have no docstring"


def test_the_facade_exports_only_what_it_lists() -> None:
    public = {
        name
        for name, thing in vars(placelens).items()
        if not name.startswith("_") and not inspect.ismodule(thing) and name != "annotations"
    }
    extra = public - set(_exports("placelens"))
    assert not extra, f"placelens defines {sorted(extra)} but does not list them in __all__"
