"""The same plan, cell by cell, for any number of workers, under load, and from a fresh process.

A loaded machine takes the same code path: nothing in the planner reads a clock (its limits are counts of steps), and
regions share nothing but read-only arrays. Load can only change when a region ends, which `solve` does not look at.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from models.inspection import Operations, Plan, PlanInput, make_plan
from models.inspection.crew import build_crew
from tests.models.inspection.world import world

PROJECT = Path(__file__).resolve().parents[3]
FRESH = "from tests.models.inspection.test_workers import *; print(digest(make_plan(separate())))"


def separate() -> PlanInput:
    """5,000 firms in six districts whose inspectors never leave theirs: six regions, solved apart."""
    given = world(n=5000, inspectors=40, regions=6, musts=20)
    home = pl.col("districts").list.head(1)
    return replace(given, inspectors=given.inspectors.with_columns(home))


def digest(plan: Plan) -> str:
    """sha256 over the visits, those left out, the quota and the pool, as text."""
    tables = (plan.visits, plan.left_out, plan.quota, plan.draw.pool)
    return hashlib.sha256("\n".join(table.write_ndjson() for table in tables).encode()).hexdigest()


@pytest.fixture(scope="module")
def given() -> PlanInput:
    return separate()


@pytest.fixture(scope="module")
def alone(given: PlanInput) -> Plan:
    return make_plan(given)


@contextmanager
def load() -> Iterator[None]:
    """Two threads that never rest, so that regions end in another order."""
    stop = threading.Event()

    def spin() -> None:
        while not stop.is_set():
            np.sort(np.arange(200_000)[::-1])

    busy = [threading.Thread(target=spin) for _ in range(2)]
    for thread in busy:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in busy:
            thread.join()


def test_the_regions_are_solved_apart(given: PlanInput) -> None:
    """Otherwise a second worker would have nothing to do and the next test would show nothing."""
    districts = sorted(given.enterprises["region"].unique())
    crew = build_crew(given.inspectors, given.absences, [given.period_from], districts, ["food"])
    assert len(set(crew.district_region.tolist())) == 6


@pytest.mark.parametrize("workers", [2, 5])
def test_any_number_of_workers_makes_the_same_plan_under_load(given: PlanInput, alone: Plan, workers: int) -> None:
    with load():
        other = make_plan(replace(given, operations=Operations(effort=50, workers=workers)))
    for name in ("visits", "left_out", "quota", "prices"):
        assert_frame_equal(getattr(other, name), getattr(alone, name))
    assert_frame_equal(other.draw.pool, alone.draw.pool)
    assert (other.objective, other.bound, other.lottery_bits) == (alone.objective, alone.bound, alone.lottery_bits)


@pytest.mark.slow
def test_a_fresh_process_that_compiles_anew_makes_the_same_plan(alone: Plan, tmp_path: Path) -> None:
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path), "PYTHONHASHSEED": "7"}
    fresh = subprocess.run(
        [sys.executable, "-c", FRESH], capture_output=True, text=True, env=environment, cwd=PROJECT, check=False
    )
    assert fresh.stdout.strip() == digest(alone), fresh.stderr
