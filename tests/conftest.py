"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real data, named by PLACELENS_DATA or lying beside the repository."""
    folder = Path(os.environ.get("PLACELENS_DATA", REPO.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("real data not at hand: set PLACELENS_DATA")
    return folder


@pytest.fixture(scope="session")
def repo() -> Path:
    """Root of the repository."""
    return REPO
