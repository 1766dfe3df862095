"""Rows of old results that nobody acted on may go: their seals stay, and the run's command makes the rows again.

What a named officer decided on or departed from, and what anybody was told of, stays for ever.
"""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import delete, exists, select

from models.store import ledger, tables
from models.store.canonical import instant
from models.store.ledger import Entry, Reader
from models.store.sealed import RUN_TABLES
from models.store.session import UnitOfWork

LET_GO = "rows_let_go"  # kind of the journal's line
BULKY = ("ratings", "left_out")  # a row for each enterprise and run; everything else of a run is small
ACTS = (tables.approvals, tables.notices, tables.overrides, tables.proposed_records)


def idle_rows(reader: Reader, run_id: str) -> dict[str, int]:
    """Rows that may go, by table, as sealed; none where somebody acted on the run or where they are gone."""
    if any(_has(reader, table.name, run_id) for table in ACTS):
        return {}
    sealed = {name: ledger.latest(reader, "results", name, run_id) for name in BULKY if _has(reader, name, run_id)}
    return {name: int(body["rows"]) for name, body in sealed.items() if body is not None}


def let_rows_go(unit: UnitOfWork, run_id: str, at: datetime) -> dict[str, int]:
    """Remove a run's idle rows and say so in the journal; returns how many, by table."""
    going = idle_rows(unit, run_id)
    if going:
        ledger.append(unit, "journal", [Entry(LET_GO, run_id, {"rows": going, "at": instant(at)})])
    for name in going:
        table = RUN_TABLES[name].table
        unit.connection.execute(delete(table).where(table.c.run_id == run_id))
    return going


def let_go(reader: Reader, run_id: str) -> frozenset[str]:
    """Tables of which the run's rows were let go, whether or not its command has made them again since."""
    said = ledger.latest(reader, "journal", LET_GO, run_id)
    return frozenset() if said is None else frozenset(said["rows"])


def runs_let_go(reader: Reader) -> dict[str, frozenset[str]]:
    """`let_go` of every run."""
    entry = tables.ledger.c
    said = select(entry.subject, entry.body).where(entry.log == "journal", entry.kind == LET_GO)
    found = reader.connection.execute(said.order_by(entry.position))
    return {subject: frozenset(json.loads(body)["rows"]) for subject, body in found}


def _has(reader: Reader, name: str, run_id: str) -> bool:
    table = tables.metadata.tables[name]
    return bool(reader.connection.execute(select(exists().where(table.c.run_id == run_id))).scalar_one())
