"""Quotas of a plan: what the policy wants by stratum, what the hours allow, region by region."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from models.inspection.crew import Crew, Ints
from models.inspection.demand import share_of_year
from models.inspection.draw import MICRO
from models.inspection.hours import region_hours
from models.inspection.quota import Quota, Stage, quota
from models.inspection.supply import Floats
from models.inspection.teams import Lottery
from models.inspection.terms import PlanInput

FLOOR = "random floor"
PUBLIC = b"quota"  # this lottery only measures hours: quotas do not depend on the secret seed
STRATUM = ("tier", "region", "industry", "count")


@dataclass(frozen=True)
class Allocation:
    """`strata`: one row per stratum with enterprises, pool, minutes, wanted, floor, and in micro-visits
    random_quota, directed_quota, sorted by stratum. `prices`: value of an hour by region and skill where hours bind."""

    strata: pl.DataFrame
    prices: pl.DataFrame
    held_back: tuple[str, ...]


def allocate(
    rows: pl.DataFrame, given: PlanInput, crew: Crew, districts: list[str], skills: list[str], days: list[str]
) -> Allocation:
    """Solves every region; strata that nobody can visit get nothing."""
    strata = _wanted(rows, given).with_columns(_index("region", districts), _index("industry", skills))
    fixed = rows.filter(_open() & (pl.col("must").is_not_null() | pl.col("statutory"))).with_columns(
        _index("region", districts), _index("industry", skills)
    )
    cell = strata["region_at"].to_numpy() * len(skills) + strata["industry_at"].to_numpy()
    fixed_cell = fixed["region_at"].to_numpy() * len(skills) + fixed["industry_at"].to_numpy()
    part = crew.district_region[strata["region_at"].to_numpy()] if len(strata) else np.zeros(0, np.int64)
    fixed_part = crew.district_region[fixed["region_at"].to_numpy()] if len(fixed) else np.zeros(0, np.int64)
    random, directed = np.zeros(len(strata)), np.zeros(len(strata))
    prices: list[tuple[str, str, int]] = []
    held: set[str] = set()
    for region in np.unique(np.concatenate([part, fixed_part])):
        here, must = np.flatnonzero(part == region), np.flatnonzero(fixed_part == region)
        cells = np.unique(np.concatenate([cell[here], fixed_cell[must]]))
        stages = _stages(strata[here], fixed[must], cell[here], fixed_cell[must], cells, given)
        found = _solve(stages, cells, crew, int(region), given, days)
        _spread(found, stages, here, given, random, directed)
        if found.held_back is not None:
            held.add(found.held_back)
            prices += _price_rows(found, cells, districts, skills)
    strata = strata.with_columns(
        pl.Series("random_quota", np.rint(random * MICRO).astype(np.int64)),
        pl.Series("directed_quota", np.rint(directed * MICRO).astype(np.int64)),
    ).drop("region_at", "industry_at")
    schema = {"region": pl.String, "industry": pl.String, "price": pl.Int64}
    return Allocation(strata, pl.DataFrame(prices, schema=schema, orient="row"), tuple(sorted(held)))


def _open() -> pl.Expr:
    return pl.col("barred").is_null()


def pool() -> pl.Expr:
    """Firms the draw may choose: neither barred nor visited anyway."""
    return _open() & pl.col("must").is_null() & ~pl.col("statutory")


def _index(column: str, names: list[str]) -> pl.Expr:
    place = {name: at for at, name in enumerate(names)}
    return pl.col(column).replace_strict(place, return_dtype=pl.Int64).alias(f"{column}_at")


def _wanted(rows: pl.DataFrame, given: PlanInput) -> pl.DataFrame:
    """Per stratum: enterprises, pool, mean minutes, visits wanted beside the fixed ones, random floor."""
    rules, share = given.policy.inspection, share_of_year(given)
    rate = {tier: (rate or 0) * share / 1000 for tier, rate in rules.rates.items()}
    floor = {tier: (rate or 0) * share / 1000 for tier, rate in rules.random_floor.items()}
    rated = rows.filter(~pl.col("barred").is_in(["not_active", "not_rated"]) | pl.col("barred").is_null())
    strata = rated.group_by(STRATUM).agg(
        pl.len().cast(pl.Int64).alias("enterprises"),
        pool().sum().cast(pl.Int64).alias("pool"),
        ((_open() & ~pool()) | (pl.col("barred") == "pinned")).fill_null(False).sum().cast(pl.Int64).alias("fixed"),
        pl.col("minutes").mean().alias("minutes"),
    )
    per_firm = (pl.col("tier").replace_strict(rate, default=0.0, return_dtype=pl.Float64) - pl.col("count") + 1).clip(
        0, 1
    )
    per_floor = pl.col("tier").replace_strict(floor, default=0.0, return_dtype=pl.Float64)
    asked = pl.col("enterprises") * per_firm
    rest = (asked - pl.col("fixed")).clip(0)
    least = pl.when(pl.col("count") == 1).then(pl.col("enterprises") * per_floor).otherwise(0.0)
    return strata.with_columns(
        asked.alias("asked"),
        pl.min_horizontal(pl.max_horizontal(rest, least), pl.col("pool")).alias("wanted"),
        pl.min_horizontal(least, pl.col("pool")).alias("floor"),  # whatever else happens
    ).sort(STRATUM)  # fmt: skip


def _stages(
    strata: pl.DataFrame, fixed: pl.DataFrame, cell: Ints, fixed_cell: Ints, cells: Ints, given: PlanInput
) -> list[Stage]:
    """Must, statutory, floor of all tiers, then the rates from the worst tier to the best."""
    stages = []
    for name, which in (("must", pl.col("must").is_not_null()), ("statutory", pl.col("must").is_null())):
        inside = fixed.select(which).to_series().to_numpy()
        at = np.searchsorted(cells, fixed_cell[inside])
        count = np.bincount(at, minlength=len(cells)).astype(np.float64)
        total = np.bincount(at, weights=fixed["minutes"].to_numpy()[inside], minlength=len(cells))
        some = np.flatnonzero(count)
        stages.append(Stage(name, some, some, total[some] / count[some], count[some]))
    at, minutes = np.searchsorted(cells, cell), strata["minutes"].to_numpy()
    floor = strata["floor"].to_numpy()
    every = np.arange(len(at))
    stages.append(Stage(FLOOR, every, at, minutes, floor))
    rest = strata["wanted"].to_numpy() - floor
    for tier in sorted(given.policy.tiers, key=lambda tier: -tier.rank):
        inside = np.flatnonzero((strata["tier"] == tier.id).to_numpy())
        stages.append(Stage(f"tier {tier.id}", inside, at[inside], minutes[inside], rest[inside]))
    return stages


def _solve(stages: list[Stage], cells: Ints, crew: Crew, region: int, given: PlanInput, days: list[str]) -> Quota:
    """Quotas within the hours of teams that can really be formed: first by inspectors' days alone, then within the
    team-days of a lottery held at the prices found."""
    by_risk = given.policy.inspection.directed_per_mille
    headroom = given.operations.headroom_per_mille * (2 if by_risk == 0 else 1)  # chance alone leaves no filler
    sizes = np.array(sorted(set(given.policy.inspection.visit_minutes.values())), dtype=np.int64)
    hours = region_hours(crew, region, cells, sizes, given.policy.inspection.team_size)
    free = quota(hours, cells, stages, headroom)
    price = {int(cell): round(float(found) * MICRO) for cell, found in zip(cells, free.prices.cell, strict=True)}
    worth = np.array([kind.minutes * max(price[int(cell)] for cell in kind.cells) for kind in hours.kinds], np.int64)
    lottery = Lottery(crew, hours, free.team_days, worth, PUBLIC, days)
    formed = sum((lottery.counts(day) for day in range(len(days))), np.zeros(len(hours.kinds), np.int64))
    kinds = tuple(replace(kind, most=int(count)) for kind, count in zip(hours.kinds, formed, strict=True))
    return quota(replace(hours, kinds=kinds), cells, stages, headroom)


def _spread(found: Quota, stages: list[Stage], here: Ints, given: PlanInput, random: Floats, directed: Floats) -> None:
    """Floor wholly at random; of the rest the policy's share by risk."""
    by_risk = given.policy.inspection.directed_per_mille / 1000
    for stage, allowed in zip(stages, found.allowed, strict=True):
        if stage.name == FLOOR:
            random[here[stage.rows]] += allowed
        elif stage.name.startswith("tier "):
            random[here[stage.rows]] += allowed * (1 - by_risk)
            directed[here[stage.rows]] += allowed * by_risk


def _price_rows(found: Quota, cells: Ints, districts: list[str], skills: list[str]) -> list[tuple[str, str, int]]:
    """Milli-visits that an hour more of a team would add, by district and skill."""
    return [
        (districts[int(cell) // len(skills)], skills[int(cell) % len(skills)], round(float(price) * 60 * 1000))
        for cell, price in zip(cells, found.prices.cell, strict=True)
    ]
