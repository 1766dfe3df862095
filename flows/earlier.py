"""Earlier runs over the same source, data and pack: what gates that look back, and the register of moves, go by."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from flows.run import RunContext, saved_runs
from models.inspection import load_plan
from models.outcome import drawn_sample, rates
from models.rating import HISTORY, remember


@dataclass(frozen=True)
class Earlier:
    """A finished run of an earlier day and the file of its ratings."""

    run_id: str
    as_of: date
    ratings: Path

    @property
    def plan(self) -> Path:
        """Folder of its planning step; absent where it made no plan."""
        return self.ratings.parent.parent / "plan"


def earlier_runs(context: RunContext) -> list[Earlier]:
    """Finished runs of earlier days whose ratings still stand, one for each day (the one finished last), by day.

    Runs of the same day never count, so that a command given again is the same run.
    """
    found: dict[date, Earlier] = {}
    for path in sorted(saved_runs(context.settings).glob("*.json"), key=lambda p: (p.stat().st_mtime_ns, p.name)):
        given = json.loads(path.read_text("utf-8"))
        file = Path(given["work"]) / "ratings" / "ratings.parquet"
        day = date.fromisoformat(given["as_of"])
        same = (given["source"], given["pack"], given["scenario"], given["data"]) == _sort(context)
        if same and day < context.as_of and file.is_file():
            found[day] = Earlier(path.stem, day, file)
    return [found[day] for day in sorted(found)]


def _sort(context: RunContext) -> tuple[str, str, str | None, str]:
    """What two runs must share to be of one sort."""
    scenario = str(context.scenario.resolve()) if context.scenario else None
    return context.source, context.pack, scenario, str(context.data.resolve())


def named(context: RunContext) -> dict[str, str]:
    """The earlier runs as inputs of this one: they name the run like its files do."""
    return {f"earlier run of {run.as_of}": run.run_id for run in earlier_runs(context)}


def history(context: RunContext) -> pl.DataFrame | None:
    """models.rating.HISTORY of all earlier runs; None without any."""
    runs = earlier_runs(context)
    rows = [remember(pl.read_parquet(run.ratings), context.policy.pack, run.as_of) for run in runs]
    return pl.concat([HISTORY.to_frame(), *rows]) if rows else None


def previous(context: RunContext) -> pl.DataFrame | None:
    """models.records.RATINGS of the latest earlier run; None without one."""
    runs = earlier_runs(context)
    return pl.read_parquet(runs[-1].ratings) if runs else None


def seen_rates(context: RunContext, visits: pl.DataFrame) -> pl.DataFrame | None:
    """models.outcome.RATES of the latest earlier plan whose period has begun, from this run's VISITS.

    None without such a plan, or when no drawn firm has been seen yet.
    """
    for run in reversed(earlier_runs(context)):
        if run.plan.is_dir() and (plan := load_plan(run.plan / "plan")).period_from <= context.as_of:
            sample = drawn_sample(plan.draw.pool, visits, plan.period_from, min(plan.period_to, context.as_of))
            seen = sample["found"].drop_nulls().len()
            return rates(sample, [tier.id for tier in context.policy.tiers]) if seen else None
    return None
