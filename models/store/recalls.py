"""What runs did with decisions: which run first took one in, and which runs were recalled because of one.

Both are lines of the journal. A decision has taken effect on the day of the first run that took it in: an objection is
marked there, a revoked record is gone from score, links and exports.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from config.errors import ApprovalRequired
from models.store import ledger
from models.store.canonical import instant
from models.store.ledger import Entry, Reader
from models.store.session import UnitOfWork
from models.store.tables import ledger as entries

TAKEN_IN, RECALLED = "decisions_taken_in", "run_recalled"


def note_taken_in(unit: UnitOfWork, run_id: str, as_of: date, decisions: Iterable[str], at: datetime) -> list[str]:
    """Note which decisions this run is the first to take in; returns them. The same run again notes nothing."""
    if ledger.latest(unit, "journal", TAKEN_IN, run_id) is not None:
        return []
    fresh = sorted(set(decisions) - taken_in(unit).keys())
    if fresh:
        body = {"as_of": as_of.isoformat(), "decisions": fresh, "at": instant(at)}
        ledger.append(unit, "journal", [Entry(TAKEN_IN, run_id, body)])
    return fresh


def taken_in(reader: Reader) -> dict[str, date]:
    """Decision → day of the first run that took it in."""
    found: dict[str, date] = {}
    for _, body in _bodies(reader, TAKEN_IN):
        day = date.fromisoformat(body["as_of"])
        for decision in body["decisions"]:
            found[decision] = min(day, found.get(decision, day))
    return found


def recall(unit: UnitOfWork, run_ids: Iterable[str], decision_id: str, record_id: str, at: datetime) -> list[str]:
    """Recall runs that a revoked record may have reached; returns those that were not recalled for it before."""
    fresh = []
    for run_id in run_ids:
        subject = f"{run_id}/{record_id}"
        if ledger.latest(unit, "journal", RECALLED, subject) is None:
            body = {"run_id": run_id, "record_id": record_id, "decision_id": decision_id, "at": instant(at)}
            ledger.append(unit, "journal", [Entry(RECALLED, subject, body)])
            fresh.append(run_id)
    return fresh


def recalled(reader: Reader) -> dict[str, list[str]]:
    """Run → records because of which it was recalled."""
    found: dict[str, list[str]] = {}
    for _, body in _bodies(reader, RECALLED):
        found.setdefault(body["run_id"], []).append(body["record_id"])
    return found


def not_recalled(reader: Reader, run_id: str) -> None:
    """ApprovalRequired when the run was recalled: it rests on a record that was revoked since."""
    records = recalled(reader).get(run_id)
    if records:
        raise ApprovalRequired(
            f"run {run_id} was recalled: {', '.join(records)} revoked since.",
            remedy="give the run's command again and decide on the new run",
        )


def _bodies(reader: Reader, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Subject and body of every entry of a kind, in their order."""
    columns = (entries.c.subject, entries.c.body)
    of_kind = select(*columns).where(entries.c.log == "journal", entries.c.kind == kind).order_by(entries.c.position)
    for subject, body in reader.connection.execute(of_kind):
        yield subject, json.loads(body)
