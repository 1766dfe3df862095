"""The first later day on which an enterprise changes its tier for the better without doing anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import polars as pl

from config.in_force import Policy
from models.rating.encoding import Shard, encode
from models.rating.engine import prepare, rated
from models.rating.neighbourhood import only
from models.rating.rate import rate
from models.rating.rubric import FOREVER, Rubric, compile_rubric
from models.redress.known import as_known

MOST_DAYS = 5_000  # days looked at; a rating that still has not moved then is said not to move


@dataclass(frozen=True)
class Move:
    """On `on` the tier becomes `tier`, under the law as it stands on the day of the rating."""

    on: date
    tier: str


def first_move(
    enterprise_id: str,
    tables: Mapping[str, pl.DataFrame],
    policy: Policy,
    rank: int,
    history: pl.DataFrame | None,
    linked: bool,
) -> Move | None:
    """tables: the neighbourhood of the enterprise. linked: whether links may matter (slower, whole ratings)."""
    if rank == 0:
        return None
    tables = as_known(tables, policy.as_of)
    if linked or policy.figures:
        return _day_by_day(enterprise_id, tables, policy, rank, history)
    shard = encode(only(tables, pl.Series([enterprise_id])))
    rubric = compile_rubric(policy, shard.codes.items)
    day = policy.as_of
    for _ in range(MOST_DAYS):
        found, following = _on(shard, replace(rubric, policy=replace(policy, as_of=day)), history)
        if found < rank:
            return Move(day, policy.tiers[found].id)
        if following is None:
            return None
        day = following
    return None


def _on(shard: Shard, rubric: Rubric, history: pl.DataFrame | None) -> tuple[int, date | None]:
    """Rank on the rubric's day, and the first later day on which something changes."""
    rating = rated(prepare(shard, rubric, history))
    ahead = int(rating.changes_in[0])
    day = rubric.policy.as_of
    return int(rating.tier[0]), None if ahead >= FOREVER // 2 else day + timedelta(days=ahead)


def _day_by_day(
    enterprise_id: str, tables: Mapping[str, pl.DataFrame], policy: Policy, rank: int, history: pl.DataFrame | None
) -> Move | None:
    order = {tier.id: tier.rank for tier in policy.tiers}
    day = policy.as_of
    for _ in range(MOST_DAYS):
        row = rate(tables, replace(policy, as_of=day), history=history).row(
            by_predicate=pl.col("enterprise_id") == enterprise_id, named=True
        )
        if day > policy.as_of and order[row["tier"]] < rank:
            return Move(day, row["tier"])
        if row["next_change_on"] is None:
            return None
        day = row["next_change_on"]
    return None
