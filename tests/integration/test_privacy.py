"""What the README promises: nothing leaves the machine, and nothing is left lying about."""

import json
import re
import shlex
import signal
import subprocess
import urllib.request

import pytest
from tests.integration.machine import COMMANDS, LEFT, NEEDS_MORE, Home, is_watertight


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("machine"))
    home.add_photos()
    return home


def test_every_command_is_tried() -> None:
    from placelens.cli.main import COMMANDS as THERE_ARE

    tried = {written.split()[0] for written in COMMANDS.values()} - {"--help"}
    assert tried | set(NEEDS_MORE) == set(THERE_ARE)


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.create_connection(('192.0.2.1', 80), timeout=1)",
        "socket.getaddrinfo('example.org', 80)",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'', ('192.0.2.1', 53))",
    ],
)
@pytest.mark.parametrize("mode", ["closed", "serving"])
def test_the_sandbox_holds(home: Home, mode: str, attempt: str) -> None:
    ended = home.run("-c", f"import socket\n{attempt}", mode=mode)
    assert ended.returncode in (-signal.SIGSYS, 31) if hasattr(signal, "SIGSYS") else 31


@pytest.mark.skipif(not is_watertight(), reason="native code is watched on Linux only")
def test_the_sandbox_holds_native_code(home: Home) -> None:
    code = "import ctypes; print(ctypes.CDLL(None).socket(10, 1, 0))"
    assert home.run("-c", code).returncode == -signal.SIGSYS


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_commands_keep_to_themselves(home: Home, name: str) -> None:
    """In order, each on what those before have made, with the built-in encoder."""
    before = home.files()
    ended = home.run(*shlex.split(COMMANDS[name]))
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    assert home.strays() == set()
    assert home.files() - before <= LEFT.get(name, set())


def test_serving(home: Home) -> None:
    if not (home.work / "c.pl").exists():  # the first of the commands makes it
        assert home.run(*shlex.split(COMMANDS["index"])).returncode == 0
    with subprocess.Popen(
        home.command("serve", "c.pl", "--port", "0", mode="serving"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=home.env,
        cwd=home.work,
    ) as process:
        assert process.stdout is not None
        url = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
        try:
            assert url is not None
            for page in ("", "docs", "openapi.json", "v1/collections/c", "v1/places?q=lyon"):
                with urllib.request.urlopen(url[0] + page, timeout=600) as response:
                    assert response.status == 200
            asked = urllib.request.Request(
                f"{url[0]}v1/collections/c/search",
                data=json.dumps({"text": "a red square near Lyon"}).encode(),
                headers={"Content-Type": "application/json"},
            )
            with urllib.request.urlopen(asked, timeout=600) as response:
                assert json.load(response)["hits"]
        finally:
            process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=600)
    assert process.returncode == 0, said
    assert home.strays() == set()


def test_the_pages_load_nothing_from_elsewhere() -> None:
    from placelens.server.routes.pages import STATIC

    if not (STATIC / "index.html").is_file():
        pytest.skip("the page is not built")
    for page in STATIC.glob("*.html"):
        loaded = re.findall(r"""(?:src|href)=["']([^"'#]+)""", page.read_text(encoding="utf-8"))
        assert loaded
        assert [each for each in loaded if not each.startswith("/")] == [], page


def test_an_onnxruntime_that_came_first_is_told_of(home: Home) -> None:
    code = (
        "import os, sys, types\n"
        "calls = []\n"
        "sys.modules['onnxruntime'] = types.SimpleNamespace(\n"
        "    disable_telemetry_events=lambda: calls.append(1))\n"
        "import placelens\n"
        "assert calls == [1] and os.environ['ORT_DISABLE_TELEMETRY'] == '1'\n"
    )
    ended = home.run("-c", code)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.count("onnxruntime was imported before placelens") == 1


def test_switches_are_inherited_and_overrule(home: Home) -> None:
    code = (
        "import os, subprocess, sys\n"
        "os.environ['ORT_DISABLE_TELEMETRY'] = '0'\n"
        "import placelens\n"
        "child = 'import os; print(os.environ[\"ORT_DISABLE_TELEMETRY\"])'\n"
        "subprocess.run([sys.executable, '-c', child], check=True)\n"
    )
    assert home.run("-c", code).stdout.strip() == "1"
