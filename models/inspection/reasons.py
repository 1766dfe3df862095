"""Reasons: why this firm, this day, these people; and one true reason for every firm without a visit.

Codes for a firm left out, in the order in which they are asked:
not_active, not_rated, cap, interval, no_qualified_inspector, conflict, hours, tier_exempt, hours_quota, not_drawn.
Arguments stand beside the code as JSON.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from models.inspection.allocate import Allocation
from models.inspection.crew import Crew
from models.inspection.drawing import Drawn
from models.inspection.possible import obstacle
from models.inspection.problem import Problem, Solution
from models.inspection.terms import PlanInput


def as_json(*parts: pl.Expr | str) -> pl.Expr:
    """One JSON object of named columns."""
    return pl.struct(*parts).struct.json_encode()


def code(name: str) -> pl.Expr:
    return pl.lit(name).alias("code")


def why_firm() -> pl.Expr:
    """Must and statutory by their cause, drawn by number and probability, directed by its rank in risk."""
    return (
        pl.when(pl.col("layer") == "must")
        .then(as_json(code("must"), pl.col("must").alias("reasons"), pl.col("drawn").alias("also_drawn")))
        .when(pl.col("layer") == "statutory")
        .then(as_json(code("statutory"), pl.col("last_visit").cast(pl.String)))
        .when(pl.col("layer") == "random")
        .then(as_json(code("drawn"), "stratum", "number", "probability"))
        .otherwise(
            as_json(code("by_risk"), "tier", pl.col("value").alias("risk"), (pl.col("risk_rank") + 1).alias("rank"))
        )
        .alias("why_firm")
    )


def why_day(days: list[str]) -> pl.Expr:
    """The window the rules leave, that this day holds the visit beside the others of its team, and what brought it
    there: risk (early where risk is high), lot (a day drawn from the window), fit (as the hours fell), stands."""
    names = pl.Series(days)

    def name(column: str) -> pl.Expr:
        return pl.lit(names).gather(pl.col(column).clip(0, len(days) - 1)).alias(column)

    return as_json(code("fits_team_day"), name("first"), name("last"), "team_visits", "team_minutes", "day_by").alias(
        "why_day"
    )


def why_team() -> pl.Expr:
    """Licensed for the industry and district, free of conflicts, put together by lottery."""
    return as_json(
        code("lottery"), pl.col("industry").alias("skill"), pl.col("region").alias("district"), "possible_teams"
    ).alias("why_team")


def why_not(
    rows: pl.DataFrame,
    drawn: Drawn,
    allocation: Allocation,
    problem: Problem,
    firms: pl.DataFrame,
    solution: Solution,
    given: PlanInput,
) -> pl.DataFrame:
    """PLAN_LEFT_OUT: every enterprise without a scheduled visit, and every must-visit that found no place."""
    placed = firms.select("enterprise_id", "count").with_columns(
        pl.Series("scheduled", solution.day >= 0),
        pl.Series("obstacle", _obstacles(problem, solution)),
        pl.Series("hour_price", solution.price),
    )
    table = (
        drawn.rows.join(placed, on=["enterprise_id", "count"], how="left", maintain_order="left")
        .join(_strata(allocation), on=["tier", "region", "industry", "count"], how="left", maintain_order="left")
        .with_columns(pl.col("scheduled").fill_null(False))
    )
    visited = table.filter("scheduled").select("enterprise_id").unique()
    must = table.filter(pl.col("must").is_not_null() & ~pl.col("scheduled"))
    first = table.filter(pl.col("count") == 1).join(visited, on="enterprise_id", how="anti")
    first = first.filter(pl.col("barred").fill_null("") != "pinned")
    left = pl.concat([first, must.filter(pl.col("count") > 1)]).with_columns(_reason(problem.crew, given))
    return left.select("enterprise_id", "region", "tier", "reason", _detail().alias("detail")).sort(
        "enterprise_id", "detail"
    )


def _strata(allocation: Allocation) -> pl.DataFrame:
    return allocation.strata.select(
        "tier", "region", "industry", "count", "random_quota", "directed_quota", "wanted", "asked",
        (pl.col("random_quota") + pl.col("directed_quota")).alias("quota"),
    )  # fmt: skip


def _reason(crew: Crew, given: PlanInput) -> pl.Expr:
    by_risk = (pl.col("directed") & (pl.col("risk_rank") < pl.col("by_risk"))).fill_null(False)
    called = pl.col("must").is_not_null() | pl.col("statutory") | pl.col("drawn") | by_risk
    chosen = pl.col("obstacle").is_not_null() & ((pl.col("obstacle") != "hours") | called)
    return (
        pl.when(pl.col("barred").is_not_null()).then("barred")
        .when(chosen).then("obstacle")
        .when(pl.col("asked").fill_null(0) <= 0).then(pl.lit("tier_exempt"))
        .when(pl.col("wanted").fill_null(0) <= 0).then(pl.lit("quota_filled"))
        .when(pl.col("quota").fill_null(0) <= 0).then(pl.lit("hours_quota"))
        .otherwise(pl.lit("not_drawn")).alias("reason")
    )  # fmt: skip


def _detail() -> pl.Expr:
    barred = as_json(pl.col("last_visit").cast(pl.String), "must")
    hours = as_json(
        pl.col("industry").alias("skill"), pl.col("region").alias("district"), "minutes", "hour_price", "must"
    )
    quota = as_json("stratum", pl.col("wanted").round(3), "quota")
    number = as_json("stratum", "number", "probability", "measure")
    blocked = pl.col("reason").is_in(["not_active", "not_rated", "cap", "interval"])
    return (
        pl.when(blocked).then(barred)
        .when(pl.col("reason").is_in(["no_qualified_inspector", "conflict", "window", "hours"])).then(hours)
        .when(pl.col("reason").is_in(["tier_exempt", "quota_filled", "hours_quota"])).then(quota)
        .otherwise(number)
    )  # fmt: skip


def _obstacles(problem: Problem, solution: Solution) -> list[str | None]:
    """For each chosen but unscheduled visit what stands against it; null for scheduled ones."""
    found: list[str | None] = [None] * len(problem.ids)
    for at in np.flatnonzero(solution.day < 0):
        found[int(at)] = obstacle(problem, int(at))
    return found
