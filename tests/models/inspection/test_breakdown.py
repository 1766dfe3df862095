"""Where visits come from and why some are missing adds up to the plan; the load is measured and even."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from models.inspection import PlanInput, make_plan
from models.inspection.breakdown import by_tier
from models.inspection.load import gini, load
from tests.models.inspection.world import policy, with_rules, world


@pytest.fixture(scope="module")
def short() -> PlanInput:
    """Fewer hours than the rates want; nobody is licensed for chemicals."""
    rules = with_rules(policy(), rates={"A": 500, "B": 1500, "C": 3000, "D": 3000})
    given = world(n=3000, inspectors=4, regions=1, policy=rules)
    skills = ["construction", "electronics", "food", "retail"]
    return replace(given, inspectors=given.inspectors.with_columns(skills=pl.lit(skills)))


def test_sources_and_losses_of_every_tier_and_region_add_up(short: PlanInput) -> None:
    plan = make_plan(short)
    rows = plan.figures["tiers"]
    assert {(row["tier"], row["region"]) for row in rows} == set(plan.quota.select("tier", "region").iter_rows())
    assert sum(row["planned"] for row in rows) == plan.visits.height
    for row in rows:
        sought = row["must"] + row["floor"] + row["rate"]
        named = sum(visits for _, _, visits in row["why"])
        assert row["short"] <= named + 1  # rounding to whole visits
        assert row["planned"] + row["short"] >= sought - 1e-3


def test_a_licence_nobody_has_and_hours_that_are_short_are_named(short: PlanInput) -> None:
    rows = by_tier(make_plan(short).figures["tiers"])
    reasons = {(reason, industry) for row in rows for reason, industry, _ in row["why"]}
    assert ("no_qualified_inspector", "chemicals") in reasons
    assert ("hours", "food") in reasons
    best = rows[0]
    assert best["tier"] == "A"
    assert best["short"] > 10


def test_a_surplus_over_the_rate_comes_from_the_floor_and_from_duties() -> None:
    rules = with_rules(policy(), rates=dict.fromkeys("ABCD", 0), random_floor=dict.fromkeys("ABCD", 100))
    plan = make_plan(world(n=2000, inspectors=24, musts=10, policy=rules))
    row = by_tier(plan.figures["tiers"])[0]
    assert row["rate"] == 0
    assert row["must"] > 0
    assert row["floor"] > 10
    assert abs(row["planned"] - row["must"] - row["floor"]) < 2


def test_work_is_spread_evenly_over_equal_inspectors(short: PlanInput) -> None:
    """Same districts, licences and hours: nobody gets half as much again as another."""
    given = replace(
        short, inspectors=short.inspectors.with_columns(daily_minutes=pl.lit(420, pl.Int64)),
        absences=short.absences.clear(), conflicts=short.conflicts.clear(),
    )  # fmt: skip
    plan = make_plan(given)
    (row,) = plan.figures["load"]
    assert row["inspectors"] == 4
    assert row["most"] < 1.1 * row["least"]
    assert row["gini"] < 30


def test_with_few_visits_the_lottery_prefers_the_less_loaded() -> None:
    """Hours are no constraint here: only the choice of the team that has worked least keeps the load even."""
    given = world(n=1500, inspectors=8, regions=1, musts=60)
    given = replace(
        given, inspectors=given.inspectors.with_columns(skills=pl.lit(["*"]), daily_minutes=pl.lit(420, pl.Int64)),
        absences=given.absences.clear(), conflicts=given.conflicts.clear(), visits=given.visits.clear(),
    )  # fmt: skip
    (row,) = make_plan(given).figures["load"]
    assert row["least"] > 0
    assert row["gini"] < 150


@pytest.mark.parametrize(
    ("minutes", "expected"), [([60, 60, 60], 0), ([0, 0, 90], 666), ([0, 0], 0), ([30, 90], 250), ([7], 0)]
)
def test_gini(minutes: list[int], expected: int) -> None:
    assert gini(np.array(minutes)) == expected


def test_an_inspector_without_visits_counts(short: PlanInput) -> None:
    visits = make_plan(short).visits.head(1)
    (row,) = load(visits, short.inspectors)
    assert (row["inspectors"], row["least"]) == (4, 0)
    assert row["most"] == visits["minutes"][0]
