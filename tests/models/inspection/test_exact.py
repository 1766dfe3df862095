"""Small regions: equal to brute force over all pairs and days, never worse than the kernel, the same every time."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from models.inspection.crew import Crew
from models.inspection.exact import Limits
from models.inspection.problem import Problem, Solution
from models.inspection.solve import objective_of, solve

SMALL = Limits(4000, 500)
SEED = b"small"


def tiny(seed: int, visits: int = 5, people: int = 4, days: int = 2, team_size: int = 2) -> Problem:
    """One region of two districts and two skills with too few hours; some people away, some barred."""
    chance = np.random.Generator(np.random.PCG64(seed))
    count = (chance.random(visits) < 0.3).astype(np.int64)
    crew = Crew(
        tuple(f"i{at}" for at in range(people)), np.ones((people, 2), np.bool_), chance.random((people, 2)) < 0.8,
        chance.choice([180, 240], people).astype(np.int64), chance.random((people, days)) < 0.9,
        np.zeros(people, np.int64), np.zeros(2, np.int64),
    )  # fmt: skip
    return Problem(
        ids=tuple(f"v{at}" for at in range(visits)), value=chance.integers(1, 1000, visits),
        minutes=chance.choice([60, 90, 120, 180], visits), district=chance.integers(0, 2, visits),
        skill=chance.integers(0, 2, visits), group=chance.integers(0, 2, visits),
        first=np.zeros(visits, np.int64), last=chance.integers(0, days, visits),
        clash_start=np.concatenate([[0], np.cumsum(count)]), clash=chance.integers(0, people, int(count.sum())),
        crew=crew, days=tuple(f"day{at}" for at in range(days)), premium=np.array([300, 50]), target=np.array([2, 1]),
        over=np.array([100, 0]), travel_minutes=30, team_size=team_size,
    )  # fmt: skip


def by_force(problem: Problem) -> int:
    """The most anyone could schedule: every visit tried in every team on every day it may take."""
    crew, best = problem.crew, 0
    options = [[None, *_options(problem, at)] for at in range(len(problem.ids))]
    for choice in product(*options):
        seated = [at for at, team in enumerate(choice) if team is not None]
        value = objective_of(problem, np.array(seated, np.int64))
        if value > best and _fits(problem, crew, choice, seated):
            best = value
    return best


Team = tuple[int, frozenset[int]]


def _options(problem: Problem, at: int) -> list[Team]:
    crew = problem.crew
    barred = set(problem.clash[problem.clash_start[at] : problem.clash_start[at + 1]].tolist())
    able = [p for p in range(len(crew.ids)) if crew.skills[p, problem.skill[at]] and p not in barred]
    teams = {frozenset(team) for team in product(able, repeat=problem.team_size)}
    return [
        (day, team)
        for day in range(int(problem.first[at]), int(problem.last[at]) + 1)
        for team in teams
        if len(team) == problem.team_size and all(crew.there[p, day] for p in team)
    ]


def _fits(problem: Problem, crew: Crew, choice: tuple[Team | None, ...], seated: list[int]) -> bool:
    """Nobody in two teams of a day; minutes and travel within the shorter day."""
    teams: dict[Team, list[int]] = {}
    for at in seated:
        team = choice[at]
        assert team is not None
        teams.setdefault(team, []).append(at)
    people = [(day, person) for day, team in teams for person in team]
    return len(people) == len(set(people)) and all(
        sum(int(problem.minutes[at]) for at in visits)
        + problem.travel_minutes * (len({int(problem.district[at]) for at in visits}) - 1)
        <= min(int(crew.minutes[p]) for p in team)
        for (_, team), visits in teams.items()
    )


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("team_size", [1, 2])
def test_a_tiny_region_is_proven_and_equal_to_brute_force(seed: int, team_size: int) -> None:
    problem = tiny(seed, visits=4, people=4 if team_size == 2 else 2, team_size=team_size)
    found = solve(problem, SEED, 50, small=SMALL)
    assert found.objective == by_force(problem) == objective_of(problem, np.flatnonzero(found.day >= 0))
    assert found.proven
    assert _lawful(problem, found)


def _lawful(problem: Problem, found: Solution) -> bool:
    choice = tuple(
        (int(d), frozenset(p for p in (int(a), int(b)) if p >= 0)) if d >= 0 else None
        for d, a, b in zip(found.day, found.one, found.other, strict=True)
    )
    seated = [at for at, team in enumerate(choice) if team is not None]
    return all(choice[at] in _options(problem, at) for at in seated) and _fits(problem, problem.crew, choice, seated)


@pytest.mark.parametrize("seed", range(2))
def test_it_is_never_worse_than_the_kernel_and_the_same_every_time(seed: int) -> None:
    problem = tiny(seed, visits=40, people=6, days=3)
    kernel = solve(problem, SEED, 50)
    for small in (Limits(4000, 200), Limits(4000, 1), Limits(10, 500)):
        found = solve(problem, SEED, 50, small=small)
        assert kernel.objective <= found.objective <= found.bound <= kernel.bound
        again = solve(problem, SEED, 50, workers=2, small=small)
        assert (again.day.tolist(), again.one.tolist(), again.other.tolist()) == (
            found.day.tolist(), found.one.tolist(), found.other.tolist(),
        )  # fmt: skip


def test_what_stands_stays() -> None:
    problem = tiny(3, visits=12, people=6)
    free = solve(problem, SEED, 50, small=SMALL)
    at = int(np.flatnonzero(free.day >= 0)[0])
    team = (int(free.day[at]), int(free.one[at]), int(free.other[at]))
    fixed = solve(replace(problem, pins={at: team}), b"another seed", 50, small=SMALL)
    assert (int(fixed.day[at]), int(fixed.one[at]), int(fixed.other[at])) == team
    assert fixed.objective == free.objective


def test_limits_below_zero_are_refused() -> None:
    with pytest.raises(ValueError, match="choices >= 0"):
        Limits(-1, 5)
