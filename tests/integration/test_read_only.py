"""Where nothing but a collection can be written: no home, a read-only install, no cache.

Containers and service users are like that. As root no permission binds, so on Linux the file
systems are mounted read-only in a name space of the test's own, where that is allowed; what it
cannot do it skips, and the other cases are made without any rights.
"""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.integration.machine import COMMANDS, Home

PACKAGE = Path(__file__).resolve().parents[2] / "src"
ASKED = ("stats", "show", "search", "search by image", "export")
WARNING = "cannot be written"


def asked(name: str) -> list[str]:
    """The command's words; a file that an earlier test has written is replaced."""
    return [*shlex.split(COMMANDS[name]), *(["--force"] if name in ("show", "export") else [])]


def one_process(*names: str) -> list[str]:
    """The words of a process that runs these commands, one after the other."""
    code = (
        "import sys\n"
        "from placelens.cli.main import run\n"
        f"for words in {[asked(name) for name in names]!r}:\n"
        "    sys.argv = ['placelens', *words]\n"
        "    try:\n"
        "        run()\n"
        "    except SystemExit as ended:\n"
        "        assert not ended.code, words\n"
    )
    return ["-c", code]


def can_mount() -> bool:
    """Whether this process may make a name space of mounts and use it."""
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return False
    trial = "mount --bind -o ro /tmp /tmp 2>/dev/null && mount -o remount,bind,ro /tmp"
    tried = subprocess.run(["unshare", "-m", "sh", "-c", trial], check=False, capture_output=True)
    return tried.returncode == 0


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("machine"))
    home.add_photos()
    assert home.run(*shlex.split(COMMANDS["index"])).returncode == 0
    return home


@pytest.fixture
def no_home(home: Home, tmp_path: Path) -> Home:
    """The same machine for a user whose home is not a folder, with a temporary one of their own."""
    blocked = tmp_path / "not-a-folder"
    blocked.write_text("")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    return home.with_env(HOME=str(blocked), USERPROFILE=str(blocked), TMPDIR=str(temporary))


@pytest.mark.parametrize("name", ["search", "search by image"])
def test_without_a_home_it_is_said_once(no_home: Home, name: str) -> None:
    ended = no_home.run(*asked(name))
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.count(WARNING) == 1


def test_what_needs_no_cache_does_not_even_look_for_one(no_home: Home) -> None:
    ended = no_home.run(*one_process("stats", "show", "export"))
    assert ended.returncode == 0, ended.stderr
    assert WARNING not in ended.stderr


KERNELS = (
    "from placelens.kernels.place import _max_distance\n"
    "import numpy as np\n"
    "assert _max_distance(1, np.ones((2, 3)), np.zeros(3)) > 1\n"
    "print(_max_distance.stats.cache_path)\n"
)


def test_compiled_kernels_go_to_a_folder_that_only_the_user_may_write(no_home: Home) -> None:
    for _ in range(2):  # the second process finds what the first has compiled
        ended = no_home.run("-c", KERNELS)
        assert ended.returncode == 0, ended.stderr
        assert ended.stderr.count(WARNING) == 1
    (folder,) = Path(no_home.env["TMPDIR"]).iterdir()
    assert ended.stdout.startswith(str(folder))
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links")
def test_a_folder_that_somebody_else_has_put_there_is_not_used(
    no_home: Home, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o777)
    (Path(no_home.env["TMPDIR"]) / f"placelens-{os.getuid()}").symlink_to(theirs)
    assert no_home.run("-c", KERNELS).returncode == 0
    assert list(theirs.iterdir()) == []


def test_nowhere_at_all(no_home: Home, tmp_path: Path) -> None:
    """Slower, and no error: numba's own places are tried, and then kernels go without."""
    code = f"import tempfile; tempfile.tempdir = {str(tmp_path / 'no such folder')!r}\n{KERNELS}"
    ended = no_home.run("-c", code)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.skipif(not can_mount(), reason="may not mount file systems here")
@pytest.mark.parametrize("writes", [False, True])
def test_a_root_that_is_read_only(home: Home, writes: bool) -> None:
    """All of it but the temporary files, as ``docker run --read-only --tmpfs /tmp`` has it."""
    names = [name for name in ASKED if (name in ("show", "export")) == writes]
    command = shlex.join(home.command(*one_process(*names)))
    writable = home.root / "tmp"
    outputs = home.work if writes else None
    script = "\n".join(
        [
            "set -e",
            f"mount --bind {writable} {writable}",
            f"mount --bind {outputs} {outputs}" if outputs else ":",
            "mount -o remount,bind,ro / || mount --bind -o ro / /",
            f"mount --bind -o ro {PACKAGE} {PACKAGE}",
            f"mount -o remount,bind,ro {PACKAGE}",
            f"if touch {PACKAGE}/probe 2>/dev/null; then exit 99; fi",
            f"if touch {home.root}/home/probe 2>/dev/null; then exit 99; fi",
            f"cd {home.work}",
            f"exec {command}",
        ]
    )
    ended = subprocess.run(
        ["unshare", "-m", "sh", "-c", script],
        check=False,
        capture_output=True,
        text=True,
        env=home.env,
    )
    assert ended.returncode == 0, ended.stderr


@pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("setpriv") is None or os.geteuid() != 0,
    reason="becoming another user needs root and setpriv",
)
def test_a_user_whom_the_system_does_not_know(home: Home, tmp_path: Path) -> None:
    """``docker run --user 12345``: no name, no home, nothing of the install is theirs."""
    env = {key: value for key, value in home.env.items() if key not in ("HOME", "USERPROFILE")}
    code = (
        "from placelens.folders import cache_folder, data_folder\n"
        "import os\n"
        "assert os.getuid() == 12345\n"
        "print(cache_folder(), data_folder())\n"
    )
    env |= {"TMPDIR": "/tmp", "PYTHONPATH": str(PACKAGE)}
    ended = subprocess.run(
        ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups", sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        env=env,
        cwd="/",
    )
    if ended.returncode != 0 and "Permission denied" in ended.stderr:
        pytest.skip("this install cannot be read by other users")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("/tmp/placelens-12345 ")
    shutil.rmtree("/tmp/placelens-12345", ignore_errors=True)
