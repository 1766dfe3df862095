"""What each relaxation would buy: solved again, never extrapolated."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from models.inspection import make_plan
from models.inspection.counterfactuals import counterfactuals
from tests.models.inspection.world import policy, with_rules, world


def test_a_shortage_is_priced_in_people_and_in_rate() -> None:
    hungry = with_rules(policy(), rates={"A": 400, "B": 600, "C": 1000, "D": 1000})
    given = world(n=3000, inspectors=4, regions=1, effort=20, policy=hungry)
    plan = make_plan(given)
    found = counterfactuals(plan, given)
    assert found
    worst = found[0]
    assert worst.fits < worst.wanted
    assert worst.rate_that_fits < worst.rate_wanted
    assert worst.more_inspectors is None or worst.more_inspectors > 0
    assert f"tier {worst.tier}: a rate of {worst.rate_wanted}‰ needs {worst.wanted} visits" in str(worst)


def test_plenty_of_hours_has_no_counterfactual() -> None:
    given = world(n=200, inspectors=12, regions=1, conflicts=world(n=1, inspectors=2).conflicts.clear())
    everybody = given.inspectors.with_columns(skills=pl.lit(["*"]))
    given = replace(given, inspectors=everybody)
    assert counterfactuals(make_plan(given), given) == []
