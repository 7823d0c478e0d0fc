"""Look up the packages of lock files in the advisory database of the package index.

Usage: python tools/audit.py LOCK... (in an environment with pip-audit; `make audit`)

Ends with 0 when every package was looked up and no weakness of any is known, with 1 when one is,
and with 2 when the database could not be reached, or did not know some of the packages: what was
not looked up is not safe.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

WELL, WEAK, UNKNOWN = range(3)


def judged(report: dict[str, Any]) -> tuple[int, list[str]]:
    """The exit status that pip-audit's report means, and what to say."""
    packages = report["dependencies"]
    said = [
        f"{package['name']} {package['version']}: {weakness['id']}, mended in "
        f"{', '.join(weakness['fix_versions']) or 'no version yet'}"
        for package in packages
        for weakness in package.get("vulns", ())
    ]
    weak = len(said)
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    n_looked_up = len(packages) - len(skipped)
    said.append(f"{n_looked_up} of {len(packages)} packages looked up, {weak} weaknesses known")
    if skipped:
        said.append(f"NOT looked up, so nothing is known of: {', '.join(skipped)}")
    return WEAK if weak else UNKNOWN if skipped or not packages else WELL, said


def audit(lock: str) -> int:
    """Audit one lock file, and say what was found."""
    # Nothing is resolved or installed: what is locked is what is looked up.
    options = ("--disable-pip", "--require-hashes", "--format=json", "--progress-spinner=off")
    command = [sys.executable, "-m", "pip_audit", *options, "-r", lock]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        status, said = judged(json.loads(run.stdout))
    except ValueError:
        reason = run.stderr.strip().rpartition("\n")[2][:300] or f"exit {run.returncode}"
        status, said = UNKNOWN, [f"the advisory database could not be asked: {reason}"]
    print("\n".join(f"{lock}: {line}" for line in said))
    return status


def main(locks: list[str]) -> int:
    """Audit all of them; a known weakness outranks what is not known."""
    statuses = {audit(lock) for lock in locks}
    return WEAK if WEAK in statuses else max(statuses, default=UNKNOWN)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
