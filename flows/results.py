"""What finished steps left in their folders, read without Prefect and without a solver: by commands and by the desk."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from config.errors import UsageError
from flows.run import FinishedRun
from models.inspection import Plan, load_plan
from models.store.canonical import json_digest
from models.store.digest import frame_digest


def tables(folder: Path) -> dict[str, pl.DataFrame]:
    """The accepted tables of a finished intake; UsageError when it was tidied away."""
    if not folder.is_dir():
        raise UsageError(f"{folder} was tidied away.", remedy="give the run's command again")
    return {p.stem: pl.read_parquet(p) for p in sorted(folder.glob("*.parquet")) if p.stem != "rejected"}


def ratings(folder: Path) -> pl.DataFrame:
    """models.records.RATINGS of a finished rating step."""
    return pl.read_parquet(folder / "ratings.parquet")


def planned(folder: Path) -> Plan:
    """The plan of a finished planning step."""
    return load_plan(folder / "plan")


def subject_digest(run: FinishedRun) -> str:
    """Digest of exactly what is approved: the ratings, and the plan where there is one."""
    parts = {"ratings": frame_digest(ratings(run.work / "ratings"), ("enterprise_id",))}
    if (run.work / "plan").is_dir():
        parts["visits"] = frame_digest(planned(run.work / "plan").visits, ("visit_id",))
    return json_digest(parts)
