"""What a tender command works with: ratings, lists and registers on the day of bid opening."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from config.errors import InputError, UsageError
from config.in_force import Policy
from config.policy import load_policy
from config.settings import Settings
from config.units import MILLI
from models.records import LISTINGS, TABLES, empty

if TYPE_CHECKING:
    from models.tender.case import TenderCase

Tables = Mapping[str, pl.DataFrame]


@dataclass(frozen=True)
class Material:
    """`tables` holds models.records.TABLES; `listed` is False where no lists were given, so nobody was checked."""

    policy: Policy
    ratings: pl.DataFrame
    tables: Tables
    listed: bool
    complete: bool  # records are there: live points and leaving one out are possible


def opening_of(cases: list[TenderCase], given: date | None) -> date:
    """The day the tenders are evaluated as of: the option, else the one opening day the file names."""
    days = {case.opening.date() for case in cases if case.opening}
    if given is not None:
        return given
    if len(days) != 1:
        message = "the file names no day of bid opening." if not days else "the tenders open on different days."
        raise UsageError(message, remedy="give --as-of DAY")
    return days.pop()


def from_registers(data: Path, source: str, pack: str, as_of: date, settings: Settings) -> Material:
    """Take in the agencies' files and rate as of the day of opening."""
    from models.intake import intake, load_source, own_policy
    from models.rating import rate

    policy, described = load_policy(pack).at(as_of), load_source(source)
    own = own_policy(described, policy)
    taken = intake(described, data, secret=settings.secret(), policy=policy, as_of=as_of, own=own)
    tables = {name: empty(schema) for name, schema in TABLES.items()} | dict(taken.tables)
    return Material(policy, rate(tables, policy), tables, listed=True, complete=True)


def from_files(ratings: Path, lists: Path | None, enterprises: Path | None, pack: str, as_of: date) -> Material:
    """Ratings (and lists, enterprises) from files as `evenhand run` writes them; columns as models.records."""
    tables = {name: empty(schema) for name, schema in TABLES.items()}
    if lists is not None:
        tables["listings"] = _shaped(_read(lists), LISTINGS, lists)
    if enterprises is not None:
        tables["enterprises"] = _shaped(_read(enterprises), TABLES["enterprises"], enterprises, fill=True)
    found = _read(ratings)
    missing = [name for name in ("enterprise_id", "tier", "score") if name not in found.columns]
    if missing:
        raise InputError(
            f"lacks the column {', '.join(missing)}.", file=str(ratings), remedy="give ratings.csv of a run"
        )
    if ratings.suffix == ".csv":  # points as written there, thousandths in Parquet
        found = found.with_columns((pl.col("score").cast(pl.Float64) * MILLI).round().cast(pl.Int64))
    return Material(load_policy(pack).at(as_of), found, tables, listed=lists is not None, complete=False)


def _read(path: Path) -> pl.DataFrame:
    if not path.is_file():
        raise InputError("no such file.", file=str(path), remedy="give a CSV or Parquet file")
    try:
        return pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, infer_schema_length=0)
    except pl.exceptions.PolarsError as error:
        raise InputError(f"not readable ({error}).", file=str(path), remedy="give a CSV or Parquet file") from error


def _shaped(frame: pl.DataFrame, schema: pl.Schema, path: Path, fill: bool = False) -> pl.DataFrame:
    missing = [name for name in schema if name not in frame.columns]
    if missing and not fill:
        raise InputError(f"lacks the column {', '.join(missing)}.", file=str(path), remedy="name the columns so")
    added = frame.with_columns(pl.lit(None).alias(name) for name in missing)
    try:
        return added.select(_as(added, name, kind) for name, kind in schema.items())
    except pl.exceptions.PolarsError as error:
        raise InputError(
            f"a value does not fit ({error}).", file=str(path), remedy="write dates as 2025-09-01"
        ) from error


def _as(frame: pl.DataFrame, name: str, kind: Any) -> pl.Expr:
    """A column in the type wanted; days are written as text in CSV."""
    if kind == pl.Date and frame.schema[name] == pl.String:
        return pl.col(name).str.to_date("%Y-%m-%d")
    return pl.col(name).cast(kind)
