"""Visits that the day's teams leave without anybody: the lottery of one day is held again with a pair that can go."""

from __future__ import annotations

import numpy as np

from models.inspection.crew import Ints
from models.inspection.problem import Problem
from models.inspection.teams import Lottery

MOST_PAIRS_A_DAY = 2  # per four people there: the rest of the day stays with the lottery


def cover(lottery: Lottery, problem: Problem, chosen: Ints, worth: Ints) -> None:
    """Fixes pairs for the visits of `chosen` that no team could make, the worthiest first.

    worth: micro-value beyond the price of the hours; visits that are not worth their hours are left alone.
    """
    narrow = (problem.clash_start[chosen + 1] > problem.clash_start[chosen]) | (
        problem.last[chosen] - problem.first[chosen] < len(problem.days) - 1
    )
    rare = _rare_cells(lottery, problem, chosen)
    look = np.flatnonzero((worth > 0) & (narrow | np.isin(problem.cell[chosen], rare)))
    for at in look[np.lexsort((np.array([problem.ids[j] for j in chosen[look]]), -worth[look]))]:
        visit = int(chosen[at])
        if not _covered(lottery, problem, visit):
            _fix_a_pair(lottery, problem, visit)


def _rare_cells(lottery: Lottery, problem: Problem, chosen: Ints) -> Ints:
    """Cells in demand that no team of any day may visit."""
    kinds = {kind for teams in lottery.teams for kind, _, _ in teams}
    served = {int(cell) for kind in kinds for cell in lottery.hours.kinds[kind].cells}
    return np.array([cell for cell in np.unique(problem.cell[chosen]) if int(cell) not in served], dtype=np.int64)


def _able(problem: Problem, visit: int) -> set[int]:
    crew = problem.crew
    able = crew.districts[:, problem.district[visit]] & crew.skills[:, problem.skill[visit]]
    people = np.flatnonzero(able & (crew.minutes >= problem.minutes[visit]))
    clash = problem.clash[problem.clash_start[visit] : problem.clash_start[visit + 1]]
    return set(people.tolist()) - set(clash.tolist())


def _covered(lottery: Lottery, problem: Problem, visit: int) -> bool:
    able = _able(problem, visit)
    window = lottery.teams[int(problem.first[visit]) : int(problem.last[visit]) + 1]
    return any(one in able and (other < 0 or other in able) for teams in window for _, one, other in teams)


def _fix_a_pair(lottery: Lottery, problem: Problem, visit: int) -> None:
    """The first day of the window with the most able people, two by lot: the first free ones of the day's order."""
    able = _able(problem, visit)
    days = range(int(problem.first[visit]), min(int(problem.last[visit]) + 1, len(lottery.here)))
    best: tuple[int, int, list[int]] | None = None
    for day in days:
        free = [int(p) for p in lottery.here[day] if int(p) in able and not lottery.is_fixed(day, int(p))]
        room = len(lottery.fixed[day]) * 4 < MOST_PAIRS_A_DAY * len(lottery.here[day])
        if len(free) >= 2 and room and (best is None or len(free) > -best[0]):
            best = (-len(free), day, free)
    if best is not None and lottery.hours.team_size == 2:
        one, other = sorted(best[2][:2])
        lottery.fix(best[1], one, other)
