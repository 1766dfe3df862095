"""Returned results → what the register remembers and the records it proposes, never a change to a rating or a day.

What was planned and not examined goes back onto the accounts: the next morning owes it (`models.consignment.debt`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import polars as pl

from config.conditions import Severity
from config.in_force import Policy
from models.consignment.account import WHOLE
from models.consignment.results import CLEAN, FOUND, OTHER, RESULTS, TOLD, UNSEEN, outcome
from models.consignment.terms import DayPlan, rules
from models.outcome.judged import Rule, judge
from models.records import RECORDS

AGENCY = "customs"
NOTES = pl.Schema({"sheet": pl.String, "row": pl.Int64, "note": pl.String})
"""What came of a row that was taken: proposed | owed | silent (the pack names no item) | unrated (no such enterprise)
| clean."""


@dataclass(frozen=True)
class Taken:
    """Results that are new, records proposed from them, what was refused, and what to say beside the good rows.

    `unchanged`: rows that say what was known already.
    """

    results: pl.DataFrame  # TOLD
    records: pl.DataFrame  # RECORDS
    refused: pl.DataFrame  # models.outcome.REFUSED
    notes: pl.DataFrame  # NOTES, of the unchanged rows too
    unchanged: int


def take(
    returned: pl.DataFrame,
    plan: DayPlan,
    policy: Policy,
    as_of: date,
    *,
    enterprises: pl.Series,
    known: pl.DataFrame | None = None,
) -> Taken:
    """Check RETURNED rows against the day's list and propose what they found.

    `enterprises`: ids of those the run rates; a record is proposed for no other importer, so never for a person.
    `known`: TOLD of this day from earlier returns; a row that contradicts one is refused.
    """
    rows = _beside_the_plan(returned, plan, TOLD.to_frame() if known is None else known)
    items = {code: finding.item for code, finding in rules(policy).findings.items()}
    rows = rows.with_columns(
        item=pl.col("result").replace_strict(items, default=None, return_dtype=pl.String),
        rated=pl.col("enterprise_id").is_in(enterprises.implode()).fill_null(False),
    )
    good, refused = judge(rows, tuple(_rules(policy, as_of, plan.day)))
    fresh = good.filter(~_as_known().fill_null(False))
    proposed = fresh.filter(pl.col("outcome") == FOUND, "rated", pl.col("item").is_not_null())
    notes = good.select("sheet", "row", note=_note()).cast(NOTES)
    told = _told(fresh, plan.day, policy)
    return Taken(told, _records(proposed, plan.day, as_of), refused, notes, good.height - fresh.height)


def _beside_the_plan(returned: pl.DataFrame, plan: DayPlan, known: pl.DataFrame) -> pl.DataFrame:
    """returned with the plan's columns, what was known before, and what the result comes to."""
    planned = plan.chosen.select(
        "declaration_id", "office", "tier", "why", "drawn", planned_firm="enterprise_id", planned=True
    )
    before = known.select(
        "declaration_id",
        was="result",
        was_severity="severity",
        was_on="examined_on",
        was_by=pl.col("officers").list.sort(),
    )
    rows = returned.join(planned, on="declaration_id", how="left", maintain_order="left")
    rows = rows.join(before, on="declaration_id", how="left", maintain_order="left").with_columns(outcome=outcome())
    seen = pl.col("outcome").is_in([CLEAN, FOUND])
    return rows.with_columns(
        day=pl.when(seen).then(pl.col("examined_on").fill_null(pl.lit(plan.day))),
        people=pl.when(seen).then("officers").otherwise(pl.lit([], dtype=pl.List(pl.String))),
    )


def _rules(policy: Policy, as_of: date, day: date) -> Iterator[Rule]:
    column, pick = pl.col, "choose one from the list"
    found, unseen = column("outcome") == FOUND, column("outcome") == UNSEEN
    team = policy.inspection.team_size
    yield Rule("unknown_declaration", "declaration_id", column("planned").is_null(), "not on this list", "use its list")
    other = ~column("planned_firm").eq_missing(column("enterprise_id"))
    yield Rule("other_firm", "enterprise_id", other, "the declaration is another importer's", "restore the row")
    twice = ~column("declaration_id").is_first_distinct()
    yield Rule("duplicate_id", "declaration_id", twice, "stands twice in what came back", "remove one of the rows")
    yield Rule("required", "result", column("result").is_null(), "the result is missing", pick)
    yield Rule("unknown_code", "result", ~column("result").is_in(list(RESULTS)), "not a result of the list", pick)
    clear = "clear the cell or correct the result"
    for name, what in (("severity", "graded"), ("examined_on", "dated")):
        both = unseen & column(name).is_not_null()
        yield Rule("contradiction", name, both, f"not examined, yet {what} as if it had been", clear)
    needless = (column("outcome") == CLEAN) & column("severity").is_not_null()
    yield Rule("contradiction", "severity", needless, "a severity, but no irregularity", clear)
    yield Rule("required", "severity", found & column("severity").is_null(), "a finding needs its severity", pick)
    odd = column("severity").is_not_null() & ~column("severity").is_in(list(Severity))
    yield Rule("unknown_code", "severity", odd, "not a severity of the list", pick)
    early = column("examined_on") < day
    yield Rule("date_order", "examined_on", early, f"before the list's day, {day}", "enter the day it was examined")
    late = pl.max_horizontal("examined_on", pl.lit(day)) > as_of
    yield Rule("future_date", "examined_on", late, f"lies after {as_of}", "enter the day it was examined")
    few = ~unseen & (column("officers").list.n_unique().fill_null(0) < team)
    yield Rule("team_size", "officers", few, f"fewer than {team} officers", "name those who examined, with 、 between")
    why = (column("result") == OTHER) & column("remark").is_null()
    yield Rule("required", "remark", why, "not examined, and nobody says why", "say why in the remark")
    changed = column("was").is_not_null() & ~_as_known()
    said = "this declaration came back with another result, day or officers before"
    yield Rule("contradiction", "result", changed, said, "have an officer correct it in the register")


def _as_known() -> pl.Expr:
    """Result, severity, day and officers are those of an earlier return."""
    same = pl.col("was") == pl.col("result")
    for before, now in (("was_severity", pl.col("severity")), ("was_on", pl.col("day"))):
        same &= pl.col(before).eq_missing(now)
    return same & (pl.col("was_by") == pl.col("people").list.sort())


def _note() -> pl.Expr:
    found = pl.col("outcome") == FOUND
    return (
        pl.when(pl.col("outcome") == UNSEEN)
        .then(pl.lit("owed"))
        .when(found & pl.col("item").is_null())
        .then(pl.lit("silent"))
        .when(found & ~pl.col("rated"))
        .then(pl.lit("unrated"))
        .when(found)
        .then(pl.lit("proposed"))
        .otherwise(pl.lit("clean"))
    )


def _told(rows: pl.DataFrame, day: date, policy: Policy) -> pl.DataFrame:
    with_rate = [tier for tier, rate in rules(policy).rates.items() if rate is not None]
    unseen = pl.col("outcome") == UNSEEN
    return (
        rows.with_columns(
            account=WHOLE * (unseen & ~pl.col("drawn") & pl.col("tier").is_in(with_rate)).cast(pl.Int64),
            floor_account=WHOLE * (unseen & pl.col("drawn")).cast(pl.Int64),
            examined_on=pl.col("day"),
            officers=pl.col("people"),
        )
        .with_columns(day=pl.lit(day))
        .select(pl.col(name).cast(dtype) for name, dtype in TOLD.items())
        .sort("declaration_id")
    )


def _records(rows: pl.DataFrame, day: date, as_of: date) -> pl.DataFrame:
    """RECORDS of an irregularity each: the declaration is the act, so that another report of it is the same act."""
    missing = ("amount", "corrected_on", "ends_on", "revoked_on")
    return (
        rows.with_columns(
            record_id=pl.format("examination:{}:{}:{}", pl.lit(day.isoformat()), "declaration_id", "item"),
            act_id=pl.col("declaration_id"),
            act_date=pl.col("day"),
            known_on=pl.max_horizontal("day", pl.lit(as_of)),
            agency=pl.lit(AGENCY),
        )
        .with_columns(pl.lit(None, dtype=RECORDS[name]).alias(name) for name in missing)
        .select(pl.col(name).cast(dtype) for name, dtype in RECORDS.items())
        .sort("record_id")
    )
