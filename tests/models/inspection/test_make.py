"""The plan as a whole: lawful, complete, the same every time."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from models import records
from models.inspection import Operations, make_plan, violations
from models.inspection.breakdown import by_tier
from tests.models.inspection.world import world


@pytest.mark.parametrize("seed", range(4))
def test_a_plan_breaks_no_rule(seed: int) -> None:
    given = world(n=250, inspectors=4 + 3 * seed, seed=seed, regions=1 + seed % 3)
    assert violations(make_plan(given), given) == []


def test_every_firm_is_in_or_out_once() -> None:
    given = world()
    plan = make_plan(given)
    visited, left = set(plan.visits["enterprise_id"]), set(plan.left_out["enterprise_id"])
    assert visited | left == set(given.enterprises["enterprise_id"])
    assert not visited & left
    assert dict(plan.visits.schema) == dict(records.PLAN_VISITS)
    assert dict(plan.left_out.schema) == dict(records.PLAN_LEFT_OUT)


def test_the_objective_does_not_pass_the_bound() -> None:
    plan = make_plan(world(n=400, inspectors=3, regions=1))
    assert 0 < plan.objective <= plan.bound


def test_order_of_rows_and_workers_change_nothing() -> None:
    given = world(n=400, inspectors=8)
    shuffled = replace(
        given,
        **{name: getattr(given, name).sample(fraction=1.0, shuffle=True, seed=3)
           for name in ("ratings", "enterprises", "visits", "inspectors", "absences", "conflicts", "must_visits")},
        operations=Operations(effort=50, workers=2),
    )  # fmt: skip
    one, other = make_plan(given), make_plan(shuffled)
    assert_frame_equal(one.visits, other.visits)
    assert_frame_equal(one.left_out, other.left_out)
    assert_frame_equal(one.quota, other.quota)
    assert_frame_equal(one.draw.pool, other.draw.pool)


def test_a_name_changes_nothing() -> None:
    given = world(n=200)
    renamed = replace(given, enterprises=given.enterprises.with_columns(pl.lit("AAAA first").alias("name")))
    assert_frame_equal(make_plan(given).visits, make_plan(renamed).visits)


def test_another_seed_draws_other_firms() -> None:
    given = world(n=2000, inspectors=20)
    one, other = make_plan(given), make_plan(replace(given, seed=b"another"))
    assert set(one.visits["enterprise_id"]) != set(other.visits["enterprise_id"])
    assert one.quota["wanted"].to_list() == other.quota["wanted"].to_list()


def test_a_tiers_wanted_visits_are_rounded_up_once_not_in_every_region() -> None:
    plan = make_plan(world(n=900, inspectors=40, regions=5))
    exact = {row["tier"]: row["must"] + row["floor"] + row["rate"] for row in by_tier(plan.figures["tiers"])}
    wanted = dict(plan.quota.group_by("tier").agg(pl.col("wanted").sum()).iter_rows())
    assert wanted.keys() == exact.keys()
    for tier, whole in wanted.items():
        assert exact[tier] - 0.01 <= whole < exact[tier] + 1, tier
    assert plan.quota["wanted"].to_numpy().min() >= 0
