"""Days by risk: the same visits and teams, what is likely to be found earlier, no rule broken, no tier given away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from models.inspection import Plan, PlanInput, make_plan, violations
from tests.models.inspection.world import policy, with_rules, world


def _with_share(given: PlanInput, share: int | None) -> PlanInput:
    return replace(given, policy=with_rules(given.policy, risk_first_per_mille=share))


def _mean_day(plan: Plan, tier: str) -> float:
    """Days from the period's beginning, mean of the visits to the tier."""
    days = plan.visits.filter(pl.col("tier") == tier)["visit_date"] - plan.period_from
    return float(days.dt.total_days().mean())  # type: ignore[arg-type]


@settings(max_examples=12, deadline=None)
@drawn(
    n=st.integers(1, 200), inspectors=st.integers(2, 9), seed=st.integers(0, 10**6), regions=st.integers(1, 4),
    musts=st.integers(0, 30), share=st.integers(0, 1000), team=st.sampled_from((1, 2)), rate=st.integers(0, 6000),
)  # fmt: skip
def test_no_visit_is_lost_and_the_wait_falls(
    n: int, inspectors: int, seed: int, regions: int, musts: int, share: int, team: int, rate: int
) -> None:
    rules = with_rules(policy(), team_size=team, rates=dict.fromkeys("ABCD", rate), yearly_cap=dict.fromkeys("ABCD", 3),
                       strict_tiers=None)  # fmt: skip
    given = _with_share(world(n, inspectors, seed, regions, musts, effort=10, policy=rules), share)
    packed, plan = make_plan(_with_share(given, None)), make_plan(given)
    assert violations(plan, given) == []
    assert set(plan.visits["visit_id"]) >= set(packed.visits["visit_id"])  # more where the new days leave room
    assert plan.objective >= packed.objective
    assert plan.bound == packed.bound
    assert plan.figures["wait"] <= plan.figures["wait_packed"]
    assert_frame_equal(plan.draw.pool, packed.draw.pool)


@pytest.fixture(scope="module")
def busy() -> PlanInput:
    """Nearly all hours are taken: 900 visits in a quarter."""
    rules = with_rules(policy(), rates={"A": 500, "B": 1500, "C": 3000, "D": 3000})
    return world(n=3000, inspectors=18, regions=2, musts=20, policy=rules)


def test_the_worst_come_first_by_risk_and_at_any_time_by_lot(busy: PlanInput) -> None:
    by_risk, by_lot = make_plan(_with_share(busy, 1000)), make_plan(_with_share(busy, 0))
    assert _mean_day(by_risk, "D") < _mean_day(by_risk, "B") / 2
    assert abs(_mean_day(by_lot, "C") - _mean_day(by_lot, "B")) < 8
    assert by_risk.figures["wait"] < by_risk.figures["wait_packed"] * 3 // 4


def test_the_share_by_lot_is_as_large_as_the_policy_says_and_spread_over_the_period(busy: PlanInput) -> None:
    plan = make_plan(_with_share(busy, 700))
    visits = plan.visits.with_columns(by=pl.col("why_day").str.json_path_match("$.day_by"))
    by_lot = visits.filter(pl.col("by") == "lot")
    assert set(visits["by"]) == {"lot", "risk"}
    assert abs(len(by_lot) / len(visits) - 0.3) < 4 * np.sqrt(0.3 * 0.7 / len(visits))
    half = plan.period_from + (plan.period_to - plan.period_from) / 2
    worst = by_lot.filter(pl.col("tier").is_in(["C", "D"]))
    assert 0.25 < (worst["visit_date"] <= half).mean() < 0.75  # type: ignore[operator]


def test_inside_a_tier_the_drawn_come_in_no_order_of_risk(busy: PlanInput) -> None:
    """So that rates estimated from the first weeks are not those of the riskiest: rank correlation within chance."""
    plan = make_plan(_with_share(busy, 1000))
    pool = plan.draw.pool.filter("drawn").select("enterprise_id", "measure")
    table = plan.visits.filter(purpose="random", tier="B").join(pool, on="enterprise_id")
    found = table.select(pl.corr("measure", pl.col("visit_date").to_physical(), method="spearman")).item()
    assert len(table) > 40
    assert abs(found) < 4 / np.sqrt(len(table))


def test_order_of_rows_changes_no_day(busy: PlanInput) -> None:
    given = _with_share(world(n=500, inspectors=8), 800)
    mixed = replace(
        given, **{name: getattr(given, name).sample(fraction=1.0, shuffle=True, seed=5)
                  for name in ("ratings", "enterprises", "visits", "inspectors")}
    )  # fmt: skip
    assert_frame_equal(make_plan(given).visits, make_plan(mixed).visits)
