"""Continuity: after sickness, a closure or an emergency the plan changes as little as possible.

In this order: no rule is broken, nothing worthier gives way to something less, few visits change. Visits that can
stand are pinned with day and people; those that cannot are placed again; a visit of a lower layer gives way only
where a higher one would otherwise be lost. Nobody is drawn anew. Ids of visits do not change.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import polars as pl

from models import records
from models.inspection.crew import build_crew
from models.inspection.demand import candidates
from models.inspection.give_way import those_that_give_way
from models.inspection.make import names_of, scheduled_visits
from models.inspection.pins import with_pins
from models.inspection.possible import obstacle
from models.inspection.problem import Problem, Solution
from models.inspection.quota_table import with_planned
from models.inspection.roster import build, schedule
from models.inspection.terms import Plan, PlanInput
from models.inspection.working_days import working_days

ROUNDS = 4


@dataclass(frozen=True)
class Changes:
    """What happened. Visits before `today` have taken place and stand."""

    today: date
    absences: pl.DataFrame = field(default_factory=lambda: records.empty(records.ABSENCES))
    must_visits: pl.DataFrame = field(default_factory=lambda: records.empty(records.MUST_VISITS))
    cancelled: tuple[str, ...] = ()  # visit ids that shall not take place


def changed_input(given: PlanInput, changes: Changes) -> PlanInput:
    """The input as it is now: check a new plan against this."""
    return replace(
        given,
        absences=pl.concat([given.absences, changes.absences.select(given.absences.columns)]),
        must_visits=pl.concat([given.must_visits, changes.must_visits.select(given.must_visits.columns)]),
    )


def replan(plan: Plan, given: PlanInput, changes: Changes) -> Plan:
    """The plan after the changes; `given` is the input it was made from. PlanError where nobody is left to work."""
    now = changed_input(given, changes)
    released = _broken(plan, now, changes)
    found = _attempt(plan, now, changes, released)
    for _ in range(ROUNDS):
        more = those_that_give_way(found.firms, found.problem, found.solution, plan, released)
        if not more:
            break
        released |= more
        found = _attempt(plan, now, changes, released)
    return _result(plan, found)


@dataclass(frozen=True)
class _Found:
    firms: pl.DataFrame
    problem: Problem
    solution: Solution
    visits: pl.DataFrame
    released: frozenset[str]
    cancelled: frozenset[str]


def _broken(plan: Plan, now: PlanInput, changes: Changes) -> set[str]:
    """Ids of visits ahead whose people are not there any more, or whose firm now needs another day."""
    ahead = plan.visits.filter(pl.col("visit_date") >= changes.today)
    away = ahead.explode("inspectors").join(now.absences, left_on="inspectors", right_on="inspector_id").filter(
        (pl.col("from_date").is_null() | (pl.col("from_date") <= pl.col("visit_date")))
        & (pl.col("to_date").is_null() | (pl.col("visit_date") <= pl.col("to_date")))
    )  # fmt: skip
    urgent = ahead.join(changes.must_visits, on="enterprise_id").filter(
        (pl.col("visit_date") < pl.col("not_before")).fill_null(False)
        | (pl.col("visit_date") > pl.col("not_after")).fill_null(False)
    )
    return {*away["visit_id"], *urgent["visit_id"]}


def _attempt(plan: Plan, now: PlanInput, changes: Changes, released: set[str]) -> _Found:
    """Everything not released stands; released visits and new duties are scheduled around it."""
    gone = released | set(changes.cancelled)
    kept = plan.visits.filter(~pl.col("visit_id").is_in(list(gone)) | (pl.col("visit_date") < changes.today))
    given = replace(now, pinned=kept)
    country = given.operations.holidays or given.policy.redress.holidays
    start = max(given.period_from, changes.today)
    days = working_days(start, given.period_to, given.policy.as_of, country, given.operations.weekend)
    rows = candidates(given, days)
    districts, skills = names_of(rows, given)
    crew = build_crew(given.inspectors, given.absences, days, districts, skills)
    back = plan.visits.filter(pl.col("visit_id").is_in(list(released))).select("enterprise_id", was="purpose")
    layer = pl.when(pl.col("must").is_not_null()).then(pl.lit("must")).otherwise(pl.col("was"))
    firms = rows.join(back.unique("enterprise_id"), on="enterprise_id", how="left").with_columns(layer.alias("layer"))
    firms = firms.filter(pl.col("layer").is_not_null() & pl.col("barred").is_null()).with_columns(
        pl.lit(False).alias("drawn"), pl.lit("").alias("stratum"), pl.lit(None, dtype=pl.Float64).alias("number"),
        pl.lit(None, dtype=pl.Float64).alias("probability"), pl.lit(0, dtype=pl.Int64).alias("risk_rank"),
        pl.lit("fit").alias("day_by"),
    )  # fmt: skip
    firms, pins = with_pins(firms.sort("enterprise_id", "count"), rows, given, crew, days)
    problem = build(firms, {}, given, crew, days, districts, skills, pins)
    solution = schedule(problem, firms, given)
    visits = _with_old_reasons(scheduled_visits(firms, problem, solution, given, days), plan)
    return _Found(firms, problem, solution, visits, frozenset(released), frozenset(changes.cancelled))


def _with_old_reasons(visits: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """A visit placed again keeps why its firm was chosen and for what."""
    old = plan.visits.select("visit_id", was_purpose="purpose", was_why="why_firm")
    keep = pl.col("was_why").is_not_null() & ~pl.col("why_firm").str.contains('"code":"must"')
    return (
        visits.join(old, on="visit_id", how="left", maintain_order="left")
        .with_columns(
            pl.when(keep).then("was_purpose").otherwise("purpose").alias("purpose"),
            pl.when(keep).then("was_why").otherwise("why_firm").alias("why_firm"),
        )
        .drop("was_purpose", "was_why")
    )


def _result(plan: Plan, found: _Found) -> Plan:
    visited = found.visits.select("enterprise_id").unique()
    why = [obstacle(found.problem, int(at)) for at in np.flatnonzero(found.solution.day < 0)]
    lost = found.firms.filter(pl.Series(found.solution.day < 0)).select("enterprise_id", "region", "tier").with_columns(
        pl.Series("reason", why, dtype=pl.String),
        pl.lit('{"since":"replan"}').alias("detail"),
    )  # fmt: skip
    off = plan.visits.filter(pl.col("visit_id").is_in(list(found.cancelled | found.released))).select(
        "enterprise_id",
        "region",
        "tier",
        pl.lit("cancelled").alias("reason"),
        pl.lit('{"since":"replan"}').alias("detail"),
    )
    before = pl.concat([plan.left_out, lost, off]).unique(
        ["enterprise_id", "reason"], keep="first", maintain_order=True
    )
    still = before.join(visited, on="enterprise_id", how="anti")
    urgent = lost.join(visited, on="enterprise_id", how="semi")
    named = pl.concat([still.unique("enterprise_id", keep="last", maintain_order=True), urgent]).sort("enterprise_id")
    return replace(
        plan,
        visits=found.visits,
        left_out=named,
        quota=with_planned(plan.quota, found.visits),
        objective=found.solution.objective,
        bound=found.solution.bound,
        notes=(*plan.notes, f"replanned: {len(found.released)} visits released, {len(lost)} could not be placed again"),
    )


def changed_visits(before: Plan, after: Plan) -> pl.DataFrame:
    """visit_id and what became of it: moved, dropped or new."""
    key = ["visit_id", "visit_date", "inspectors"]
    both = before.visits.select(key).join(
        after.visits.select(key), on="visit_id", how="full", suffix="_now", coalesce=True
    )
    what = (
        pl.when(pl.col("visit_date_now").is_null()).then(pl.lit("dropped"))
        .when(pl.col("visit_date").is_null()).then(pl.lit("new"))
        .when((pl.col("visit_date") != pl.col("visit_date_now")) | (pl.col("inspectors") != pl.col("inspectors_now")))
        .then(pl.lit("moved"))
    )  # fmt: skip
    return both.select("visit_id", what.alias("change")).drop_nulls("change").sort("visit_id")
