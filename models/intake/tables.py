"""Parquet files: already typed, checked for what they really are."""

from __future__ import annotations

import io
from collections.abc import Iterable

import polars as pl

from config.errors import InputError
from models.intake.raw import ROW, Raw, readable, refusals

MAGIC = b"PAR1"


def read_parquet(name: str, data: bytes) -> Raw:
    """All columns in their own types; the first row is row 2, as it would be under headings."""
    if not (data.startswith(MAGIC) and data.endswith(MAGIC)):
        remedy = "ask for it again; a transfer may have cut it off"
        raise InputError("not a whole Parquet file.", file=name, rule="unreadable", remedy=remedy)
    with readable(name, "Parquet file", "ask for it again; a transfer may have spoilt it"):
        frame = pl.read_parquet(io.BytesIO(data))
    numbered = frame.with_row_index(ROW, offset=2).with_columns(pl.col(ROW).cast(pl.Int64))
    return Raw(name, numbered, refusals(name, []))


def refuse_nested(raw: Raw, used: Iterable[str]) -> None:
    """InputError where a column that is read holds lists, structures, bytes or spans of time instead of values."""
    schema = raw.frame.schema
    for heading in sorted(used):
        dtype = schema[heading]
        if dtype.is_nested() or dtype in (pl.Binary, pl.Object, pl.Time, pl.Duration):
            remedy = "ask for a plain column, or unpack it in the query"
            raise InputError(
                f"the column {heading} holds {dtype}, not values.", file=raw.name, rule="type", remedy=remedy
            )
