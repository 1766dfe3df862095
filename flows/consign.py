"""Mornings at the border: the day's declarations → what is examined, from the ratings of a finished run.

The balance is carried from day to day within a calendar quarter; every finished day is a folder under var/consign.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from config.errors import CheckFailed, UsageError
from config.settings import Settings
from exports.consignment_sheet import write_day
from flows.intake import tables
from flows.rate import ratings
from flows.run import FinishedRun, restored
from flows.signed import signed
from flows.steps import write_json
from models.consignment import DayPlan, day_seed, examine, realised, violations
from models.consignment.files import balance_before, load_day, read_declarations, read_offices, save_day
from models.consignment.publication import publish_evening, publish_morning
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


def period_of(day: date) -> str:
    """The quarter over which the rates have to hold."""
    return f"{day.year}-Q{(day.month + 2) // 3}"


class Mornings:
    """Everything that is the same for all days of one call."""

    def __init__(self, settings: Settings, run_id: str | None, folder: Path | None, out: Path | None) -> None:
        self.settings, self.run = settings, restored(settings, run_id)
        context = self.run.context
        rules(context.policy)  # says at once when the pack is silent
        self.folder = folder or context.data / "declarations"
        self.files = files_by_day(self.folder)
        self.offices = read_offices(self.folder / OFFICES)
        self.out = out or settings.root / "out" / f"consign-{context.source_id}"
        self.kept = settings.root / "consign" / f"{context.source_id}-{Path(context.pack).name}"
        self.tiers = ratings(self.run.work / "ratings").select("enterprise_id", "tier")
        self.names = tables(self.run.work / "intake")["enterprises"].select("enterprise_id", "name")

    def seed(self, day: date) -> bytes:
        """Seed of the day's period."""
        return self.run.context.seed_bytes + f":{period_of(day)}".encode()

    def folder_of(self, day: date) -> Path:
        return self.kept / period_of(day) / day.isoformat()


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
        results = [_morning(mornings, day) for day in days]
    done = load_day(mornings.folder_of(days[-1]))
    rates = realised(done.balance, mornings.run.context.policy)
    return {
        "run_id": mornings.run.run_id,
        "pack": mornings.run.context.pack,
        "period": period_of(days[-1]),
        "days": results,
        "rates": rates.to_dicts(),
        "out": str(mornings.out),
    }


def _morning(mornings: Mornings, day: date) -> dict[str, Any]:
    """One day: plan, check, keep, publish. A day that is there already with the same inputs is not done again."""
    policy, kept = mornings.run.context.policy, mornings.folder_of(day)
    prefix = mornings.tiers["enterprise_id"].head(1).str.split(":").list.first().to_list()
    rows = read_declarations(mornings.files[day], prefix=prefix[0] if prefix else "cn")
    before = balance_before(kept.parent, day)
    given = (rows, mornings.tiers, policy, before, mornings.offices)
    plan = examine(day, *given, mornings.seed(day))
    _refuse_rewriting(plan, kept)
    broken = violations(plan, *given, day_seed(mornings.seed(day), day))
    if broken:
        raise CheckFailed(f"{day}: {len(broken)} rules are broken, first: {broken[0]}", remedy="report this as a bug")
    save_day(plan, kept)
    target = mornings.out / day.isoformat()
    published = publish_morning(plan, target)
    write_day(plan, policy, target / "examinations.xlsx", run=mornings.run.run_id, names=mornings.names)
    _journal(mornings, plan)
    write_json(target / "summary.json", figures(plan))
    return figures(plan) | {"violations": len(broken), "files": [str(path) for path in published]}


def _refuse_rewriting(plan: DayPlan, kept: Path) -> None:
    """A day on which later days build may only be repeated as it was."""
    later = sorted(path.name for path in kept.parent.glob("????-??-??") if path.name > kept.name)
    if later and kept.is_dir() and not load_day(kept).balance.equals(plan.balance):
        raise UsageError(
            f"{plan.day}: declarations, ratings or minutes have changed, and {later[0]} builds on the first plan.",
            remedy=f"remove {kept.parent} to begin the period again",
        )


def _journal(mornings: Mornings, plan: DayPlan) -> None:
    """The commitment stands in the ledger before anybody is examined."""
    details = {name: str(plan.publication[name]) for name in ("seed_sha256", "pool_sha256", "policy_digest")}
    with open_store(mornings.settings.database) as store, signed(mornings.settings, store) as unit:
        events.log_event(unit, "consignment_draw", plan.day.isoformat(), datetime.now(UTC), **details)


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
