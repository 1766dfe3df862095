"""Mornings at the border: the day's declarations → what is examined, from the ratings of a finished run.

The balance is carried from day to day within a calendar quarter; every finished day is a folder under var/consign.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from config.errors import CheckFailed, UsageError
from config.settings import Settings
from exports.consignment_sheet import write_day
from flows.consigned import (
    DRAW,
    debt_name,
    draws_of,
    kept_in,
    open_after,
    owed_on,
    period_of,
    stream_of,
    told_results,
)
from flows.intake import tables
from flows.rate import ratings
from flows.run import FinishedRun, restored
from flows.signed import signed
from flows.steps import write_json
from models.consignment import DayPlan, day_seed, examine, realised, violations
from models.consignment.debt import with_debts
from models.consignment.files import balance_before, carried_by, load_day, read_declarations, read_offices, save_day
from models.consignment.publication import publish_evening, publish_morning
from models.consignment.results import day_digest
from models.consignment.terms import rules
from models.store import events
from models.store.locks import run_lock
from models.store.session import open_store

_DAY = re.compile(r"^(\d{4})-?(\d{2})-?(\d{2})\.csv$")
OFFICES = "offices.csv"


def files_by_day(folder: Path) -> dict[date, Path]:
    """Declarations by day: files named YYYY-MM-DD.csv or YYYYMMDD.csv; UsageError when there is none."""
    found = {}
    for path in sorted(folder.glob("*.csv")) if folder.is_dir() else []:
        if match := _DAY.match(path.name):
            found[date(*map(int, match.groups()))] = path
    if not found:
        raise UsageError(
            f"{folder}: no declarations there.", remedy="name a folder with YYYY-MM-DD.csv and offices.csv"
        )
    return found


class Mornings:
    """Everything that is the same for all days of one call."""

    def __init__(self, settings: Settings, run_id: str | None, folder: Path | None, out: Path | None) -> None:
        self.settings, self.run = settings, restored(settings, run_id)
        context = self.run.context
        rules(context.policy)  # says at once when the pack is silent
        self.stream = stream_of(context)
        self.folder = folder or context.data / "declarations"
        self.files = files_by_day(self.folder)
        self.offices = read_offices(self.folder / OFFICES)
        self.out = out or settings.root / "out" / f"consign-{context.source_id}"
        self.tiers = ratings(self.run.work / "ratings").select("enterprise_id", "tier")
        self.names = tables(self.run.work / "intake")["enterprises"].select("enterprise_id", "name")

    def seed(self, day: date) -> bytes:
        """Seed of the day's period."""
        return self.run.context.seed_bytes + f":{period_of(day)}".encode()

    def folder_of(self, day: date) -> Path:
        return kept_in(self.run.context, day)


def consign(
    settings: Settings,
    first: date | None,
    last: date | None,
    *,
    run_id: str | None = None,
    data: Path | None = None,
    out: Path | None = None,
) -> dict[str, Any]:
    """Examine every day from `first` to `last` for which there are declarations; refused while a run is going on."""
    mornings = Mornings(settings, run_id, data, out)
    days = [day for day in mornings.files if (first or day) <= day <= (last or day)]
    if not days:
        there = f"{min(mornings.files)} to {max(mornings.files)}"
        raise UsageError(f"{mornings.folder}: no declarations of these days.", remedy=f"there are those of {there}")
    with open_store(settings.database) as store, run_lock(store):
        with store.snapshot() as snapshot:
            told, drawn = told_results(snapshot, mornings.stream), draws_of(snapshot, mornings.stream)
        results = [_morning(mornings, day, told, drawn) for day in days]
    kept = mornings.folder_of(days[-1])
    open_debts = open_after(days[-1], told, kept.parent)
    rates = realised(with_debts(load_day(kept).balance, open_debts), mornings.run.context.policy)
    return {
        "run_id": mornings.run.run_id,
        "pack": mornings.run.context.pack,
        "period": period_of(days[-1]),
        "days": results,
        "not_examined": open_debts.height,
        "rates": rates.to_dicts(),
        "out": str(mornings.out),
    }


def _morning(
    mornings: Mornings, day: date, told: pl.DataFrame, drawn: Mapping[date, Collection[str]]
) -> dict[str, Any]:
    """One day: plan, check, keep, publish. A day that is there already with the same inputs is not done again.

    It begins with what earlier days left unexamined; a day made before keeps what it began with.
    """
    policy, kept = mornings.run.context.policy, mornings.folder_of(day)
    prefix = mornings.tiers["enterprise_id"].head(1).str.split(":").list.first().to_list()
    rows = read_declarations(mornings.files[day], prefix=prefix[0] if prefix else "cn")
    carried = carried_by(kept) if kept.is_dir() else owed_on(day, told, kept.parent, drawn)
    before = with_debts(balance_before(kept.parent, day), carried)
    given = (rows, mornings.tiers, policy, before, mornings.offices)
    plan = examine(day, *given, mornings.seed(day))
    _refuse_rewriting(plan, kept, told)
    broken = violations(plan, *given, day_seed(mornings.seed(day), day))
    if broken:
        raise CheckFailed(f"{day}: {len(broken)} rules are broken, first: {broken[0]}", remedy="report this as a bug")
    save_day(plan, kept, carried)
    target = mornings.out / day.isoformat()
    published = publish_morning(plan, target)
    run, names = mornings.run.run_id, mornings.names
    write_day(plan, policy, target / "examinations.xlsx", run=run, names=names, carried=carried)
    _journal(mornings, plan, carried)
    numbers = figures(plan) | {"owed": carried.height}
    write_json(target / "summary.json", numbers)
    return numbers | {"violations": len(broken), "files": [str(path) for path in published]}


def _refuse_rewriting(plan: DayPlan, kept: Path, told: pl.DataFrame) -> None:
    """A day on which later days build, or of which results came back, may only be repeated as it was."""
    if kept.is_dir() and day_digest(plan) != (listed := day_digest(load_day(kept))):
        back = told.filter(pl.col("day") == plan.day, pl.col("plan") == listed).height
        if back:
            raise UsageError(
                f"{plan.day}: declarations, ratings or minutes have changed, and {back} results of its list came back.",
                remedy="leave the day as it is; what is owed is due on the next",
            )
    later = sorted(path.name for path in kept.parent.glob("????-??-??") if path.name > kept.name)
    if later and kept.is_dir() and not load_day(kept).balance.equals(plan.balance):
        raise UsageError(
            f"{plan.day}: declarations, ratings or minutes have changed, and {later[0]} builds on the first plan.",
            remedy=f"remove {kept.parent} to begin the period again",
        )


def _journal(mornings: Mornings, plan: DayPlan, carried: pl.DataFrame) -> None:
    """The commitment stands in the ledger before anybody is examined, with the list and what it carries over."""
    owed = carried.select(debt_name()).to_series().to_list()
    details: dict[str, Any] = {
        name: str(plan.publication[name]) for name in ("seed_sha256", "pool_sha256", "policy_digest")
    }
    details |= {"stream": mornings.stream, "run_id": mornings.run.run_id, "list": day_digest(plan), "owed": owed}
    with open_store(mornings.settings.database) as store, signed(mornings.settings, store) as unit:
        events.log_event(unit, DRAW, plan.day.isoformat(), datetime.now(UTC), **details)


def figures(plan: DayPlan) -> dict[str, Any]:
    """The day in numbers."""
    why = dict(plan.chosen.group_by("why").len().iter_rows())
    return {
        "day": plan.day.isoformat(),
        "declared": plan.chosen.height + plan.left_out.height,
        "examined": plan.chosen.height,
        **{name: int(why.get(name, 0)) for name in ("must", "random", "risk")},
        "minutes": int(plan.use["minutes"].sum()),
        "minutes_used": int(plan.use["used"].sum()),
        "beyond_minutes": int(plan.overload["declarations"].sum()),
    }


def reveal(settings: Settings, day: date, *, run_id: str | None = None, out: Path | None = None) -> Path:
    """In the evening: publish the day's seed beside the morning's files, so that anyone can replay the draw."""
    run: FinishedRun = restored(settings, run_id)
    target = (out or settings.root / "out" / f"consign-{run.context.source_id}") / day.isoformat()
    period = run.context.seed_bytes + f":{period_of(day)}".encode()
    return publish_evening(target, day_seed(period, day))
