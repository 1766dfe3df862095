"""What a register needs every day beside its nights: looked at, anchored, copied, tidied. One call, for a timer or a
Prefect server, so that an installation can be left alone."""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from prefect import flow

from config.errors import CheckFailed, StoreBusy
from config.settings import Settings
from flows import artifacts, server
from flows.discreet import discreet
from flows.doctor import examine
from flows.doctor_finding import Finding
from flows.tidy import Old, tidy
from models.store import heads
from models.store.backup import backup
from models.store.session import open_store

UNSOUND = ("database", "ledger", "ledger key", "clock")  # where one of these fails nothing is written and nothing goes
COPY = re.compile(r"register-\d{4}-\d{2}-\d{2}\.sqlite")


@dataclass(frozen=True)
class Kept:
    """What one upkeep did; `copy` is None where none was asked for or the register is on PostgreSQL (pg_dump)."""

    findings: tuple[Finding, ...]
    anchor: Path
    copy: Path | None
    copies_gone: tuple[Path, ...]
    tidied: tuple[Old, ...]

    @property
    def failed(self) -> list[Finding]:
        """Findings that say that the next night should not start."""
        return [finding for finding in self.findings if finding.state == "fail"]


def keep_up(settings: Settings, now: datetime, *, anchors: Path, copies: Path | None = None) -> Kept:
    """Look at everything a night depends on; write the day's anchor; copy an SQLite register; tidy old nights.

    anchors, copies: folders, made where missing; of the copies the newest `settings.keep_copies` stay. While a night
    is at work nothing is tidied. Twice a day is once: the later anchor and the first copy of a day stand. Raises
    CheckFailed when database, ledger, key or clock are not sound: then everything stays as it is.
    """
    findings = examine(settings, now)
    unsound = [finding for finding in findings if finding.state == "fail" and finding.check in UNSOUND]
    if unsound:
        raise CheckFailed(
            f"{unsound[0].check}: {unsound[0].found}. Nothing was anchored, copied or tidied.",
            remedy=unsound[0].remedy,
        )
    day = now.date()
    anchor = anchors / f"heads-{day}.json"
    with open_store(settings.database, migrate=False) as store:
        with store.snapshot() as snapshot:
            anchors.mkdir(parents=True, exist_ok=True)
            heads.write_anchor(snapshot, anchor)
        copy = None
        if copies is not None and store.dialect == "sqlite":
            copies.mkdir(parents=True, exist_ok=True, mode=0o700)
            copy = copies / f"register-{day}.sqlite"
            if not copy.exists():
                backup(store, copy)
    gone = _thin_out(copies, settings.keep_copies) if copy is not None and copies is not None else []
    try:
        tidied = tidy(settings, settings.keep_nights)
    except StoreBusy as error:
        tidied = []
        findings.append(Finding("tidy", "warn", error.message, "it is done with the next upkeep"))
    return Kept(tuple(findings), anchor, copy, tuple(gone), tuple(tidied))


def _thin_out(folder: Path, keep: int) -> list[Path]:
    """Remove the oldest copies that upkeep made, but the newest `keep`; other files are never touched."""
    old = sorted(path for path in folder.iterdir() if COPY.fullmatch(path.name))[:-keep]
    for path in old:
        path.unlink()
    return old


@flow(name="upkeep", persist_result=False)
@discreet
def upkeep(anchors: str | None = None, copies: str | None = None) -> dict[str, Any]:
    """The day's upkeep on an agency's Prefect server; what failed is told as events and shown on its page."""
    settings, now = Settings(), datetime.now().astimezone()
    try:
        with server.slot(settings):
            published = Path(anchors) if anchors else settings.root / "anchors"
            done = keep_up(settings, now, anchors=published, copies=Path(copies) if copies else None)
    except CheckFailed:
        server.tell("upkeep.failed", "upkeep.unsound", check="unsound")
        raise
    for finding in done.failed:
        server.tell("upkeep.failed", f"upkeep.{finding.check}", check=finding.check)
    if server.stays():
        rows = [{"check": one.check, "state": one.state, "remedy": one.remedy} for one in done.findings]
        artifacts.table("upkeep", rows, f"What the nights depend on, on {now.date()}")
    return {
        "failed": [finding.check for finding in done.failed],
        "anchor": str(done.anchor),
        "copy": str(done.copy) if done.copy else None,
        "tidied": len(done.tidied),
    }
