"""Earlier runs over the same source and data: what gates that look back or at another pack's tiers, the register of
moves, and the rates seen so far go by. Runs that nothing goes by are not read: a night costs the same after years."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from config.in_force import Policy
from flows.run import RunContext, saved_runs
from models.inspection import load_plan
from models.outcome import drawn_sample, rates
from models.rating import condensed, looks_back_to, packs_asked, remember


@dataclass(frozen=True)
class Earlier:
    """A finished run of an earlier day and the file of its ratings."""

    run_id: str
    as_of: date
    ratings: Path
    pack: str
    period_from: date

    @property
    def plan(self) -> Path:
        """Folder of its planning step; absent where it made no plan."""
        return self.ratings.parent.parent / "plan"


def earlier_runs(context: RunContext, policy: Policy | None = None) -> list[Earlier]:
    """Finished runs of earlier days that this run goes by, one for each day (the one finished last), by day.

    Those within the days that the policy (default: the context's) looks back on, the latest, and the latest whose plan
    has begun. Runs of the same day never count, so that a command given again is the same run.
    """
    runs = _earlier(context)
    back = _looked_back_on(policy or context.policy, runs)
    chosen = {run.run_id for run in (*back, *runs[-1:], *_begun(context, runs))}
    return [run for run in runs if run.run_id in chosen]


def _earlier(context: RunContext) -> list[Earlier]:
    """All finished runs of earlier days whose ratings still stand, one for each day, by day."""
    found: dict[date, Earlier] = {}
    for given, run in _finished(context):
        same = (given["pack"], given["scenario"]) == (context.pack, _scenario(context))
        if same and run.as_of < context.as_of:
            found[run.as_of] = run
    return [found[day] for day in sorted(found)]


def _looked_back_on(policy: Policy, runs: list[Earlier]) -> list[Earlier]:
    first = looks_back_to(policy)
    return [run for run in runs if first is not None and run.as_of >= first]


def _begun(context: RunContext, runs: list[Earlier]) -> list[Earlier]:
    """The latest run whose plan's period has begun; empty without any."""
    return [run for run in runs if run.period_from <= context.as_of and run.plan.is_dir()][-1:]


def runs_elsewhere(context: RunContext, policy: Policy | None = None) -> list[Earlier]:
    """Of each other pack whose tiers a gate looks at the latest finished run until this day, under the law as it is.

    One of the same day counts: it has to be made first.
    """
    found: dict[str, Earlier] = {}
    asked = packs_asked(policy or context.policy)
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
            as_of, period_from = (date.fromisoformat(day) for day in (given["as_of"], given["period"][0]))
            yield given, Earlier(path.stem, as_of, file, Path(given["pack"]).name, period_from)


def _scenario(context: RunContext) -> str | None:
    return str(context.scenario.resolve()) if context.scenario else None


def named(context: RunContext) -> dict[str, str]:
    """The earlier runs as inputs of this one: they name the run like its files do."""
    before = {f"earlier run of {run.as_of}": run.run_id for run in earlier_runs(context)}
    return before | {f"rated by {run.pack} on {run.as_of}": run.run_id for run in runs_elsewhere(context)}


def history(context: RunContext) -> pl.DataFrame | None:
    """models.rating.HISTORY of the earlier runs that the policy looks back on (condensed), and of the other packs that
    gates look at; None without any."""
    own = _looked_back_on(context.policy, _earlier(context))
    rows = [condensed(_remembered(run, context.policy.pack) for run in own)] if own else []
    rows += [_remembered(run, run.pack) for run in runs_elsewhere(context)]
    return pl.concat(rows) if rows else None


def _remembered(run: Earlier, pack: str) -> pl.DataFrame:
    return remember(pl.read_parquet(run.ratings, columns=["enterprise_id", "tier", "gates"]), pack, run.as_of)


def previous(context: RunContext) -> pl.DataFrame | None:
    """models.records.RATINGS of the latest earlier run; None without one."""
    runs = _earlier(context)
    return pl.read_parquet(runs[-1].ratings) if runs else None


def seen_rates(context: RunContext, visits: pl.DataFrame) -> pl.DataFrame | None:
    """models.outcome.RATES of the latest earlier plan whose period has begun, from this run's VISITS.

    None without such a plan, or when no drawn firm has been seen yet.
    """
    for run in _begun(context, _earlier(context)):
        plan = load_plan(run.plan / "plan")
        sample = drawn_sample(plan.draw.pool, visits, plan.period_from, min(plan.period_to, context.as_of))
        if sample["found"].drop_nulls().len():
            return rates(sample, [tier.id for tier in context.policy.tiers])
    return None
