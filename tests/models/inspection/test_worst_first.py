"""Strict order of tiers: in the quotas by stages, in the roster by giving way; checked without the planner's code."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from models import records
from models.inspection import PlanInput, make_plan, violations
from models.inspection.breakdown import by_tier
from tests.models.inspection.world import frame, policy, with_rules, world


@pytest.mark.parametrize("seed", range(3))
def test_a_better_tier_gets_no_quota_beyond_its_floor_while_a_worse_one_lacks_hours(seed: int) -> None:
    """One district, everybody licensed for everything: all hours are compatible, so the order has to be strict."""
    rules = with_rules(policy(), rates={"A": 500, "B": 1500, "C": 3000, "D": 4000}, strict_tiers=True)
    given = world(n=3000, inspectors=2, seed=seed, regions=1, policy=rules)
    given = replace(given, inspectors=given.inspectors.with_columns(skills=pl.lit(["*"])))
    plan = make_plan(given)
    assert violations(plan, given) == []
    lacking = [row["tier"] for row in by_tier(plan.figures["tiers"]) if any(why[0] == "hours" for why in row["why"])]
    assert lacking, "the instance has hours enough and shows nothing"
    worst = max(lacking)
    planned = dict(plan.quota.select("tier", "planned").iter_rows())
    for row in by_tier(plan.figures["tiers"]):
        if row["tier"] < worst:
            assert planned[row["tier"]] <= row["must"] + row["floor"] + 2  # whole visits of several strata


def _contest() -> PlanInput:
    """Two inspectors, one day of 240 minutes; a firm of D takes all of it, four of B a quarter each."""
    firms = [("d", "D", "large", 700_000), *((f"b{at}", "B", "micro", 860_000) for at in range(4))]
    base = {"region": "1", "industry": "food"}
    day = date(2026, 7, 1)
    given = world(n=1, inspectors=2)
    rules = with_rules(policy(), rates=dict.fromkeys("ABCD", 365_000), random_floor=dict.fromkeys("ABCD", 0),
                       directed_per_mille=1000, strict_tiers=True)  # fmt: skip
    people = [base | {"inspector_id": f"i{at}", "districts": ["1"], "skills": ["*"], "licence_to": date(2027, 1, 1),
                      "daily_minutes": 240} for at in range(2)]  # fmt: skip
    return replace(
        given, policy=rules, period_from=day, period_to=day,
        ratings=frame([base | {"enterprise_id": n, "tier": t, "score": s} for n, t, _, s in firms], records.RATINGS),
        enterprises=frame(
            [base | {"enterprise_id": n, "size": z, "status": "active"} for n, _, z, _ in firms], records.ENTERPRISES
        ),
        inspectors=frame(people, records.INSPECTORS),
        **{name: getattr(given, name).clear() for name in ("visits", "absences", "conflicts", "must_visits")},
    )  # fmt: skip


def test_a_long_visit_to_the_worst_tier_goes_before_any_number_of_short_ones() -> None:
    plan = make_plan(_contest())
    assert plan.visits["enterprise_id"].to_list() == ["d"]
    assert violations(plan, _contest()) == []
    assert plan.objective <= plan.bound


def test_the_checker_finds_hours_that_a_better_tier_took() -> None:
    """The firm of D drawn and left out, the four of B visited by risk in its place."""
    given = _contest()
    plan = make_plan(given)
    one = plan.visits.head(1)
    swapped = pl.concat(
        [one.with_columns(visit_id=pl.lit(f"v-{at}"), enterprise_id=pl.lit(f"b{at}"), tier=pl.lit("B"),
                          minutes=pl.lit(60, pl.Int64), purpose=pl.lit("directed")) for at in range(4)]
    )  # fmt: skip
    out = plan.left_out.head(1).with_columns(
        enterprise_id=pl.lit("d"), tier=pl.lit("D"), region=pl.lit("1"), reason=pl.lit("hours")
    )
    pool = plan.draw.pool.with_columns(drawn=pl.col("enterprise_id") == "d")
    wrong = replace(plan, visits=swapped, left_out=out, draw=replace(plan.draw, pool=pool))
    assert [one.subject for one in violations(wrong, given) if one.rule == "worse_tiers_come_first"] == ["d"]
    lenient = replace(given, policy=with_rules(given.policy, strict_tiers=None))
    assert not [one for one in violations(wrong, lenient) if one.rule == "worse_tiers_come_first"]


@pytest.mark.parametrize("seed", range(4))
def test_nobody_called_is_left_out_while_a_team_has_room(seed: int) -> None:
    """Scarce hours and little effort: what the pass adds keeps every rule and the bound."""
    rules = with_rules(policy(), rates={"A": 500, "B": 1500, "C": 3000, "D": 4000}, directed_per_mille=700)
    given = world(n=1500, inspectors=5, seed=seed, regions=2, effort=5, policy=rules)
    plan = make_plan(given)
    assert violations(plan, given) == []
    assert plan.objective <= plan.bound
    assert plan.figures["drawn_scheduled"] * 100 >= plan.figures["drawn"] * 97
