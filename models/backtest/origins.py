"""Rolling origins, and the tables as they could be known on the eve of one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from config.errors import UsageError

KNOWN_BY = {
    "records": "known_on",
    "visits": "visit_date",
    "indicators": "period_end",
    "listings": "from_date",
    "links": "from_date",
    "decisions": "filed_on",
}
"""Table → the column that says when a row could be known. Rows without a date are attributes and always known."""

LATER = {
    "records": ("corrected_on", "revoked_on"),
    "listings": ("to_date",),
    "links": ("to_date",),
    "decisions": ("decided_on",),
}
"""Table → columns whose value, if it lies on or after the origin, was not known yet."""


def origins(start: date, end: date, every: int) -> list[date]:
    """First days of the windows of `every` days that lie wholly in [start, end); UsageError when there is none."""
    if every < 1:
        raise UsageError(f"Expected windows of at least one day, got {every}.", remedy="pass --every 60d")
    found = [start + timedelta(days=day) for day in range(0, (end - start).days - every + 1, every)]
    if not found:
        raise UsageError(
            f"no window of {every} days lies between {start} and {end}.",
            remedy="move --from or --to, or shorten --every",
        )
    return found


def known_before(tables: Mapping[str, pl.DataFrame], day: date) -> dict[str, pl.DataFrame]:
    """Every table as it stood on the eve of `day`: later rows gone, later endings, corrections, decisions unknown."""
    return {name: _seen(name, frame, day) for name, frame in tables.items()}


def _seen(name: str, frame: pl.DataFrame, day: date) -> pl.DataFrame:
    if name in KNOWN_BY:
        known = pl.col(KNOWN_BY[name])
        frame = frame.filter(known.is_null() | (known < day))
    later = [pl.when(pl.col(c) < day).then(pl.col(c)).alias(c) for c in LATER.get(name, ())]
    if name == "decisions":
        later.append(pl.when(pl.col("decided_on") < day).then(pl.col("outcome")).alias("outcome"))
    return frame.with_columns(later)
