"""What counts as found, for looking back at how well ratings foretold it (outcome.yaml of a pack)."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from config.dated import Strict


class IndicatorFound(Strict):
    """A declared figure of the visit's day that reached a value."""

    name: str
    at_least: int


class OutcomeForm(Strict):
    """Which visits count and when something was found: by result, or by a figure declared on that day."""

    purposes: tuple[str, ...] = Field(min_length=1)  # visits whose choice did not depend on the rating
    results: tuple[str, ...] = ()
    indicator: IndicatorFound | None = None

    @model_validator(mode="after")
    def _one_test(self) -> Self:
        if (not self.results) == (self.indicator is None):
            raise ValueError("expected either results or indicator")
        return self
