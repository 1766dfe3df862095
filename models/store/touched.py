"""What a record reached before its decision was revoked: runs, plans, tenders and notices to recall."""

from __future__ import annotations

from datetime import date

import polars as pl
from sqlalchemy import func, select

from models.store import tables
from models.store.bulk import read_frame
from models.store.ledger import Reader
from models.store.let_go import runs_let_go

TOUCHED = pl.Schema(
    {
        "run_id": pl.String(),
        "as_of": pl.Date(),
        "tier": pl.String(),  # null: nobody acted on the run, its rows were let go
        "named_as_reason": pl.Boolean(),  # among the reasons shown; else it may have weighed less than those
        "visits": pl.Int64(),
        "bids": pl.Int64(),
        "notices": pl.Int64(),
    }
)
"""One row per run that rated the enterprise while the record could be known."""


def runs_touched(reader: Reader, enterprise_id: str, record_id: str, known_on: date) -> pl.DataFrame:
    """Runs (TOUCHED, by day) that rated the enterprise on a day from `known_on` on, or may have: rows let go."""
    found = [row for row in _rated(reader, enterprise_id).iter_rows(named=True) if row["as_of"] >= known_on]
    rows = [
        {
            "run_id": row["run_id"],
            "as_of": row["as_of"],
            "tier": row["tier"],
            "named_as_reason": None if row["tier"] is None else f'"{record_id}"' in (row["reasons"] or ""),
            "visits": _count(reader, tables.planned_visits.name, row["run_id"], enterprise_id),
            "bids": _count(reader, tables.bid_scores.name, row["run_id"], enterprise_id),
            "notices": _count(reader, tables.notices.name, row["run_id"], enterprise_id),
        }
        for row in found
    ]
    return pl.DataFrame(rows, schema=TOUCHED).sort("as_of", "run_id")


def _rated(reader: Reader, enterprise_id: str) -> pl.DataFrame:
    schema = {"run_id": pl.String(), "tier": pl.String(), "reasons": pl.String()}
    own = read_frame(reader.connection, tables.ratings, schema, tables.ratings.c.enterprise_id == enterprise_id)
    told = {"run_id": pl.String(), "source": pl.String(), "as_of": pl.Date()}
    runs = read_frame(reader.connection, tables.runs, told)
    rated = runs.join(own, on="run_id")
    gone = [run_id for run_id, names in runs_let_go(reader).items() if "ratings" in names]
    may_have = runs.filter(
        pl.col("run_id").is_in(gone),
        ~pl.col("run_id").is_in(rated["run_id"].implode()),
        pl.col("source").is_in(rated["source"].implode()),
    )
    return pl.concat([rated, may_have], how="diagonal")


def _count(reader: Reader, table: str, run_id: str, enterprise_id: str) -> int:
    where = tables.metadata.tables[table]
    own = (where.c.run_id == run_id, where.c.enterprise_id == enterprise_id)
    return int(reader.connection.execute(select(func.count()).select_from(where).where(*own)).scalar_one())
