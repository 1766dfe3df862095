"""Yagiura's generalised assignment instances through the plan's improvement kernel: percent above the best known.

The scheme is that of the plan: a linear model gives the price of each agent's hours, jobs are first placed where they
cost least at the prices, then the kernel improves. Here hours are so tight that the price is let go in steps: as long
as it counts, a move that saves hours is worth its cost, and jobs left out find room.
"""

from __future__ import annotations

import csv
import time
from pathlib import Path
from types import ModuleType

import numpy as np
from ortools.math_opt.python import mathopt

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "assignment"
STEPS, NEAR = 900_000, 8  # steps in all; agents of a job by priced cost
PRICED = (1.5, 1.1, 1.0, 0.95, 0.9, 0.8, 0.6, 0.3, 0.0)  # share of the price that counts, step by step
FINE, HEAT = 16, 16  # units of cost; temperature of each step in them, down to 1/4


def read(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """cost (jobs, agents), resource (jobs, agents), capacity (agents)."""
    numbers = np.array(path.read_text().split(), dtype=np.int64)
    agents, jobs = int(numbers[0]), int(numbers[1])
    cost = numbers[2 : 2 + agents * jobs].reshape(agents, jobs).T
    use = numbers[2 + agents * jobs : 2 + 2 * agents * jobs].reshape(agents, jobs).T
    return cost, use, numbers[2 + 2 * agents * jobs :][:agents]


def prices(cost: np.ndarray, use: np.ndarray, capacity: np.ndarray) -> np.ndarray:
    """Price of a unit of each agent's capacity: the linear model of the whole instance, by GLOP."""
    model, worth = mathopt.Model(), []
    within = [model.add_linear_constraint(ub=float(most)) for most in capacity]
    for job in range(len(cost)):
        once = model.add_linear_constraint(lb=1.0, ub=1.0)
        for agent, row in enumerate(within):
            share = model.add_variable(lb=0.0)
            once.set_coefficient(share, 1.0)
            row.set_coefficient(share, float(use[job, agent]))
            worth.append(share * float(cost[job, agent]))
    model.minimize(mathopt.fast_sum(worth))
    dual = mathopt.solve(model, mathopt.SolverType.GLOP).dual_values()
    return np.array([-dual[row] for row in within])


def solve(kernel: ModuleType, path: Path, steps: int) -> tuple[int, int]:
    """Cost of the assignment found and how many jobs it leaves out (0)."""
    cost, use, capacity = read(path)
    price = prices(cost, use, capacity)
    priced = _priced(cost, use, price, 1.0)
    items, bins, rules, state = _tables(kernel, cost, use, capacity, priced)
    two = np.sort(priced, axis=1)[:, :2]
    order = np.argsort(two[:, 0] - two[:, 1], kind="stable").astype(np.int32)
    cheap = rules._replace(extra=int(cost.max()) * FINE - priced)  # every place is worth something
    kernel.construct(order, items, bins, cheap, state)
    each = steps // len(PRICED)
    cool = round(65536 * (0.25 / HEAT) ** (1024 / each))
    nothing = np.zeros(len(cost), np.bool_)
    for turn, share in enumerate(PRICED):
        priced = _priced(cost, use, price, share)
        items = items._replace(value=_value(cost, priced))
        rules = rules._replace(extra=-priced)
        kernel.improve(each, np.uint64(7 + turn), HEAT, cool, items, bins, rules, state, nothing)
    placed = np.flatnonzero(state.place >= 0)
    return int(cost[placed, state.place[placed]].sum()), len(cost) - len(placed)


def _priced(cost: np.ndarray, use: np.ndarray, price: np.ndarray, share: float) -> np.ndarray:
    return np.asarray(np.rint((cost + share * use * price) * FINE), dtype=np.int64)


def _value(cost: np.ndarray, priced: np.ndarray) -> np.ndarray:
    """What a job is worth that is placed: more than any place costs beyond its cheapest."""
    return np.asarray(int(cost.max()) * FINE + priced.min(axis=1), dtype=np.int64)


def _tables(kernel: ModuleType, cost: np.ndarray, use: np.ndarray, capacity: np.ndarray, priced: np.ndarray):  # type: ignore[no-untyped-def]
    """Items, bins, rules and state: a job is a visit of its own cell, an agent a team-day."""
    jobs, agents = cost.shape
    near = np.argsort(priced, axis=1, kind="stable")[:, :NEAR]
    zero, each, index = np.zeros(jobs, np.int32), np.arange(jobs, dtype=np.int32), np.arange(agents, dtype=np.int32)
    none = np.zeros(1, np.int64)
    items = kernel.Items(
        _value(cost, priced), each, each, zero, zero, zero, zero, np.zeros(jobs + 1, np.int32), np.zeros(0, np.int32)
    )
    bins = kernel.Bins(
        capacity.astype(np.int32), np.zeros(agents, np.int32), index, np.zeros(agents, np.int32),
        np.full(agents, -1, np.int32), np.zeros(agents, np.int64),
    )  # fmt: skip
    rules = kernel.Rules(
        use.astype(np.int32), -priced, np.arange(0, near.size + 1, near.shape[1]).astype(np.int32),
        near.ravel().astype(np.int32), none, none.copy(), none.copy(), 0, False,
    )  # fmt: skip
    state = kernel.State(
        np.full(jobs, -1, np.int32), np.zeros(agents, np.int32), np.full((agents, jobs), -1, np.int32),
        np.zeros(agents, np.int32), np.full((agents, 2), -1, np.int32), np.zeros((agents, 2), np.int32), none.copy(),
        np.zeros(1, np.int64),
    )  # fmt: skip
    return items, bins, rules, state


def report(kernel: ModuleType) -> None:
    """One line per instance; skipped with the reason where the data is absent."""
    if not DATA.is_dir():
        print("Yagiura's instances: skipped, ../shared/data/assignment is absent")
        return
    with (DATA / "best_known.csv").open() as file:
        best = {row["Path"].split("/")[-1]: int(row["Best known solution value"]) for row in csv.DictReader(file)}
    print(f"Yagiura, {STEPS:,} steps: percent above best known; processor seconds with the linear model")
    for name in sorted(name for name in best if (DATA / name).is_file()):
        begun = time.process_time()
        cost, missing = solve(kernel, DATA / name, STEPS)
        above, seconds = 100 * (cost / best[name] - 1), time.process_time() - begun
        print(f"  {name}: {cost}, best {best[name]}: {above:.2f}%, {missing} left out, {seconds:.1f} s", flush=True)
