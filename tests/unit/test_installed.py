"""The command that installs more of this install, however it was installed."""

import json
import sys
from importlib import metadata
from pathlib import Path

import pytest

from placelens import installed
from placelens.errors import MissingExtraError


@pytest.fixture
def given(monkeypatch, tmp_path):
    """Install placelens from a ``direct_url.json``, in a folder where pip is at hand."""
    monkeypatch.setattr("shutil.which", lambda name: str(Path(sys.executable).parent / name))
    monkeypatch.chdir(tmp_path)

    def install(origin):
        class Distribution:
            def read_text(self, name):
                assert name == "direct_url.json"
                return None if origin is None else json.dumps(origin)

        monkeypatch.setattr(metadata, "distribution", lambda name: Distribution())
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


def test_the_folder_we_are_in_is_written_as_a_point(given, tmp_path):
    given({"url": tmp_path.as_uri(), "dir_info": {"editable": True}})
    assert installed.install_command("geo") == "pip install -e '.[geo]'"
    assert installed.reinstall_command() == "pip install --force-reinstall --no-deps -e ."


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
