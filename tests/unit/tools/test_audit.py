"""What `make audit` makes of a report: what was not looked up is never called safe."""

import importlib.util

import pytest


@pytest.fixture
def audit(repo):
    spec = importlib.util.spec_from_file_location("audit", repo / "tools" / "audit.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SAFE = {"name": "a", "version": "1", "vulns": []}
WEAK = {"name": "b", "version": "2", "vulns": [{"id": "X-1", "fix_versions": ["3"]}]}
SKIPPED = {"name": "c", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "status", "said"),
    [
        ([SAFE], 0, "1 of 1 packages looked up, 0 weaknesses known"),
        ([SAFE, WEAK], 1, "b 2: X-1, mended in 3"),
        ([SAFE, WEAK, SKIPPED], 1, "NOT looked up, so nothing is known of: c"),
        ([SAFE, SKIPPED], 2, "1 of 2 packages looked up"),
        ([], 2, "0 of 0"),
    ],
)
def test_a_report_is_judged(audit, packages, status, said):
    judged, lines = audit.judged({"dependencies": packages})
    assert judged == status
    assert said in "\n".join(lines)
