"""The population as a whole: how many, under which seed, seen from which day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import polars as pl

from models.synthetic.calibration import Calibration, calibration
from models.synthetic.draws import I64, Bool, Draws

EPOCH = date(1970, 1, 1)
HORIZON = 400
"""Days after `as_of` for which the population already has a future, so that deltas can be told night by night."""


@dataclass(frozen=True)
class World:
    """`n` enterprises of `seed`, anchored at `as_of`, as they are known on `as_of + nights`."""

    n: int
    seed: int
    as_of: date
    nights: int = 0
    density: float = 1.0

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError(f"Expected n ≥ 1, got {self.n}")
        if not 0 <= self.nights < HORIZON:
            raise ValueError(f"Expected nights in [0, {HORIZON}), got {self.nights}")
        if self.density <= 0:
            raise ValueError(f"Expected density > 0, got {self.density}")

    @cached_property
    def draws(self) -> Draws:
        return Draws(self.seed)

    @cached_property
    def scale(self) -> Calibration:
        return calibration()

    @property
    def anchor(self) -> int:
        """`as_of` in days since 1970: what everything is dated by."""
        return (self.as_of - EPOCH).days

    @property
    def today(self) -> int:
        """Last day that is known."""
        return self.anchor + self.nights

    @property
    def today_date(self) -> date:
        return self.as_of + timedelta(days=self.nights)

    @cached_property
    def districts(self) -> list[tuple[str, str, int, float, float]]:
        """Eight districts for a small population, sixteen for a large one."""
        count = min(len(self.scale.districts), 8 + self.n // self.scale.enterprises_per_district)
        return list(self.scale.districts[:count])


def days(values: I64, known: Bool | None = None) -> pl.Series:
    """Days since 1970 → Date; null where not `known`."""
    series = pl.Series(values.astype(np.int32)).cast(pl.Date)
    return series if known is None else pl.select(pl.when(pl.Series(known)).then(series)).to_series()
