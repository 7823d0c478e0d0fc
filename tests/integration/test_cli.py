"""The command as a shell runs it: pipes, exit codes, Ctrl-C, the start's speed."""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

from placelens.collection import Collection
from placelens.testing.fakes import HashEncoder

# The command with the fake encoder. With SLOW set, it says when encoding begins and is never done
# with the second batch, so that a signal comes in the midst of it; with STUCK, with no words.
DRIVER = """
import os, sys, time
from placelens.encoders import registry
from placelens.testing.fakes import HashEncoder

class Slow(HashEncoder):
    n_batches = 0

    def encode_images(self, images):
        if os.environ.get("SLOW") and len(images) > 1:  # one image opens the network
            print("encoding", flush=True)
            self.n_batches += 1
            if self.n_batches == 2:
                time.sleep(600)
        return super().encode_images(images)

    def encode_texts(self, texts):
        if os.environ.get("STUCK"):
            print("encoding", flush=True)
            time.sleep(600)
        return super().encode_texts(texts)

registry.load_encoder = lambda name, **_: Slow()
from placelens.cli.main import run
sys.argv[0] = "placelens"
run()
"""


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-c", DRIVER, *map(str, arguments)]


def run(*arguments: object, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | (env or {}),
    )


@pytest.fixture(scope="module")
def many_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """200 small photos, all different: more than one batch."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("many") / "photos"
    folder.mkdir()
    for number in range(200):
        Image.new("RGB", (8, 8), (number, 0, 255 - number)).save(folder / f"{number:03}.png")
    return folder


def test_the_installed_command_starts() -> None:
    placelens = Path(sys.executable).with_name("placelens")
    result = subprocess.run([placelens, "--version"], capture_output=True, text=True, check=True)
    assert result.stdout.startswith("placelens ")


def test_paths_go_through_xargs(tiny_source: Path) -> None:
    search = command("search", tiny_source, "--near", "50,14", "--format", "paths", "-0")
    listed = subprocess.run(
        f"{shlex.join(search)} | xargs -0 ls",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(listed.stdout.splitlines()) == 6


def test_a_pipe_gets_no_colours_and_whole_titles(tiny_source: Path) -> None:
    result = run(
        "search",
        tiny_source,
        "--near",
        "50,14",
        env=os.environ | {"COLUMNS": "20", "TERM": "xterm"},
    )
    assert result.returncode == 0
    assert "\x1b" not in result.stdout + result.stderr
    assert "prague.png" in result.stdout


def test_ctrl_c_ends_a_search_without_a_traceback(tiny_source: Path) -> None:
    searching = command("search", tiny_source, "red")
    with subprocess.Popen(
        searching,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"STUCK": "1"},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "encoding\n"
        process.send_signal(signal.SIGINT)
        *notices, last = process.stderr.read().splitlines()
        assert last == "interrupted"
        assert all(notice.endswith(" ...") for notice in notices)  # what took long is said
    assert process.returncode == 130


def test_a_reader_that_leaves_early_is_no_error(tiny_source: Path) -> None:
    exporting = command("export", tiny_source, "--format", "jsonl")
    with subprocess.Popen(exporting, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()  # before anything is written, as `| true` does
        assert process.stderr.read() == b""
    assert process.returncode == 141


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["stats", "no/such.pl"], 1), (["search"], 2), (["fly"], 2), (["--help"], 0), ([], 0)],
)
def test_exit_codes(arguments: list[str], code: int) -> None:
    result = run(*arguments)
    assert result.returncode == code
    assert "Traceback" not in result.stderr
    assert bool(result.stderr) == (code != 0)


def test_serve_answers_until_ctrl_c(tiny_source: Path) -> None:
    serving = command("serve", tiny_source, "--port", 0)
    with subprocess.Popen(
        serving, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
        try:
            assert url is not None
            with urllib.request.urlopen(f"{url[0]}v1/collections", timeout=300) as response:
                listed = json.load(response)
        finally:
            process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=300)
    assert "tiny" in json.dumps(listed)
    assert process.returncode == 0, said
    assert said.strip() == "stopped"


def test_serve_names_a_port_that_is_taken(tiny_source: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = run("serve", tiny_source, "--port", taken.getsockname()[1])
    assert result.returncode == 1
    assert "try another --port" in result.stderr


def test_watch_takes_in_what_appears(tiny_photos: Path, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    shutil.copy(tiny_photos / "prague.png", folder)
    watching = command("index", folder, "--watch", "--workers", 0)
    with subprocess.Popen(watching, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        seen = iter(process.stderr.readline, "")
        too_long = threading.Timer(300, process.kill)
        too_long.start()
        found = threading.Event()
        added = folder / "brno.png"

        def touch() -> None:  # until it is seen: the watcher starts after it has said so
            shutil.copy(tiny_photos / "brno.png", added)
            while not found.wait(0.3):
                os.utime(added)

        toucher = threading.Thread(target=touch)
        try:
            assert any("watching for changes" in line for line in seen)
            toucher.start()
            assert any("1 added, 1 unchanged" in line for line in seen)
        finally:
            found.set()
            too_long.cancel()
            process.send_signal(signal.SIGINT)
        toucher.join()
        assert "stopped watching" in process.stderr.read()
    assert process.returncode == 0


@pytest.mark.parametrize("workers", [0, 2])
def test_ctrl_c_leaves_a_usable_collection_to_go_on_from(
    many_photos: Path, tmp_path: Path, workers: int
) -> None:
    path = tmp_path / "photos.pl"
    arguments = ["index", many_photos, "--to", path, "--workers", workers]
    with subprocess.Popen(
        command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"SLOW": "1"},
        start_new_session=True,  # its own process group, as a shell gives it
    ) as process:
        assert process.stdout is not None
        for _ in range(2):  # the second batch is being encoded, the first is done
            assert process.stdout.readline() == "encoding\n"
        os.killpg(process.pid, signal.SIGINT)  # Ctrl-C reaches the workers too
        _, said = process.communicate(timeout=300)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert "the same command goes on from there" in said
    n_kept = len(Collection.open(path, encoder=HashEncoder()))
    assert 0 < n_kept < 200
    again = run(*arguments)
    assert again.returncode == 0
    assert f"{200 - n_kept} added, {n_kept} unchanged" in again.stderr
    assert len(Collection.open(path)) == 200


def test_the_c_locale_breaks_nothing(tmp_path: Path) -> None:
    """As cron, containers and ssh start programs: seven bits, and Python told to leave it so."""
    path = tmp_path / "odd.pl"
    Collection.create(path, dim=2).add_vectors(["ď"], [[1, 0]], text=["červená 東京"])
    result = subprocess.run(
        command("search", path, "--sort", "name"),
        check=False,
        capture_output=True,
        env=os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    )
    assert result.returncode == 0, result.stderr
    assert rb"\u010derven\xe1 \u6771\u4eac" in result.stdout
