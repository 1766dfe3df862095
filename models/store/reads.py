"""Reading the register back: frames of the house's schemas, within a snapshot or a unit of work."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import polars as pl
from sqlalchemy import select

from config.errors import StoreError
from models.store import tables
from models.store.bulk import read_frame
from models.store.ledger import Reader
from models.store.sealed import INPUT_FILES, RUN_TABLES


def run_rows(reader: Reader, name: str, run_id: str) -> pl.DataFrame:
    """Rows of one run in one of the run's tables, sorted by key; empty when the run has none.

    Raises StoreError for a table that is not one.
    """
    if name not in RUN_TABLES:
        raise StoreError(f"no table {name} of runs.", remedy=f"one of {', '.join(sorted(RUN_TABLES))}")
    sealed = RUN_TABLES[name]
    of_run = sealed.table.c.run_id == run_id
    return read_frame(reader.connection, sealed.table, sealed.schema, of_run, order=sealed.key)


def runs(reader: Reader) -> pl.DataFrame:
    """One row per run, by day and id."""
    schema = {"run_id": pl.String()} | dict(RUN_TABLES["runs"].schema)
    return read_frame(reader.connection, tables.runs, schema, order=("as_of", "run_id"))


def run(reader: Reader, run_id: str) -> dict[str, Any]:
    """Arguments of one run; StoreError when the register does not know it."""
    found = runs(reader).filter(pl.col("run_id") == run_id)
    if found.is_empty():
        raise StoreError(f"no run {run_id}.", remedy="list the runs with `evenhand register runs`")
    return found.row(0, named=True)


def input_files(reader: Reader) -> pl.DataFrame:
    """One row per source and content ever read."""
    return read_frame(reader.connection, INPUT_FILES.table, INPUT_FILES.schema, order=INPUT_FILES.key)


def inputs(reader: Reader, run_id: str) -> pl.DataFrame:
    """Files a run read."""
    return run_rows(reader, "run_inputs", run_id)


def rejected(reader: Reader, run_id: str) -> pl.DataFrame:
    """Rows a run refused (models.records.REJECTED)."""
    return run_rows(reader, "rejected_rows", run_id).drop("number")


def ratings(reader: Reader, run_id: str) -> pl.DataFrame:
    """models.records.RATINGS of a run, by enterprise."""
    return run_rows(reader, "ratings", run_id)


def rating(reader: Reader, run_id: str, enterprise_id: str) -> dict[str, Any] | None:
    """One enterprise's rating in a run; None when it was not rated."""
    sealed = RUN_TABLES["ratings"]
    one = (sealed.table.c.run_id == run_id, sealed.table.c.enterprise_id == enterprise_id)
    found = read_frame(reader.connection, sealed.table, sealed.schema, *one)
    return None if found.is_empty() else found.row(0, named=True)


def plan(reader: Reader, run_id: str) -> dict[str, Any] | None:
    """Head of a run's plan (period, objective, bound, figures); None when it has none."""
    found = run_rows(reader, "plans", run_id)
    if found.is_empty():
        return None
    return found.row(0, named=True) | {"figures": json.loads(found["figures"][0])}


def planned_visits(reader: Reader, run_id: str) -> pl.DataFrame:
    """models.records.PLAN_VISITS of a run."""
    return run_rows(reader, "planned_visits", run_id)


def left_out(reader: Reader, run_id: str) -> pl.DataFrame:
    """models.records.PLAN_LEFT_OUT of a run."""
    return run_rows(reader, "left_out", run_id)


def draws(reader: Reader, run_id: str) -> Mapping[str, Any]:
    """Published draws of a run by name."""
    return {
        row["name"]: json.loads(row["publication"]) for row in run_rows(reader, "draws", run_id).iter_rows(named=True)
    }


def tenders(reader: Reader, run_id: str) -> Mapping[str, Any]:
    """Evaluations of a run's tenders by id."""
    rows = run_rows(reader, "tenders", run_id)
    return {row["tender_id"]: json.loads(row["evaluation"]) for row in rows.iter_rows(named=True)}


def bid_scores(reader: Reader, run_id: str) -> pl.DataFrame:
    """One row per bid of the run's tenders."""
    return run_rows(reader, "bid_scores", run_id)


def exports(reader: Reader, run_id: str) -> Mapping[str, str]:
    """Path below the output folder → digest, of a run."""
    rows = run_rows(reader, "exports", run_id)
    return dict(zip(rows["path"], rows["cell_digest"], strict=True))


def ledger_entries(reader: Reader, log: str) -> pl.DataFrame:
    """Every entry of a log in its order."""
    columns = ("position", "kind", "subject", "body", "previous", "leaf")
    found = reader.connection.execute(
        select(*(tables.ledger.c[name] for name in columns))
        .where(tables.ledger.c.log == log)
        .order_by(tables.ledger.c.position)
    )
    schema = {name: pl.Int64 if name == "position" else pl.String for name in columns}
    return pl.DataFrame([tuple(row) for row in found], schema=schema, orient="row")
