"""The passes over one shard, as tasks: an errand and a number in, files out, a count back.

Any worker may run any of them, twice too: what a task writes is the same, and it is put in place whole.
Between the passes small files lie in out/working: hot persons, the offices they hold, what is carried over.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from config.in_force import Policy
from models.intake.bucket import brought, filled
from models.intake.lake import ENGINE_COLUMNS, Lake
from models.rating.acts import days_since_epoch
from models.rating.decode import decode
from models.rating.engine import asks_amounts, prepare, rated
from models.rating.errand import Errand
from models.rating.linked import LinkResult, carried, enabled, hot_persons, offices, triggers
from models.rating.rated_files import (
    RatedRun,
    ratings_name,
    read_rated,
    relink,
    told_name,
    write_rated,
)
from models.rating.rubric import Rubric, nested

HISTORY_FILE = "working/history.parquet"


def hot_file(link: int, number: int | None = None) -> str:
    """Persons over whom triggers of one shard (or of all) reach others."""
    return f"working/hot-{link}.arrow" if number is None else f"working/hot-{link}-{number:05d}.arrow"


def held_file(link: int, number: int) -> str:
    """Offices that hot persons hold in a shard."""
    return f"working/held-{link}-{number:05d}.arrow"


def carried_file(link: int) -> str:
    """What a link rule carries over, all shards."""
    return f"working/carried-{link}.arrow"


def first_pass(errand: Errand, number: int) -> int:
    """Rate one shard without links; find whom its enterprises in trigger tiers lead to. Returns its enterprises."""
    lake, rubric = errand.opened()
    policy, history = rubric.policy, _history(errand)
    with lake.at_hand(number, digests=errand.digests) as here:
        shard = here.shard(number, columns=columns_needed(rubric))
        inputs = prepare(shard, rubric, history)
        rating = rated(inputs)
        with _working(errand) as folder:
            write_rated(folder, number, rating, inputs)
            for n, link in enumerate(enabled(policy)):
                found = triggers(shard, number, inputs, rating, link, history)
                hot_persons(shard, found, link, policy).write_ipc(folder / hot_file(n, number))
    return shard.size


def link_pass(errand: Errand, number: int) -> int:
    """Offices that the hot persons of all shards hold in this one. Returns how many."""
    lake, rubric = errand.opened()
    policy, count = rubric.policy, 0
    links = enabled(policy)
    with (
        lake.at_hand(number, ["links.parquet"], digests=errand.digests) as here,
        brought(errand.out, [hot_file(n) for n in range(len(links))]) as given,
        _working(errand) as folder,
    ):
        rows = here.links(number)
        for n, link in enumerate(links):
            held = offices(rows, number, pl.read_ipc(given / hot_file(n)), link, lake.codes.roles, policy)
            held.write_ipc(folder / held_file(n, number))
            count += held.height
    return count


def third_pass(errand: Errand, number: int) -> int:
    """Rate one shard again with what links carry to it. Returns to how many enterprises that is."""
    lake, rubric = errand.opened()
    policy = rubric.policy
    results = _results(errand, policy, number)
    with brought(errand.out, [ratings_name(number)]) as given, _working(errand) as folder:
        if asks_total(policy):
            with lake.at_hand(number, digests=errand.digests) as here:
                inputs = prepare(here.shard(number), rubric, _history(errand))
                write_rated(folder, number, rated(inputs, carried(results, number, inputs.today)), inputs)
        else:
            relink(given, folder, number, policy, carried(results, number, policy_days(lake, number, policy)))
    return sum(result.carried.height for result in results)


def told_pass(errand: Errand, number: int) -> int:
    """Write one shard's rows of models.records.RATINGS beside its rated files. Returns how many."""
    lake, rubric = errand.opened()
    policy = rubric.policy
    run = RatedRun(errand.out, errand.generation, policy.as_of, policy.digest, (number,))
    with lake.at_hand(number, digests=errand.digests) as here, _working(errand) as folder:
        rating = read_rated(run, number, len(rubric.dimensions))
        rows = decode(here.shard(number, whole=True), rating, rubric, policy_days(lake, number, policy))
        rows.write_parquet(folder / told_name(number))
    return rows.height


@contextmanager
def _working(errand: Errand) -> Iterator[Path]:
    with filled(errand.out) as folder:
        (folder / "working").mkdir()
        yield folder


def _history(errand: Errand) -> pl.DataFrame | None:
    if not errand.history:
        return None
    with brought(errand.out, [HISTORY_FILE]) as given:
        return pl.read_parquet(given / HISTORY_FILE)


def _results(errand: Errand, policy: Policy, number: int) -> list[LinkResult]:
    links = enabled(policy)
    nobody = pl.DataFrame(schema={"person": pl.UInt32, "enterprises": pl.UInt32})
    with brought(errand.out, [carried_file(n) for n in range(len(links))]) as given:
        rows = [pl.read_ipc(given / carried_file(n)) for n in range(len(links))]
    here = [frame.filter(pl.col("shard") == number) for frame in rows]
    return [LinkResult(link, frame, nobody) for link, frame in zip(links, here, strict=True)]


def columns_needed(rubric: Rubric) -> list[str]:
    """Columns of records that this rubric looks at."""
    unasked = set() if asks_amounts(rubric) else {"amount"}
    if all(term.by_age for term in rubric.terms):
        unasked |= {"corrected_on", "ends_on"}
    return [column for column in ENGINE_COLUMNS if column not in unasked]


def policy_days(lake: Lake, number: int, policy: Policy) -> npt.NDArray[np.int64]:
    """The policy's day for every enterprise of a shard."""
    return np.full(lake.size(number), days_since_epoch(policy.as_of), dtype=np.int64)


def asks_total(policy: Policy) -> bool:
    """Whether a gate looks at the total of points, which links change."""
    tests = [c.points for gate in policy.gates for c in nested(gate.when) if c.points is not None]
    return any(test.dimension is None for test in tests)
