"""Relief windows: acts of a region, an industry, an item or one enterprise in a span of dates do not weigh."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from config.in_force import Redress


def in_force(reliefs: pl.DataFrame, redress: Redress, as_of: date) -> pl.DataFrame:
    """Reliefs granted by `as_of`; none where the pack does not honour relief."""
    if not redress.relief:
        return reliefs.clear()
    return reliefs.filter((pl.col("outcome") == "granted") & (pl.col("decided_on") <= as_of)).unique(
        maintain_order=True
    )


def relieved_rows(
    records: pl.DataFrame, enterprises: pl.DataFrame, reliefs: pl.DataFrame, items: tuple[str, ...]
) -> list[int]:
    """Rows of records (eidx, item code, act_date) that a relief covers, ascending.

    enterprises: enterprise_id, region, industry with row = eidx; items: names of the item codes.
    """
    found: set[int] = set()
    for relief in reliefs.iter_rows(named=True):
        who = [pl.col(key) == relief[key] for key in ("enterprise_id", "region", "industry") if relief[key] is not None]
        covered = enterprises.select(pl.all_horizontal(pl.lit(True), *who).alias("covered"))["covered"]
        mask = covered if covered.len() == enterprises.height else pl.Series([True] * enterprises.height)
        if not mask.any():
            continue  # as a rule, where few enterprises are looked at
        when = [pl.col("act_date") >= relief["from_date"]] if relief["from_date"] is not None else []
        when += [pl.col("act_date") <= relief["to_date"]] if relief["to_date"] is not None else []
        when += [pl.col("item") == _code(items, relief["item"])] if relief["item"] is not None else []
        rows = records.select("eidx", "item", "act_date").with_row_index("row").filter(*when)
        touched = mask.to_numpy()[rows["eidx"].to_numpy()]
        found.update(np.flatnonzero(touched) if rows.height == records.height else rows["row"].to_numpy()[touched])
    return sorted(int(row) for row in found)


def _code(items: tuple[str, ...], name: str) -> int:
    return items.index(name) if name in items else len(items)
