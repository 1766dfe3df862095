"""Several visits to one firm in one period: other people each time, and the interval between them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np

from models.inspection.crew import Ints
from models.inspection.problem import Problem, Solution
from models.inspection.solve import objective_of

Returns = dict[int, set[int]]  # visit → inspectors that were there before it


def too_soon(
    problem: Problem, firms: list[str], exempt: list[bool], found: Solution, recusal: int, interval: int
) -> tuple[Returns, list[int]]:
    """Visits whose inspector was at the firm less than `recusal` days before, and visits less than `interval` days
    after another one (those of an exempt reason may)."""
    by_firm: dict[str, list[int]] = {}
    for at in np.flatnonzero(found.day >= 0).tolist():
        by_firm.setdefault(firms[at], []).append(at)
    again: Returns = {}
    close: list[int] = []
    for visits in by_firm.values():
        ordered = sorted(visits, key=lambda at: (found.day[at], problem.ids[at]))
        for earlier, later in ((a, b) for i, a in enumerate(ordered) for b in ordered[i + 1 :]):
            if earlier in problem.pins and later in problem.pins:
                continue  # both stand: not ours to move
            days = (_day(problem, found, later) - _day(problem, found, earlier)).days
            both = _team(found, earlier) & _team(found, later)
            movable = later if later not in problem.pins else earlier
            if both and days < recusal:
                again.setdefault(movable, set()).update(_team(found, earlier if movable == later else later))
            if days == 0 or (days < interval and not exempt[later]):
                close.append(movable)
    return again, close


def _day(problem: Problem, found: Solution, at: int) -> date:
    return date.fromisoformat(problem.days[int(found.day[at])])


def _team(found: Solution, at: int) -> set[int]:
    return {int(found.one[at]), int(found.other[at])} - {-1}


def with_clashes(problem: Problem, more: Returns) -> Problem:
    """The same problem where these inspectors may not make these visits."""
    lists = [
        sorted({*problem.clash[problem.clash_start[at] : problem.clash_start[at + 1]].tolist(), *more.get(at, ())})
        for at in range(len(problem.ids))
    ]
    start = np.cumsum([0, *map(len, lists)]).astype(np.int64)
    return replace(problem, clash_start=start, clash=np.array([p for found in lists for p in found], dtype=np.int64))


def unseated(problem: Problem, found: Solution, visits: list[int]) -> Solution:
    """The solution without these visits."""
    out: Ints = np.array(sorted(set(visits) - set(problem.pins)), dtype=np.int64)
    day, one, other = found.day.copy(), found.one.copy(), found.other.copy()
    for column in (day, one, other):
        column[out] = -1
    return replace(found, day=day, one=one, other=other, objective=objective_of(problem, np.flatnonzero(day >= 0)))
