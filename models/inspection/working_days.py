"""Working days and who is there on them."""

from __future__ import annotations

from datetime import date, timedelta

import holidays as holiday_calendars
import numpy as np
import numpy.typing as npt
import polars as pl

from config.errors import PlanError


def working_days(
    period_from: date, period_to: date, as_of: date, country: str | None, weekend: tuple[int, ...]
) -> list[date]:
    """Working days of the period from `as_of` on; PlanError names the rule when there are none."""
    if period_to < period_from:
        raise PlanError(f"period: {period_to} lies before {period_from}.", remedy="swap the dates")
    if period_to < as_of:
        raise PlanError(f"period: it ended on {period_to}, before {as_of}.", remedy="plan a later period or move as_of")
    if (period_to - period_from).days > 366:
        raise PlanError(f"period: {period_from} to {period_to} is longer than a year.", remedy="plan a year at most")
    first = max(period_from, as_of)
    closed = _holidays(country, first.year, period_to.year)
    days = [first + timedelta(days=step) for step in range((period_to - first).days + 1)]
    found = [day for day in days if day.weekday() not in weekend and day not in closed]
    if not found:
        raise PlanError(
            f"working days: none between {first} and {period_to}.", remedy="choose a period with a working day"
        )
    return found


def _holidays(country: str | None, first_year: int, last_year: int) -> frozenset[date]:
    if country is None:
        return frozenset()
    try:
        return frozenset(holiday_calendars.country_holidays(country, years=range(first_year, last_year + 1)))
    except NotImplementedError as error:
        raise PlanError(f"holidays: no calendar {country!r}.", remedy="use a code of the holidays library") from error


def presence(inspectors: pl.DataFrame, absences: pl.DataFrame, days: list[date]) -> npt.NDArray[np.bool_]:
    """Shape (inspectors, days): licensed and not absent; a null licence_to is no licence, a null to_date is open."""
    place = {name: row for row, name in enumerate(inspectors["inspector_id"])}
    there = np.zeros((len(place), len(days)), dtype=np.bool_)
    for row, licence_to in enumerate(inspectors["licence_to"]):
        if licence_to is not None:
            there[row] = [day <= licence_to for day in days]
    for name, start, end in absences.select("inspector_id", "from_date", "to_date").iter_rows():
        row_of = place.get(name)
        if row_of is None:
            continue
        for at, day in enumerate(days):
            if (start is None or start <= day) and (end is None or day <= end):
                there[row_of, at] = False
    return there
