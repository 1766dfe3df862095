"""Visits that stand: a second plan for the same period keeps them and asks their firms for nothing more."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from config.errors import PlanError
from models import records
from models.inspection import make_plan, violations
from tests.models.inspection.world import frame, world


def test_two_plans_for_one_period_do_not_collide() -> None:
    given = world(n=600, inspectors=9)
    first = make_plan(given)
    again = replace(given, pinned=first.visits, seed=b"a second draw")
    second = make_plan(again)
    assert violations(second, again) == []
    kept = second.visits.join(first.visits, on="visit_id", how="semi").sort("visit_id")
    assert_frame_equal(kept, first.visits.sort("visit_id"))
    both = second.visits.group_by("enterprise_id").len().filter(pl.col("len") > 1)
    assert both.is_empty()


def test_a_pinned_visit_whose_inspector_left_is_a_named_refusal() -> None:
    given = world(n=300)
    plan = make_plan(given)
    gone = plan.visits["inspectors"][0][0]
    left = given.inspectors.filter(pl.col("inspector_id") != gone)
    with pytest.raises(PlanError, match=f"{gone} is not an inspector"):
        make_plan(replace(given, inspectors=left, pinned=plan.visits))


def test_a_pinned_visit_whose_inspector_is_ill_is_a_named_refusal() -> None:
    given = world(n=300)
    plan = make_plan(given)
    ill = plan.visits["inspectors"][0][0]
    rows = [{"inspector_id": ill, "from_date": date(2026, 7, 1), "to_date": date(2026, 9, 30)}]
    with pytest.raises(PlanError, match="cannot work together"):
        make_plan(replace(given, absences=frame(rows, records.ABSENCES), pinned=plan.visits))
