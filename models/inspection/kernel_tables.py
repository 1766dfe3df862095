"""The kernel's arrays of a region's visits and team-days."""

from __future__ import annotations

import numpy as np

from models.inspection import kernel
from models.inspection.bound import Priced
from models.inspection.crew import Ints
from models.inspection.hours import Hours
from models.inspection.problem import Problem
from models.inspection.teams import TeamDays


def tables(
    problem: Problem, chosen: Ints, hours: Hours, teams: TeamDays, cells: Ints, priced: Priced
) -> tuple[kernel.Items, kernel.Bins, kernel.Rules]:
    """The kernel's arrays for these visits."""
    cell = np.searchsorted(cells, problem.cell[chosen])
    minutes, size_of = np.unique(problem.minutes[chosen], return_inverse=True)
    groups: dict[bytes, int] = {}
    group_of = np.array([groups.setdefault(kind.cells.tobytes(), len(groups)) for kind in hours.kinds], dtype=np.int32)
    may = np.zeros((len(cells), len(groups)), dtype=np.bool_)
    for kind, group in zip(hours.kinds, group_of, strict=True):
        may[np.searchsorted(cells, kind.cells), group] = True
    size = np.where(np.repeat(may, len(minutes), axis=0), np.tile(minutes, len(cells))[:, None], -1).astype(np.int32)
    sort = group_of[teams.kind]
    lists = [np.flatnonzero(may[at][sort]) for at in range(len(cells))]
    crew = problem.crew
    capacity = np.where(
        teams.other >= 0, np.minimum(crew.minutes[teams.one], crew.minutes[teams.other]), crew.minutes[teams.one]
    )
    clash_start, clash = _clashes(problem, chosen)
    worth = np.array(
        [max(int(priced.cell[at]) for at in np.flatnonzero(may[:, g])) for g in range(len(groups))], dtype=np.int64
    )
    items = kernel.Items(
        problem.value[chosen], (cell * len(minutes) + size_of).astype(np.int32), cell.astype(np.int32),
        problem.group[chosen].astype(np.int32), problem.district[chosen].astype(np.int32),
        problem.first[chosen].astype(np.int32), problem.last[chosen].astype(np.int32), clash_start, clash,
    )  # fmt: skip
    bins = kernel.Bins(
        capacity.astype(np.int32), teams.day.astype(np.int32), sort, teams.one.astype(np.int32),
        teams.other.astype(np.int32), worth[sort],
    )  # fmt: skip
    rules = kernel.Rules(
        size, np.zeros(size.shape, np.int64), np.cumsum([0, *map(len, lists)]).astype(np.int32),
        np.concatenate(lists).astype(np.int32), problem.premium, problem.target, problem.over, problem.travel_minutes,
    )  # fmt: skip
    return items, bins, rules


def _clashes(problem: Problem, chosen: Ints):  # type: ignore[no-untyped-def]
    """The chosen rows of the sparse table of clashes."""
    counts = (problem.clash_start[1:] - problem.clash_start[:-1])[chosen]
    start = np.concatenate([[0], np.cumsum(counts)])
    source = np.repeat(problem.clash_start[:-1][chosen] - start[:-1], counts) + np.arange(start[-1])
    return start.astype(np.int32), problem.clash[source].astype(np.int32)


def empty_state(
    n: int, bins: kernel.Bins, items: kernel.Items, rules: kernel.Rules, people: int, groups: int
) -> kernel.State:
    """Nothing assigned yet; wide enough for the most visits a day can hold."""
    smallest = int(rules.size[rules.size >= 0].min()) if (rules.size >= 0).any() else 1
    width = max(1, min(n, int(bins.capacity.max()) // max(1, smallest)))
    b = len(bins.day)
    return kernel.State(
        np.full(n, -1, np.int32),
        np.zeros(b, np.int32),
        np.full((b, width), -1, np.int32),
        np.zeros(b, np.int32),
        np.full((b, 2), -1, np.int32),
        np.zeros((b, 2), np.int32),
        np.zeros(groups, np.int64),
        np.zeros(people, np.int64),
    )
