"""Dated values and the integers they become."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from config.dated import Dated
from config.errors import PolicyError, PolicyGap
from config.units import milli, points_text

REFERENCE = {"instrument": "act", "article": "1"}
DAYS = st.dates(date(2000, 1, 1), date(2030, 1, 1))


def dated(values: dict[date, int | None], **more: object) -> Dated[int]:
    entries = {day: {"value": value, "reference": REFERENCE, "verified": True} for day, value in values.items()}
    return Dated[int].model_validate({"unit": "points", "values": entries, **more})


@given(st.sets(DAYS, min_size=1, max_size=6), DAYS)
def test_the_latest_value_not_after_the_day_holds(starts: set[date], day: date) -> None:
    value = dated({start: place for place, start in enumerate(sorted(starts))})
    before = [place for place, start in enumerate(sorted(starts)) if start <= day]
    if not before:
        assert not value.covers(day)
        with pytest.raises(PolicyError, match=f"the first is {min(starts)}"):
            value.at(day)
    else:
        assert value.covers(day)
        assert value.at(day) == before[-1]


def test_from_its_end_a_value_is_gone() -> None:
    value = dated({date(2020, 1, 1): 1}, ends=date(2021, 1, 1))
    assert value.at(date(2020, 12, 31)) == 1
    with pytest.raises(PolicyError, match="ended on 2021-01-01"):
        value.at(date(2021, 1, 1))
    assert list(value.change_dates()) == [date(2020, 1, 1), date(2021, 1, 1)]


def test_an_end_before_the_last_date_is_refused() -> None:
    with pytest.raises(ValidationError, match="not after the last date"):
        dated({date(2020, 1, 1): 1}, ends=date(2020, 1, 1))


def test_null_is_a_gap_not_a_zero() -> None:
    value = dated({date(2020, 1, 1): None})
    assert value.covers(date(2020, 1, 1) + timedelta(days=1))
    with pytest.raises(PolicyGap, match="not known"):
        value.at(date(2020, 1, 2))


@given(st.integers(-10_000_000, 10_000_000))
def test_points_survive_being_written_and_read(points: int) -> None:
    assert milli(points_text(points)) == points


def test_more_than_three_decimals_are_refused() -> None:
    assert milli(Decimal("-1.125")) == -1125
    with pytest.raises(ValueError, match="three decimals"):
        milli("0.0001")
