"""Earlier runs over the same source and data: what gates that look back or at another pack's tiers, and the register
of moves, go by."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from flows.run import RunContext, saved_runs
from models.inspection import load_plan
from models.outcome import drawn_sample, rates
from models.rating import HISTORY, packs_asked, remember


@dataclass(frozen=True)
class Earlier:
    """A finished run of an earlier day and the file of its ratings."""

    run_id: str
    as_of: date
    ratings: Path
    pack: str

    @property
    def plan(self) -> Path:
        """Folder of its planning step; absent where it made no plan."""
        return self.ratings.parent.parent / "plan"


def earlier_runs(context: RunContext) -> list[Earlier]:
    """Finished runs of earlier days whose ratings still stand, one for each day (the one finished last), by day.

    Runs of the same day never count, so that a command given again is the same run.
    """
    found: dict[date, Earlier] = {}
    for given, run in _finished(context):
        same = (given["pack"], given["scenario"]) == (context.pack, _scenario(context))
        if same and run.as_of < context.as_of:
            found[run.as_of] = run
    return [found[day] for day in sorted(found)]


def runs_elsewhere(context: RunContext) -> list[Earlier]:
    """Of each other pack whose tiers a gate looks at the latest finished run until this day, under the law as it is.

    One of the same day counts: it has to be made first.
    """
    found: dict[str, Earlier] = {}
    asked = packs_asked(context.policy)
    for given, run in _finished(context):
        if run.pack in asked and given["scenario"] is None and run.as_of <= context.as_of:
            found[run.pack] = max(found.get(run.pack, run), run, key=lambda each: each.as_of)
    return [found[pack] for pack in sorted(found)]


def _finished(context: RunContext) -> Iterator[tuple[dict[str, Any], Earlier]]:
    """Finished runs over the same source and data whose ratings still stand, in the order in which they finished."""
    for path in sorted(saved_runs(context.settings).glob("*.json"), key=lambda p: (p.stat().st_mtime_ns, p.name)):
        given = json.loads(path.read_text("utf-8"))
        file = Path(given["work"]) / "ratings" / "ratings.parquet"
        same = (given["source"], given["data"]) == (context.source, str(context.data.resolve()))
        if same and file.is_file():
            yield given, Earlier(path.stem, date.fromisoformat(given["as_of"]), file, Path(given["pack"]).name)


def _scenario(context: RunContext) -> str | None:
    return str(context.scenario.resolve()) if context.scenario else None


def named(context: RunContext) -> dict[str, str]:
    """The earlier runs as inputs of this one: they name the run like its files do."""
    before = {f"earlier run of {run.as_of}": run.run_id for run in earlier_runs(context)}
    return before | {f"rated by {run.pack} on {run.as_of}": run.run_id for run in runs_elsewhere(context)}


def history(context: RunContext) -> pl.DataFrame | None:
    """models.rating.HISTORY of all earlier runs, and of the other packs that gates look at; None without any."""
    rows = [remember(pl.read_parquet(run.ratings), context.policy.pack, run.as_of) for run in earlier_runs(context)]
    rows += [remember(pl.read_parquet(run.ratings), run.pack, run.as_of) for run in runs_elsewhere(context)]
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
