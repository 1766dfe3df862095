"""A filled workbook of the day's examinations comes back: its good rows become results and proposed records."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from config.errors import UsageError
from config.settings import Settings
from flows.collect import Taken
from flows.consigned import kept_in, report_results, stream_of, told_results
from flows.run import FinishedRun, restored
from models.consignment.files import load_day
from models.consignment.results import TOLD, day_digest
from models.store import events
from models.store.locks import run_lock
from models.store.session import open_store


def collect_consignments(
    settings: Settings, path: Path, answer: Path, *, officer: str, run_id: str | None = None, today: date | None = None
) -> Taken:
    """Collect one returned workbook of a day, write the annotated copy to `answer`.

    The workbook says which run and day it is of; with `run_id` it must be that run's. The same file twice changes
    nothing. Raises InputError for a file that is no workbook of the day's list as it stands.
    """
    from exports.consignment_return import collect_day, named_in
    from flows.intake import tables
    from flows.signed import signed

    named = named_in(path)
    run = _run_of(settings, path, named.run, run_id)
    context, now = run.context, datetime.now(UTC)
    enterprises = tables(run.work / "intake")["enterprises"]["enterprise_id"]
    with open_store(settings.database) as store, run_lock(store):
        plan = load_day(_kept(context.settings, kept_in(context, named.day), named.day))
        digest, stream = day_digest(plan), stream_of(context)
        with store.snapshot() as snapshot:
            told = told_results(snapshot, stream)
        known = told.filter(pl.col("plan") == digest).select(TOLD.names())
        found = collect_day(
            path, plan, context.policy, today or now.date(), enterprises=enterprises, known=known, answer=answer
        )
        form = hashlib.sha256(path.read_bytes()).hexdigest()
        with signed(settings, store) as unit:
            records = found.taken.records.with_columns(visit_id=pl.col("act_id"))
            fresh = events.propose_records(unit, records, run_id=run.run_id, form_sha256=form, officer=officer, at=now)
            report_results(
                unit, found.taken.results, stream=stream, plan=digest, officer=officer, form_sha256=form, at=now
            )
    counts = (found.taken.results.height, fresh, found.refused.height, found.taken.unchanged, found.blank)
    return Taken(path.name, *counts, answer)


def _run_of(settings: Settings, path: Path, told: str, wanted: str | None) -> FinishedRun:
    """The run whose ratings the workbook rests on."""
    if wanted is not None and not told.startswith(wanted):
        raise UsageError(
            f"{path.name}: it rests on run {told}, not on {wanted}.", remedy="leave --run away, or name that run"
        )
    try:
        return restored(settings, told)
    except UsageError as error:
        raise UsageError(
            f"{path.name}: it rests on run {told}: {error.message}",
            remedy=f"collect it where that run was made, or: {error.remedy}",
        ) from error


def _kept(settings: Settings, folder: Path, day: date) -> Path:
    if not folder.is_dir():
        raise UsageError(
            f"{folder.relative_to(settings.root)}: no list of {day} was made here.",
            remedy="collect it where the day was made, or make the day with `evenhand consign`",
        )
    return folder
