"""Who goes where on which day: turns the chosen firms into a problem, solves it, reads the answer back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import polars as pl

from models.inspection.crew import Crew, Ints
from models.inspection.drawing import Drawn
from models.inspection.possible import obstacle, possible
from models.inspection.problem import Problem, Solution
from models.inspection.solve import solve
from models.inspection.terms import PlanInput

LAYERS = ("must", "statutory", "random", "directed")  # a visit of one layer outweighs all of the next in its hours


def chosen(drawn: Drawn) -> pl.DataFrame:
    """Candidates to schedule, with their layer: must, statutory, random or directed."""
    layer = (
        pl.when(pl.col("must").is_not_null()).then(pl.lit("must"))
        .when(pl.col("statutory")).then(pl.lit("statutory"))
        .when("drawn").then(pl.lit("random"))
        .when("directed").then(pl.lit("directed"))
    )  # fmt: skip
    return (
        drawn.rows.with_columns(layer.alias("layer"))
        .filter(pl.col("layer").is_not_null() & pl.col("barred").is_null())
        .sort("enterprise_id", "count")
    )


def build(
    firms: pl.DataFrame,
    directed_quota: Mapping[tuple[str, str], int],
    given: PlanInput,
    crew: Crew,
    days: list[date],
    districts: list[str],
    skills: list[str],
    pins: dict[int, tuple[int, int, int]] | None = None,
) -> Problem:
    """The problem of scheduling `firms` (from `chosen`)."""
    top = int(firms["value"].max() or 1) + 1  # type: ignore[arg-type]
    step = 2 * (1 + -(-int(firms["minutes"].max() or 1) // int(firms["minutes"].min() or 1)))  # type: ignore[arg-type]
    names = sorted({(tier, region) for tier, region in directed_quota})
    group_at = {name: at + 3 for at, name in enumerate(names)}
    layer = firms["layer"].to_list()
    fixed = {"must": 0, "statutory": 1, "random": 2}
    group = [
        fixed.get(kind, group_at.get((tier, region), 2))
        for kind, tier, region in zip(layer, firms["tier"], firms["region"], strict=True)
    ]
    start, clash = clashes(firms["enterprise_id"].to_list(), given, crew)
    target = [len(firms)] * 3 + [directed_quota[name] for name in names]
    return Problem(
        ids=tuple(f"{name}|{count}" for name, count in zip(firms["enterprise_id"], firms["count"], strict=True)),
        value=firms["value"].to_numpy().astype(np.int64),
        minutes=firms["minutes"].to_numpy().astype(np.int64),
        district=_at(firms["region"], districts),
        skill=_at(firms["industry"], skills),
        group=np.array(group, dtype=np.int64),
        first=firms["first"].to_numpy().astype(np.int64),
        last=firms["last"].to_numpy().astype(np.int64),
        clash_start=start,
        clash=clash,
        crew=crew,
        days=tuple(day.isoformat() for day in days),
        premium=np.array([top * step**3, top * step**2, top * step] + [top] * len(names)),
        target=np.array(target, dtype=np.int64),
        over=np.array([0, 0, 0] + [top * step**3] * len(names)),
        travel_minutes=given.operations.travel_minutes,
        team_size=given.policy.inspection.team_size,
        pins=pins or {},
    )


def _at(values: pl.Series, names: list[str]) -> Ints:
    place = {name: at for at, name in enumerate(names)}
    return np.array([place[value] for value in values], dtype=np.int64)


def recused(given: PlanInput) -> pl.DataFrame:
    """Inspectors who may not return yet: inspector_id, enterprise_id, until (first day allowed again)."""
    frames = [given.visits.select("inspectors", "enterprise_id", "visit_date")]
    since = given.period_from - timedelta(days=given.policy.inspection.recusal_days)
    return (
        pl.concat(frames).filter(pl.col("visit_date") > since).explode("inspectors", empty_as_null=False)
        .rename({"inspectors": "inspector_id"})
        .group_by("inspector_id", "enterprise_id").agg(pl.col("visit_date").max())
        .with_columns((pl.col("visit_date") + timedelta(days=given.policy.inspection.recusal_days)).alias("until"))
    )  # fmt: skip


def clashes(firms: list[str], given: PlanInput, crew: Crew) -> tuple[Ints, Ints]:
    """Sparse table (start, inspectors) of who may not go to each firm: conflicts of interest and recent visits."""
    person = {name: at for at, name in enumerate(crew.ids)}
    pairs = pl.concat(
        [
            given.conflicts.select("enterprise_id", "inspector_id"),
            recused(given).select("enterprise_id", "inspector_id"),
        ]
    ).unique()
    by_firm: dict[str, list[int]] = {}
    wanted = set(firms)
    for firm, name in pairs.iter_rows():
        if firm in wanted and name in person:
            by_firm.setdefault(firm, []).append(person[name])
    lists = [sorted(by_firm.get(firm, ())) for firm in firms]
    start = np.cumsum([0, *map(len, lists)])
    return start.astype(np.int64), np.array([p for found in lists for p in found], dtype=np.int64)


def schedule(problem: Problem, given: PlanInput) -> Solution:
    """Solves; deterministic for any number of workers."""
    return solve(problem, given.seed, given.operations.effort, given.operations.workers)


def bar_impossible(
    rows: pl.DataFrame, given: PlanInput, crew: Crew, days: list[date], districts: list[str], skills: list[str]
) -> pl.DataFrame:
    """Bars firms that no team could visit on any day, before the draw: the pool holds none that cannot be visited."""
    open_rows = rows.filter(pl.col("barred").is_null()).with_columns(pl.lit("random").alias("layer"))
    problem = build(open_rows, {}, given, crew, days, districts, skills)
    everybody = np.arange(len(open_rows))
    blocked = everybody[~possible(problem, everybody)]
    why = open_rows[blocked.tolist()].select("enterprise_id", "count").with_columns(
        pl.Series("impossible", [obstacle(problem, int(at)) for at in blocked], dtype=pl.String)
    )  # fmt: skip
    joined = rows.join(why, on=["enterprise_id", "count"], how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("barred", "impossible").alias("barred")).drop("impossible")
