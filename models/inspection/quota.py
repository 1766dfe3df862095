"""Quota: how many of which tier, district and skill, within the hours of the people.

Stages in the order of the law: what must be done, what a statute's clock asks, the random floor, then the tiers'
rates from worst to best. Each stage first raises the smallest share served, then the total, then is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ortools.math_opt.python import mathopt

from models.inspection.crew import Ints
from models.inspection.hours import Hours
from models.inspection.supply import Floats, Prices, Supply

ROUNDS = 4
SLACK = 1e-4  # of a visit: below this a difference is the solver's, not the hours'


@dataclass(frozen=True)
class Stage:
    """Visits wanted by cell (index into the region's cells); arrays of one length."""

    name: str
    rows: Ints  # of the caller's table
    cell: Ints
    minutes: Floats  # team-minutes of a visit there, mean
    wanted: Floats


@dataclass(frozen=True)
class Quota:
    """Visits allowed, stage by stage, in the order of the stages' own rows."""

    allowed: tuple[Floats, ...]
    prices: Prices  # of the last stage that hours held back
    held_back: str | None  # its name
    team_days: Floats  # by kind, in the last solution


def quota(hours: Hours, cells: Ints, stages: Sequence[Stage], headroom_per_mille: int) -> Quota:
    """The most of each stage within what the earlier ones leave; everything wanted where the hours suffice."""
    supply = Supply(hours, cells, headroom_per_mille)
    variables = [[_visit_variable(supply, stage, row, cells) for row in range(len(stage.wanted))] for stage in stages]
    nothing = Prices(np.zeros(len(cells)), np.zeros(len(hours.members)), 0.0)
    pairs = [
        pair for stage, own in zip(stages, variables, strict=True) for pair in zip(own, stage.minutes, strict=True)
    ]
    supply.model.maximize(mathopt.fast_sum(variable * float(minutes) for variable, minutes in pairs))
    first = supply.solve()
    values = first.variable_values()
    if all(values[v] >= v.upper_bound - SLACK for vs in variables for v in vs):
        return Quota(tuple(s.wanted.copy() for s in stages), nothing, None, supply.team_day_values(first))
    for later in variables:
        for variable in later:
            variable.upper_bound = 0.0
    return _staged(supply, stages, variables, nothing)


def _visit_variable(supply: Supply, stage: Stage, row: int, cells: Ints) -> mathopt.Variable:
    variable = supply.model.add_variable(lb=0.0, ub=float(stage.wanted[row]))
    supply.use(variable, int(cells[stage.cell[row]]), float(stage.minutes[row]))
    return variable


def _staged(supply: Supply, stages: Sequence[Stage], variables: list[list[mathopt.Variable]], nothing: Prices) -> Quota:
    allowed: list[Floats] = []
    prices, held_back, team_days = nothing, None, np.zeros(len(supply.hours.kinds))
    for stage, own in zip(stages, variables, strict=True):
        for variable, wanted in zip(own, stage.wanted, strict=True):
            variable.upper_bound = float(wanted)
        served, short, team_days = _serve(supply, stage, own, team_days)
        if short is not None and held_back is None:
            prices, held_back = short, stage.name
        for variable, value in zip(own, served, strict=True):
            variable.upper_bound = float(value)
            variable.lower_bound = max(0.0, float(value) - SLACK)
        allowed.append(served)
    return Quota(tuple(allowed), prices, held_back, team_days)


def _serve(
    supply: Supply, stage: Stage, own: list[mathopt.Variable], team_days: Floats
) -> tuple[Floats, Prices | None, Floats]:
    """Raise the smallest share, freeze those who cannot have more, again; then the total. Prices when short."""
    if not own:
        return np.zeros(0), None, team_days
    _raise_shares(supply, stage, own)
    supply.model.maximize(mathopt.fast_sum(own))
    result = supply.solve()
    values = result.variable_values()
    served = np.clip([values[variable] for variable in own], 0.0, stage.wanted)
    short = bool((served < stage.wanted - 2 * SLACK).any())
    return served, supply.prices(result) if short else None, supply.team_day_values(result)


def _raise_shares(supply: Supply, stage: Stage, own: list[mathopt.Variable]) -> None:
    """Lower bounds of the stage: the largest share for the worst off, then for those still free, ROUNDS times."""
    model, reachable = supply.model, _reachable(supply)
    free = [
        (variable, float(wanted))
        for variable, wanted, cell in zip(own, stage.wanted, stage.cell, strict=True)
        if wanted > SLACK and int(cell) in reachable
    ]
    for _ in range(ROUNDS):
        if not free:
            return
        share = model.add_variable(lb=0.0, ub=1.0)
        rows = [model.add_linear_constraint(variable - share * wanted >= 0.0) for variable, wanted in free]
        model.maximize(share)
        result = supply.solve()
        least, dual = float(result.variable_values()[share]), result.dual_values()
        tight = [abs(dual[row]) > 1e-9 for row in rows]
        for variable, wanted in free:
            variable.lower_bound = max(variable.lower_bound, least * wanted - SLACK)
        free = [pair for pair, held in zip(free, tight, strict=True) if not held]
        for row in rows:
            model.delete_linear_constraint(row)
        model.delete_variable(share)
        if least >= 1 - 1e-6 or not any(tight):
            return


def _reachable(supply: Supply) -> set[int]:
    """Cells (indices) that some team can visit."""
    known = {int(cell): index for index, cell in enumerate(supply.cells)}
    return {known[int(cell)] for kind in supply.hours.kinds for cell in kind.cells if int(cell) in known}
