"""Prices of hours by linear optimisation, and the upper bound they prove for the whole problem of a region.

The linear model sees visits in buckets of like worth, so it stays small at any number of visits. The bound is then
computed from its prices over every single visit in integers: it holds for any prices ≥ 0, whoever pairs with whom.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ortools.math_opt.python import mathopt

from models.inspection.crew import Ints
from models.inspection.hours import Hours
from models.inspection.problem import Problem
from models.inspection.supply import Floats, Supply

MICRO = 1_000_000
BUCKETS = 12


@dataclass(frozen=True)
class Priced:
    """Result for one region. Prices in micro-value, integers, so that all machines agree."""

    cell: Ints  # per minute, by index into the region's cells
    group: Ints  # worth of one more visit counted for the group
    team_days: Floats  # wished, by kind
    bound: int


def price(problem: Problem, chosen: Ints, hours: Hours, cells: Ints) -> Priced:
    """Prices and bound for the visits `chosen` (indices) of one region."""
    if not len(chosen) or not hours.kinds:
        return Priced(
            np.zeros(len(cells), np.int64), np.zeros(len(problem.target), np.int64), np.zeros(len(hours.kinds)), 0
        )
    cell = np.searchsorted(cells, problem.cell[chosen])
    supply = Supply(hours, cells)
    counted = _with_visits(supply, problem, chosen, cell, cells)
    result = supply.solve()
    prices = supply.prices(result)
    dual = result.dual_values()
    whole = np.zeros(len(problem.target), np.int64)
    for group, row in counted.items():
        whole[group] = round(-dual[row] * MICRO)
    whole = np.clip(whole, -problem.over * MICRO, problem.premium * MICRO)
    per_minute = np.rint(prices.cell * MICRO).astype(np.int64)
    class_day, team = np.rint(prices.class_day * MICRO).astype(np.int64), round(prices.team * MICRO)
    crowds = [(group, n, round(dear * MICRO)) for (group, n), dear in zip(supply.groups, prices.groups, strict=True)]
    most = _bound(problem, chosen, cell, hours, cells, per_minute, whole, class_day, team, crowds)
    return Priced(per_minute, whole, supply.team_day_values(result), most)


def _with_visits(supply: Supply, problem: Problem, chosen: Ints, cell: Ints, cells: Ints):  # type: ignore[no-untyped-def]
    """Variables: minutes visited of each bucket; counts by group up to and beyond their targets."""
    model, groups = supply.model, {}
    worth = []
    for group in np.unique(problem.group[chosen]):
        row = model.add_linear_constraint(lb=0.0, ub=0.0)
        upto = model.add_variable(lb=0.0, ub=float(problem.target[group]))
        beyond = model.add_variable(lb=0.0)
        row.set_coefficient(upto, -1.0)
        row.set_coefficient(beyond, -1.0)
        worth += [upto * float(problem.premium[group]), beyond * -float(problem.over[group])]
        groups[int(group)] = row
    for at, group, minutes, value, count in _buckets(problem, chosen, cell):
        variable = model.add_variable(lb=0.0, ub=1.0)
        supply.use(variable, int(cells[at]), minutes)
        groups[group].set_coefficient(variable, count)
        worth.append(variable * value)
    model.maximize(mathopt.fast_sum(worth))
    return groups


def _buckets(problem: Problem, chosen: Ints, cell: Ints) -> list[tuple[int, int, float, float, float]]:
    """(cell, group, minutes, value, visits) of each bucket; visits of a cell and group by worth per minute."""
    value, minutes, group = problem.value[chosen], problem.minutes[chosen], problem.group[chosen]
    density = (value + problem.premium[group]) * MICRO // minutes
    order = np.lexsort((-density, group, cell))
    key = cell[order] * len(problem.target) + group[order]
    starts = np.flatnonzero(np.diff(key, prepend=-1))
    sizes = np.diff(np.append(starts, len(key)))
    within = np.arange(len(key)) - np.repeat(starts, sizes)
    bucket = np.repeat(np.arange(len(starts)) * BUCKETS, sizes) + within * BUCKETS // np.repeat(sizes, sizes)
    edges = np.flatnonzero(np.diff(bucket, prepend=-1))
    sums = [np.add.reduceat(column[order], edges) for column in (minutes, value, np.ones(len(key), np.int64))]
    return list(zip(cell[order][edges].tolist(), group[order][edges].tolist(),
                    *(column.astype(float).tolist() for column in sums), strict=True))  # fmt: skip


def _bound(
    problem: Problem, chosen: Ints, cell: Ints, hours: Hours, cells: Ints, per_minute: Ints, whole: Ints,
    class_day: Ints, team: int, crowds: list[tuple[frozenset[int], int, int]],
) -> int:  # fmt: skip
    """Lagrangian bound: each visit, target, person-day, small group and team kind takes its best at these prices."""
    group = problem.group[chosen]
    profit = problem.value[chosen] * MICRO + whole[group] - per_minute[cell] * problem.minutes[chosen]
    gain = np.maximum(profit, 0)
    total = (int((gain >> 20).sum()) << 20) + int((gain & ((1 << 20) - 1)).sum())  # beyond 64 bits at any size
    used = np.unique(group)
    spare = problem.premium[used] * MICRO - whole[used]
    total += sum(left * most for left, most in zip(spare.tolist(), problem.target[used].tolist(), strict=True))
    total += int((hours.class_days * class_day).sum()) + hours.most_teams * team
    total += sum(most * dear for _, most, dear in crowds)
    dear_groups = [(group, dear) for group, _, dear in crowds if dear]
    place = {int(name): at for at, name in enumerate(cells)}
    for kind in hours.kinds:
        best = max(int(per_minute[place[int(name)]]) for name in kind.cells)
        second = int(class_day[kind.second]) if kind.second >= 0 else 0
        inside = sum(dear for group, dear in dear_groups if kind.first in group and kind.second in group)
        total += kind.most * max(0, kind.minutes * best - int(class_day[kind.first]) - second - team - inside)
    return int(total // MICRO)


def reduced(problem: Problem, chosen: Ints, cells: Ints, priced: Priced) -> Ints:
    """Micro-value of each visit beyond what its hours would earn elsewhere."""
    at = np.searchsorted(cells, problem.cell[chosen])
    return np.asarray(
        problem.value[chosen] * MICRO + priced.group[problem.group[chosen]] - priced.cell[at] * problem.minutes[chosen],
        dtype=np.int64,
    )
