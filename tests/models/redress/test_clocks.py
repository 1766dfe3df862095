"""Clocks by working days of a calendar, with the term of the day they started, reported on the officials."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import PolicyError
from config.in_force import Redress
from config.policy import load_policy
from models import records
from models.redress.clocks import CLOCKS, by_official, clocks, effect_on, working_days

MARKET = load_policy("market").at(date(2026, 5, 6)).redress  # CN; annotate 1, decide 20, withdraw 3, notice 30 days
DECISIONS = pl.Schema(
    dict(records.DECISIONS) | {"annotated_on": pl.Date(), "withdrawn_on": pl.Date(), "agency": pl.String()}
)
NOTICES = pl.Schema(
    {
        "notice_id": pl.String(),
        "enterprise_id": pl.String(),
        "sent_on": pl.Date(),
        "effect_on": pl.Date(),
        "officer": pl.String(),
    }
)


def _decisions(*rows: dict[str, Any]) -> pl.DataFrame:
    plain = {"decision_id": "d1", "enterprise_id": "cn:1", "record_id": "tax:1", "agency": "tax", "officer": "u17"}
    return pl.DataFrame([{name: (plain | row).get(name) for name in DECISIONS} for row in rows], schema=DECISIONS)


def _clocks(as_of: date, *rows: dict[str, Any], terms: Redress = MARKET) -> dict[str, dict[str, Any]]:
    found = clocks(_decisions(*rows), pl.DataFrame(schema=NOTICES), lambda day: terms, as_of)
    assert found.schema == CLOCKS
    return {row["clock"]: row for row in found.iter_rows(named=True)}


@pytest.mark.parametrize(
    ("calendar", "day", "count", "expected"),
    [
        (None, date(2026, 5, 1), 1, date(2026, 5, 4)),  # Friday → Monday
        ("CN", date(2026, 4, 30), 1, date(2026, 5, 6)),  # over Labour Day, 1–5 May
        ("CN", date(2026, 5, 8), 1, date(2026, 5, 9)),  # a make-up working Saturday
        ("US", date(2026, 7, 2), 1, date(2026, 7, 6)),  # Independence Day observed on Friday
        ("CN", date(2026, 5, 6), 0, date(2026, 5, 6)),
    ],
)
def test_working_days_follow_the_calendar(calendar: str | None, day: date, count: int, expected: date) -> None:
    assert working_days(calendar).after(day, count) == expected


@given(st.dates(date(2020, 1, 1), date(2027, 12, 31)), st.integers(0, 40), st.sampled_from([None, "CN", "US", "GB"]))
def test_counting_forth_and_back_agree(day: date, count: int, calendar: str | None) -> None:
    found = working_days(calendar)
    end = found.after(day, count)
    assert found.between(day, end) == count
    assert count == 0 or found.is_working(end)


def test_an_unknown_calendar_is_named() -> None:
    with pytest.raises(PolicyError, match="no calendar 'XX'"):
        working_days("XX")
    with pytest.raises(ValueError, match=">= 0"):
        working_days(None).after(date(2026, 1, 1), -1)


FILED = date(2026, 5, 6)  # a Wednesday


@pytest.mark.parametrize(
    ("annotated", "as_of", "state", "late"),
    [
        (FILED, FILED, "done", 0),
        (date(2026, 5, 7), date(2026, 6, 1), "done", 0),
        (date(2026, 5, 8), date(2026, 6, 1), "late", 1),
        (None, date(2026, 5, 7), "running", 0),
        (None, date(2026, 5, 8), "overdue", 1),
        (None, date(2026, 5, 10), "overdue", 2),  # Saturday the 9th is worked, Sunday is not
        (date(2026, 5, 8), date(2026, 5, 7), "running", 0),  # what happens later is not known yet
    ],
)
def test_an_objection_is_annotated_within_one_working_day(
    annotated: date | None, as_of: date, state: str, late: int
) -> None:
    clock = _clocks(as_of, {"kind": "objection", "filed_on": FILED, "annotated_on": annotated})["annotate"]
    assert (clock["state"], clock["days_late"], clock["due_on"]) == (state, late, date(2026, 5, 7))
    assert clock["clause"] == "demo-rubric note 9"


def test_an_objection_is_decided_within_twenty_working_days() -> None:
    due = _clocks(FILED, {"kind": "objection", "filed_on": FILED})["decide"]["due_on"]
    assert working_days("CN").between(FILED, due) == 20
    late = {"kind": "objection", "filed_on": FILED, "decided_on": due + timedelta(days=3), "outcome": "rejected"}
    assert _clocks(due + timedelta(days=3), late)["decide"]["state"] == "late"


@pytest.mark.parametrize(("outcome", "clocks_running"), [("granted", 1), ("upheld", 1), ("rejected", 0), (None, 0)])
def test_only_a_granted_revocation_starts_the_withdrawal(outcome: str | None, clocks_running: int) -> None:
    row = {"kind": "revocation", "filed_on": FILED, "decided_on": FILED, "outcome": outcome}
    assert len(_clocks(FILED, row)) == clocks_running


def test_a_revocation_is_withdrawn_within_three_working_days() -> None:
    row = {"kind": "revocation", "decided_on": FILED, "outcome": "granted"}
    assert _clocks(FILED, row)["withdraw"]["due_on"] == date(2026, 5, 9)  # 7, 8 and the worked Saturday
    assert _clocks(date(2026, 5, 11), row)["withdraw"]["state"] == "overdue"
    assert _clocks(date(2026, 5, 11), row | {"withdrawn_on": date(2026, 5, 9)})["withdraw"]["state"] == "done"


def test_nothing_has_started_before_it_was_filed() -> None:
    assert _clocks(date(2026, 5, 5), {"kind": "objection", "filed_on": FILED}) == {}
    assert _clocks(date(2026, 5, 5), {"kind": "repair", "filed_on": date(2026, 5, 1)}) == {}


def test_the_term_is_that_of_the_day_the_clock_started() -> None:
    """A later, shorter term does not make yesterday's objection late."""
    shorter = replace(MARKET, decide_within_working_days=5)
    reform = date(2026, 5, 7)
    rows = _decisions(
        {"decision_id": "old", "kind": "objection", "filed_on": FILED},
        {"decision_id": "new", "kind": "objection", "filed_on": reform},
    )
    found = clocks(rows, pl.DataFrame(schema=NOTICES), lambda day: shorter if day >= reform else MARKET, reform)
    due = {row["subject"]: row["due_on"] for row in found.iter_rows(named=True) if row["clock"] == "decide"}
    assert working_days("CN").between(FILED, due["old"]) == 20
    assert working_days("CN").between(reform, due["new"]) == 5


@pytest.mark.parametrize(
    ("effect", "as_of", "state", "days"),
    [
        (date(2026, 6, 5), date(2026, 5, 20), "waiting", 0),
        (date(2026, 6, 5), date(2026, 6, 5), "done", 0),
        (date(2026, 6, 4), date(2026, 5, 20), "too_early", 1),
    ],
)
def test_nothing_takes_effect_before_the_waiting_days(effect: date, as_of: date, state: str, days: int) -> None:
    assert effect_on(FILED, MARKET) == date(2026, 6, 5)
    notice = {"notice_id": "n1", "enterprise_id": "cn:1", "sent_on": FILED, "effect_on": effect, "officer": "u17"}
    found = clocks(_decisions(), pl.DataFrame([notice], schema=NOTICES), lambda day: MARKET, as_of)
    (row,) = found.iter_rows(named=True)
    assert (row["state"], row["days_late"]) == (state, days)


def test_what_is_overdue_is_reported_on_the_officials() -> None:
    rows = _decisions(
        {"decision_id": "d1", "kind": "objection", "filed_on": FILED, "annotated_on": FILED},
        {"decision_id": "d2", "kind": "objection", "filed_on": FILED},
        {"decision_id": "d3", "kind": "objection", "filed_on": FILED, "officer": "u18", "annotated_on": FILED},
    )
    found = by_official(clocks(rows, pl.DataFrame(schema=NOTICES), lambda day: MARKET, date(2026, 5, 12)))
    worst = found.row(0, named=True)
    assert (worst["officer"], worst["clock"], worst["overdue"], worst["in_time"]) == ("u17", "annotate", 1, 1)
    assert worst["worst_days_late"] == 4  # 8, 9, 11, 12 May
    assert "enterprise_id" not in found.columns
    assert found["clocks"].sum() == 6
