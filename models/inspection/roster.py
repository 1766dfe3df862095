"""Who goes where on which day: turns the chosen firms into a problem, solves it, reads the answer back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from models.inspection.crew import Crew, Ints
from models.inspection.drawing import Drawn
from models.inspection.exact import Limits
from models.inspection.possible import obstacle, possible
from models.inspection.problem import Problem, Solution
from models.inspection.returns import too_soon, unseated, with_clashes
from models.inspection.solve import solve
from models.inspection.terms import PlanInput

RETURN_ROUNDS = 4
WORTH = 1000  # a visit is worth at most so much beside its layer
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
    """The problem of scheduling `firms` (from `chosen`), in any order that does not depend on the input's."""
    groups = _groups(firms, directed_quota, given)
    start, clash = clashes(firms["enterprise_id"].to_list(), given, crew)
    return Problem(
        ids=tuple(f"{name}|{count}" for name, count in zip(firms["enterprise_id"], firms["count"], strict=True)),
        value=1 + firms["value"].to_numpy().astype(np.int64) * (WORTH - 1) // max(1, int(firms["value"].max() or 1)),  # type: ignore[arg-type]
        minutes=firms["minutes"].to_numpy().astype(np.int64),
        district=_at(firms["region"], districts),
        skill=_at(firms["industry"], skills),
        group=groups.of_visit,
        first=firms["first"].to_numpy().astype(np.int64),
        last=firms["last"].to_numpy().astype(np.int64),
        clash_start=start,
        clash=clash,
        crew=crew,
        days=tuple(day.isoformat() for day in days),
        premium=groups.premium,
        target=groups.target,
        over=groups.over,
        travel_minutes=given.operations.travel_minutes,
        team_size=given.policy.inspection.team_size,
        pins=pins or {},
        district_names=tuple(districts),
        skill_names=tuple(skills),
    )


@dataclass(frozen=True)
class _Groups:
    of_visit: Ints
    premium: Ints
    target: Ints
    over: Ints


def _groups(firms: pl.DataFrame, quota: Mapping[tuple[str, str], int], given: PlanInput) -> _Groups:
    """One group per layer and tier (by risk: and region, at most its quota). Premiums make a visit outweigh whatever
    its hours could hold of the next layer; inside a layer worse tiers come first."""
    longest, shortest = int(firms["minutes"].max() or 1), int(firms["minutes"].min() or 1)  # type: ignore[arg-type]
    rank = {tier.id: 1 + tier.rank for tier in given.policy.tiers}
    step = (1 + -(-longest // shortest)) * len(rank)
    place: dict[tuple[str, str, str], int] = {}
    of_visit = []
    for layer, tier, region in zip(firms["layer"], firms["tier"], firms["region"], strict=True):
        key = (layer, tier or "", region if layer == "directed" and (tier, region) in quota else "")
        of_visit.append(place.setdefault(key, len(place)))
    weight = {layer: WORTH * step**power for power, layer in enumerate(reversed(LAYERS))}
    premium = [weight[layer] * rank.get(tier, 1) for layer, tier, _ in place]
    target = [quota[tier, region] if region else len(firms) for _, tier, region in place]
    over = [weight["random"] if region else 0 for _, _, region in place]
    return _Groups(*(np.array(column, dtype=np.int64) for column in (of_visit, premium, target, over)))


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


def schedule(problem: Problem, firms: pl.DataFrame, given: PlanInput) -> Solution:
    """Solves; deterministic for any number of workers. A firm with several visits gets other people each time."""
    office, rules, names = given.operations, given.policy.inspection, firms["enterprise_id"].to_list()
    exempt = (firms["layer"] == "must").to_list()
    small = Limits(office.exact_choices, office.exact_work)
    for _ in range(RETURN_ROUNDS):
        found = solve(problem, given.seed, office.effort, office.workers, small)
        again, close = too_soon(problem, names, exempt, found, rules.recusal_days, rules.min_interval_days)
        if not again:
            break
        problem = with_clashes(problem, again)
    while again or close:
        found = unseated(problem, found, [*again, *close])
        again, close = too_soon(problem, names, exempt, found, rules.recusal_days, rules.min_interval_days)
    return found


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
