"""The closed set of conditions a gate may state, as data: each is evaluated by models/rating/tier.py.

Exactly one key stands in every condition; `all`, `any`, `none` nest.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from config.dated import Strict


class Severity(StrEnum):
    """How grave an act is, as the deciding agency graded it."""

    minor = "minor"
    general = "general"
    serious = "serious"


class Acts(Strict):
    """Which acts count: by item or dimension (empty = all), graded so, decided within so many days."""

    items: tuple[str, ...] = ()
    dimensions: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    within_days: int | None = Field(default=None, gt=0)


class CountOfActs(Acts):
    """Number of acts ≥ at_least."""

    at_least: int = Field(default=1, gt=0)


class AmountOfActs(Acts):
    """Sum of amounts over `over` (minor units of the pack's currency); `each` asks it of single acts."""

    over: int = Field(ge=0)
    each: bool = False
    at_least: int = Field(default=1, gt=0)  # with `each`: how many such acts


class RatioOfActs(Acts):
    """Acts per million of an indicator (documents filed, …) over a threshold.

    An enterprise without the indicator meets it when `without_indicator` is true (Order 251: no document
    count → amounts alone).
    """

    per: str
    over_per_million: int = Field(ge=0)
    without_indicator: bool = False


class IndicatorTest(Strict):
    """A declared figure of the enterprise against a threshold (its own unit)."""

    name: str
    over: int | None = None
    at_least: int | None = None
    below: int | None = None

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if self.over is None and self.at_least is None and self.below is None:
            raise ValueError("expected at least one of over, at_least, below")
        return self


class AgeTest(Strict):
    """Days since registration."""

    below_days: int | None = Field(default=None, gt=0)
    at_least_days: int | None = Field(default=None, gt=0)


class PointsTest(Strict):
    """Total points (or one dimension's), in points as written."""

    dimension: str | None = None
    below: int | None = None
    at_least: int | None = None


class TierElsewhere(Strict):
    """The tier another pack gives the same enterprise (carry-down)."""

    pack: str
    tiers: tuple[str, ...] = Field(min_length=1)


class HeldTier(Strict):
    """A tier held by this enterprise in an earlier period, optionally only where a gate caused it."""

    tiers: tuple[str, ...] = Field(min_length=1)
    within_days: int = Field(gt=0)
    by_gates: tuple[str, ...] = ()


class Condition(Strict):
    """Exactly one of the fields is set."""

    all: tuple[Condition, ...] | None = None
    any: tuple[Condition, ...] | None = None
    none: tuple[Condition, ...] | None = None
    listed: str | None = None
    count: CountOfActs | None = None
    amount: AmountOfActs | None = None
    ratio: RatioOfActs | None = None
    indicator: IndicatorTest | None = None
    age: AgeTest | None = None
    points: PointsTest | None = None
    tier_of: TierElsewhere | None = None
    held: HeldTier | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError(f"expected exactly one kind of condition, got {sorted(self.model_fields_set)}")
        return self
