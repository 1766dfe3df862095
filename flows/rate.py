"""Step 2: accepted tables → the lake, sharded → one rating row per enterprise."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
from prefect import task
from prefect.cache_policies import NO_CACHE

from config.errors import UsageError
from flows.discreet import discreet
from flows.earlier import history
from flows.intake import tables
from flows.run import RunContext
from flows.steps import once
from models.intake.generation import write_lake
from models.intake.lake import prune
from models.rating.lake_run import rate_lake
from models.rating.rated_files import read_run


@task(name="rate", cache_policy=NO_CACHE)
@discreet
def rate_all(context: RunContext, intake_folder: Path, folder: Path) -> dict[str, int]:
    """Rate every enterprise as of the run's day; returns enterprises by tier, best tier first."""

    def make(draft: Path) -> None:
        root = lake_root(context)
        lake = write_lake(tables(intake_folder), root, context.settings.shards)
        shards = draft / "shards"
        run = rate_lake(lake, context.policy, shards, history=history(context), workers=context.settings.workers)
        rated = pl.concat(read_run(run, lake, context.policy)).sort("enterprise_id")
        rated.write_parquet(draft / "ratings.parquet")
        shutil.rmtree(run.folder)  # the rows stand in ratings.parquet, free of how they were sharded
        prune(root, keep=())

    once(folder, make)
    found = dict(ratings(folder).group_by("tier").len().iter_rows())
    return {tier.id: found.get(tier.id, 0) for tier in context.policy.tiers}


def lake_root(context: RunContext) -> Path:
    """Folder of the source's lake; UsageError where the setting names a place that is not a folder."""
    if "://" in context.settings.lake:
        raise UsageError(f"lake {context.settings.lake}: not a folder.", remedy="set EVENHAND_LAKE_URL to a folder")
    return Path(context.settings.lake) / context.source_id


def ratings(folder: Path) -> pl.DataFrame:
    """models.records.RATINGS of a finished rating step."""
    return pl.read_parquet(folder / "ratings.parquet")
