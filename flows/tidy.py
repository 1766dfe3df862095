"""Tidying: steps of old nights go, what later nights and `evenhand verify run` look back on stays.

Of every run older than the newest nights to keep, the ratings and the plan stay (gates, moves and rates look back on
them) and the rest of its steps goes: the run's command makes them again. Where nobody acted on such a run, its rows of
ratings and of those left out go from the register too (models.store.let_go); their seals stay, and everything else in
it. Inputs, exports and policies are never touched. What goes is told to the ledger before it goes; a tidying that is
killed is given again.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from config.errors import UsageError
from config.settings import Settings
from flows.run import FinishedRun, saved, saved_runs
from flows.signed import signed
from models.store import events, ledger
from models.store.ledger import Reader
from models.store.let_go import idle_rows, let_rows_go
from models.store.locks import run_lock
from models.store.session import open_store

STAYS = ("ratings", "plan")
TIDIED = "tidied"


@dataclass(frozen=True)
class Old:
    """Folders of one run, and rows of the register by table, that may go; `run_id` is None for steps of a run that
    never finished in this version."""

    run_id: str | None
    work: Path
    folders: tuple[Path, ...]
    rows: Mapping[str, int]
    size: int  # bytes of the folders


def going(settings: Settings, nights: int) -> list[Old]:
    """What `tidy` would remove now."""
    with open_store(settings.database) as store, store.snapshot() as snapshot:
        return old_nights(settings, snapshot, nights)


def old_nights(settings: Settings, reader: Reader, nights: int) -> list[Old]:
    """What may go when so many nights of every source are kept, by work folder; UsageError below one night."""
    if nights < 1:
        raise UsageError(f"{nights} nights: the last one stays in any case.", remedy="keep 1 or more")
    runs = [saved(settings, path.stem) for path in sorted(saved_runs(settings).glob("*.json"))]
    kept = {run.work for run in _newest(runs, nights)}
    known = {run.work: run.run_id for run in runs if run.work not in kept}
    unfinished = {path for path in (settings.root / "work").glob("*") if path.is_dir()} - known.keys() - kept
    found = [Old(None, work, (work,), {}, _size((work,))) for work in unfinished]
    for work, run_id in known.items():
        there = work.iterdir() if work.is_dir() else ()
        folders = tuple(sorted(path for path in there if path.is_dir() and path.name not in STAYS))
        found.append(Old(run_id, work, folders, idle_rows(reader, run_id), _size(folders)))
    return sorted((old for old in found if old.folders or old.rows), key=lambda old: old.work)


def _size(folders: tuple[Path, ...]) -> int:
    return sum(path.stat().st_size for folder in folders for path in folder.rglob("*") if path.is_file())


def _newest(runs: list[FinishedRun], nights: int) -> Iterator[FinishedRun]:
    """Runs of the newest days of every source."""
    for source in {run.context.source_id for run in runs}:
        own = [run for run in runs if run.context.source_id == source]
        days = sorted({run.context.as_of for run in own})[-nights:]
        yield from (run for run in own if run.context.as_of in days)


def tidy(settings: Settings, nights: int) -> list[Old]:
    """Remove what may go, and say so in the ledger first; returns it. Refused while a run is at work."""
    with open_store(settings.database) as store, run_lock(store):
        now = datetime.now(UTC)
        with signed(settings, store) as unit:
            gone = old_nights(settings, unit, nights)
            for old in gone:
                names = [path.name for path in old.folders]
                events.log_event(unit, TIDIED, old.run_id or old.work.name, now, removed=names, nights=nights)
                if old.run_id is not None:
                    let_rows_go(unit, old.run_id, now)
        for old in gone:
            for folder in old.folders:
                _remove(folder)
    return gone


def _remove(folder: Path) -> None:
    """Out of its place in one step, so that nobody finds half of it."""
    doomed = folder.with_name(f".{folder.name}.gone")
    shutil.rmtree(doomed, ignore_errors=True)
    folder.rename(doomed)
    shutil.rmtree(doomed)


def tidied_on(reader: Reader, run_id: str) -> str | None:
    """Day on which the steps of a run were tidied away; None when they were not."""
    said = ledger.latest(reader, "journal", TIDIED, run_id)
    return None if said is None else str(said["at"][:10])
