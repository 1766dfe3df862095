"""The first later day on which an enterprise changes its tier for the better without doing anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from config.in_force import Policy
from models.rating.acts import days_since_epoch
from models.rating.encoding import encode
from models.rating.engine import prepare, rated
from models.rating.neighbourhood import around, only
from models.rating.rate import rate
from models.rating.rubric import FOREVER, compile_rubric
from models.redress.known import as_known

EPOCH = date(1970, 1, 1)
MOST_DAYS = 5_000  # days looked at; a rating that still has not moved then is said not to move


@dataclass(frozen=True)
class Move:
    """On `on` the tier becomes `tier`, under the law as it stands on the day of the rating."""

    on: date
    tier: str


def first_moves(
    ranks: Mapping[str, int],
    tables: Mapping[str, pl.DataFrame],
    policy: Policy,
    history: pl.DataFrame | None,
    linked: bool,
) -> dict[str, Move]:
    """For each enterprise (id → rank today) its first move up; none for those that never move.

    tables: at least the neighbourhoods of the enterprises. linked: whether links may matter (slower, whole ratings).
    """
    tables = as_known(tables, policy.as_of)
    below = {name: rank for name, rank in ranks.items() if rank > 0}
    if linked or policy.figures:
        found = {name: _day_by_day(name, around(name, tables), policy, rank, history) for name, rank in below.items()}
        return {name: move for name, move in found.items() if move is not None}
    return _together(below, tables, policy, history) if below else {}


def _together(
    ranks: Mapping[str, int], tables: Mapping[str, pl.DataFrame], policy: Policy, history: pl.DataFrame | None
) -> dict[str, Move]:
    """All at once, each enterprise from its own next change to the one after."""
    shard = encode(only(tables, pl.Series(list(ranks))))
    rubric = compile_rubric(policy, shard.codes.items)
    names = shard.enterprises["enterprise_id"].to_list()
    former = np.array([ranks[name] for name in names])
    today = np.full(shard.size, days_since_epoch(policy.as_of), dtype=np.int64)
    waiting = np.ones(shard.size, dtype=np.bool_)
    found: dict[str, Move] = {}
    for _ in range(MOST_DAYS):
        rating = rated(prepare(shard, rubric, history, today))
        for place in np.flatnonzero(waiting & (rating.tier < former)):
            found[names[place]] = Move(EPOCH + timedelta(days=int(today[place])), policy.tiers[rating.tier[place]].id)
        waiting &= (rating.tier >= former) & (rating.changes_in < FOREVER // 2)
        if not waiting.any():
            break
        today = np.where(waiting, today + rating.changes_in, today)
    return found


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
