"""make_plan: demand → quota → draw → roster → reasons."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from config.errors import PlanError
from models import records
from models.inspection import keyed
from models.inspection.allocate import Allocation, allocate
from models.inspection.breakdown import breakdown
from models.inspection.crew import build_crew
from models.inspection.demand import candidates
from models.inspection.drawing import apply_draw
from models.inspection.load import load
from models.inspection.overload import overload
from models.inspection.pins import with_pins
from models.inspection.problem import Problem, Solution
from models.inspection.quota_table import quota_table
from models.inspection.reasons import why_day, why_firm, why_not, why_team
from models.inspection.roster import bar_impossible, build, chosen, schedule
from models.inspection.sooner import Wishes, delay, sooner, wishes
from models.inspection.terms import Plan, PlanInput
from models.inspection.working_days import working_days
from models.inspection.worst_first import worst_first


def make_plan(given: PlanInput) -> Plan:
    """The plan of one period.

    Deterministic: same input, same plan, for any number of workers and any order of rows. Raises PlanError, a named
    refusal, when there is nobody, no hour or no day to plan with; hard rules are never broken, what does not fit is
    left out with its reason.
    """
    if not given.seed:
        raise PlanError("seed: it is empty.", remedy="give the committed seed as bytes")
    country = given.operations.holidays or given.policy.redress.holidays
    days = working_days(given.period_from, given.period_to, given.policy.as_of, country, given.operations.weekend)
    rows = candidates(given, days)
    districts, skills = names_of(rows, given)
    crew = build_crew(given.inspectors, given.absences, days, districts, skills)
    rows = bar_impossible(rows, given, crew, days, districts, skills)
    allocation = allocate(rows, given, crew, districts, skills, [day.isoformat() for day in days])
    drawn = apply_draw(rows, allocation, given)
    firms, pins = with_pins(chosen(drawn), drawn.rows, given, crew, days)
    problem = build(firms, drawn.directed_quota, given, crew, days, districts, skills, pins)
    rules, ranks = given.policy.inspection, {tier.id: tier.rank for tier in given.policy.tiers}
    strict = bool(rules.strict_tiers)
    packed = worst_first(problem, firms, schedule(problem, firms, given), ranks, strict=strict)
    wished = wishes(problem, firms, rules.risk_first_per_mille, given.seed)
    ordered = sooner(problem, firms["enterprise_id"].to_list(), packed, wished, given.seed)
    solution = worst_first(problem, firms, ordered, ranks, strict=strict)
    firms = firms.with_columns(pl.Series("day_by", wished.by, dtype=pl.String))
    visits = scheduled_visits(firms, problem, solution, given, days)
    left_out = why_not(rows, drawn, allocation, problem, firms, solution, given)
    quota = quota_table(rows, allocation, drawn, visits, crew, districts)
    figures = _figures(firms, solution) | _waiting(wished, packed, ordered, len(days))
    return Plan(
        visits=visits,
        left_out=pl.concat([left_out, _unknown(given)]).cast(dict(records.PLAN_LEFT_OUT)),  # type: ignore[arg-type]
        quota=quota,
        draw=drawn.publication,
        objective=solution.objective,
        bound=solution.bound,
        period_from=given.period_from,
        period_to=given.period_to,
        notes=_notes(given, allocation, firms, problem, solution),
        lottery_bits=solution.bits,
        prices=allocation.prices,
        figures=figures | {"tiers": breakdown(rows, allocation, quota), "load": load(visits, given.inspectors)},
    )


def names_of(rows: pl.DataFrame, given: PlanInput) -> tuple[list[str], list[str]]:
    """Districts and skills in the order of their columns in every array."""
    of_inspectors = {name for names in given.inspectors["districts"].to_list() for name in names or ()} - {"*"}
    return sorted(set(rows["region"].unique()) | of_inspectors), sorted(rows["industry"].unique())


def scheduled_visits(
    firms: pl.DataFrame, problem: Problem, solution: Solution, given: PlanInput, days: list[date]
) -> pl.DataFrame:
    """PLAN_VISITS of what was scheduled, sorted by day, region, team, enterprise."""
    ids = np.array([*problem.crew.ids, ""])
    seated = solution.day >= 0
    period = f"{given.period_from}..{given.period_to}"
    table = firms.with_columns(
        pl.Series("visit_date", [days[at] if at >= 0 else None for at in solution.day.tolist()], dtype=pl.Date),
        pl.Series("one", ids[solution.one].tolist()),
        pl.Series("other", ids[solution.other].tolist()),
        pl.Series("possible_teams", _possible_teams(problem)),
        pl.Series(
            "visit_id",
            [keyed.visit_id(period, f, c) for f, c in zip(firms["enterprise_id"], firms["count"], strict=True)],
            dtype=pl.String,
        ),
    ).filter(pl.Series(seated) & ~pl.col("stands"))
    team = ["visit_date", "one", "other"]
    table = table.with_columns(
        pl.len().over(team).alias("team_visits"),
        pl.col("minutes").sum().over(team).alias("team_minutes"),
        pl.concat_list("one", "other").list.filter(pl.element() != "").alias("inspectors"),
        pl.when(pl.col("layer") == "must").then(pl.col("must").str.json_decode(pl.List(pl.String)).list.first())
        .otherwise("layer").alias("purpose"),
    ).with_columns(why_firm(), why_day([day.isoformat() for day in days]), why_team())  # fmt: skip
    fresh = table.select([pl.col(name).cast(kind) for name, kind in records.PLAN_VISITS.items()])
    both = fresh if given.pinned is None else pl.concat([fresh, given.pinned.select(fresh.columns)])
    return both.sort("visit_date", "region", pl.col("inspectors").list.join("+"), "enterprise_id")


def _possible_teams(problem: Problem) -> list[int]:
    """Teams that could have been sent to each visit by district, skill and clashes, whatever the day."""
    crew = problem.crew
    able = crew.districts.astype(np.int64).T @ crew.skills.astype(np.int64)
    free = able[problem.district, problem.skill] if len(problem.ids) else np.zeros(0, np.int64)
    n = np.maximum(free - np.diff(problem.clash_start), 0)
    return list((n * (n - 1) // 2 if problem.team_size == 2 else n).tolist())


def _unknown(given: PlanInput) -> pl.DataFrame:
    """Must-visits to firms that the register does not know: never dropped silently."""
    strange = given.must_visits.join(given.enterprises, on="enterprise_id", how="anti")
    return strange.select(
        "enterprise_id",
        pl.lit(None, dtype=pl.String).alias("region"),
        pl.lit(None, dtype=pl.String).alias("tier"),
        pl.lit("unknown_enterprise").alias("reason"),
        pl.struct("reason").struct.json_encode().alias("detail"),
    ).sort("enterprise_id", "detail")


def _notes(
    given: PlanInput, allocation: Allocation, firms: pl.DataFrame, problem: Problem, solution: Solution
) -> tuple[str, ...]:
    notes = [f"hours hold back: {name}" for name in allocation.held_back]
    rules = given.policy.inspection
    notes += [
        f"no rate known for tier {tier}: planned without one" for tier, rate in rules.rates.items() if rate is None
    ]
    late = firms.filter((pl.col("layer") == "must") & pl.Series(solution.day < 0))
    if len(late):
        duties = np.flatnonzero((firms["layer"] == "must").to_numpy())
        named = overload(problem, duties)
        notes += [named] if named is not None else []
        notes.append(f"{len(late)} visits that have to take place do not fit; each is named among those left out")
    return tuple(notes)


def _figures(firms: pl.DataFrame, solution: Solution) -> dict[str, int]:
    lots = firms.select((pl.col("layer") == "random").alias("random")).with_columns(
        pl.Series("seated", solution.day >= 0)
    )
    return {
        "drawn": int(lots["random"].sum()),
        "drawn_scheduled": int(lots.filter("random")["seated"].sum()),
        "risk_scheduled": int(firms.filter(pl.Series(solution.day >= 0))["value"].sum()),
    }


def _waiting(wished: Wishes, packed: Solution, ordered: Solution, days: int) -> dict[str, int]:
    """Weight × days from the wished day over all visits, as packed and as ordered."""
    return {"days": days, "wait_packed": delay(packed, wished), "wait": delay(ordered, wished)}
