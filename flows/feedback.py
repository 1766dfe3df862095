"""What people have fed back since the files were exported: decisions and results of visits, from the register.

A rating is never edited: feedback is input of the next run, named by its digest like any file.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from flows.collect import known_visits
from flows.run import RunContext
from models.records import DECISIONS, RECORDS, VISITS
from models.store import events
from models.store.digest import frame_digest
from models.store.ledger import Reader
from models.store.session import open_store

OVERRIDES = pl.Schema(
    dict.fromkeys(
        ("override_id", "run_id", "subject", "before", "after", "officer", "name", "reason", "at"), pl.String()
    )
)
"""Departures from what was proposed: shown in the report, never laid over a table."""
KEYS = {"decisions": "decision_id", "records": "record_id", "visits": "visit_id", "overrides": "override_id"}
SCHEMAS = {"decisions": DECISIONS, "records": RECORDS, "visits": VISITS, "overrides": OVERRIDES}


def feedback(context: RunContext, *, known_by: str | None = None) -> dict[str, pl.DataFrame]:
    """Decisions, proposed records, visits and overrides of the register, known by the run's day; without empty ones.

    `known_by`: as the register stood at that moment (text of UTC) instead of now.
    """
    with open_store(context.settings.database) as store, store.snapshot() as snapshot:
        found = {
            "decisions": events.decisions(snapshot, known_by=known_by).filter(pl.col("filed_on") <= context.as_of),
            "records": events.proposed_records(snapshot, known_by=known_by).filter(pl.col("known_on") <= context.as_of),
            "overrides": _overrides(snapshot, context, known_by),
            "visits": known_visits(snapshot, known_by=known_by).filter(pl.col("visit_date") <= context.as_of),
        }
    return {name: frame.select(list(SCHEMAS[name])) for name, frame in found.items() if frame.height}


def _overrides(reader: Reader, context: RunContext, known_by: str | None) -> pl.DataFrame:
    """OVERRIDES made up to the run's day."""
    frame = events.overrides(reader).filter(pl.col("at").str.head(10) <= context.as_of.isoformat())
    return frame if known_by is None else frame.filter(pl.col("at") <= known_by)


def hashes(found: dict[str, pl.DataFrame]) -> dict[str, str]:
    """Digest by name, beside those of the files."""
    return {f"register:{name}": frame_digest(frame, (KEYS[name],)) for name, frame in found.items()}


def laid_over(tables: Mapping[str, pl.DataFrame], found: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The intake's tables with the feedback; where both name a row, the register's is the later word."""
    merged = dict(tables)
    for name, frame in found.items():
        if name == "overrides":
            continue
        key = KEYS[name]
        rest = merged[name].join(frame.select(key), on=key, how="anti") if name in merged else frame.clear()
        merged[name] = pl.concat([rest, frame], how="vertical_relaxed").sort(key)
    return merged
