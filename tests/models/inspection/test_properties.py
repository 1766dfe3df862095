"""Invariants on worlds nobody chose: lawful, complete, bounded, repeatable; the checker finds what is planted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from config.errors import PlanError
from models.inspection import Plan, PlanInput, make_plan, violations
from tests.models.inspection.world import policy, with_rules, world


@settings(max_examples=25, deadline=None)
@drawn(
    n=st.integers(1, 150), inspectors=st.integers(1, 9), seed=st.integers(0, 10**6), regions=st.integers(1, 4),
    musts=st.integers(0, 30), directed=st.sampled_from((0, 300, 1000)), team=st.sampled_from((1, 2)),
    rate=st.integers(0, 5000),
)  # fmt: skip
def test_any_world_gets_a_lawful_plan_or_a_named_refusal(
    n: int, inspectors: int, seed: int, regions: int, musts: int, directed: int, team: int, rate: int
) -> None:
    rules = with_rules(policy(), directed_per_mille=directed, team_size=team, rates=dict.fromkeys("ABCD", rate),
                       yearly_cap=dict.fromkeys("ABCD", 3))  # fmt: skip
    given = world(n, inspectors, seed, regions, musts, effort=10, policy=rules)
    plan = _plan_or_refusal(given)
    if plan is None:
        return
    assert violations(plan, given) == []
    assert plan.objective <= plan.bound


def _plan_or_refusal(given: PlanInput) -> Plan | None:
    """None for a refusal, which has to name its remedy."""
    try:
        return make_plan(given)
    except PlanError as error:
        refusal = error
    assert refusal.remedy
    return None


@pytest.fixture(scope="module")
def lawful() -> tuple[Plan, PlanInput]:
    given = world(n=600, inspectors=10)
    return make_plan(given), given


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("day_is_a_working_day", {"visit_date": pl.col("visit_date") + timedelta(days=400)}),
        ("team_has_its_size", {"inspectors": pl.col("inspectors").list.head(1)}),
        ("inspectors_are_known", {"inspectors": pl.lit(["nobody", "else"])}),
        ("visit_states_the_firm_truly", {"tier": pl.lit("A")}),
        ("visit_takes_the_policys_minutes", {"minutes": pl.col("minutes") + 1}),
        ("nobody_works_over_the_day", {"minutes": pl.col("minutes") * 10}),
        ("visit_ids_are_unique", {"visit_id": pl.lit("v-1")}),
        ("firm_is_known_active_and_rated", {"enterprise_id": pl.lit("cn:unknown")}),
    ],
)
def test_the_checker_finds_what_is_planted(
    lawful: tuple[Plan, PlanInput], rule: str, change: dict[str, pl.Expr]
) -> None:
    plan, given = lawful
    assert violations(plan, given) == []
    assert rule in {found.rule for found in violations(replace(plan, visits=plan.visits.with_columns(**change)), given)}


def test_the_checker_finds_a_silent_drop(lawful: tuple[Plan, PlanInput]) -> None:
    plan, given = lawful
    found = violations(replace(plan, visits=plan.visits.tail(-1)), given)
    assert {"every_firm_is_in_or_out"} <= {one.rule for one in found}
