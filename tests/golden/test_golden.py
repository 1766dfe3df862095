"""Every workbook against its golden text; `EVENHAND_GOLDEN=write pytest tests/golden` writes them anew to be read."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from exports.compliance import write_register
from exports.facts import Approval
from exports.roster import write_rosters
from tests.exports.world import make_world
from tests.golden.snapshot import snapshot

HERE = Path(__file__).parent


def roster(folder: Path) -> Path:
    w = make_world(24, 1, 4, nasty=True)
    return write_rosters(w.plan, w.enterprises, w.inspectors, w.policy, w.facts, folder)[0]


def roster_approved_en(folder: Path) -> Path:
    w = make_world(12, 1, 4)
    approval = Approval("Wang Min", "reviewed line by line", date(2026, 5, 2))
    given = (w.plan, w.enterprises, w.inspectors, w.policy, w.facts, folder)
    return write_rosters(*given, approval=approval, language="en")[0]


def register(folder: Path) -> Path:
    w = make_world(16, 2)
    return write_register(w.ratings, w.ratings.head(12), w.enterprises, w.policy, w.facts, folder / "register.xlsx")


@pytest.mark.parametrize("make", [roster, roster_approved_en, register], ids=lambda make: make.__name__)
def test_the_workbook_is_the_golden_one_styles_included(make: Callable[[Path], Path], tmp_path: Path) -> None:
    found, golden = _without_digest(snapshot(make(tmp_path))), HERE / f"{make.__name__}.txt"
    if os.environ.get("EVENHAND_GOLDEN") == "write":
        golden.write_text(found, encoding="utf-8")
    agreed = golden.read_text("utf-8").splitlines()
    for number, (line, wanted) in enumerate(zip(found.splitlines(), agreed, strict=False), start=1):
        assert line == wanted, f"line {number}"
    assert len(found.splitlines()) == len(agreed)


def _without_digest(text: str) -> str:
    """The policy's digest changes with every edit of the pack; that is not the workbook's business."""
    from tests.exports.world import market

    digest = market().digest
    return text.replace(digest, "<policy>").replace(digest[:12], "<policy>")
