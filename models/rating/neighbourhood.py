"""The tables of one enterprise and of those one hop away: all that its rating can depend on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
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


class Rows:
    """Rows of a table by a key without nulls: looked up, not searched for; in their order within a key."""

    def __init__(self, table: pl.DataFrame, key: str) -> None:
        self.table, self.key = table.sort(key, maintain_order=True), key

    def of(self, keys: pl.Series) -> pl.DataFrame:
        """Rows of these keys, each key once and all in ascending order."""
        held = self.table[self.key]
        first, last = held.search_sorted(keys, side="left"), held.search_sorted(keys, side="right")
        places = [np.arange(start, end) for start, end in zip(first, last, strict=True)]
        return self.table[np.concatenate(places)] if places else self.table.clear()


class Near:
    """Neighbourhoods for those who ask often: `around_all` of few rows in the place of whole tables."""

    def __init__(self, tables: Mapping[str, pl.DataFrame], history: pl.DataFrame | None) -> None:
        """history: models.rating.HISTORY, as for `explain`."""
        self.rows = {name: Rows(table(tables, name), "enterprise_id") for name in OF_ENTERPRISES}
        self.decisions = table(tables, "decisions")
        self.history = None if history is None else Rows(history, "enterprise_id")
        offices = table(tables, "links").select("person_key", "enterprise_id").drop_nulls()
        self.offices = Rows(offices.unique(), "person_key")

    def around(self, ids: Sequence[str]) -> tuple[dict[str, pl.DataFrame], pl.DataFrame | None]:
        """Tables and history in which `explain` finds of these enterprises what it finds in the whole."""
        wanted = pl.Series("enterprise_id", ids, dtype=pl.String).unique().sort()
        persons = self.rows["links"].of(wanted)["person_key"].drop_nulls().unique().sort()
        near = pl.concat([self.offices.of(persons)["enterprise_id"], wanted]).unique().sort()
        found = {name: rows.of(near) for name, rows in self.rows.items()} | {"decisions": self.decisions}
        return found, None if self.history is None else self.history.of(near)
