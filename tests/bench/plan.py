"""`make bench-plan [SIZE=1k|10k|100k|1m]`: this project against its peers on the same instances, three seeds.

share = (z - greedy) / (bound - greedy). The bound is ours (Lagrangian, valid whoever pairs with whom); peers get the
team-days of our plan as a gift. Every competitor runs in a process of its own, whose peak memory is shown. Peers run at
1k and 10k only, for PEER_SECONDS (60) each. Then small offices through CP-SAT, the same plan under all conditions, and
Yagiura's assignment instances through the same kernel.
"""

from __future__ import annotations

import importlib.util
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from models.inspection import kernel
from models.inspection.baseline import greedy
from models.inspection.problem import Problem, Solution
from models.inspection.solve import objective_of, solve
from tests.bench import plan_same, plan_small
from tests.bench.plan_instances import SIZES, instance
from tests.bench.plan_peers import cp_sat, highs, mip
from tests.bench.yagiura import report as yagiura

SEED = b"bench"
EFFORT = {"1k": 250, "10k": 100, "100k": 50, "1m": 30}
PEERS = ("CP-SAT monolithic", "HiGHS MIP")
LINE = "{:<26}{:>5}{:>8}{:>8}{:>8}{:>14}{:>9}{:>7}{:>7}"
NO_TIMEFOLD = (
    "Timefold: not installable here (the package index has no distribution named timefold, with --pre neither)"
)


@dataclass(frozen=True)
class Run:
    """What one competitor did in its own process; seconds, megabytes."""

    found: Solution | None
    wall: float
    cpu: float
    memory: int
    broken: int


def broken(problem: Problem, found: Solution) -> int:
    """Violations, counted from the solution alone."""
    seated = np.flatnonzero(found.day >= 0)
    crew, day = problem.crew, found.day[seated]
    wrong = 0
    for person in (found.one[seated], found.other[seated]):
        wrong += int(
            (~crew.districts[person, problem.district[seated]]).sum()
            + (~crew.skills[person, problem.skill[seated]]).sum()
        )
        wrong += int((~crew.there[person, day]).sum())
        clash = {
            (v, p) for v in seated for p in problem.clash[problem.clash_start[v] : problem.clash_start[v + 1]].tolist()
        }
        wrong += sum((v, p) in clash for v, p in zip(seated.tolist(), person.tolist(), strict=True))
    wrong += int((found.one[seated] == found.other[seated]).sum())
    wrong += int(((day < problem.first[seated]) | (day > problem.last[seated])).sum())
    days: dict[tuple[int, int], dict[str, set[int] | int]] = {}
    for v, d, a, b in zip(
        seated.tolist(), day.tolist(), found.one[seated].tolist(), found.other[seated].tolist(), strict=True
    ):
        for person, mate in ((a, b), (b, a)):
            load = days.setdefault((d, person), {"minutes": 0, "districts": set(), "mates": set()})
            load["minutes"] += int(problem.minutes[v])  # type: ignore[operator]
            load["districts"].add(int(problem.district[v]))  # type: ignore[union-attr]
            load["mates"].add(mate)  # type: ignore[union-attr]
    for (_, person), load in days.items():
        districts = len(load["districts"])  # type: ignore[arg-type]
        travel = (districts - 1) * problem.travel_minutes
        wrong += (districts > 2) + (len(load["mates"]) > 1) + (load["minutes"] + travel > crew.minutes[person])  # type: ignore[arg-type, operator]
    return wrong


def run(name: str, size: str, seed: int, teams: np.ndarray | None) -> Run:
    """One competitor on one instance; compiled code is loaded and the instance made before the clock starts."""
    problem = instance(SIZES[size], seed)
    solver = _competitor(name, size, teams)
    if name in ("evenhand", "greedy by priority"):
        solver(instance(1000, 0))
    begun = _clock()
    found = solver(problem)
    wall, cpu = (now - then for now, then in zip(_clock(), begun, strict=True))
    memory = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) // 1024
    return Run(found, wall, cpu, memory, 0 if found is None else broken(problem, found))


def _competitor(name: str, size: str, teams: np.ndarray | None) -> Callable[[Problem], Solution | None]:
    if name == "evenhand":
        return lambda problem: solve(problem, SEED, EFFORT[size], workers=2)
    if name == "greedy by priority":
        return lambda problem: greedy(problem, SEED)
    assert teams is not None
    return lambda problem: _peer(name, problem, teams)


def _peer(name: str, problem: Problem, teams: np.ndarray) -> Solution | None:
    """One mixed-integer model of everything but who pairs with whom."""
    model, seconds = mip(problem, teams), peer_seconds()
    if name == "HiGHS MIP":
        with tempfile.TemporaryDirectory() as folder:
            values, _ = highs(model, seconds, Path(folder))
    else:
        values, _ = cp_sat(model, seconds)
    if values is None:
        return None
    columns = [np.full(len(problem.ids), -1, np.int64) for _ in range(3)]
    taken = np.flatnonzero(values[: len(model.visit)] > 0.5)
    for target, source in zip(columns, teams.T, strict=True):
        target[model.visit[taken]] = source[model.team[taken]]
    seated = np.flatnonzero(columns[0] >= 0)
    day, one, other = columns
    return Solution(day, one, other, objective_of(problem, seated), 0, 0.0, np.zeros(len(problem.ids), np.int64))


def peer_seconds() -> float:
    return float(os.environ.get("PEER_SECONDS", "60"))


def _clock() -> tuple[float, float]:
    """Wall and processor seconds, children included."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.time(), own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _print(name: str, seed: int, done: Run, bound: int, low: int) -> None:
    wall, cpu = f"{done.wall:.1f}", f"{done.cpu:.1f}"
    if done.found is None:
        print(LINE.format(name, seed, wall, cpu, done.memory, "nothing", "", "", ""), flush=True)
        return
    z = done.found.objective
    gap, share = 100 * (bound - z) / bound, (z - low) / max(1, bound - low)
    print(LINE.format(name, seed, wall, cpu, done.memory, z, f"{gap:.2f}%", done.broken, f"{share:.3f}"), flush=True)


def main(size: str) -> None:
    print(f"plan bench, {size}: {SIZES[size]:,} firms; wall and processor seconds, MB of each whole process")
    print(LINE.format("", "seed", "wall", "cpu", "MB", "objective", "gap", "broken", "share"))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as apart:
        for seed in (1, 2, 3):
            ours = apart.submit(run, "evenhand", size, seed, None).result()
            simple = apart.submit(run, "greedy by priority", size, seed, None).result()
            assert ours.found is not None
            assert simple.found is not None
            bound, low = ours.found.bound, simple.found.objective
            _print("greedy by priority", seed, simple, bound, low)
            _print("evenhand", seed, ours, bound, low)
            for peer in PEERS if size in ("1k", "10k") else ():
                done = apart.submit(run, peer, size, seed, ours.found.teams).result()
                _print(f"{peer} ({peer_seconds():.0f} s)", seed, done, bound, low)
    if importlib.util.find_spec("timefold") is None:
        print(NO_TIMEFOLD)
    else:
        print("Timefold: it can be installed here, but this bench has no model for it yet")
    plan_small.report()
    plan_same.report()
    yagiura(kernel)


if __name__ == "__main__":
    main(sys.argv[1].lower() if len(sys.argv) > 1 and sys.argv[1] else "10k")
