"""A plan or a named refusal: never a crash, never a silent drop."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest

from config.errors import PlanError
from models import records
from models.inspection import make_plan, violations
from tests.models.inspection.world import frame, policy, with_rules, world

SMALL: dict[str, Any] = {"n": 120, "inspectors": 6, "regions": 2, "effort": 20}


def test_no_inspectors() -> None:
    with pytest.raises(PlanError, match="there are none"):
        make_plan(replace(world(**SMALL), inspectors=records.empty(records.INSPECTORS)))


def test_no_hours() -> None:
    given = world(**SMALL)
    idle = given.inspectors.with_columns(pl.lit(0, dtype=pl.Int64).alias("daily_minutes"))
    with pytest.raises(PlanError, match="daily minutes"):
        make_plan(replace(given, inspectors=idle))


def test_all_on_leave() -> None:
    given = world(**SMALL)
    leave = [
        {"inspector_id": name, "from_date": date(2026, 1, 1), "to_date": None}
        for name in given.inspectors["inspector_id"]
    ]
    with pytest.raises(PlanError, match="nobody is licensed and present"):
        make_plan(replace(given, absences=frame(leave, records.ABSENCES)))


def test_a_skill_nobody_has() -> None:
    given = world(**SMALL)
    odd = given.enterprises.with_columns(
        pl.when(pl.int_range(pl.len()) < 30).then(pl.lit("explosives")).otherwise("industry").alias("industry")
    )
    plain = given.inspectors.with_columns(pl.lit(["food", "retail", "chemicals"]).alias("skills"))
    given = replace(given, enterprises=odd, inspectors=plain)
    plan = make_plan(given)
    assert violations(plan, given) == []
    firms = odd.filter((pl.col("industry") == "explosives") & (pl.col("status") == "active"))["enterprise_id"]
    reasons = plan.left_out.filter(pl.col("enterprise_id").is_in(firms.to_list()))["reason"]
    assert set(reasons) == {"no_qualified_inspector"}


def test_must_visits_beyond_capacity_are_named_one_by_one() -> None:
    given = world(**SMALL)
    rows = [
        {"enterprise_id": firm, "reason": "complaint", "not_before": date(2026, 7, 1), "not_after": date(2026, 7, 2)}
        for firm in given.enterprises.filter(pl.col("status") == "active")["enterprise_id"]
    ]
    given = replace(given, must_visits=frame(rows, records.MUST_VISITS))
    plan = make_plan(given)
    assert violations(plan, given) == []
    assert "hours" in set(plan.left_out["reason"])
    assert any("have to take place do not fit" in note for note in plan.notes)
    assert any("by 2026-07-02 need" in note and "person-minutes for" in note for note in plan.notes)
    made = plan.visits.filter(pl.col("purpose") == "complaint")
    assert len(made) + len(plan.left_out.filter(pl.col("detail").str.contains("complaint"))) >= len(rows)


def test_caps_below_the_statutory_frequency() -> None:
    """The cap is hard: a firm whose cap is used up stays out, however overdue, and the reason says cap."""
    base = with_rules(policy(), yearly_cap=dict.fromkeys("ABCD", 1), frequency_days=dict.fromkeys("ABCD", 30))
    given = world(**SMALL, policy=base)
    plan = make_plan(given)
    assert violations(plan, given) == []
    this_year = given.visits.filter(pl.col("visit_date") >= date(2026, 1, 1))["enterprise_id"]
    out = plan.left_out.filter(pl.col("enterprise_id").is_in(this_year.to_list()) & (pl.col("reason") != "not_active"))
    assert len(out) > 0
    assert set(out["reason"]) == {"cap"}


def test_a_conflict_that_blocks_every_pair() -> None:
    given = world(**SMALL, musts=0)
    firm = make_plan(given).visits["enterprise_id"][0]
    rows = [{"inspector_id": name, "enterprise_id": firm, "reason": "kin"} for name in given.inspectors["inspector_id"]]
    given = replace(given, conflicts=frame(rows, records.CONFLICTS))
    plan = make_plan(given)
    assert violations(plan, given) == []
    assert plan.left_out.filter(pl.col("enterprise_id") == firm)["reason"].to_list() == ["conflict"]


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        (date(2026, 1, 1), date(2026, 3, 31), "it ended on 2026-03-31"),
        (date(2026, 9, 30), date(2026, 7, 1), "lies before"),
        (date(2026, 7, 4), date(2026, 7, 5), "none between"),
        (date(2026, 7, 1), date(2028, 7, 1), "longer than a year"),
    ],
)
def test_a_calendar_that_cannot_be_planned(start: date, end: date, message: str) -> None:
    with pytest.raises(PlanError, match=message):
        make_plan(world(**SMALL, period_from=start, period_to=end))


def test_an_unknown_firm_that_must_be_visited_is_named() -> None:
    rows = [{"enterprise_id": "cn:unknown", "reason": "complaint", "not_before": date(2026, 7, 1), "not_after": None}]
    given = world(**SMALL, must_visits=frame(rows, records.MUST_VISITS))
    plan = make_plan(given)
    assert violations(plan, given) == []
    assert plan.left_out.filter(pl.col("enterprise_id") == "cn:unknown")["reason"].to_list() == ["unknown_enterprise"]


def test_no_firms_at_all() -> None:
    given = replace(
        world(**SMALL), enterprises=records.empty(records.ENTERPRISES), ratings=records.empty(records.RATINGS),
        must_visits=records.empty(records.MUST_VISITS),
    )  # fmt: skip
    plan = make_plan(given)
    assert plan.visits.is_empty()
    assert plan.left_out.is_empty()


def test_an_empty_seed_is_refused() -> None:
    with pytest.raises(PlanError, match="seed"):
        make_plan(replace(world(**SMALL), seed=b""))
