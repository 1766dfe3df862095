"""Returned results → proposed visits and records: input of the next run, never a change to a rating.

Each rule is a test over the frame; a row is refused by the first it breaks, the others of the file are taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import polars as pl

from config.conditions import Severity
from config.in_force import Policy
from models.outcome.judged import Rule, judge
from models.outcome.returned import FOUND, RESULTS
from models.outcome.staff import Staff, with_flaws
from models.records import RECORDS, VISITS, empty

AGENCY = "inspection"


@dataclass(frozen=True)
class Proposed:
    """Visits that took place, records proposed from them, and what was refused.

    `unchanged`: rows that say what was known already; the same file twice proposes nothing new.
    """

    visits: pl.DataFrame  # VISITS
    records: pl.DataFrame  # RECORDS
    refused: pl.DataFrame  # REFUSED
    unchanged: int


def propose(
    returned: pl.DataFrame,
    planned: pl.DataFrame,
    policy: Policy,
    as_of: date,
    *,
    known: pl.DataFrame | None = None,
    staff: Staff | None = None,
) -> Proposed:
    """Check RETURNED rows against the plan (PLAN_VISITS) and the catalogue of `policy`.

    Rows that name inspectors were carried out by them instead of the planned ones; `staff` says who may.
    `known` are the VISITS taken from earlier returns: a row that repeats one is counted as unchanged, a row that
    contradicts one is refused (a correction is a decision of an officer, not of a spreadsheet).
    """
    firms = planned.select("visit_id", pl.col("enterprise_id").alias("planned_firm"), "inspectors", "purpose")
    taken = (empty(VISITS) if known is None else known).select(
        "visit_id", known_date="visit_date", known_result="result", known_people=pl.col("inspectors").list.sort()
    )
    rows = (
        returned.rename({"inspectors": "present"})
        .join(firms, on="visit_id", how="left", maintain_order="left")
        .join(taken, on="visit_id", how="left", maintain_order="left")
        .with_columns(
            outcome=pl.col("result").replace_strict(RESULTS, default=None, return_dtype=pl.String),
            inspectors=pl.when(pl.col("present").list.len() > 0).then("present").otherwise("inspectors"),
        )
    )
    rows, rules = with_flaws(rows, staff), tuple(_rules(policy, as_of))
    good, refused = judge(rows, rules)
    same = _as_known()
    fresh = good.filter(~same.fill_null(False))
    return Proposed(_visits(fresh), _records(fresh, as_of), refused, good.height - fresh.height)


def _rules(policy: Policy, as_of: date) -> Iterator[Rule]:
    column = pl.col
    found = column("outcome").is_in(FOUND)
    adverse = [code for code, item in policy.items.items() if min(item.points.values(), default=0) < 0]
    team = policy.inspection_rules.team_size if policy.inspection_rules else 1
    pick = "choose one from the list"
    yield Rule("unknown_visit", "visit_id", column("planned_firm").is_null(), "no visit of this plan", "use its roster")
    other = column("planned_firm") != column("enterprise_id")
    yield Rule("other_firm", "enterprise_id", other, "the visit was planned to another enterprise", "restore the row")
    twice = ~pl.struct("visit_id").is_first_distinct()
    yield Rule("duplicate_id", "visit_id", twice, "the visit stands twice in what came back", "remove one of the rows")
    yield Rule("required", "visited_on", column("visited_on").is_null(), "the day is missing", "enter the day")
    late = column("visited_on") > as_of
    yield Rule("future_date", "visited_on", late, f"lies after {as_of}", "enter the day on which the visit took place")
    yield Rule("required", "result", column("result").is_null(), "the result is missing", pick)
    yield Rule("unknown_code", "result", column("outcome").is_null(), "not a result of the list", pick)
    yield Rule("required", "item", found & column("item").is_null(), "a problem needs what was found", pick)
    strange = column("item").is_not_null() & ~column("item").is_in(adverse)
    yield Rule("unknown_item", "item", strange, "not an adverse item of the catalogue", pick)
    needless = ~found & column("item").is_not_null()
    yield Rule("contradiction", "item", needless, "an item, but no problem", "clear the item or correct the result")
    yield Rule("required", "severity", found & column("severity").is_null(), "a problem needs its severity", pick)
    odd = column("severity").is_not_null() & ~column("severity").is_in(list(Severity))
    yield Rule("unknown_code", "severity", odd, "not a severity of the list", pick)
    before = column("corrected_on") < column("visited_on")
    yield Rule("date_order", "corrected_on", before, "corrected before the visit", "enter the day of the correction")
    few = column("inspectors").list.n_unique().fill_null(0) < team
    yield Rule("team_size", "inspectors", few, f"fewer than {team} inspectors", "name those who were there")
    absent = "enter the names of those who were there"
    yield Rule("unknown_inspector", "inspectors", column("stranger"), "not an inspector of the run", absent)
    yield Rule("district", "inspectors", column("elsewhere"), "does not serve this inspectorate", absent)
    yield Rule("licence", "inspectors", column("unlicensed"), "without a licence on that day", absent)
    yield Rule("skill", "inspectors", column("unskilled"), "not licensed for this industry", absent)
    recused = "the visit does not count: have it repeated by others"
    yield Rule(
        "conflict", "inspectors", column("conflicted"), "has a conflict of interest with this enterprise", recused
    )
    changed = column("known_result").is_not_null() & ~_as_known()
    said = "this visit came back with another result, day or team before"
    yield Rule("contradiction", "result", changed, said, "have an officer correct it in the register")


def _as_known() -> pl.Expr:
    """Day, result and people are those of an earlier return."""
    people = pl.col("known_people") == pl.col("inspectors").list.sort()
    return (pl.col("known_date") == pl.col("visited_on")) & (pl.col("known_result") == pl.col("outcome")) & people


def _visits(rows: pl.DataFrame) -> pl.DataFrame:
    renamed = rows.with_columns(visit_date=pl.col("visited_on"), result=pl.col("outcome"))
    return renamed.select(pl.col(name).cast(dtype) for name, dtype in VISITS.items()).sort("visit_id")


def _records(rows: pl.DataFrame, as_of: date) -> pl.DataFrame:
    found = rows.filter(pl.col("outcome").is_in(FOUND))
    missing = [pl.lit(None, dtype=RECORDS[name]).alias(name) for name in ("amount", "ends_on", "revoked_on")]
    return (
        found.with_columns(
            record_id=pl.format("{}:{}:{}", pl.lit(AGENCY), "visit_id", "item"),
            act_id=pl.col("visit_id"),
            act_date=pl.col("visited_on"),
            known_on=pl.max_horizontal("visited_on", pl.col("entered_on").fill_null(as_of)),
            agency=pl.lit(AGENCY),
        )
        .with_columns(missing)
        .select(pl.col(name).cast(dtype) for name, dtype in RECORDS.items())
        .sort("record_id")
    )
