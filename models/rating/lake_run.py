"""Ratings of a lake, shard by shard, in three passes with small results between them.

1. each shard alone: points, gates, tier, reasons → two files; and whom its enterprises in trigger tiers lead to
2. only with links: the offices of those persons in every shard → what is carried over, over all shards
3. only shards that something is carried to: score, gates and tier again

Passes take and return paths, numbers and small frames, so that they can be mapped over any workers.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import polars as pl

from config.errors import UsageError
from config.in_force import Link, Policy
from models.intake.lake import ENGINE_COLUMNS, Lake, check_lake
from models.rating.acts import days_since_epoch
from models.rating.engine import asks_amounts, prepare, rated
from models.rating.linked import LinkResult, carried, enabled, hot_persons, offices, resolve, triggers
from models.rating.rated_files import RatedRun, publish, relink, write_rated
from models.rating.rubric import Rubric, compile_rubric, nested

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class FirstPass:
    """What the first pass of a shard hands on: for each link rule its hot persons."""

    shard: int
    enterprises: int
    hot: tuple[pl.DataFrame, ...]


def rate_lake(
    lake: Lake,
    policy: Policy,
    out: Path,
    *,
    shards: Sequence[int] | None = None,
    history: pl.DataFrame | None = None,
    workers: int = 1,
) -> RatedRun:
    """Rate the lake into the folder `out` (replaced as a whole at the end); equal to `rate` for any sharding.

    shards: only these (not where links are enabled: they reach over shards). Raises StoreError that names a
    missing or truncated shard file before anything is replaced.
    """
    check_lake(lake)
    chosen = tuple(range(lake.shards) if shards is None else shards)
    if enabled(policy) and len(chosen) < lake.shards:
        raise UsageError("links reach over shards.", remedy="rate all shards, or switch the links off")
    beside = out.with_name(f".{out.name}.{os.getpid()}")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    try:
        rubric = compile_rubric(policy, lake.codes.items)
        first = spread(lambda number: first_pass(lake, number, rubric, beside, history), chosen, workers)
        results = link_pass(lake, policy, first, workers)
        touched = sorted({int(n) for result in results for n in result.carried["shard"].unique()})
        spread(lambda number: third_pass(lake, number, policy, beside, results, history), touched, workers)
        barred = pl.concat([r.placeholders for r in results]).unique().sort("person").rows() if results else []
        run = RatedRun(beside, lake.generation, policy.as_of, policy.digest, chosen, tuple(barred))
        return publish(beside, out, run)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def spread(task: Callable[[T], R], over: Iterable[T], workers: int) -> list[R]:
    """`task` over everything, results in the order of `over` whatever the number of workers."""
    if workers <= 1:
        return [task(one) for one in over]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(task, over))


def first_pass(lake: Lake, number: int, rubric: Rubric, folder: Path, history: pl.DataFrame | None = None) -> FirstPass:
    """Rate one shard without links and write it; find whom its enterprises in trigger tiers lead to."""
    policy = rubric.policy
    shard = lake.shard(number, columns=columns_needed(rubric))
    inputs = prepare(shard, rubric, history)
    rating = rated(inputs)
    write_rated(folder, number, rating, inputs)
    hot = [
        hot_persons(shard, triggers(shard, number, inputs, rating, link, history), link, policy)
        for link in enabled(policy)
    ]
    return FirstPass(number, shard.size, tuple(hot))


def link_pass(lake: Lake, policy: Policy, first: Sequence[FirstPass], workers: int = 1) -> list[LinkResult]:
    """What links carry, over all shards. Empty where the pack enables none."""
    return [
        _link(lake, policy, link, [part.hot[n] for part in first], workers) for n, link in enumerate(enabled(policy))
    ]


def _link(lake: Lake, policy: Policy, link: Link, hot: list[pl.DataFrame], workers: int) -> LinkResult:
    persons = pl.concat(hot)
    held = spread(
        lambda n: offices(lake.links(n), n, persons, link, lake.codes.roles, policy), range(lake.shards), workers
    )
    return resolve(link, persons, pl.concat(held))


def third_pass(
    lake: Lake,
    number: int,
    policy: Policy,
    folder: Path,
    results: Sequence[LinkResult],
    history: pl.DataFrame | None = None,
) -> None:
    """Rate one shard again with what links carry to it."""
    if asks_total(policy):
        inputs = prepare(lake.shard(number), compile_rubric(policy, lake.codes.items), history)
        write_rated(folder, number, rated(inputs, carried(results, number, inputs.today)), inputs)
    else:
        relink(folder, number, policy, carried(results, number, policy_days(lake, number, policy)))


def columns_needed(rubric: Rubric) -> list[str]:
    """Columns of records that this rubric looks at."""
    unasked = set() if asks_amounts(rubric) else {"amount"}
    if all(term.by_age for term in rubric.terms):
        unasked |= {"corrected_on", "ends_on"}
    return [column for column in ENGINE_COLUMNS if column not in unasked]


def policy_days(lake: Lake, number: int, policy: Policy) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The policy's day for every enterprise of a shard."""
    return np.full(lake.size(number), days_since_epoch(policy.as_of), dtype=np.int64)


def asks_total(policy: Policy) -> bool:
    """Whether a gate looks at the total of points, which links change."""
    tests = [c.points for gate in policy.gates for c in nested(gate.when) if c.points is not None]
    return any(test.dimension is None for test in tests)
