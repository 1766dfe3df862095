"""Digest of a frame: sha256 over columns in canonical form, whatever the chunks, the order of rows or columns.

Values are hashed, not their layout in memory: integers as 64 bits little endian, text as lengths and UTF-8,
lists as lengths and items, nulls as a mask. Integer widths, categories and enums do not matter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Protocol

import polars as pl


class _Hasher(Protocol):
    def update(self, data: bytes, /) -> None: ...


def frame_digest(frame: pl.DataFrame, key: Sequence[str] | None = None) -> str:
    """sha256 (hex) of a frame's values. `key` names rows uniquely; without it rows are sorted by all columns.

    Raises ValueError when `key` is not unique or a column cannot be hashed.
    """
    ordered = _ordered(frame, key)
    hasher = hashlib.sha256(f"frame/1 {ordered.height}".encode())
    for name in sorted(ordered.columns):
        for part in _parts(ordered.get_column(name)):
            hasher.update(len(name.encode()).to_bytes(4, "little") + name.encode())
            hasher.update(len(part).to_bytes(8, "little") + part)
    return hasher.hexdigest()


def _ordered(frame: pl.DataFrame, key: Sequence[str] | None) -> pl.DataFrame:
    if key is None:
        plain = frame.with_columns(_sortable(frame.schema[name], name) for name in frame.columns)
        order = plain.select(pl.arg_sort_by(sorted(frame.columns), nulls_last=False)) if frame.height else None
        return frame if order is None else frame[order.to_series()]
    if frame.height and frame.select(key).is_duplicated().any():
        raise ValueError(f"Expected {', '.join(key)} to be unique in the frame.")
    return frame.sort(list(key), nulls_last=False)


def _sortable(dtype: pl.DataType, name: str) -> pl.Expr:
    """Nested columns are compared by their text."""
    if dtype.is_nested():
        return pl.struct(pl.col(name)).struct.json_encode().alias(name)
    return pl.col(name).cast(pl.String) if dtype in (pl.Categorical, pl.Enum) else pl.col(name)


def _parts(series: pl.Series) -> Iterator[bytes]:
    """Mask of nulls, then the values in canonical form."""
    dtype = series.dtype
    yield series.is_null().cast(pl.UInt8).to_numpy().tobytes()
    if dtype.is_integer() or dtype == pl.Boolean:
        yield _kind("int") + series.cast(pl.Int64).fill_null(0).to_numpy().astype("<i8").tobytes()
    elif dtype == pl.Date:
        yield _kind("day") + series.cast(pl.Int64).fill_null(0).to_numpy().astype("<i8").tobytes()
    elif dtype.is_float():
        # -0.0 equals 0.0, and every NaN is one NaN
        values = (series.cast(pl.Float64).fill_null(0.0) + 0.0).fill_nan(float("nan"))
        yield _kind("float") + values.to_numpy().astype("<f8").tobytes()
    elif dtype in (pl.String, pl.Categorical, pl.Enum):
        text = series.cast(pl.String).fill_null("")
        yield _kind("text") + text.str.len_bytes().cast(pl.Int64).to_numpy().astype("<i8").tobytes()
        yield "".join(text.to_list()).encode()
    elif dtype == pl.List:
        lengths = series.list.len().fill_null(0).cast(pl.Int64)
        yield _kind("list") + lengths.to_numpy().astype("<i8").tobytes()
        filled = series.filter(lengths > 0)
        yield from _parts(filled.explode())
    elif dtype == pl.Struct:
        for field in sorted(series.struct.fields):
            yield _kind("field") + field.encode()
            yield from _parts(series.struct.field(field))
    elif dtype == pl.Null:
        yield _kind("null")
    else:
        raise ValueError(f"Expected integers, floats, text, days, lists or structs in {series.name}, got {dtype}.")


def _kind(name: str) -> bytes:
    return name.encode().ljust(8, b"\0")
