"""Greedy by priority, the way it is done by hand: pairs by lot, the weightiest firm first, the tightest place free."""

from __future__ import annotations

import numpy as np

from models.inspection import kernel
from models.inspection.bound import Priced
from models.inspection.hours import Hours, region_hours
from models.inspection.kernel_tables import empty_state, tables
from models.inspection.possible import possible
from models.inspection.problem import Problem, Solution
from models.inspection.solve import objective_of
from models.inspection.teams import Lottery


def greedy(problem: Problem, seed: bytes) -> Solution:
    """Schedules by worth alone, no prices, no second thoughts; `bound` is 0: a greedy plan proves nothing."""
    n = len(problem.ids)
    day, one, other = (np.full(n, -1, np.int64) for _ in range(3))
    bits = 0.0
    for region in np.unique(problem.region):
        everybody = np.flatnonzero(problem.region == region)
        chosen = everybody[possible(problem, everybody)]
        if not len(chosen):
            continue
        cells = np.unique(problem.cell[chosen])
        hours = region_hours(problem.crew, int(region), cells, np.unique(problem.minutes[chosen]), problem.team_size)
        teams = Lottery(problem.crew, hours, *_no_opinion(hours), seed, list(problem.days)).result()
        bits += teams.bits
        if not len(teams.day):
            continue
        free = Priced(np.zeros(len(cells), np.int64), np.zeros(len(problem.target), np.int64), np.zeros(0), 0)
        items, bins, rules = tables(problem, chosen, hours, teams, cells, free)
        state = empty_state(len(chosen), bins, items, rules, len(problem.crew.ids), len(problem.target))
        worth = problem.value[chosen] + problem.premium[problem.group[chosen]]
        names = np.array([problem.ids[at] for at in chosen])
        kernel.construct(np.lexsort((names, -worth)).astype(np.int32), items, bins, rules, state)
        place = np.asarray(state.place, dtype=np.int64)
        for target, source in ((day, teams.day), (one, teams.one), (other, teams.other)):
            target[chosen] = np.where(place >= 0, source[place], -1)
    seated = np.flatnonzero(day >= 0)
    return Solution(day, one, other, objective_of(problem, seated), 0, bits, np.zeros(n, np.int64))


def _no_opinion(hours: Hours) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(len(hours.kinds)), np.zeros(len(hours.kinds), np.int64)
