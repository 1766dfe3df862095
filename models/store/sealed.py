"""Which tables the ledger answers for, and how a row or a run's rows become one entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import Table

from models import records
from models.store import tables
from models.store.canonical import json_digest
from models.store.digest import frame_digest
from models.store.ledger import Entry

Text, Int, Day = pl.String(), pl.Int64(), pl.Date()


@dataclass(frozen=True)
class RunTable:
    """Rows of one run: replaced together, sealed by one entry (kind = table, subject = run) of the results log."""

    table: Table
    schema: Mapping[str, Any]  # without run_id
    key: tuple[str, ...]

    def entry(self, run_id: str, frame: pl.DataFrame) -> Entry:
        """The seal of a run's rows: how many and their digest."""
        body = {"rows": frame.height, "digest": frame_digest(frame, self.key)}
        return Entry(self.table.name, run_id, body)


@dataclass(frozen=True)
class EventTable:
    """Rows that say who did what and when: never changed, each sealed by one entry of the journal."""

    table: Table
    schema: Mapping[str, Any]
    key: tuple[str, ...]

    def subject(self, row: Mapping[str, Any]) -> str:
        """Name of the row in the journal."""
        return "/".join(str(row[name]) for name in self.key)

    def entry(self, row: Mapping[str, Any]) -> Entry:
        """The seal of one row."""
        body = {"digest": json_digest({name: row[name] for name in self.schema})}
        return Entry(self.table.name, self.subject(row), body)


def _plain(table: Table) -> dict[str, Any]:
    """Schema of a table whose columns are all flat, without run_id."""
    kinds: dict[str, Any] = {"TEXT": Text, "BIGINT": Int, "DATE": Day}
    return {column.name: kinds[str(column.type)] for column in table.columns if column.name != "run_id"}


def _run(table: Table, *key: str, schema: Mapping[str, Any] | None = None) -> RunTable:
    return RunTable(table, _plain(table) if schema is None else dict(schema), key)


RUN_TABLES: dict[str, RunTable] = {
    sealed.table.name: sealed
    for sealed in (
        RunTable(tables.runs, _plain(tables.runs), ("command",)),
        _run(tables.run_inputs, "name"),
        _run(tables.rejected_rows, "number", schema={"number": Int} | dict(records.REJECTED)),
        _run(tables.ratings, "enterprise_id", schema=records.RATINGS),
        _run(tables.plans, "figures"),
        _run(tables.planned_visits, "visit_id", schema=records.PLAN_VISITS),
        _run(tables.left_out, "enterprise_id", schema=records.PLAN_LEFT_OUT),
        _run(tables.draws, "name"),
        _run(tables.tenders, "tender_id"),
        _run(tables.bid_scores, "tender_id", "lot", "bid_id"),
        _run(tables.exports, "path"),
    )
}

EVENT_TABLES: dict[str, EventTable] = {
    sealed.table.name: sealed
    for sealed in (
        EventTable(tables.decisions, tables.DECISION_EVENT, ("decision_id", "version")),
        EventTable(tables.approvals, tables.APPROVAL, ("approval_id",)),
        EventTable(tables.evidence_views, tables.VIEW, ("view_id",)),
        EventTable(tables.overrides, tables.OVERRIDE, ("override_id",)),
        EventTable(tables.notices, tables.NOTICE, ("notice_id",)),
        EventTable(tables.proposed_records, tables.PROPOSED, ("record_id",)),
    )
}

INPUT_FILES = EventTable(
    tables.input_files, {"source": Text, "sha256": Text, "rows": Int}, ("source", "sha256")
)  # sealed in the results log: a file has no clock
