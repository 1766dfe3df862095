"""Figures: what is measured, what it is worth, when it changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from config.figures import FigureRule
from config.in_force import Clause, Figure, Policy
from config.pack import Text
from config.policy import load_policy
from models.rating.figures import figure_points
from models.records import TABLES

DAY = date(2026, 6, 1)
FIRM = "cn:firm"
PLAIN = load_policy("market").at(DAY)


def policy(**rule: Any) -> Policy:
    """The market pack with one figure."""
    clause = Clause("demo-rubric", "1", DAY, verified=True)
    figure = Figure("it", Text(en="It", zh="其"), "market", FigureRule(**rule), clause)
    return replace(PLAIN, figures=(figure,))


def tables(**rows: list[dict[str, Any]]) -> dict[str, pl.DataFrame]:
    made = {name: pl.DataFrame(schema=schema) for name, schema in TABLES.items()}
    rows.setdefault("enterprises", [{"registered_on": date(2020, 1, 1)}])
    for name, given_rows in rows.items():
        full = [{**dict.fromkeys(TABLES[name].names()), "enterprise_id": FIRM, **row} for row in given_rows]
        made[name] = pl.DataFrame(full, schema=TABLES[name])
    return made


def declared(*values: int, name: str = "size") -> list[dict[str, Any]]:
    """The latest first, a month apart, the latest yesterday."""
    return [
        {"name": name, "period_end": DAY - timedelta(days=1 + 30 * place), "value": value}
        for place, value in enumerate(values)
    ]


def worth(found: pl.DataFrame) -> tuple[int | None, int, date | None]:
    row = found.row(0, named=True)
    return row["value"], row["points"], row["next_change_on"]


STEPS = [{"at_least": 5, "points": -1}, {"at_least": 10, "points": -3}]


@pytest.mark.parametrize(("take", "value"), [("latest", 4000), ("max", 9000), ("sum", 18_000), ("mean", 6000)])
def test_several_values_become_one(take: str, value: int) -> None:
    found = figure_points(tables(indicators=declared(4, 9, 5)), policy(indicator="size", take=take, steps=STEPS))
    assert worth(found)[0] == value


def test_a_mean_that_does_not_come_out_even_is_cut_to_thousandths() -> None:
    found = figure_points(
        tables(indicators=declared(1, 0, 1)), policy(indicator="size", take="mean", per_unit=Decimal("-0.3"))
    )
    assert worth(found)[:2] == (666, -199)  # 2/3 → 0.666; 0.666 × 0.3 → 0.199


@pytest.mark.parametrize(("value", "points"), [(4, 0), (5, -1000), (9, -1000), (10, -3000), (99, -3000)])
def test_the_highest_step_reached_counts(value: int, points: int) -> None:
    assert worth(figure_points(tables(indicators=declared(value)), policy(indicator="size", steps=STEPS)))[1] == points


def test_a_price_per_unit_stays_within_its_bounds() -> None:
    rule = policy(indicator="size", per_unit=-2, worst=-5)
    assert worth(figure_points(tables(indicators=declared(2)), rule))[1] == -4000
    assert worth(figure_points(tables(indicators=declared(9)), rule))[1] == -5000


def test_without_a_value_the_rule_says_what_it_costs() -> None:
    assert worth(figure_points(tables(), policy(indicator="size", steps=STEPS, missing=-2))) == (None, -2000, None)


def test_what_is_dated_today_or_later_is_not_known_yet() -> None:
    rows = [
        {"name": "size", "period_end": DAY, "value": 50},
        {"name": "size", "period_end": date(2027, 1, 1), "value": 9},
    ]
    assert worth(figure_points(tables(indicators=rows), policy(indicator="size", steps=STEPS)))[0] is None


def test_a_window_says_when_its_oldest_row_leaves() -> None:
    rule = policy(indicator="size", take="sum", within_days=45, steps=STEPS)
    found = figure_points(tables(indicators=declared(4, 9, 5)), rule)  # ages 1, 31, 61
    assert worth(found) == (13_000, -3000, DAY - timedelta(days=31) + timedelta(days=46))


def test_visits_are_counted_by_purpose_and_result() -> None:
    visits = [
        {"visit_date": date(2026, 5, 1), "purpose": "complaint", "result": "problem"},
        {"visit_date": date(2026, 5, 2), "purpose": "complaint", "result": "no_problem"},
        {"visit_date": date(2026, 5, 3), "purpose": "random", "result": "problem"},
    ]
    assert worth(figure_points(tables(visits=visits), policy(visits={}, steps=STEPS)))[0] == 3000
    filtered = policy(visits={"purposes": ["complaint"], "results": ["problem"]}, steps=STEPS)
    assert worth(figure_points(tables(visits=visits), filtered))[0] == 1000


def test_days_since_the_last_visit_change_on_the_day_of_the_next_step() -> None:
    visits = [
        {"visit_date": date(2026, 5, 25), "purpose": "random"},
        {"visit_date": date(2026, 5, 1), "purpose": "random"},
    ]
    found = figure_points(tables(visits=visits), policy(days_since_visit={}, steps=STEPS))
    assert worth(found) == (7000, -1000, date(2026, 6, 4))


def test_days_since_registration() -> None:
    firm = [{"registered_on": date(2026, 5, 20)}]
    rule = policy(days_registered=True, steps=[{"at_least": 0, "points": -4}, {"at_least": 30, "points": 0}])
    assert worth(figure_points(tables(enterprises=firm), rule)) == (12_000, -4000, date(2026, 6, 19))


@given(st.lists(st.integers(0, 100), min_size=1, max_size=6), st.integers(0, 5))
def test_the_order_of_rows_never_matters(values: list[int], turn: int) -> None:
    rows = declared(*values)
    turned = rows[turn:] + rows[:turn]
    rule = policy(indicator="size", take="mean", per_unit=Decimal("-0.7"))
    assert figure_points(tables(indicators=rows), rule).equals(figure_points(tables(indicators=turned), rule))


@given(st.integers(0, 40), st.integers(1, 60))
def test_nothing_changes_before_the_day_foretold(age: int, within: int) -> None:
    visits = [{"visit_date": DAY - timedelta(days=age + 1), "purpose": "random"}]
    rule = policy(visits={}, within_days=within, steps=[{"at_least": 1, "points": -1}])
    today = figure_points(tables(visits=visits), rule).row(0, named=True)
    if today["next_change_on"] is None:
        return
    before = figure_points(tables(visits=visits), replace(rule, as_of=today["next_change_on"] - timedelta(days=1)))
    on_it = figure_points(tables(visits=visits), replace(rule, as_of=today["next_change_on"]))
    assert before["points"].to_list() == [today["points"]]
    assert on_it["points"].to_list() != [today["points"]]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"steps": STEPS}, "exactly one of"),
        ({"indicator": "a", "days_registered": True, "steps": STEPS}, "exactly one of"),
        ({"indicator": "a"}, "either steps or per_unit"),
        ({"indicator": "a", "steps": STEPS, "per_unit": 1}, "either steps or per_unit"),
        ({"indicator": "a", "steps": STEPS[::-1]}, "ascend"),
    ],
)
def test_a_rule_that_says_too_much_or_too_little_is_refused(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        FigureRule(**rule)
