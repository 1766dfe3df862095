"""`make bench-plan [SIZE=1k|10k|100k|1m]`: this project against its peers on the same instances, three seeds.

share = (z - greedy) / (bound - greedy). The bound is ours (Lagrangian, valid whoever pairs with whom); peers get the
team-days of our lottery as a gift. They run at 1k and 10k only, for PEER_SECONDS (60) each. Then Yagiura's assignment
instances through the same kernel.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from models.inspection import kernel
from models.inspection.baseline import greedy
from models.inspection.bound import price
from models.inspection.hours import region_hours
from models.inspection.problem import Problem, Solution
from models.inspection.solve import _worth, objective_of, solve
from models.inspection.teams import Lottery
from tests.bench.plan_instances import SIZES, instance
from tests.bench.plan_peers import cp_sat, highs, mip
from tests.bench.yagiura import report as yagiura

SEED = b"bench"
EFFORT = {"1k": 300, "10k": 100, "100k": 50, "1m": 30}
LINE = "{:<26}{:>5}{:>8}{:>8}{:>8}{:>14}{:>9}{:>7}{:>7}"


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


def _row(
    name: str, seed: int, begun: tuple[float, float], problem: Problem, found: Solution | None, bound: int, low: int
) -> None:
    wall, cpu = (f"{now - then:.1f}" for now, then in zip(_clock(), begun, strict=True))
    if found is None:
        print(LINE.format(name, seed, wall, cpu, "", "nothing", "", "", ""), flush=True)
        return
    z = objective_of(problem, np.flatnonzero(found.day >= 0))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    gap, share = 100 * (bound - z) / bound, (z - low) / max(1, bound - low)
    figures = (wall, cpu, memory, z, f"{gap:.2f}%", broken(problem, found), f"{share:.3f}")
    print(LINE.format(name, seed, *figures), flush=True)


def _clock() -> tuple[float, float]:
    """Wall and processor seconds, children included."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.time(), own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _teams(problem: Problem):  # type: ignore[no-untyped-def]
    """Team-days of a one-region problem, as solve forms them at first."""
    chosen, cells = np.arange(len(problem.ids)), np.unique(problem.cell)
    hours = region_hours(problem.crew, 0, cells, np.unique(problem.minutes), 2)
    priced = price(problem, chosen, hours, cells)
    return Lottery(
        problem.crew, hours, priced.team_days, _worth(hours, cells, priced), SEED, list(problem.days), 64
    ).result()


def _peers(size: str, seed: int, problem: Problem, bound: int, low: int) -> None:
    teams, seconds = _teams(problem), float(os.environ.get("PEER_SECONDS", "60"))
    model = mip(problem, teams)
    with tempfile.TemporaryDirectory() as folder:
        for name, run in (("CP-SAT monolithic", cp_sat), ("HiGHS MIP", lambda m, s: highs(m, s, Path(folder)))):
            begun = _clock()
            values, _ = run(model, seconds)
            found = None
            if values is not None:
                found = _solution(problem, teams, model, values)
            _row(f"{name} ({seconds:.0f} s)", seed, begun, problem, found, bound, low)


def _solution(problem: Problem, teams, model, values) -> Solution:  # type: ignore[no-untyped-def]
    day, one, other = (np.full(len(problem.ids), -1, np.int64) for _ in range(3))
    taken = np.flatnonzero(values[: len(model.visit)] > 0.5)
    for target, source in ((day, teams.day), (one, teams.one), (other, teams.other)):
        target[model.visit[taken]] = source[model.team[taken]]
    return Solution(day, one, other, 0, 0, 0.0, np.zeros(len(problem.ids), np.int64))


def main(size: str) -> None:
    print(f"plan bench, {size}: {SIZES[size]:,} firms; wall and processor seconds, MB of the whole process")
    print(LINE.format("", "seed", "wall", "cpu", "MB", "objective", "gap", "broken", "share"))
    solve(instance(1000, 0), SEED, 1)  # compiled before the clock starts; the cache keeps it
    for seed in (1, 2, 3):
        problem = instance(SIZES[size], seed)
        begun = _clock()
        ours = solve(problem, SEED, EFFORT[size], workers=2)
        took = tuple(now - then for now, then in zip(_clock(), begun, strict=True))
        begun = _clock()
        simple = greedy(problem, SEED)
        low = simple.objective
        _row("greedy by priority", seed, begun, problem, simple, ours.bound, low)
        started = tuple(now - spent for now, spent in zip(_clock(), took, strict=True))
        _row("evenhand", seed, (started[0], started[1]), problem, ours, ours.bound, low)
        if size in ("1k", "10k"):
            _peers(size, seed, problem, ours.bound, low)
    yagiura(kernel)


if __name__ == "__main__":
    main(sys.argv[1].lower() if len(sys.argv) > 1 and sys.argv[1] else "10k")
