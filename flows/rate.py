"""Step 2: accepted tables → one rating row per enterprise."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from prefect import task
from prefect.cache_policies import NO_CACHE

from flows.intake import tables
from flows.run import RunContext
from flows.steps import once
from models.rating import rate


@task(name="rate", cache_policy=NO_CACHE)
def rate_all(context: RunContext, intake_folder: Path, folder: Path) -> dict[str, int]:
    """Rate every enterprise as of the run's day; returns enterprises by tier, best tier first."""

    def make(draft: Path) -> None:
        rate(tables(intake_folder), context.policy).sort("enterprise_id").write_parquet(draft / "ratings.parquet")

    once(folder, make)
    found = dict(ratings(folder).group_by("tier").len().iter_rows())
    return {tier.id: found.get(tier.id, 0) for tier in context.policy.tiers}


def ratings(folder: Path) -> pl.DataFrame:
    """models.records.RATINGS of a finished rating step."""
    return pl.read_parquet(folder / "ratings.parquet")
