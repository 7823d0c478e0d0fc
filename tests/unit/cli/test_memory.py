"""Arrow takes its memory from the system, where `serve` says so before it is loaded."""

import os
import subprocess
import sys

import pytest

ASKED = (
    "import sys\n"
    "import placelens.cli.main, placelens.cli.serve\n"
    "from placelens.cli.memory import give_back\n"
    "assert 'pyarrow' not in sys.modules, 'it would not be heard'\n"
    "give_back()\n"
    "import pyarrow\n"
    "print(pyarrow.default_memory_pool().backend_name)"
)


@pytest.mark.parametrize(("said", "pool"), [(None, "system"), ("mimalloc", "mimalloc")])
def test_arrow_is_told_unless_somebody_has(said: str | None, pool: str) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "ARROW_DEFAULT_MEMORY_POOL"}
    if said:
        environment["ARROW_DEFAULT_MEMORY_POOL"] = said
    done = subprocess.run(
        [sys.executable, "-c", ASKED], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout.strip() == pool
