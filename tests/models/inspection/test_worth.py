"""What a plan finds is worth more than chance: signs only, on small cases; `make bench-worth` prints the sizes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tests.bench.worth_chicago import Due, earlier, kept, rescheduled, windows, with_team
from tests.bench.worth_generated import compared, town


@pytest.mark.slow
def test_a_plan_finds_more_of_the_hidden_truth_than_chance_in_the_same_hours() -> None:
    found = {one.name: one for one in compared(*town(3000, seed=1), lots=3)}
    plan, greedy, chance = found["evenhand"], found["greedy by priority"], found["by lot"]
    assert plan.per_hundred > chance.per_hundred
    assert plan.found > chance.found
    assert max(greedy.minutes, chance.minutes) <= plan.minutes


@pytest.mark.slow
@pytest.mark.shared
def test_chicago_is_found_earlier_than_chance_whoever_inspects(shared_data: Path) -> None:
    due = windows(shared_data / "chicago", first=date(2014, 2, 23))[0]
    for visits, own_team in ((due, False), (with_team(due), True)):
        gained = earlier(visits, seeds=1, own_team=own_team)
        assert gained["random"] > 0
        assert gained["actual"] > 0


def test_a_visit_whose_team_is_not_known_is_nobodys_team() -> None:
    some = np.array(["red", "", "red"], dtype=object)
    numbers = np.arange(3.0)
    due = with_team(Due(date(2014, 6, 1), some, numbers, numbers > 1, numbers, numbers, ("a", "b", "c")))
    assert due.names == ("a", "c")
    assert due.day.tolist() == [0.0, 2.0]
    assert due.found.tolist() == [False, True]


@pytest.mark.parametrize("own_team", [False, True])
def test_a_new_order_keeps_what_each_team_makes_each_day(own_team: bool) -> None:
    rng = np.random.default_rng(1)
    n = 60
    teams = np.array([("red", "blue", "green")[at] for at in rng.integers(0, 3, n)], dtype=object)
    risk = rng.permutation(n).astype(np.float64)
    due = Due(date(2014, 6, 1), teams, rng.integers(0, 9, n).astype(np.float64), risk > 45, risk, risk // 20,
              tuple(f"v{at:02d}" for at in range(n)))  # fmt: skip
    day, team = rescheduled(due, risk, own_team=own_team)
    assert kept(due, day, team)
    assert not kept(due, day + 1, team)
    assert not own_team or (team == due.team).all()
    gained = earlier(due, own_team=own_team)
    assert gained["random"] > 0
    assert gained["actual"] > 0
    assert gained["greedy by tier"] >= 0
