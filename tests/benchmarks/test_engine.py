"""The engine's benchmark from the command line, with sizes of a few seconds."""

import json

import pytest
from typer.testing import CliRunner

from placelens.cli.main import app
from placelens_bench.engine import registry

SMALL = ("--items", "1500", "--dim", "16", "--queries", "6", "--budget", "0.2")


@pytest.fixture
def bench():
    pytest.importorskip("reverse_geocoder")

    def run(*arguments, code=0):
        result = CliRunner().invoke(app, ["bench", "engine", *map(str, arguments)])
        assert result.exit_code == code, result.output
        return result

    return run


def test_json(bench, tmp_path):
    run = bench(*SMALL, "--methods", "placelens,ckdtree", "--work", tmp_path, "--json")
    result = json.loads(run.stdout)
    assert {"mu05_linear", "mu05_gauss25km", "mu0", "mu1", "box1pct_mu0", "batch1000"} == set(
        result["workloads"]
    )
    assert (result["items"], result["dim"], result["cpus"] >= 1) == (1500, 16, True)
    assert {"placelens", "numpy", "numba"} <= set(result["versions"])
    assert result["build_s"] > 0
    assert result["index_overhead"] > 0
    assert {"scan", "blas", "placelens", "ckdtree"} == set(result["methods"])
    assert "ckdtree" not in result["workloads"]["mu0"]
    assert "placelens_r99" in result["workloads"]["mu0"]
    for name, methods in result["workloads"].items():
        assert {"scan", "blas", "placelens"} <= set(methods)
        assert methods["blas"]["ratio_to_blas"] == 1.0
        for figures in methods.values():
            assert figures["recall"] >= 0.95
            assert figures["n_queries"] >= 5
            assert figures["qps"] > 0
            assert figures["ratio_to_blas"] > 0
            if name != "batch1000":
                assert figures["p99_ms"] >= figures["p50_ms"] > 0
    assert "placelens: mu0" in run.stderr


def test_what_is_not_installed_is_skipped(bench, monkeypatch):
    listed = registry.METHODS["usearch"]._replace(package="no_such_package")
    monkeypatch.setitem(registry.METHODS, "usearch", listed)
    chosen = ("--methods", "usearch", "--workloads", "mu0")
    run = bench(*SMALL, *chosen, "--json")
    result = json.loads(run.stdout)
    assert "pip install " in result["methods"]["usearch"]["skipped"]
    assert set(result["workloads"]) == {"mu0"}
    assert result["build_s"] is None


def test_tables_curves_and_figures(bench, tmp_path):
    pytest.importorskip("matplotlib")
    chosen = ("--methods", "placelens", "--workloads", "mu0,mu1", "--curves")
    run = bench(*SMALL, *chosen, "--plots", tmp_path / "figures")
    assert "mu0" in run.stdout
    assert "placelens" in run.stdout
    names = sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert names == ["engine_curves.png", "engine_methods.png", "engine_paper.png"]


def test_options_are_for_the_benchmarks_that_have_them():
    result = CliRunner().invoke(app, ["bench", "scan", "--items", "5"])
    assert result.exit_code == 1
    assert (
        "--items is an option of the benchmarks 'engine', 'updates' and 'browse' only"
        in result.stderr
    )
    result = CliRunner().invoke(app, ["bench", "updates", "--items", "5", "--queries", "5"])
    assert result.exit_code == 1
    assert "--queries is an option of the benchmark 'engine' only" in result.stderr
