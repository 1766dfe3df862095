"""The tables as they could be known on a day: nothing that was published, filed or decided later."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from models.records import TABLES, empty


def as_known(tables: Mapping[str, pl.DataFrame], day: date) -> dict[str, pl.DataFrame]:
    """Rows that had not come yet left out, later outcomes blank. Ends set in advance (bans, lists) stay."""
    whole = {name: tables[name] if name in tables else empty(schema) for name, schema in TABLES.items()}

    def until(column: str) -> pl.Expr:
        return pl.when(pl.col(column) <= day).then(pl.col(column)).alias(column)

    decided = pl.col("decided_on") <= day
    blank = [pl.when(decided).then(pl.col(name)).alias(name) for name in ("decided_on", "outcome", "officer", "reason")]
    return whole | {
        "records": whole["records"]
        .filter(pl.col("known_on").fill_null(pl.col("act_date")) <= day, pl.col("act_date") <= day)
        .with_columns(until("revoked_on"), until("corrected_on")),
        "decisions": whole["decisions"]
        .filter((pl.col("filed_on") <= day) | (pl.col("filed_on").is_null() & decided))
        .with_columns(blank),
        "listings": whole["listings"].filter(pl.col("from_date").is_null() | (pl.col("from_date") <= day)),
        "links": whole["links"].filter(pl.col("from_date").is_null() | (pl.col("from_date") <= day)),
        "indicators": whole["indicators"].filter(pl.col("period_end") <= day),
        "visits": whole["visits"].filter(pl.col("visit_date") <= day),
    }
