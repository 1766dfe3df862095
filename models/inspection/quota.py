"""Quota: how many of which tier, district and skill, within the hours of the people.

Stages in the order of the law: what must be done, what a statute's clock asks, the random floor, then the tiers'
rates from worst to best. Each stage first raises the smallest share served, then the total, then is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.inspection.crew import Ints
from models.inspection.hours import Hours
from models.inspection.supply import Floats, Prices, Supply

SLACK = 1e-7


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


def quota(hours: Hours, cells: Ints, stages: Sequence[Stage], headroom_per_mille: int) -> Quota:
    """The most of each stage within what the earlier ones leave; everything wanted where the hours suffice."""
    supply = Supply(hours, cells, headroom_per_mille)
    variables = [[_visit_variable(supply, stage, row, cells) for row in range(len(stage.wanted))] for stage in stages]
    nothing = Prices(np.zeros(len(cells)), np.zeros(len(hours.members)), 0.0)
    supply.model.maximize(sum((v * float(s.minutes[r]) for s, vs in zip(stages, variables, strict=True)
                               for r, v in enumerate(vs)), 0.0))  # fmt: skip
    first = supply.solve()
    values = first.variable_values()
    if all(values[v] >= v.upper_bound - SLACK for vs in variables for v in vs):
        return Quota(tuple(stage.wanted.copy() for stage in stages), nothing, None)
    for later in variables:
        for variable in later:
            variable.upper_bound = 0.0
    return _staged(supply, stages, variables, nothing)


def _visit_variable(supply: Supply, stage: Stage, row: int, cells: Ints):  # type: ignore[no-untyped-def]
    variable = supply.model.add_variable(lb=0.0, ub=float(stage.wanted[row]))
    supply.use(variable, int(cells[stage.cell[row]]), float(stage.minutes[row]))
    return variable


def _staged(supply: Supply, stages: Sequence[Stage], variables: list[list], nothing: Prices) -> Quota:  # type: ignore[type-arg]
    allowed: list[Floats] = []
    prices, held_back = nothing, None
    for stage, own in zip(stages, variables, strict=True):
        for variable, wanted in zip(own, stage.wanted, strict=True):
            variable.upper_bound = float(wanted)
        served, short = _serve(supply, stage, own)
        if short is not None and held_back is None:
            prices, held_back = short, stage.name
        for variable, value in zip(own, served, strict=True):
            variable.upper_bound = float(value)
            variable.lower_bound = max(0.0, float(value) - 1e-6)
        allowed.append(served)
    return Quota(tuple(allowed), prices, held_back)


def _serve(supply: Supply, stage: Stage, own: list) -> tuple[Floats, Prices | None]:  # type: ignore[type-arg]
    """Raise the smallest share, then the total; prices when something is held back."""
    if not own:
        return np.zeros(0), None
    model = supply.model
    share = model.add_variable(lb=0.0, ub=1.0)
    fair = []
    reachable = _reachable(supply)
    for variable, wanted, cell in zip(own, stage.wanted, stage.cell, strict=True):
        if wanted > 0 and int(cell) in reachable:
            row = model.add_linear_constraint(lb=0.0)
            row.set_coefficient(variable, 1.0)
            row.set_coefficient(share, -float(wanted))
            fair.append(row)
    model.maximize(share)
    share.lower_bound = max(0.0, float(supply.solve().variable_values()[share]) - 1e-9)
    model.maximize(sum((variable * 1.0 for variable in own), 0.0))
    result = supply.solve()
    served = np.array([result.variable_values()[variable] for variable in own])
    short = bool((served < stage.wanted - 1e-6).any())
    prices = supply.prices(result) if short else None
    for row in fair:
        model.delete_linear_constraint(row)
    model.delete_variable(share)
    return np.minimum(np.maximum(served, 0.0), stage.wanted), prices


def _reachable(supply: Supply) -> set[int]:
    """Cells (indices) that some team can visit."""
    known = {int(cell): index for index, cell in enumerate(supply.cells)}
    return {known[int(cell)] for kind in supply.hours.kinds for cell in kind.cells if int(cell) in known}
