"""After sickness or an emergency: lawful again, everything that can stand stands, ids do not change."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from models import records
from models.inspection import Plan, PlanInput, make_plan, violations
from models.inspection.replan import Changes, changed_input, changed_visits, replan
from tests.models.inspection.world import frame, world

TODAY = date(2026, 7, 3)  # most visits come early, where hours are no constraint


@pytest.fixture(scope="module")
def given() -> PlanInput:
    return world(n=2500, inspectors=14)


@pytest.fixture(scope="module")
def plan(given: PlanInput) -> Plan:
    return make_plan(given)


def test_nothing_happened_nothing_changes(plan: Plan, given: PlanInput) -> None:
    again = replan(plan, given, Changes(TODAY))
    assert_frame_equal(again.visits, plan.visits)


def test_sickness_moves_only_the_visits_of_the_sick(plan: Plan, given: PlanInput) -> None:
    ahead = plan.visits.filter(pl.col("visit_date") >= TODAY)
    ill = ahead["inspectors"].explode().mode().sort()[0]
    rows = [{"inspector_id": ill, "from_date": TODAY, "to_date": TODAY + timedelta(days=30)}]
    changes = Changes(TODAY, absences=frame(rows, records.ABSENCES))
    after = replan(plan, given, changes)
    assert violations(after, changed_input(given, changes)) == []
    hit = ahead.filter(pl.col("inspectors").list.contains(ill) & (pl.col("visit_date") <= TODAY + timedelta(days=30)))
    changed = changed_visits(plan, after)
    assert len(hit) > 0
    assert set(hit["visit_id"]) <= set(changed["visit_id"])
    assert len(changed) <= 2 * len(hit)
    past = pl.col("visit_date") < TODAY
    assert_frame_equal(after.visits.filter(past), plan.visits.filter(past))


def test_an_emergency_gets_its_visit(plan: Plan, given: PlanInput) -> None:
    firm = plan.left_out.filter(pl.col("reason") == "not_drawn")["enterprise_id"][0]
    rows = [{"enterprise_id": firm, "reason": "emergency", "not_before": TODAY, "not_after": TODAY + timedelta(days=3)}]
    changes = Changes(TODAY, must_visits=frame(rows, records.MUST_VISITS))
    after = replan(plan, given, changes)
    assert violations(after, changed_input(given, changes)) == []
    visit = after.visits.filter(pl.col("enterprise_id") == firm)
    assert visit["purpose"].to_list() == ["emergency"]
    assert TODAY <= visit["visit_date"][0] <= TODAY + timedelta(days=3)
    assert len(changed_visits(plan, after)) <= 3
    assert firm not in after.left_out["enterprise_id"].to_list()


def test_a_cancelled_visit_is_gone_and_named(plan: Plan, given: PlanInput) -> None:
    visit, firm = plan.visits.filter(pl.col("visit_date") >= TODAY).select("visit_id", "enterprise_id").row(0)
    changes = Changes(TODAY, cancelled=(visit,))
    after = replan(plan, given, changes)
    assert changed_visits(plan, after).rows() == [(visit, "dropped")]
    assert after.left_out.filter(pl.col("enterprise_id") == firm)["reason"].to_list() == ["cancelled"]
    assert violations(after, changed_input(given, changes)) == []
