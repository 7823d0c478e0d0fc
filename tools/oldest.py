"""Print pip constraints that pin every direct dependency to its lower bound.

Usage: python tools/oldest.py pyproject.toml > constraints.txt
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

_REQUIREMENT = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?P<rest>.*)$")
_LOWER_BOUND = re.compile(r">=\s*(?P<version>[0-9][0-9A-Za-z.]*)")


def constraints(project: dict[str, Any]) -> list[str]:
    """Pin the base dependencies, the extras that the tests install, and the dev group."""
    requirements: list[str] = list(project["project"]["dependencies"])
    for extra in ("geo", "raw", "demo"):
        requirements += project["project"]["optional-dependencies"][extra]
    requirements += project["dependency-groups"]["dev"]
    return sorted(filter(None, map(_pin, requirements)))


def _pin(requirement: str) -> str | None:
    """``numpy>=2.0`` gives ``numpy==2.0``; what is pinned already needs no constraint."""
    parts = _REQUIREMENT.match(requirement)
    bound = _LOWER_BOUND.search(requirement)
    if parts is None or (bound is None and "==" not in requirement):
        raise SystemExit(f"{requirement!r} has no lower bound; write it as name>=version")
    return f"{parts['name']}=={bound['version']}" if bound else None


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    sys.stdout.write("\n".join(constraints(tomllib.loads(Path(sys.argv[1]).read_text()))) + "\n")
