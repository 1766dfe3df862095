"""Frames as flat rows: nested columns become JSON text on the way in and come back on the way out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from config.errors import StoreError


def fit(frame: pl.DataFrame, schema: Mapping[str, Any], table: str) -> pl.DataFrame:
    """The frame with exactly the schema's columns and types; missing nullable columns are not invented.

    Raises StoreError naming the table and the columns that are missing or do not fit.
    """
    missing = [name for name in schema if name not in frame.columns]
    if missing:
        raise StoreError(
            f"{table}: the frame lacks {', '.join(missing)}.", remedy="give every column of models/records.py"
        )
    try:
        return frame.select(pl.col(name).cast(dtype) for name, dtype in schema.items())
    except pl.exceptions.PolarsError as error:
        raise StoreError(f"{table}: a column does not fit the schema: {error}") from error


def flatten(frame: pl.DataFrame) -> pl.DataFrame:
    """Lists and structs as JSON text `{"v": …}`; null stays null."""
    return frame.with_columns(
        pl.when(pl.col(name).is_not_null()).then(pl.struct(pl.col(name).alias("v")).struct.json_encode()).alias(name)
        for name, dtype in frame.schema.items()
        if dtype.is_nested()
    )


def flat_schema(schema: Mapping[str, Any]) -> pl.Schema:
    """The schema as it lies in the database: nested columns are text."""
    plain = pl.Schema(schema)
    return pl.Schema({name: pl.String() if dtype.is_nested() else dtype for name, dtype in plain.items()})


def unflatten(frame: pl.DataFrame, schema: Mapping[str, Any]) -> pl.DataFrame:
    """The inverse of `flatten` under `schema`."""
    nested = {name: dtype for name, dtype in pl.Schema(schema).items() if dtype.is_nested()}
    return frame.with_columns(
        pl.col(name).str.json_decode(pl.Struct({"v": dtype})).struct.field("v").alias(name)
        for name, dtype in nested.items()
    )


def from_rows(rows: Iterable[Sequence[Any]], schema: Mapping[str, Any]) -> pl.DataFrame:
    """Rows of the database in the schema's order → frame."""
    flat = pl.DataFrame([tuple(row) for row in rows], schema=flat_schema(schema), orient="row")
    return unflatten(flat, schema)
