"""A value of the law: date + unit + instrument + article, and the day by which somebody must look again.

Shape learned from openfisca's parameters and Catala's refusal to answer before coverage.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from config.errors import PolicyError, PolicyGap
from config.units import Unit

T = TypeVar("T", covariant=True)  # frozen, so covariant


class Strict(BaseModel):
    """Closed, frozen: an unknown key is an error, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Reference(Strict):
    """Where a value stands: an instrument of the pack's instruments.yaml and an article in it."""

    instrument: str
    article: str


class Entry(Strict, Generic[T]):
    """One value from one day on. `value: null` = the law has a value, we do not know it."""

    value: T | None
    reference: Reference
    verified: bool
    note: str | None = None


class Dated(Strict, Generic[T]):
    """A value over time. `ends` is the first day on which the law no longer has it (repealed)."""

    unit: Unit
    values: dict[date, Entry[T]] = Field(min_length=1)
    ends: date | None = None
    review_by: date | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Dated[T]:
        if list(self.values) != sorted(self.values):
            raise ValueError("dates must stand in ascending order")
        if self.ends is not None and self.ends <= max(self.values):
            raise ValueError(f"ends {self.ends} is not after the last date {max(self.values)}")
        return self

    def entry_at(self, day: date) -> tuple[date, Entry[T]]:
        """The entry in force on `day` and its first day; PolicyError before the first and after the end."""
        since = max((start for start in self.values if start <= day), default=None)
        if since is None:
            raise PolicyError(
                f"no value on {day}; the first is {min(self.values)}.",
                remedy="add the earlier text or move as_of",
            )
        if self.ends is not None and day >= self.ends:
            raise PolicyError(f"no value on {day}; it ended on {self.ends}.", remedy="add the successor or move as_of")
        return since, self.values[since]

    def covers(self, day: date) -> bool:
        """Whether the law has a value (known or not) on `day`."""
        return min(self.values) <= day and (self.ends is None or day < self.ends)

    def at(self, day: date) -> T:
        """The value in force on `day`; PolicyGap where it is null, PolicyError outside coverage."""
        _, entry = self.entry_at(day)
        if entry.value is None:
            raise PolicyGap(
                f"the value on {day} is not known ({entry.reference.instrument} {entry.reference.article}).",
                remedy="enter it with its reference, or choose a mode that does without",
            )
        return entry.value

    def change_dates(self) -> Iterator[date]:
        """Every day on which the value changes, the end included."""
        yield from self.values
        if self.ends is not None:
            yield self.ends
