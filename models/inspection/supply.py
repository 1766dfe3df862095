"""The linear model of a region's hours: team-days made of inspectors, minutes flowing from them to cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from ortools.glop import parameters_pb2
from ortools.math_opt.python import mathopt

from models.inspection.crew import Ints
from models.inspection.hours import Hours

SOLVERS = (
    (
        mathopt.SolverType.GLOP,
        mathopt.SolveParameters(glop=parameters_pb2.GlopParameters(change_status_to_imprecise=False)),
    ),
    (mathopt.SolverType.GLOP, mathopt.SolveParameters(presolve=mathopt.Emphasis.OFF, scaling=mathopt.Emphasis.HIGH)),
    (mathopt.SolverType.PDLP, mathopt.SolveParameters(threads=1)),
)
Floats = npt.NDArray[np.float64]


CUT_ROUNDS, CUTS, CROWDED = 8, 60, 0.05


@dataclass(frozen=True)
class Prices:
    """What one more unit would be worth, from the linear model; every array ≥ 0."""

    cell: Floats  # a minute of a team in the cell
    class_day: Floats  # a day of an inspector of the class
    team: float  # one team-day more, whoever it is
    groups: tuple[float, ...] = ()  # one more team-day inside each small group of Supply.groups


class Supply:
    """Variables: team-days by kind, minutes by group of kinds and cell. Constraints named as their rules."""

    def __init__(self, hours: Hours, cells: Ints, headroom_per_mille: int = 0) -> None:
        self.hours, self.cells = hours, cells
        self.share = 1 - headroom_per_mille / 1000
        self.model = mathopt.Model(name="hours")
        self.team_days = [self.model.add_variable(lb=0, ub=kind.most) for kind in hours.kinds]
        self.groups: list[tuple[frozenset[int], int]] = []  # classes, most team-days among them
        self.group_rows: list[mathopt.LinearConstraint] = []
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
        """The optimum; team-days that a small group cannot form among themselves are cut off as they appear."""
        result = self._optimum()
        for _ in range(CUT_ROUNDS if self.hours.team_size == 2 else 0):
            found = crowded(self.hours, self.team_day_values(result), {group for group, _ in self.groups})
            if not found:
                break
            for group, most in found:
                self._no_more_teams_in_a_group(group, most)
            result = self._optimum()
        return result

    def _no_more_teams_in_a_group(self, group: frozenset[int], most: int) -> None:
        """Three people make one team a day, not one and a half."""
        row = self.model.add_linear_constraint(ub=float(most))
        for variable, kind in zip(self.team_days, self.hours.kinds, strict=True):
            if kind.first in group and kind.second in group:
                row.set_coefficient(variable, 1.0)
        self.groups.append((group, most))
        self.group_rows.append(row)

    def _optimum(self) -> mathopt.SolveResult:
        """GLOP, deterministic. What it calls imprecise is good enough: quotas are rounded, the bound is recomputed in
        integers. Should it fail, the same without presolve, then PDLP; never a clock."""
        for solver, parameters in SOLVERS:
            result = mathopt.solve(self.model, solver, params=parameters)
            if result.termination.reason == mathopt.TerminationReason.OPTIMAL and result.has_dual_feasible_solution():
                return result
        reason = result.termination.reason.name
        raise ArithmeticError(f"the linear model of hours ended {reason}; please report this input")

    def prices(self, result: mathopt.SolveResult) -> Prices:
        """Duals of the last solution."""
        dual = result.dual_values()
        return Prices(
            np.array([abs(dual[self.minutes_of_cell[int(cell)]]) for cell in self.cells]),
            np.array([abs(dual[row]) for row in self.class_rows]),
            abs(dual[self.team_row]),
            tuple(abs(dual[row]) for row in self.group_rows),
        )

    def team_day_values(self, result: mathopt.SolveResult) -> Floats:
        """Team-days of each kind in the last solution."""
        values = result.variable_values()
        return np.array([values[variable] for variable in self.team_days], dtype=np.float64)


def crowded(hours: Hours, team_days: Floats, known: set[frozenset[int]]) -> list[tuple[frozenset[int], int]]:
    """Groups of two or three classes with more team-days among them than their people can form, worst first."""
    among: dict[int, dict[int, float]] = {}
    for kind, days in zip(hours.kinds, team_days, strict=True):
        if days > CROWDED:
            among.setdefault(kind.first, {})[kind.second] = days
            among.setdefault(kind.second, {})[kind.first] = days
    found: dict[frozenset[int], tuple[float, int]] = {}
    for a, near in among.items():
        for b in near:
            for c in {*near, *among[b]} - {a, b} | {a}:
                group = frozenset((a, b, c))
                if group in known or group in found:
                    continue
                inside = sum(among.get(x, {}).get(y, 0.0) for x in group for y in group if x <= y)
                most = int((hours.present[sorted(group)].sum(axis=0) // 2).sum())
                if inside > most + CROWDED:
                    found[group] = (inside - most, most)
    worst = sorted(found.items(), key=lambda item: (-item[1][0], sorted(item[0])))
    return [(group, most) for group, (_, most) in worst[:CUTS]]
