"""The small vocabulary that turns a file's rows into a table's rows: join, where, latest, unpivot, sharing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import polars as pl

from config.source_forms import JoinForm, LatestForm, SharingForm, TableForm, UnpivotForm, WhereForm
from models.intake.convert import as_text, to_date

ReadOther = Callable[[JoinForm], pl.DataFrame]


def shaped(frame: pl.DataFrame, table: TableForm, as_of: date, other: ReadOther) -> pl.DataFrame:
    """Rows that the table's columns are read from, in the order: join, where, latest, unpivot, sharing."""
    for join in table.join:
        frame = _joined(frame, join, other(join))
    for where in table.where:
        frame = frame.filter(_where(where, frame.schema[where.column]))
    if table.latest is not None:
        frame = _latest(frame, table.latest, table.dates, as_of)
    if table.unpivot is not None:
        frame = _unpivoted(frame, table.unpivot)
    if table.sharing is not None:
        frame = _shared(frame, table.sharing)
    return frame


def _joined(frame: pl.DataFrame, form: JoinForm, right: pl.DataFrame) -> pl.DataFrame:
    left_keys = [as_text(pl.col(name), frame.schema[name]).alias(f"key {name}") for name in form.match]
    right_keys = [as_text(pl.col(to), right.schema[to]).alias(f"key {name}") for name, to in form.match.items()]
    taken = [pl.col(name).alias(here) for name, here in form.take.items()]
    keys = [f"key {name}" for name in form.match]
    looked_up = right.select(*right_keys, *taken).unique(keys, keep="first", maintain_order=True)
    joined = frame.with_columns(left_keys).join(
        looked_up, on=keys, how="inner" if form.inner else "left", maintain_order="left"
    )
    return joined.drop(keys)


def _where(form: WhereForm, dtype: pl.DataType) -> pl.Expr:
    text = as_text(pl.col(form.column), dtype)
    tests: list[pl.Expr] = []
    if form.is_in:
        tests.append(text.is_in(list(form.is_in)))
    if form.not_in:
        tests.append(~text.is_in(list(form.not_in)))
    if form.starts_with:
        tests.append(pl.any_horizontal(text.str.starts_with(prefix) for prefix in form.starts_with))
    if form.at_least is not None:
        tests.append(text.cast(pl.Float64, strict=False) >= form.at_least)
    if form.filled is not None:
        tests.append(text.is_not_null() if form.filled else text.is_null())
    return pl.all_horizontal(test.fill_null(False) for test in tests)


def _unpivoted(frame: pl.DataFrame, form: UnpivotForm) -> pl.DataFrame:
    parts = []
    for heading, name in form.columns.items():
        value = as_text(pl.col(heading), frame.schema[heading])
        part = frame.with_columns(pl.lit(name).alias(form.name), value.alias(form.value))
        parts.append(part.filter(pl.col(form.value) != "0" if not form.zeros else pl.col(form.value).is_not_null()))
    return pl.concat(parts)


def _latest(frame: pl.DataFrame, form: LatestForm, dates: tuple[str, ...], as_of: date) -> pl.DataFrame:
    if form.by is None:
        return frame.unique(form.per, keep="last", maintain_order=True)
    dated = frame.with_columns(_day(frame, form.by, dates).alias("by")).filter(pl.col("by").is_not_null())
    for name, heading in form.earliest.items():
        dated = dated.with_columns(_day(frame, heading, dates).min().over(form.per).alias(name))
    if form.known_only:
        dated = dated.filter(pl.col("by") <= as_of)
    known = pl.col("by") <= as_of
    nearest = pl.when(known).then(-pl.col("by").to_physical()).otherwise(pl.col("by").to_physical())
    if form.count is not None:
        dated = dated.with_columns(known.sum().over(form.per).cast(pl.Int64).alias(form.count))
    if form.day is not None:
        dated = dated.with_columns(pl.when(known).then(pl.col("by")).alias(form.day))
    best_first = dated.sort(~known, nearest, maintain_order=True)
    return best_first.unique(form.per, keep="first", maintain_order=True).drop("by")


def _shared(frame: pl.DataFrame, form: SharingForm) -> pl.DataFrame:
    name = as_text(pl.col(form.heading), frame.schema[form.heading]).str.to_uppercase().str.replace_all("[^A-Z]", "")
    return frame.with_columns(pl.len().over(name.alias("shared")).cast(pl.Int64).alias(form.name))


def _day(frame: pl.DataFrame, heading: str, dates: tuple[str, ...]) -> pl.Expr:
    dtype = frame.schema[heading]
    column = pl.col(heading)
    return column.cast(pl.Date) if dtype.is_temporal() else to_date(as_text(column, dtype), dates)
