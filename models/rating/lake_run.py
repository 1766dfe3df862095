"""Ratings of a lake, shard by shard, in passes with small files between them (models.rating.passes).

1. each shard alone: points, gates, tier, reasons; and whom its enterprises in trigger tiers lead to
2. only with links: the offices of those persons in every shard → what is carried over, over all shards
3. only shards that something is carried to: score, gates and tier again
4. where asked for (`tell_lake`): rows of models.records.RATINGS

Who maps the passes over shards, and on which machines, is the caller's `mapper`; it never changes a result.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import polars as pl

from config.errors import UsageError
from config.in_force import Policy
from models.intake.bucket import Bucket, Place, brought, filled
from models.intake.lake import Lake, check_lake
from models.rating.errand import Errand, GivenLaw, Mapper, NamedLaw, threads
from models.rating.linked import enabled, resolve
from models.rating.passes import (
    HISTORY_FILE,
    carried_file,
    first_pass,
    held_file,
    hot_file,
    link_pass,
    third_pass,
    told_pass,
)
from models.rating.rated_files import RatedRun, publish, told_name

Persons = tuple[tuple[int, int], ...]


def rate_lake(
    lake: Lake,
    policy: Policy,
    out: Place,
    *,
    shards: Sequence[int] | None = None,
    history: pl.DataFrame | None = None,
    workers: int = 1,
    mapper: Mapper | None = None,
    law: NamedLaw | None = None,
    digests: bool = False,
) -> RatedRun:
    """Rate the lake into the folder `out` (replaced as a whole at the end); equal to `rate` for any sharding.

    shards: only these (not where links are enabled: they reach over shards). mapper: who runs the passes, default so
    many threads. law: the policy by name, for workers that read their own copy. digests: compare every file with its
    digest before use. Raises StoreError that names a missing, truncated or altered shard file before anything is
    replaced. In an object store nothing can be renamed: there `out` is of this run alone, and no run before the end.
    """
    check_lake(lake)
    chosen = tuple(range(lake.shards) if shards is None else shards)
    if enabled(policy) and len(chosen) < lake.shards:
        raise UsageError("links reach over shards.", remedy="rate all shards, or switch the links off")
    over = mapper or threads(workers)
    with _beside(out) as draft:
        if history is not None:
            _put(draft, HISTORY_FILE, history)
        errand = Errand(lake.root, lake.generation, draft, law or GivenLaw(policy), history is not None, digests)
        over(partial(first_pass, errand), chosen)
        barred = _link(lake, policy, errand, over) if enabled(policy) else ()
        return publish(draft, out, RatedRun(draft, lake.generation, policy.as_of, policy.digest, chosen, barred))


def tell_lake(
    run: RatedRun,
    lake: Lake,
    policy: Policy,
    *,
    workers: int = 1,
    mapper: Mapper | None = None,
    law: NamedLaw | None = None,
    digests: bool = False,
) -> Iterator[pl.DataFrame]:
    """RATINGS shard by shard, decoded by the mapper's workers and kept as files of the run; patches are not told."""
    errand = Errand(lake.root, lake.generation, run.folder, law or GivenLaw(policy), digests=digests)
    (mapper or threads(workers))(partial(told_pass, errand), run.shards)
    for number in run.shards:
        with brought(run.folder, [told_name(number)]) as given:
            yield pl.read_parquet(given / told_name(number))


def _link(lake: Lake, policy: Policy, errand: Errand, over: Mapper) -> Persons:
    """Second and third pass; the persons who represent too many enterprises to carry anything."""
    links, everywhere = range(len(enabled(policy))), range(lake.shards)
    for n in links:
        _put(errand.out, hot_file(n), _all(errand.out, [hot_file(n, number) for number in everywhere]))
    over(partial(link_pass, errand), everywhere)
    touched: set[int] = set()
    placeholders = []
    for n, link in enumerate(enabled(policy)):
        held = _all(errand.out, [held_file(n, number) for number in everywhere])
        result = resolve(link, _all(errand.out, [hot_file(n)]), held)
        _put(errand.out, carried_file(n), result.carried)
        touched |= {int(number) for number in result.carried["shard"].unique()}
        placeholders.append(result.placeholders)
    over(partial(third_pass, errand), sorted(touched))
    return tuple((int(p), int(e)) for p, e in pl.concat(placeholders).unique().sort("person").rows())


def _all(out: Place, names: Sequence[str]) -> pl.DataFrame:
    with brought(out, names) as given:
        return pl.concat([pl.read_ipc(given / name) for name in names])


def _put(out: Place, name: str, frame: pl.DataFrame) -> None:
    with filled(out) as folder:
        (folder / name).parent.mkdir()
        (frame.write_parquet if name.endswith(".parquet") else frame.write_ipc)(folder / name)


@contextmanager
def _beside(out: Place) -> Iterator[Place]:
    """Where the run is made: a folder beside `out`, gone if it fails; in an object store `out` itself, emptied."""
    if isinstance(out, Bucket):
        out.remove()
        yield out
        return
    beside = out.with_name(f".{out.name}.{os.getpid()}")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    try:
        yield beside
    finally:
        shutil.rmtree(beside, ignore_errors=True)
