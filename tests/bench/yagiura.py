"""Yagiura's generalised assignment instances through the plan's improvement kernel: percent above the best known."""

from __future__ import annotations

import csv
import time
from pathlib import Path
from types import ModuleType

import numpy as np

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "assignment"
STEPS, NEAR = 4_000_000, 5  # steps; agents of a job by priced cost


def read(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """cost (jobs, agents), resource (jobs, agents), capacity (agents)."""
    numbers = np.array(path.read_text().split(), dtype=np.int64)
    agents, jobs = int(numbers[0]), int(numbers[1])
    cost = numbers[2 : 2 + agents * jobs].reshape(agents, jobs).T
    use = numbers[2 + agents * jobs : 2 + 2 * agents * jobs].reshape(agents, jobs).T
    return cost, use, numbers[2 + 2 * agents * jobs :][:agents]


def _prices(cost: np.ndarray, use: np.ndarray, capacity: np.ndarray) -> np.ndarray:
    """Price of a unit of each agent's capacity, by subgradient steps."""
    price = np.zeros(len(capacity))
    for step in range(300):
        taken = (cost + use * price).argmin(axis=1)
        load = np.bincount(taken, weights=use[np.arange(len(cost)), taken], minlength=len(capacity))
        price = np.maximum(0.0, price + (load / capacity - 1) * cost.mean() / use.mean() * 2 / (1 + step / 10))
    return price


def solve(kernel: ModuleType, path: Path, steps: int) -> tuple[int, int]:
    """Cost of the assignment found and how many jobs it leaves out (0)."""
    cost, use, capacity = read(path)
    jobs, agents = cost.shape
    everything = int(cost.max()) * 4
    zero = np.zeros(jobs, np.int32)
    near = np.argsort(cost + use * _prices(cost, use, capacity), axis=1, kind="stable")[:, : min(agents, NEAR)]
    items = kernel.Items(
        np.full(jobs, everything, np.int64), np.arange(jobs, dtype=np.int32),
        np.arange(jobs, dtype=np.int32), zero, zero, zero, zero,
        np.zeros(jobs + 1, np.int32), np.zeros(0, np.int32),
    )  # fmt: skip
    index = np.arange(agents, dtype=np.int32)
    bins = kernel.Bins(
        capacity.astype(np.int32), np.zeros(agents, np.int32), index, np.zeros(agents, np.int32),
        np.full(agents, -1, np.int32), np.zeros(agents, np.int64),
    )  # fmt: skip
    none = np.zeros(1, np.int64)
    rules = kernel.Rules(
        use.astype(np.int32),
        -cost,
        np.arange(0, near.size + 1, near.shape[1]).astype(np.int32),
        near.ravel().astype(np.int32),
        none,
        none.copy(),
        none.copy(),
        0,
    )
    state = kernel.State(
        np.full(jobs, -1, np.int32), np.zeros(agents, np.int32), np.full((agents, jobs), -1, np.int32),
        np.zeros(agents, np.int32), np.full((agents, 2), -1, np.int32), np.zeros((agents, 2), np.int32), none.copy(),
        np.zeros(1, np.int64),
    )  # fmt: skip
    regret = np.sort(cost, axis=1)
    order = np.argsort(-(regret[:, 1] - regret[:, 0]), kind="stable").astype(np.int32)
    kernel.construct(order, items, bins, rules, state)
    heat = max(2, int(cost.std()) // 2)
    cool = round(65536 * (0.05 / heat) ** (1024 / steps))
    kernel.improve(steps, np.uint64(7), heat, cool, items, bins, rules, state, np.zeros(jobs, np.bool_))
    placed = np.flatnonzero(state.place >= 0)
    return int(cost[placed, state.place[placed]].sum()), jobs - len(placed)


def report(kernel: ModuleType) -> None:
    """One line per instance; skipped with the reason where the data is absent."""
    if not DATA.is_dir():
        print("Yagiura's instances: skipped, ../shared/data/assignment is absent")
        return
    with (DATA / "best_known.csv").open() as file:
        best = {row["Path"].split("/")[-1]: int(row["Best known solution value"]) for row in csv.DictReader(file)}
    print(f"Yagiura, {STEPS:,} steps: percent above best known")
    for name in sorted(name for name in best if (DATA / name).is_file()):
        begun = time.time()
        cost, missing = solve(kernel, DATA / name, STEPS)
        above, seconds = 100 * (cost / best[name] - 1), time.time() - begun
        print(f"  {name}: {cost}, best {best[name]}: {above:.2f}%, {missing} left out, {seconds:.1f} s", flush=True)
