"""The firms that may bid, counted by tier: what the points are neutral over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from config.errors import InputError
from config.in_force import Policy

SMALL = ("micro", "small")
"""Sizes whose protection the policy asks for."""


@dataclass(frozen=True)
class Population:
    """Number of rated enterprises by tier, best to worst; `small`: those of them that are micro or small."""

    tiers: tuple[str, ...]
    count: Mapping[str, int]
    small: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.count.values())

    @property
    def small_total(self) -> int:
        return sum(self.small.values())


def population(ratings: pl.DataFrame, policy: Policy, enterprises: pl.DataFrame | None = None) -> Population:
    """Counts of RATINGS rows by the policy's tiers; with ENTERPRISES also those of micro and small firms.

    Raises InputError where a rating bears a tier the policy does not know, or there is no rating at all.
    """
    tiers = tuple(tier.id for tier in policy.tiers)
    count = _by_tier(ratings)
    unknown = sorted(set(count) - set(tiers))
    if unknown:
        message = f"the ratings bear tiers that pack {policy.pack} does not know: {', '.join(unknown)}."
        raise InputError(message, rule="tier", remedy="rate with the same pack")
    if not count:
        raise InputError("no ratings: there is no bidder population.", rule="population", remedy="rate first")
    small: dict[str, int] = {}
    if enterprises is not None:
        sizes = enterprises.filter(pl.col("size").is_in(SMALL)).select("enterprise_id")
        small = _by_tier(ratings.join(sizes, on="enterprise_id", how="semi"))
    return Population(tiers, {t: count.get(t, 0) for t in tiers}, {t: small.get(t, 0) for t in tiers} if small else {})


def _by_tier(ratings: pl.DataFrame) -> dict[str, int]:
    rated = ratings.filter(pl.col("tier").is_not_null())
    return dict(rated.group_by("tier").len().sort("tier").iter_rows())
