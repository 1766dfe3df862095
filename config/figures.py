"""Points from figures: declared indicators, visits and age, as dated rules of a pack.

A figure is a number about an enterprise on a day; steps or a price per unit turn it into points of a dimension.
Evaluated by models/rating/figures.py.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Self

from pydantic import Field, model_validator

from config.dated import Dated, Strict
from config.pack import Text


class Take(StrEnum):
    """How several values within the window become one."""

    latest = "latest"
    mean = "mean"
    max = "max"
    sum = "sum"


class VisitFilter(Strict):
    """Which visits are meant: by purpose and result, empty = all."""

    purposes: tuple[str, ...] = ()
    results: tuple[str, ...] = ()


class LastYear(Strict):
    """Whether the enterprise's last rating of the calendar year before was one of `tiers`, by none of these gates."""

    tiers: tuple[str, ...] = Field(min_length=1)
    not_by_gates: tuple[str, ...] = ()


class FigureStep(Strict):
    """From this value on, these points (they replace those of the step before)."""

    at_least: Decimal
    points: Decimal


class FigureRule(Strict):
    """What is measured (exactly one of the first five) and what it is worth (steps or per_unit)."""

    indicator: str | None = None
    visits: VisitFilter | None = None  # number of visits
    days_since_visit: VisitFilter | None = None
    days_registered: bool | None = None
    last_year: LastYear | None = None  # 1 where it was so, 0 where not
    take: Take = Take.latest  # of an indicator
    within_days: int | None = Field(default=None, gt=0)
    steps: tuple[FigureStep, ...] = ()
    per_unit: Decimal | None = None
    worst: Decimal = Decimal(-1_000_000)  # bounds of per_unit
    best: Decimal = Decimal(1_000_000)
    missing: Decimal = Decimal(0)  # points where there is no value at all

    @model_validator(mode="after")
    def _one_measure(self) -> Self:
        kinds = ("indicator", "visits", "days_since_visit", "days_registered", "last_year")
        named = [kind for kind in kinds if getattr(self, kind) is not None]
        if len(named) != 1:
            raise ValueError(f"expected exactly one of {', '.join(kinds)}, got {named}")
        if (self.per_unit is None) == (not self.steps):
            raise ValueError("expected either steps or per_unit")
        if any(later.at_least <= earlier.at_least for earlier, later in pairwise(self.steps)):
            raise ValueError("steps must ascend by at_least")
        return self


class FigureForm(Strict):
    """figures.yaml: one figure that counts."""

    title: Text
    dimension: str
    rule: Dated[FigureRule]
