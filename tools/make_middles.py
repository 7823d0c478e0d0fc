"""Write src/placelens/geo/data/middles.json: longitude, latitude and radius in km of every area.

Middles are needed whenever a name is looked up, and outlines take long to read. Run it whenever
the outlines, divisions, groups or areas change:

    python tools/make_middles.py
"""

from __future__ import annotations

import json
from pathlib import Path

from placelens.geo import named_areas

FILE = Path(__file__).parents[1] / "src/placelens/geo/data/middles.json"


def main() -> None:
    """Compute and write, one area a line."""
    lines = [
        f"{json.dumps(code)}: {json.dumps(named_areas.middle_of(code))}"
        for code in sorted(named_areas.area_codes())
    ]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
