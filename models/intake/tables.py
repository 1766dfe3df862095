"""Parquet files: already typed, checked for what they really are."""

from __future__ import annotations

import io

import polars as pl

from config.errors import InputError
from models.intake.raw import ROW, Raw, refusals

MAGIC = b"PAR1"


def read_parquet(name: str, data: bytes) -> Raw:
    """All columns in their own types; the first row is row 2, as it would be under headings."""
    if not (data.startswith(MAGIC) and data.endswith(MAGIC)):
        remedy = "ask for it again; a transfer may have cut it off"
        raise InputError("not a whole Parquet file.", file=name, rule="unreadable", remedy=remedy)
    try:
        frame = pl.read_parquet(io.BytesIO(data))
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise InputError(f"not a readable Parquet file ({error}).", file=name, rule="unreadable") from error
    numbered = frame.with_row_index(ROW, offset=2).with_columns(pl.col(ROW).cast(pl.Int64))
    return Raw(name, numbered, refusals(name, []))
