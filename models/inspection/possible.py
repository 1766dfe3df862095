"""Which visits anybody could make at all, and what stands against the others."""

from __future__ import annotations

import numpy as np

from models.inspection.crew import Bools, Ints
from models.inspection.problem import Problem

FEW = 6  # with so many able inspectors left, somebody is there on some day; with fewer we look


def obstacle(problem: Problem, at: int) -> str:
    """no_qualified_inspector: no team of the size in district and skill; window: none of them there on an allowed day;
    conflict: all of those barred by interest or recent visits; hours: their hours go to visits worth more."""
    crew, size = problem.crew, problem.team_size
    able = crew.districts[:, problem.district[at]] & crew.skills[:, problem.skill[at]]
    able &= crew.minutes >= problem.minutes[at]
    if int(able.sum()) < size:
        return "no_qualified_inspector"
    if not _somebody(problem, able, at):
        return "window"
    able[problem.clash[problem.clash_start[at] : problem.clash_start[at + 1]]] = False
    return "hours" if _somebody(problem, able, at) else "conflict"


def _somebody(problem: Problem, able: Bools, at: int) -> bool:
    """Enough of them there on one day of the window."""
    there = problem.crew.there[able, int(problem.first[at]) : int(problem.last[at]) + 1]
    return bool((there.sum(axis=0) >= problem.team_size).any())


def possible(problem: Problem, chosen: Ints) -> Bools:
    """For each chosen visit whether some team could make it, hours aside. Never false for one that could."""
    crew = problem.crew
    found = np.ones(len(chosen), dtype=np.bool_)
    cell = problem.cell[chosen]
    last = len(problem.days) - 1
    for name in np.unique(cell):
        inside = np.flatnonzero(cell == name)
        district, skill = divmod(int(name), crew.skills.shape[1])
        able = np.flatnonzero(crew.districts[:, district] & crew.skills[:, skill])
        open_days = crew.there[able].sum(axis=0) >= problem.team_size
        before = np.concatenate([[0], np.cumsum(open_days)])
        first, end = problem.first[chosen[inside]], np.minimum(problem.last[chosen[inside]], last) + 1
        found[inside] = (first < end) & (before[np.maximum(end, 0)] > before[np.minimum(first, last + 1)])
        clashes = problem.clash_start[chosen[inside] + 1] - problem.clash_start[chosen[inside]]
        too_long = problem.minutes[chosen[inside]] > (crew.minutes[able].min() if len(able) else 0)
        look = found[inside] & (too_long | ((clashes > 0) & (len(able) - clashes < FEW)))
        for at in inside[look]:
            found[at] = obstacle(problem, int(chosen[at])) == "hours"
    return found
