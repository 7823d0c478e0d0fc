"""The page's pure parts, tested by node: URL state, scales, words, shapes."""

import shutil
import subprocess
from pathlib import Path

import pytest

WEB = Path(__file__).resolve().parents[2] / "web"


def test_npm_test_passes() -> None:
    if shutil.which("npm") is None or not (WEB / "node_modules" / "typescript").is_dir():
        pytest.skip("no node modules: cd web && npm ci")
    done = subprocess.run(
        ["npm", "test"], cwd=WEB, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
