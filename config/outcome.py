"""What counts as found, for looking back at how well ratings foretold it (outcome.yaml of a pack)."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from config.conditions import Severity
from config.dated import Strict


class IndicatorFound(Strict):
    """A declared figure of the visit's day that reached a value."""

    name: str
    at_least: int


class RecordsFound(Strict):
    """Acts recorded on the visit's day, graded so."""

    severities: tuple[Severity, ...] = Field(min_length=1)


class OutcomeForm(Strict):
    """Which visits count and when something was found: by result, by a figure or by acts of that day."""

    purposes: tuple[str, ...] = Field(min_length=1)  # visits whose choice did not depend on the rating
    results: tuple[str, ...] = ()
    indicator: IndicatorFound | None = None
    records: RecordsFound | None = None

    @model_validator(mode="after")
    def _one_test(self) -> Self:
        if sum((bool(self.results), self.indicator is not None, self.records is not None)) != 1:
            raise ValueError("expected exactly one of results, indicator, records")
        return self
