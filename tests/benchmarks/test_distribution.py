"""placelens-bench as a distribution: its version, its entry point, and what it needs."""

import importlib.util
import tomllib
from importlib import metadata

import pytest

import placelens
from placelens.cli import bench
from placelens_bench import command
from placelens_bench.engine.registry import METHODS


@pytest.fixture(scope="module")
def project(repo):
    return tomllib.loads((repo / "benchmarks" / "pyproject.toml").read_text("utf-8"))["project"]


def test_it_has_the_version_of_placelens_and_needs_no_other(project, repo):
    parent = tomllib.loads((repo / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == parent["version"] == placelens.__version__
    assert project["dependencies"] == [f"placelens=={placelens.__version__}"]
    assert project["requires-python"] == parent["requires-python"]


def test_the_installed_entry_point_is_its_command(project):
    (entry,) = metadata.entry_points(group=bench.GROUP, name=bench.NAME)
    assert project["entry-points"] == {bench.GROUP: {bench.NAME: entry.value}}
    assert entry.load() is command.command


def test_every_rival_is_in_its_extra_or_needed_by_placelens(project, repo):
    parent = tomllib.loads((repo / "pyproject.toml").read_text("utf-8"))["project"]
    named = [*project["optional-dependencies"]["rivals"], *parent["dependencies"]]
    known = {requirement.partition(">=")[0] for requirement in named}
    assert {method.distribution for method in METHODS.values()} <= known | {""}


def test_placelens_has_no_benchmarks_in_it():
    assert importlib.util.find_spec("placelens.bench") is None
