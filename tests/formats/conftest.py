"""Collections of every released format, unpacked for one test."""

import zipfile
from pathlib import Path

import pytest

DATA = Path(__file__).parent / "data"


@pytest.fixture
def unpacked(tmp_path):
    """A function from a format's number to the folder of its collection."""

    def unpack(version):
        with zipfile.ZipFile(DATA / f"v{version}.zip") as archive:
            archive.extractall(tmp_path)
        return tmp_path / f"v{version}.pl"

    return unpack
