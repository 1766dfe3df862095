"""Clocks on the officials: notice → waiting → effect, objections annotated and decided, revocations withdrawn.

Terms are those in force on the day a clock started. Working days come from the `holidays` library by the
calendar the policy names (make-up working weekends included); without one, Monday to Friday.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import holidays
import polars as pl

from config.errors import PolicyError
from config.in_force import Redress

CLOCKS = pl.Schema(
    {
        "clock": pl.String(),  # annotate | decide | withdraw | notice
        "subject": pl.String(),  # decision_id or notice_id
        "enterprise_id": pl.String(),
        "record_id": pl.String(),
        "agency": pl.String(),
        "officer": pl.String(),
        "came_from": pl.String(),  # register, or the source whose file brought the decision
        "started_on": pl.Date(),
        "due_on": pl.Date(),  # annotate, decide, withdraw: last day; notice: first day of effect
        "done_on": pl.Date(),
        "state": pl.String(),  # done | late | running | overdue | waiting | too_early
        "days_late": pl.Int64(),  # working days after due_on (notice: days before it); 0 when in time
        "clause": pl.String(),
    }
)
"""One row per clock of a decision or notice."""


REGISTER = "register"


class WorkingDays:
    """The working days of a calendar of the holidays library; None = Monday to Friday."""

    def __init__(self, calendar: str | None) -> None:
        self._calendar: Any = None
        if calendar is not None:
            country, _, part = calendar.partition("-")
            try:
                self._calendar = holidays.country_holidays(country, subdiv=part or None)
            except NotImplementedError as error:
                raise PolicyError(
                    f"redress.holidays: no calendar {calendar!r}.", remedy="use a country of the holidays library, CN …"
                ) from error

    def is_working(self, day: date) -> bool:
        """Whether offices work on this day."""
        if self._calendar is None:
            return day.weekday() < 5
        return bool(self._calendar.is_working_day(day))

    def after(self, day: date, count: int) -> date:
        """The `count`-th working day after `day` (the day itself does not count; 0 = the day itself)."""
        if count < 0:
            raise ValueError(f"Expected a count of working days >= 0, got {count}.")
        for _ in range(count):
            day += timedelta(days=1)
            while not self.is_working(day):
                day += timedelta(days=1)
        return day

    def between(self, first: date, last: date) -> int:
        """Working days after `first` up to and including `last`; 0 when last is not after first."""
        return sum(self.is_working(first + timedelta(days=step)) for step in range(1, (last - first).days + 1))


@lru_cache(maxsize=16)
def working_days(calendar: str | None) -> WorkingDays:
    """One calendar, made once."""
    return WorkingDays(calendar)


def effect_on(sent_on: date, redress: Redress) -> date:
    """First day on which a step announced on `sent_on` may take effect."""
    return sent_on + timedelta(days=redress.notice_wait_days)


def clocks(
    decisions: pl.DataFrame, notices: pl.DataFrame, terms_on: Callable[[date], Redress], as_of: date
) -> pl.DataFrame:
    """Every clock that had started by `as_of`, as CLOCKS, by due day.

    `decisions`: models.records.DECISIONS with annotated_on, withdrawn_on, agency, and came_from where it was not the
    register. `notices`: notice_id, enterprise_id, sent_on, effect_on, officer. `terms_on`: the redress rules in force
    on a day.
    """
    rows = [*_of_decisions(decisions, terms_on, as_of), *_of_notices(notices, terms_on, as_of)]
    return pl.DataFrame(rows, schema=CLOCKS).sort("due_on", "clock", "subject")


def _of_decisions(
    decisions: pl.DataFrame, terms_on: Callable[[date], Redress], as_of: date
) -> Iterator[dict[str, Any]]:
    for row in decisions.iter_rows(named=True):
        filed, decided = row["filed_on"], row["decided_on"]
        if row["kind"] == "objection" and filed is not None and filed <= as_of:
            terms = terms_on(filed)
            within = {"annotate": terms.annotate_within_working_days, "decide": terms.decide_within_working_days}
            yield _clock("annotate", row, filed, within["annotate"], row["annotated_on"], terms, as_of)
            yield _clock("decide", row, filed, within["decide"], decided, terms, as_of)
        granted = row["outcome"] in ("granted", "upheld")
        if row["kind"] == "revocation" and granted and decided is not None and decided <= as_of:
            terms = terms_on(decided)
            within_days = terms.withdraw_within_working_days
            yield _clock("withdraw", row, decided, within_days, row["withdrawn_on"], terms, as_of)


CLAUSES = {
    "annotate": "annotate_within_working_days",
    "decide": "decide_within_working_days",
    "withdraw": "withdraw_within_working_days",
    "notice": "notice_wait_days",
}


def _clock(
    clock: str, row: Mapping[str, Any], started: date, within: int, done: date | None, terms: Redress, as_of: date
) -> dict[str, Any]:
    calendar = working_days(terms.holidays)
    due = calendar.after(started, within)
    done = done if done is not None and done <= as_of else None
    late = calendar.between(due, as_of if done is None else done)
    state = ("overdue" if late else "running") if done is None else ("late" if late else "done")
    return {
        "clock": clock,
        "subject": row["decision_id"],
        "enterprise_id": row["enterprise_id"],
        "record_id": row["record_id"],
        "agency": row["agency"],
        "officer": row["officer"],
        "came_from": row.get("came_from") or REGISTER,
        "started_on": started,
        "due_on": due,
        "done_on": done,
        "state": state,
        "days_late": late,
        "clause": str(terms.clauses[CLAUSES[clock]]),
    }


def _of_notices(notices: pl.DataFrame, terms_on: Callable[[date], Redress], as_of: date) -> Iterator[dict[str, Any]]:
    for row in notices.filter(pl.col("sent_on") <= as_of).iter_rows(named=True):
        terms = terms_on(row["sent_on"])
        due = effect_on(row["sent_on"], terms)
        early = max(0, (due - row["effect_on"]).days)
        begun = row["effect_on"] <= as_of
        yield {
            "clock": "notice",
            "subject": row["notice_id"],
            "enterprise_id": row["enterprise_id"],
            "officer": row["officer"],
            "came_from": REGISTER,
            "started_on": row["sent_on"],
            "due_on": due,
            "done_on": row["effect_on"] if begun else None,
            "state": "too_early" if early else "done" if begun else "waiting",
            "days_late": early,
            "clause": str(terms.clauses[CLAUSES["notice"]]),
        }


def by_official(found: pl.DataFrame) -> pl.DataFrame:
    """The clocks reported on the officials: one row per agency, officer and clock, worst first.

    Columns: agency, officer, clock, clocks, in_time, running, overdue, late, too_early, worst_days_late.
    """
    state = pl.col("state")
    return (
        found.group_by("agency", "officer", "clock")
        .agg(
            pl.len().cast(pl.Int64).alias("clocks"),
            (state == "done").sum().cast(pl.Int64).alias("in_time"),
            state.is_in(["running", "waiting"]).sum().cast(pl.Int64).alias("running"),
            *((state == name).sum().cast(pl.Int64).alias(name) for name in ("overdue", "late", "too_early")),
            pl.col("days_late").max().alias("worst_days_late"),
        )
        .sort("overdue", "worst_days_late", "agency", "officer", "clock", descending=[True, True, False, False, False])
    )
