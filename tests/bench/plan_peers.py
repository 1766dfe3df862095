"""Peers on the same instances: one mixed-integer model for everybody, with the team-days of our lottery given to them.

Run as a program it solves a saved model with HiGHS (highspy and ortools cannot share a process).
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # this file also runs as a program with HiGHS, which cannot share a process with ortools
    from models.inspection.problem import Problem


@dataclass(frozen=True)
class Mip:
    """max c·v; lower ≤ A v ≤ upper in CSR; integer variables 0 ≤ v ≤ most. `visit`, `team` of the first variables."""

    c: np.ndarray
    most: np.ndarray
    start: np.ndarray
    column: np.ndarray
    value: np.ndarray
    upper: np.ndarray
    visit: np.ndarray
    team: np.ndarray


def mip(problem: Problem, teams: np.ndarray) -> Mip:
    """x[visit, team-day], y[team-day, district] and s[group]; rules as in models/inspection/kernel.py.

    teams: as in Solution.teams.
    """
    crew, (day, one, other) = problem.crew, teams.T
    able = crew.districts[:, problem.district].T & crew.skills[:, problem.skill].T  # (visits, people)
    clash = np.repeat(np.arange(len(problem.ids)), np.diff(problem.clash_start))
    able[clash, problem.clash] = False
    window = (day[None, :] >= problem.first[:, None]) & (day[None, :] <= problem.last[:, None])
    visit, team = np.nonzero(able[:, one] & able[:, other] & window)
    pairs, of_pair = np.unique(np.stack([team, problem.district[visit]]), axis=1, return_inverse=True)
    n, m, groups = len(visit), pairs.shape[1], len(problem.target)
    capacity = np.minimum(crew.minutes[one], crew.minutes[other])
    most_a_day = int(capacity.max()) // int(problem.minutes.min())
    y, s = n + np.arange(m), n + m + np.arange(groups)
    rows, columns, values, upper = [], [], [], []
    base = 0

    def block(row: np.ndarray, column: np.ndarray, value: np.ndarray) -> None:
        rows.append(base + row), columns.append(column), values.append(value)

    x = np.arange(n)
    block(visit, x, np.ones(n))  # a visit once
    upper.append(np.ones(len(problem.ids)))
    base += len(problem.ids)
    block(team, x, problem.minutes[visit])  # minutes with travel
    block(pairs[0], y, np.full(m, problem.travel_minutes))
    upper.append(capacity + problem.travel_minutes)
    base += len(capacity)
    block(pairs[0], y, np.ones(m))  # two districts
    upper.append(np.full(len(capacity), 2))
    base += len(capacity)
    block(of_pair.ravel(), x, np.ones(n))  # a district is open for its visits
    block(np.arange(m), y, np.full(m, -most_a_day))
    upper.append(np.zeros(m))
    base += m
    block(problem.group[visit], x, -np.ones(n))  # premium for visits that take place
    block(np.arange(groups), s, np.ones(groups))
    upper.append(np.zeros(groups))
    row, column, value = (np.concatenate(part) for part in (rows, columns, values))
    order = np.lexsort((column, row))
    start = np.searchsorted(row[order], np.arange(base + groups + 1))
    c = np.concatenate([problem.value[visit], np.zeros(m, np.int64), problem.premium])
    most = np.concatenate([np.ones(n + m, np.int64), problem.target])
    return Mip(c, most, start, column[order], value[order], np.concatenate(upper), visit, team)


def cp_sat(model: Mip, seconds: float) -> tuple[np.ndarray | None, float]:
    """Values of the variables (None: nothing found) and the bound; two workers."""
    from ortools.sat.python import cp_model

    cp = cp_model.CpModel()
    variables = [cp.new_int_var(0, int(most), "") for most in model.most]
    for at in range(len(model.upper)):
        inside = slice(model.start[at], model.start[at + 1])
        terms = [variables[c] * int(v) for c, v in zip(model.column[inside], model.value[inside], strict=True)]
        if terms:
            cp.add(sum(terms) <= int(model.upper[at]))
    cp.maximize(cp_model.LinearExpr.weighted_sum(variables, [int(c) for c in model.c]))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 2
    status = solver.solve(cp)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None, solver.best_objective_bound
    return np.array([solver.value(v) for v in variables]), solver.best_objective_bound


def highs(model: Mip, seconds: float, folder: Path) -> tuple[np.ndarray | None, float]:
    """The same by HiGHS in a process of its own."""
    np.savez(folder / "model.npz", **{name: getattr(model, name) for name in Mip.__dataclass_fields__})
    subprocess.run([sys.executable, __file__, str(folder), str(seconds)], check=True, capture_output=True)
    answer = json.loads((folder / "answer.json").read_text())
    values = np.load(folder / "values.npy") if answer["found"] else None
    return values, answer["bound"]


def _highs_main(folder: Path, seconds: float) -> None:
    import highspy

    data = np.load(folder / "model.npz")
    solver = highspy.Highs()
    for name, value in (("output_flag", False), ("time_limit", seconds), ("threads", 2)):
        solver.setOptionValue(name, value)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(data["c"]), len(data["upper"])
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = (
        -data["c"].astype(float),
        np.zeros(len(data["c"])),
        data["most"].astype(float),
    )
    lp.row_lower_, lp.row_upper_ = np.full(len(data["upper"]), -highspy.kHighsInf), data["upper"].astype(float)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = data["start"].astype(np.int32), data["column"].astype(np.int32)
    lp.a_matrix_.value_ = data["value"].astype(float)
    lp.integrality_ = [highspy.HighsVarType.kInteger] * len(data["c"])
    solver.passModel(lp)
    begun = time.time()
    solver.run()
    info = solver.getInfo()
    found = info.primal_solution_status == 2
    if found:
        np.save(folder / "values.npy", np.rint(np.array(solver.getSolution().col_value)))
    answer = {"found": bool(found), "bound": -info.mip_dual_bound, "seconds": time.time() - begun}
    (folder / "answer.json").write_text(json.dumps(answer))


if __name__ == "__main__":
    _highs_main(Path(sys.argv[1]), float(sys.argv[2]))
