"""Which standing visits give way to a visit of a higher layer that found no hours."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import polars as pl

from models.inspection.problem import Problem, Solution
from models.inspection.terms import Plan

RANK = {"random": 1, "directed": 0, "statutory": 2}  # every other purpose has to take place: 3


def those_that_give_way(
    firms: pl.DataFrame, problem: Problem, solution: Solution, plan: Plan, released: set[str]
) -> set[str]:
    """Ids of at most two visits of one team-day for each lost visit; the least valuable of the lowest layers."""
    purpose = dict(zip(plan.visits["visit_id"], plan.visits["purpose"], strict=True))
    stands = _standing(firms, problem, purpose, plan, released)
    taken: set[str] = set()
    for at in np.flatnonzero(solution.day < 0):
        rank = RANK.get(firms["layer"][int(at)], 3)
        options = [
            choice
            for team, visits in sorted(stands.items())
            if _could_go(problem, int(at), team)
            for choice in _room(problem, int(at), team, [v for v in visits if v[3] not in taken], rank)
        ]
        if options:
            taken |= set(min(options)[2])
    return taken


Team = tuple[int, int, int]
Standing = tuple[int, int, int, str]  # rank, value, minutes, visit id


def _standing(
    firms: pl.DataFrame, problem: Problem, purpose: dict[str, str], plan: Plan, released: set[str]
) -> dict[Team, list[Standing]]:
    by_firm = {
        (firm, day): visit
        for visit, firm, day in plan.visits.select("visit_id", "enterprise_id", "visit_date").iter_rows()
        if visit not in released
    }
    found: dict[Team, list[Standing]] = {}
    for at, team in sorted(problem.pins.items()):
        day = problem.days[team[0]]
        visit = next(
            (v for (firm, on), v in by_firm.items() if firm == firms["enterprise_id"][at] and str(on) == day), None
        )
        if visit is not None:
            row = (RANK.get(purpose[visit], 3), int(problem.value[at]), int(problem.minutes[at]), visit)
            found.setdefault(team, []).append(row)
    return found


def _could_go(problem: Problem, at: int, team: Team) -> bool:
    day, *people = team
    crew = problem.crew
    clash = set(problem.clash[problem.clash_start[at] : problem.clash_start[at + 1]].tolist())
    able = crew.districts[:, problem.district[at]] & crew.skills[:, problem.skill[at]]
    inside = int(problem.first[at]) <= day <= int(problem.last[at])
    return inside and all(person < 0 or (bool(able[person]) and person not in clash) for person in people)


def _room(
    problem: Problem, at: int, team: Team, visits: list[Standing], rank: int
) -> list[tuple[int, int, tuple[str, ...]]]:
    """(how many, worth, ids) of the choices that make room."""
    capacity = min(int(problem.crew.minutes[person]) for person in team[1:] if person >= 0)
    load = sum(minutes for _, _, minutes, _ in visits) + problem.travel_minutes
    need = int(problem.minutes[at]) - (capacity - load)
    lower = [visit for visit in visits if visit[0] < rank]
    return [
        (count, sum(v[0] * 10**9 + v[1] for v in some), tuple(sorted(v[3] for v in some)))
        for count in (1, 2)
        for some in combinations(lower, count)
        if sum(v[2] for v in some) >= need
    ]
