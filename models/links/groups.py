"""Groups of enterprises under common representatives, and persons who stand in too many: reports for officers."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def offices_on(links: pl.DataFrame, as_of: date, roles: tuple[str, ...] = ()) -> pl.DataFrame:
    """Distinct (person_key, enterprise_id) of LINKS in force on `as_of`, of these roles (none = all)."""
    return (
        links.filter(
            pl.col("from_date").is_null() | (pl.col("from_date") <= as_of),
            pl.col("to_date").is_null() | (pl.col("to_date") >= as_of),
            pl.col("role").is_in(list(roles)) if roles else pl.lit(True),
        )
        .select("person_key", "enterprise_id")
        .unique()
    )


def placeholder_persons(offices: pl.DataFrame, most: int) -> pl.DataFrame:
    """Person keys that stand for more than `most` enterprises: person_key, enterprises, largest first.

    Such a key is a data fault or a nominee, to be looked at by an officer; it is not a statement about a person.
    """
    return (
        offices.group_by("person_key")
        .agg(pl.col("enterprise_id").n_unique().alias("enterprises"))
        .filter(pl.col("enterprises") > most)
        .sort("enterprises", "person_key", descending=[True, False])
    )


def groups(offices: pl.DataFrame, most: int) -> pl.DataFrame:
    """Enterprises joined by common representatives: enterprise_id, group (its smallest id), group_size.

    Placeholder persons join nothing. Only groups of two or more, by size, then id.
    """
    barred = placeholder_persons(offices, most)
    pairs = offices.join(barred, on="person_key", how="anti")
    enterprises = pairs.select("enterprise_id").unique().sort("enterprise_id").with_row_index("node")
    persons = pairs.select("person_key").unique().sort("person_key").with_row_index("person")
    coded = pairs.join(enterprises, on="enterprise_id").join(persons, on="person_key")
    size = enterprises.height + persons.height
    rows, columns = coded["node"].to_numpy(), coded["person"].to_numpy() + enterprises.height
    graph = coo_array((np.ones(rows.size, dtype=np.int8), (rows, columns)), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    found = enterprises.with_columns(label=pl.Series(label[: enterprises.height]))
    return (
        found.with_columns(
            group=pl.col("enterprise_id").min().over("label"), group_size=pl.len().over("label").cast(pl.UInt32)
        )
        .filter(pl.col("group_size") > 1)
        .select("enterprise_id", "group", "group_size")
        .sort("group_size", "group", "enterprise_id", descending=[True, False, False])
    )
