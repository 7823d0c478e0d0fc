"""Arrow does without pandas until somebody uses pandas, and then knows it as ever."""

import subprocess
import sys

import pytest

pytest.importorskip("pandas")

ASIDE = (
    "import sys\n"
    "from placelens.cli.startup import leave_pandas_aside\n"
    "leave_pandas_aside()\n"
    "import placelens.collection, pyarrow as pa\n"
    "pa.array([1, 2])\n"
    "assert 'pandas' not in sys.modules\n"
)


@pytest.mark.parametrize(
    "use",
    [
        "import pandas as pd\nassert pa.array(pd.Series([1.5, None])).null_count == 1\n"
        "assert pa.Table.from_pandas(pd.DataFrame({'a': [1]})).num_rows == 1",
        "assert pa.table({'a': [1]}).to_pandas()['a'].sum() == 1",
        "import pandas, importlib.resources\n"
        "assert type(pandas.__spec__.loader) is type(pandas.__loader__)\n"
        "assert type(pandas.__loader__).__name__ == 'SourceFileLoader'\n"
        "assert importlib.resources.files('pandas').is_dir()",
    ],
)
def test_pandas_is_known_once_it_is_used(use):
    subprocess.run([sys.executable, "-W", "error", "-c", ASIDE + use], check=True)


def test_a_program_that_has_pandas_is_left_alone():
    code = (
        "import sys, pandas\n"
        "from placelens.cli.startup import leave_pandas_aside\n"
        "before = list(sys.meta_path)\n"
        "leave_pandas_aside()\n"
        "assert sys.meta_path == before\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
