"""Step 2: accepted tables → the lake, sharded → one rating row per enterprise."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import polars as pl
from prefect import task
from prefect.cache_policies import NO_CACHE

from flows.discreet import discreet
from flows.earlier import history
from flows.results import ratings as ratings
from flows.results import tables
from flows.retries import IO
from flows.run import RunContext
from flows.steps import once
from flows.workers import mapper
from models.intake.bucket import Bucket, Place, place
from models.intake.generation import write_lake
from models.intake.lake import prune
from models.rating.errand import NamedLaw
from models.rating.lake_run import rate_lake, tell_lake


@task(name="rate", cache_policy=NO_CACHE, **IO)
@discreet
def rate_all(context: RunContext, intake_folder: Path, folder: Path) -> dict[str, int]:
    """Rate every enterprise as of the run's day; returns enterprises by tier, best tier first."""

    def make(draft: Path) -> None:
        root = lake_root(context)
        lake = write_lake(tables(intake_folder), root, context.settings.shards)
        out = root / f"rated-{folder.parent.name}" if isinstance(root, Bucket) else draft / "shards"
        with mapper(context.settings) as over:
            how: dict[str, Any] = {"mapper": over, "law": _law(context), "digests": not _here(context)}
            run = rate_lake(lake, context.policy, out, history=history(context), **how)
            rated = pl.concat(tell_lake(run, lake, context.policy, **how)).sort("enterprise_id")
        rated.write_parquet(draft / "ratings.parquet")
        _remove(out)  # the rows stand in ratings.parquet, free of how they were sharded
        prune(root, keep=())

    once(folder, make)
    found = dict(ratings(folder).group_by("tier").len().iter_rows())
    return {tier.id: found.get(tier.id, 0) for tier in context.policy.tiers}


def lake_root(context: RunContext) -> Place:
    """Folder of the source's lake, or its prefix in an object store."""
    return place(context.settings.lake) / context.source_id


def _here(context: RunContext) -> bool:
    """Whether the shards are rated by this very process, which has just written them."""
    return context.settings.task_runner == "thread"


def _law(context: RunContext) -> NamedLaw | None:
    """The policy by its name for workers elsewhere: each reads its own copy and compares."""
    if _here(context):
        return None
    pack = str(Path(context.pack).resolve()) if "/" in context.pack else context.pack
    scenario = context.scenario.resolve() if context.scenario else None
    return NamedLaw(pack, scenario, context.as_of, context.policy.digest)


def _remove(out: Place) -> None:
    if isinstance(out, Bucket):
        out.remove()
    else:
        shutil.rmtree(out)
