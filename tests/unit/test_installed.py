"""The command that installs more of this install, however it was installed."""

import json
import sys
from importlib import metadata
from pathlib import Path

import pytest

from placelens import __version__, installed
from placelens.errors import MissingExtraError


@pytest.fixture
def given(monkeypatch, tmp_path):
    """Install placelens from a ``direct_url.json``, in a folder where pip is at hand."""
    monkeypatch.setattr("shutil.which", lambda name: str(Path(sys.executable).parent / name))
    monkeypatch.chdir(tmp_path)

    def install(origin, **others):
        origins = {"placelens": origin} | {f"placelens-{name}": at for name, at in others.items()}

        class Distribution:
            def __init__(self, name):
                if name not in origins:
                    raise metadata.PackageNotFoundError(name)
                self.origin = origins[name]

            def read_text(self, name):
                assert name == "direct_url.json"
                return None if self.origin is None else json.dumps(self.origin)

        monkeypatch.setattr(metadata, "distribution", Distribution)
        installed._origin.cache_clear()

    yield install
    installed._origin.cache_clear()


@pytest.mark.parametrize(
    ("origin", "command"),
    [
        ({"url": "file:///src/pl", "dir_info": {"editable": True}}, "-e '/src/pl[hub]'"),
        ({"url": "file:///src/my%20pl", "dir_info": {}}, "'/src/my pl[hub]'"),
        (
            {"url": "file:///w/placelens-1-py3-none-any.whl", "archive_info": {}},
            "'/w/placelens-1-py3-none-any.whl[hub]'",
        ),
        (
            {"url": "https://h.org/pl.git", "vcs_info": {"vcs": "git", "commit_id": "1"}},
            "'placelens[hub] @ git+https://h.org/pl.git'",
        ),
        (
            {"url": "https://h.org/placelens-1-py3-none-any.whl", "archive_info": {}},
            "'placelens[hub] @ https://h.org/placelens-1-py3-none-any.whl'",
        ),
    ],
)
def test_commands(given, origin, command):
    given(origin)
    assert installed.install_command("hub") == f"pip install {command}"
    with pytest.raises(MissingExtraError, match="run: pip install ") as raised:
        raise MissingExtraError("the encoder", "hub")
    assert str(raised.value).endswith(command)


@pytest.mark.parametrize(
    ("origin", "command"),
    [
        ({"url": "file:///src/pl", "dir_info": {"editable": True}}, "-e /src/pl/benchmarks"),
        ({"url": "file:///src/my%20pl", "dir_info": {}}, "'/src/my pl/benchmarks'"),
        (
            {"url": "https://h.org/pl.git", "vcs_info": {"vcs": "git", "commit_id": "c1"}},
            "'placelens-bench @ git+https://h.org/pl.git@c1#subdirectory=benchmarks'",
        ),
        (
            {"url": "file:///w/placelens-1-py3-none-any.whl", "archive_info": {}},
            f"./benchmarks in a checkout of placelens {__version__}",
        ),
        (
            {"url": "https://h.org/placelens-1-py3-none-any.whl", "archive_info": {}},
            f"./benchmarks in a checkout of placelens {__version__}",
        ),
        (None, f"./benchmarks in a checkout of placelens {__version__}"),
    ],
)
def test_the_benchmarks_come_from_where_placelens_came_from(given, monkeypatch, origin, command):
    monkeypatch.setattr(installed, "__file__", "/site-packages/placelens/installed.py")
    given(origin)
    assert installed.install_command(distribution="placelens-bench") == f"pip install {command}"
    with pytest.raises(MissingExtraError) as raised:
        raise MissingExtraError("it", distribution="placelens-bench")
    assert str(raised.value) == (
        f"it needs packages that are not installed; run: pip install {command}"
    )
    assert raised.value.extra == ""


@pytest.mark.parametrize(
    ("origin", "command"),
    [
        ({"url": "file:///src/pl/benchmarks", "dir_info": {}}, "'/src/pl/benchmarks[rivals]'"),
        (
            {
                "url": "https://h.org/pl.git",
                "vcs_info": {"vcs": "git", "commit_id": "c1"},
                "subdirectory": "benchmarks",
            },
            "'placelens-bench[rivals] @ git+https://h.org/pl.git#subdirectory=benchmarks'",
        ),
        (None, "'placelens-bench[rivals]'"),
    ],
)
def test_extras_of_the_benchmarks_that_are_installed(given, origin, command):
    given({"url": "file:///elsewhere", "dir_info": {}}, bench=origin)
    assert installed.install_command("rivals", distribution="placelens-bench") == (
        f"pip install {command}"
    )


def test_the_folder_we_are_in_is_written_as_a_point(given, tmp_path):
    given({"url": tmp_path.as_uri(), "dir_info": {"editable": True}})
    assert installed.install_command("geo") == "pip install -e '.[geo]'"
    assert installed.reinstall_command() == "pip install --force-reinstall --no-deps -e ."
    assert installed.install_command(distribution="placelens-bench") == (
        "pip install -e ./benchmarks"
    )


def test_a_folder_below_is_no_name_in_the_index(given, tmp_path):
    """``pip install 'pl[geo]'`` would look one up."""
    given({"url": (tmp_path / "pl").as_uri(), "dir_info": {}})
    assert installed.install_command("geo") == "pip install './pl[geo]'"
    given({"url": (tmp_path / "src" / "pl").as_uri(), "dir_info": {}})
    assert installed.install_command("geo") == "pip install 'src/pl[geo]'"


def test_a_checkout_that_is_not_installed(given, monkeypatch, repo):
    def nowhere(name):
        raise metadata.PackageNotFoundError(name)

    given(None)
    monkeypatch.setattr(metadata, "distribution", nowhere)
    assert installed.install_command("hub") == f"pip install -e '{repo}[hub]'"


def test_the_pip_of_another_python_is_not_named(given, monkeypatch):
    given({"url": "file:///src/pl", "dir_info": {}})
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    assert installed.install_command("hub").startswith(f"{sys.executable} -m pip install ")
