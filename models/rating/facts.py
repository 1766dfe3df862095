"""What the conditions of gates ask about the enterprises of a shard, and the answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from config.conditions import (
    Acts,
    AgeTest,
    AmountOfActs,
    Condition,
    CountOfActs,
    HeldTier,
    IndicatorTest,
    PointsTest,
    RatioOfActs,
    TierElsewhere,
)
from config.units import MILLI
from models.rating.history import meant
from models.rating.rubric import FOREVER, Flags, IntArray, Rubric, cells_of

MILLION = 1_000_000


@dataclass
class Facts:
    """Arrays over eidx.

    today: days since the epoch; counted: acts that weigh (eidx, cell, age, amount); listed: list id → on it;
    indicators: name → (value, known); registered: days since the epoch, FOREVER unknown; dimensions and score in
    milli-points; elsewhere: eidx, pack, tier; held: eidx, tier, gates, age (days since that rating)
    """

    rubric: Rubric
    size: int
    today: IntArray
    counted: pl.DataFrame
    listed: dict[str, Flags]
    indicators: dict[str, tuple[IntArray, Flags]]
    registered: IntArray
    dimensions: IntArray
    score: IntArray
    elsewhere: pl.DataFrame
    held: pl.DataFrame
    cache: dict[Acts, Flags] = field(default_factory=dict)

    def none(self) -> Flags:
        return np.zeros(self.size, dtype=np.bool_)

    def among(self, eidx: pl.Series) -> Flags:
        """True for the enterprises that occur."""
        flags = self.none()
        flags[eidx.to_numpy()] = True
        return flags


def holds(condition: Condition, facts: Facts) -> Flags:
    """For each enterprise, whether the condition is met."""
    for name, answer in _ANSWERS.items():
        part = getattr(condition, name)
        if part is not None:
            return answer(part, facts)
    raise ValueError("Expected a condition with exactly one kind set")  # excluded by its type


def _all(parts: tuple[Condition, ...], facts: Facts) -> Flags:
    return reduce(np.logical_and, [holds(part, facts) for part in parts], ~facts.none())


def _any(parts: tuple[Condition, ...], facts: Facts) -> Flags:
    return reduce(np.logical_or, [holds(part, facts) for part in parts], facts.none())


def _none(parts: tuple[Condition, ...], facts: Facts) -> Flags:
    return ~_any(parts, facts)


def _listed(list_id: str, facts: Facts) -> Flags:
    return facts.listed.get(list_id, facts.none())


def matching(acts: Acts, facts: Facts) -> Flags:
    """Which of the counted acts a set of acts names (over rows of facts.counted)."""
    rubric = facts.rubric
    key = Acts(items=acts.items, dimensions=acts.dimensions, severities=acts.severities, within_days=acts.within_days)
    if key not in facts.cache:
        chosen = cells_of(acts, rubric.policy, rubric.codes)[facts.counted["cell"].to_numpy()]
        if acts.within_days is not None:
            chosen &= facts.counted["age"].to_numpy() <= acts.within_days
        facts.cache[key] = chosen
    return facts.cache[key]


def number_of(acts: Acts, facts: Facts) -> IntArray:
    """How many acts, per enterprise."""
    chosen = facts.counted["eidx"].to_numpy()[matching(acts, facts)]
    return np.bincount(chosen, minlength=facts.size).astype(np.int64)


def _count(test: CountOfActs, facts: Facts) -> Flags:
    return number_of(test, facts) >= test.at_least


def _amount(test: AmountOfActs, facts: Facts) -> Flags:
    chosen = matching(test, facts)
    eidx = facts.counted["eidx"].to_numpy()[chosen]
    amount = facts.counted["amount"].fill_null(0).to_numpy()[chosen]
    if test.each:
        return np.bincount(eidx[amount > test.over], minlength=facts.size) >= test.at_least
    return np.bincount(eidx, weights=amount, minlength=facts.size).astype(np.int64) > test.over


def _ratio(test: RatioOfActs, facts: Facts) -> Flags:
    value, known = _figure(test.per, facts)
    over = number_of(test, facts) * MILLION > test.over_per_million * value
    return np.where(known & (value > 0), over, np.bool_(test.without_indicator)).astype(np.bool_)


def _figure(name: str, facts: Facts) -> tuple[IntArray, Flags]:
    return facts.indicators.get(name, (np.zeros(facts.size, dtype=np.int64), facts.none()))


def _indicator(test: IndicatorTest, facts: Facts) -> Flags:
    value, known = _figure(test.name, facts)
    met = known.copy()
    if test.over is not None:
        met &= value > test.over
    if test.at_least is not None:
        met &= value >= test.at_least
    if test.below is not None:
        met &= value < test.below
    return met


def _age(test: AgeTest, facts: Facts) -> Flags:
    known = facts.registered < FOREVER
    age = facts.today - facts.registered
    met = known.copy()
    if test.below_days is not None:
        met &= age < test.below_days
    if test.at_least_days is not None:
        met &= age >= test.at_least_days
    return met


def _points(test: PointsTest, facts: Facts) -> Flags:
    if test.dimension is None:
        total: npt.NDArray[np.int64] = facts.score
    else:
        total = facts.dimensions[:, facts.rubric.dimensions.index(test.dimension)]
    met = ~facts.none()
    if test.below is not None:
        met &= total < test.below * MILLI
    if test.at_least is not None:
        met &= total >= test.at_least * MILLI
    return met


def _tier_of(test: TierElsewhere, facts: Facts) -> Flags:
    rows = facts.elsewhere.filter((pl.col("pack") == test.pack) & pl.col("tier").is_in(list(test.tiers)))
    return facts.among(rows["eidx"])


def _held(test: HeldTier, facts: Facts) -> Flags:
    return facts.among(meant(test, facts.held)["eidx"])


_ANSWERS: dict[str, Callable[[Any, Facts], Flags]] = {
    "all": _all,
    "any": _any,
    "none": _none,
    "listed": _listed,
    "count": _count,
    "amount": _amount,
    "ratio": _ratio,
    "indicator": _indicator,
    "age": _age,
    "points": _points,
    "tier_of": _tier_of,
    "held": _held,
}
