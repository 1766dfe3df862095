"""Small offices: what CP-SAT over every pair and day adds to the two levels, and how often it proves the optimum."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from models.inspection.exact import Limits
from models.inspection.problem import Problem
from models.inspection.solve import solve
from models.inspection.terms import Operations
from tests.bench.plan_instances import instance

OFFICES = ((20, 1), (40, 1), (40, 2), (60, 2), (100, 2), (100, 3), (200, 4))  # firms, working days
LINE = "  {:>5}{:>6}{:>6}{:>13}{:>13}{:>13}{:>9}{:>9}{:>8}"


def office(firms: int, days: int, seed: int) -> Problem:
    """The first days of an instance: few hours for its firms."""
    whole = instance(firms, seed)
    crew = replace(whole.crew, there=whole.crew.there[:, :days])
    first, last = np.minimum(whole.first, days - 1), np.full(len(whole.ids), days - 1)
    return replace(whole, crew=crew, days=whole.days[:days], first=first, last=last)


def report() -> None:
    """One line per office; limits as in Operations."""
    limits = Limits(Operations.exact_choices, Operations.exact_work)
    print("small offices: two levels alone, then with CP-SAT (one worker, deterministic limit)")
    print(LINE.format("firms", "days", "seed", "two levels", "with CP-SAT", "bound", "gap", "proven", "cpu s"))
    for firms, days in OFFICES:
        for seed in (1, 2, 3):
            problem = office(firms, days, seed)
            alone = solve(problem, b"bench", Operations.effort)
            begun = time.process_time()
            best = solve(problem, b"bench", Operations.effort, small=limits)
            seconds, gap = time.process_time() - begun, 100 * (best.bound - best.objective) / max(1, best.bound)
            figures = (alone.objective, best.objective, best.bound, f"{gap:.2f}%", "yes" if best.proven else "no")
            print(LINE.format(firms, days, seed, *figures, f"{seconds:.2f}"), flush=True)
