"""The linear model of a region's hours: team-days made of inspectors, minutes flowing from them to cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from ortools.math_opt.python import mathopt

from config.errors import PlanError
from models.inspection.crew import Ints
from models.inspection.hours import Hours

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Prices:
    """What one more unit would be worth, from the linear model; every array ≥ 0."""

    cell: Floats  # a minute of a team in the cell
    class_day: Floats  # a day of an inspector of the class
    team: float  # one team-day more, whoever it is


class Supply:
    """Variables: team-days by kind, minutes by group of kinds and cell. Constraints named as their rules."""

    def __init__(self, hours: Hours, cells: Ints, headroom_per_mille: int = 0) -> None:
        self.hours, self.cells = hours, cells
        self.share = 1 - headroom_per_mille / 1000
        self.model = mathopt.Model(name="hours")
        self.team_days = [self.model.add_variable(lb=0, ub=kind.most) for kind in hours.kinds]
        self._nobody_twice_a_day()
        self._no_more_teams_than_people()
        self.minutes_of_cell = {int(cell): self.model.add_linear_constraint(lb=0.0) for cell in cells}
        self._minutes_come_from_team_days()

    def _nobody_twice_a_day(self) -> None:
        """Team-days of a class ≤ days on which its inspectors are there."""
        self.class_rows = []
        for index, days in enumerate(self.hours.class_days):
            row = self.model.add_linear_constraint(ub=float(days))
            for variable, kind in zip(self.team_days, self.hours.kinds, strict=True):
                weight = (kind.first == index) + (kind.second == index)
                if weight:
                    row.set_coefficient(variable, float(weight))
            self.class_rows.append(row)

    def _no_more_teams_than_people(self) -> None:
        """Teams on a day ≤ people there, divided by the team's size and rounded down."""
        self.team_row = self.model.add_linear_constraint(ub=float(self.hours.most_teams))
        for variable in self.team_days:
            self.team_row.set_coefficient(variable, 1.0)

    def _minutes_come_from_team_days(self) -> None:
        groups: dict[bytes, list[int]] = {}
        for index, kind in enumerate(self.hours.kinds):
            groups.setdefault(kind.cells.tobytes(), []).append(index)
        for members in groups.values():
            held = self.model.add_linear_constraint(ub=0.0)
            for index in members:
                held.set_coefficient(self.team_days[index], -self.hours.kinds[index].minutes * self.share)
            for cell in self.hours.kinds[members[0]].cells:
                flow = self.model.add_variable(lb=0.0)
                held.set_coefficient(flow, 1.0)
                self.minutes_of_cell[int(cell)].set_coefficient(flow, 1.0)

    def use(self, variable: Any, cell: int, minutes: float) -> None:
        """Each unit of the variable takes so many team-minutes in the cell."""
        self.minutes_of_cell[cell].set_coefficient(variable, -minutes)

    def solve(self) -> mathopt.SolveResult:
        """GLOP, deterministic; PlanError when the model is infeasible (only lower bounds can cause it)."""
        result = mathopt.solve(self.model, mathopt.SolverType.GLOP)
        if result.termination.reason != mathopt.TerminationReason.OPTIMAL:
            raise PlanError(f"quota: the linear model ended {result.termination.reason.name}.")
        return result

    def prices(self, result: mathopt.SolveResult) -> Prices:
        """Duals of the last solution."""
        dual = result.dual_values()
        return Prices(
            np.array([abs(dual[self.minutes_of_cell[int(cell)]]) for cell in self.cells]),
            np.array([abs(dual[row]) for row in self.class_rows]),
            abs(dual[self.team_row]),
        )

    def team_day_values(self, result: mathopt.SolveResult) -> Floats:
        """Team-days of each kind in the last solution."""
        values = result.variable_values()
        return np.array([values[variable] for variable in self.team_days], dtype=np.float64)
