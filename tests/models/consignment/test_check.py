"""The checker finds what is broken: each test spoils a good plan in one way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest

from models.consignment import DayPlan, day_seed, examine, violations
from tests.models.consignment import morning
from tests.models.consignment.morning import DAY, SEED

ROWS = morning.declarations(400, must=25)
OFFICES = morning.offices(4000)


@pytest.fixture(scope="module")
def plan() -> DayPlan:
    return examine(DAY, ROWS, morning.tiers(), morning.policy(), None, OFFICES, SEED)


def broken(plan: DayPlan, offices: pl.DataFrame = OFFICES) -> set[str]:
    found = violations(plan, ROWS, morning.tiers(), morning.policy(), None, offices, day_seed(SEED, DAY))
    return {violation.rule for violation in found}


def without(why: str) -> Callable[[DayPlan], DayPlan]:
    """One declaration chosen for this reason goes home."""

    def spoil(plan: DayPlan) -> DayPlan:
        gone = plan.chosen.filter(why=why).head(1)["declaration_id"].item()
        left = plan.left_out.head(1).with_columns(declaration_id=pl.lit(gone))
        chosen = plan.chosen.filter(pl.col("declaration_id") != gone)
        return replace(plan, chosen=chosen, left_out=pl.concat([plan.left_out, left]))

    return spoil


def one_more(plan: DayPlan) -> DayPlan:
    """A declaration by the officer's whim."""
    extra = plan.left_out.head(1)
    row = plan.chosen.filter(why="risk").head(1).with_columns(declaration_id=pl.lit(extra["declaration_id"].item()))
    return replace(plan, chosen=pl.concat([plan.chosen, row]), left_out=plan.left_out.tail(-1))


def with_balance(**columns: pl.Expr) -> Callable[[DayPlan], DayPlan]:
    """Somebody wrote into the balance."""
    return lambda plan: replace(plan, balance=plan.balance.with_columns(**columns))


def with_chosen(change: Callable[[pl.DataFrame], pl.DataFrame]) -> Callable[[DayPlan], DayPlan]:
    """Somebody wrote into the list."""
    return lambda plan: replace(plan, chosen=change(plan.chosen))


SPOILT: dict[str, tuple[Callable[[DayPlan], DayPlan], str]] = {
    "must": (without("must"), "must"),
    "draw": (without("random"), "balance"),
    "whim": (one_more, "each_once"),
    "twice": (with_chosen(lambda rows: pl.concat([rows, rows.head(1)])), "each_once"),
    "shorter": (with_chosen(lambda rows: rows.with_columns(minutes=pl.lit(1, dtype=pl.Int64))), "minutes"),
    "ahead": (with_balance(account=pl.lit(-1)), "rate"),
    "counted": (with_balance(examined=pl.col("examined") + 1), "balance"),
}


def test_a_good_plan_breaks_nothing(plan: DayPlan) -> None:
    assert broken(plan) == set()


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_plan_is_found_out(plan: DayPlan, name: str) -> None:
    spoil, rule = SPOILT[name]
    assert rule in broken(spoil(plan))


def test_fewer_minutes_than_planned_are_found_out(plan: DayPlan) -> None:
    assert "minutes" in broken(plan, morning.offices(500))


def test_another_draw_is_found_out(plan: DayPlan) -> None:
    other = examine(DAY, ROWS, morning.tiers(), morning.policy(), None, OFFICES, b"another seed")
    found = violations(other, ROWS, morning.tiers(), morning.policy(), None, OFFICES, day_seed(SEED, DAY))
    assert "draw" in {violation.rule for violation in found}
