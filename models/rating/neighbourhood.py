"""The tables of one enterprise and of those one hop away: all that its rating can depend on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from config.errors import InputError
from models.rating.encoding import table
from models.records import TABLES

OF_ENTERPRISES = ("enterprises", "records", "links", "listings", "indicators", "visits")


def around(enterprise_id: str, tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Rows of the enterprise and of every enterprise that shares a representative with it, and their decisions.

    Raises InputError where the enterprise is unknown.
    """
    return around_all([enterprise_id], tables)


def around_all(ids: Sequence[str], tables: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The same for several enterprises together."""
    wanted = pl.Series("enterprise_id", ids, dtype=pl.String)
    unknown = wanted.filter(~wanted.is_in(table(tables, "enterprises")["enterprise_id"].implode()))
    if unknown.len():
        raise InputError(f"no enterprise {unknown[0]!r}.", file="enterprises", remedy="check the identifier")
    links = table(tables, "links")
    persons = links.filter(pl.col("enterprise_id").is_in(wanted.implode()))["person_key"].unique()
    near = links.filter(pl.col("person_key").is_in(persons.implode()))["enterprise_id"].unique()
    return only(tables, pl.concat([near, wanted]).unique())


def only(tables: Mapping[str, pl.DataFrame], ids: pl.Series) -> dict[str, pl.DataFrame]:
    """The rows of these enterprises; decisions of their records and reliefs stay."""
    found = {
        name: table(tables, name).filter(pl.col("enterprise_id").is_in(ids.implode()))
        for name in TABLES
        if name in OF_ENTERPRISES
    }
    mine = pl.col("record_id").is_null() | pl.col("record_id").is_in(found["records"]["record_id"].implode())
    return found | {"decisions": table(tables, "decisions").filter(mine)}
