"""A firm is told first, and nothing adverse happens before the policy's waiting days are over."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import ApprovalRequired
from config.policy import load_policy
from models.redress.clocks import clocks
from models.redress.notices import NOTICES, announce, require_effect, worsened

POLICY = load_policy("market").at(date(2026, 5, 6))
SENT = date(2026, 5, 6)  # the market pack waits 30 days


def _sent(*enterprises: str) -> pl.DataFrame:
    return announce(enterprises, run_id="r1", kind="tier", sent_on=SENT, redress=POLICY.redress, officer="u17")


def test_a_notice_begins_after_the_waiting_days() -> None:
    found = _sent("cn:2", "cn:1", "cn:1")
    assert found.schema == NOTICES
    assert found["enterprise_id"].to_list() == ["cn:1", "cn:2"]
    assert found["effect_on"].unique().to_list() == [date(2026, 6, 5)]


@given(st.integers(0, 60))
def test_the_step_is_blocked_until_that_day(days: int) -> None:
    on = SENT + timedelta(days=days)
    if days < POLICY.redress.notice_wait_days:
        with pytest.raises(ApprovalRequired, match="takes effect on 2026-06-05"):
            require_effect(_sent("cn:1"), "cn:1", "tier", on)
    else:
        require_effect(_sent("cn:1"), "cn:1", "tier", on)


@pytest.mark.parametrize(("enterprise", "kind"), [("cn:2", "tier"), ("cn:1", "visit")])
def test_who_was_not_told_of_this_is_not_touched(enterprise: str, kind: str) -> None:
    with pytest.raises(ApprovalRequired, match=f"{enterprise} was never told of: {kind}"):
        require_effect(_sent("cn:1"), enterprise, kind, date(2030, 1, 1))


def test_who_fell_must_be_told_and_nobody_else() -> None:
    before = pl.DataFrame({"enterprise_id": ["1", "2", "3"], "tier": ["A", "B", "D"]})
    after = pl.DataFrame({"enterprise_id": ["1", "2", "3", "4", "5"], "tier": ["B", "B", "C", "A", "D"]})
    assert worsened(before, after, POLICY).rows() == [("1", "A", "B"), ("5", "A", "D")]
    assert worsened(after, after, POLICY).is_empty()


def test_announced_notices_are_never_too_early() -> None:
    sent = _sent("cn:1").with_columns(notice_id=pl.lit("n1"))
    decided = pl.DataFrame(schema={"kind": pl.String})
    found = clocks(decided, sent, lambda day: POLICY.redress, SENT + timedelta(days=3))
    assert found["state"].to_list() == ["waiting"]
