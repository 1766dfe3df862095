"""Rates for the next period, as a proposal for people: where visits find most, and enough of them to keep learning.

A share of the visits explores: it goes to tiers by Neyman's rule (pool × standard deviation), so that the next
estimates are sharp. The rest goes to the tier with the highest estimated rate first. Floors and caps of the policy
hold, a worse tier is never visited less often than a better one, and no rate moves more than a step from the present
one: one period's luck must not swing the plan.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from models.outcome.rates import MILLION

PROPOSAL = pl.Schema(
    {
        "tier": pl.String,
        "enterprises": pl.Int64,
        "rate_now": pl.Int64,  # per mille a period
        "rate_proposed": pl.Int64,
        "visits_now": pl.Int64,
        "visits_proposed": pl.Int64,
        "found_expected_now": pl.Int64,
        "found_expected": pl.Int64,
        "why": pl.String,  # floor, cap (of the policy), step (from the present rate), or yield (what it finds)
    }
)
"""One row per tier, best first."""


@dataclass(frozen=True)
class Limits:
    """What a tier's rate may be, per mille a period."""

    floor: int
    cap: int
    now: int

    def __post_init__(self) -> None:
        if not 0 <= self.floor <= self.cap:
            raise ValueError(f"Expected 0 <= floor <= cap, got {self.floor} and {self.cap}")


def propose_rates(
    rates: pl.DataFrame,
    enterprises: Mapping[str, int],
    limits: Mapping[str, Limits],
    *,
    visits: int,
    explore_per_mille: int,
    step_per_mille: int,
) -> pl.DataFrame:
    """PROPOSAL for the tiers of a RATES frame within `visits` visits of the period.

    A tier without an estimate is visited no less than now. `step_per_mille` bounds a change
    relative to the present rate (500 = at most half up or down). Where the floors alone need more than `visits`,
    the floors stand and nothing else is proposed.
    """
    if not (0 <= explore_per_mille <= 1000 and step_per_mille >= 0 and visits >= 0):
        raise ValueError("Expected explore_per_mille in [0, 1000], step_per_mille and visits not negative")
    tiers = [tier for tier in rates["tier"] if tier in limits]
    rate = dict(zip(rates["tier"], rates["rate"], strict=True))
    unknown = {tier for tier in tiers if rate[tier] is None}
    low, high = _room(tiers, enterprises, limits, step_per_mille, unknown)
    planned = dict(low)
    spare = max(visits - sum(low.values()), 0)
    explore = spare * explore_per_mille // 1000
    _give(planned, high, explore, {tier: enterprises[tier] * _deviation(rate[tier]) for tier in tiers})
    best_first = sorted(tiers, key=lambda tier: (-(rate[tier] or 0), -tiers.index(tier)))
    for tier in best_first:
        more = min(high[tier] - planned[tier], visits - sum(planned.values()))
        planned[tier] += max(more, 0)
    _in_order(tiers, enterprises, planned, low, high)
    rows = [_row(tier, enterprises[tier], limits[tier], planned[tier], rate[tier], low, high) for tier in tiers]
    return pl.DataFrame(rows, schema=PROPOSAL, orient="row")


def _room(
    tiers: list[str], enterprises: Mapping[str, int], limits: Mapping[str, Limits], step: int, unknown: set[str]
) -> tuple[dict[str, int], dict[str, int]]:
    """Fewest and most visits of each tier: the policy's, and one step around the present rate."""
    low, high = {}, {}
    for tier in tiers:
        bound = limits[tier]
        kept = 1000 if tier in unknown else max(1000 - step, 0)
        below = max(bound.floor, bound.now * kept // 1000)
        above = min(bound.cap, -(-bound.now * (1000 + step) // 1000))
        low[tier] = -(-enterprises[tier] * min(below, bound.cap) // 1000)
        high[tier] = max(enterprises[tier] * max(above, bound.floor) // 1000, low[tier])
    for better, worse in pairwise(tiers):  # the fewest of a worse tier never below those of the better one
        if enterprises[better]:
            alike = -(-low[better] * enterprises[worse] // enterprises[better])
            low[worse] = max(low[worse], min(alike, enterprises[worse] * limits[worse].cap // 1000))
            high[worse] = max(high[worse], low[worse])
    return low, high


def _deviation(rate: int | None) -> float:
    """Standard deviation of one firm's result; a tier nobody knows is as uncertain as can be."""
    if rate is None:
        return 0.5
    share = rate / MILLION
    return math.sqrt(max(share * (1 - share), 0.01 * 0.99))


def _give(planned: dict[str, int], high: Mapping[str, int], spare: int, weight: Mapping[str, float]) -> None:
    """`spare` visits in proportion to the weights, whole ones, up to the most."""
    total = sum(weight.values())
    for tier, share in weight.items():
        extra = int(spare * share / total) if total else 0
        planned[tier] += min(extra, high[tier] - planned[tier])


def _in_order(
    tiers: list[str],
    enterprises: Mapping[str, int],
    planned: dict[str, int],
    low: Mapping[str, int],
    high: Mapping[str, int],
) -> None:
    """A worse tier at least as often as the next better one: visits move to it; what it cannot take stays unspent."""
    for _ in tiers:
        for better, worse in pairwise(tiers):
            firms, more_firms = enterprises[better], enterprises[worse]
            excess = planned[better] * more_firms - planned[worse] * firms
            if excess <= 0:
                continue
            move = min(-(-excess // (firms + more_firms)), planned[better] - low[better], high[worse] - planned[worse])
            planned[better] -= move
            planned[worse] += move
            if more_firms:
                planned[better] = max(low[better], min(planned[better], planned[worse] * firms // more_firms))


def _row(
    tier: str,
    firms: int,
    bound: Limits,
    visits: int,
    rate: int | None,
    low: Mapping[str, int],
    high: Mapping[str, int],
) -> tuple[object, ...]:
    now = firms * bound.now // 1000
    share = (rate or 0) / MILLION
    per_mille = 1000 * visits // firms if firms else 0
    found_now, found = round(now * share), round(visits * share)
    return tier, firms, bound.now, per_mille, now, visits, found_now, found, _why(tier, bound, firms, visits, low, high)


def _why(tier: str, bound: Limits, firms: int, visits: int, low: Mapping[str, int], high: Mapping[str, int]) -> str:
    if visits <= low[tier]:
        return "floor" if visits <= -(-firms * bound.floor // 1000) else "step"
    if visits >= high[tier]:
        return "cap" if visits >= firms * bound.cap // 1000 else "step"
    return "yield"
