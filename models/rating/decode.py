"""Arrays of a rated shard → rows of RATINGS."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from models.rating.encoding import Shard
from models.rating.engine import Rated
from models.rating.rubric import FOREVER, IntArray, Rubric
from models.rating.scorecard import FIGURE_ROW
from models.rating.tier import rules
from models.records import RATINGS


def decode(shard: Shard, rating: Rated, rubric: Rubric, today: IntArray) -> pl.DataFrame:
    """One row per enterprise of the shard, in the order of their ids."""
    names = pl.Series([tier.id for tier in rubric.policy.tiers])
    coded = pl.DataFrame(
        {
            "enterprise_id": shard.enterprises["enterprise_id"],
            "region": shard.enterprises["region"],
            "score": rating.score,
            "band_tier": names[rating.band],
            "tier": names[rating.tier],
            "gates": _gates(rating, rubric),
            "dimensions": _dimensions(rating, rubric),
            "reasons": _reasons(shard, rating, rubric),
            "records_counted": rating.totals.records,
            "linked_points": rating.linked,
            "next_change_on": next_change_on(rating.changes_in, today),
        }
    )
    return coded.cast(RATINGS)


def next_change_on(changes_in: IntArray, today: IntArray) -> pl.Series:
    """Days ahead → dates, null where nothing changes by itself."""
    days = pl.Series((today + changes_in).astype(np.int32))
    return days.set(pl.Series(changes_in >= FOREVER // 2), None).cast(pl.Date)


def _gates(rating: Rated, rubric: Rubric) -> pl.Series:
    ordered = rules(rubric.policy)
    masks, place = np.unique(rating.mask, return_inverse=True)
    lists = [[rule.id for bit, rule in enumerate(ordered) if int(mask) >> bit & 1] for mask in masks]
    return pl.Series(lists, dtype=pl.List(pl.String)).gather(pl.Series(place.astype(np.uint32)))


def _dimensions(rating: Rated, rubric: Rubric) -> pl.Series:
    size, width = rating.totals.dimensions.shape
    flat = pl.DataFrame(
        {
            "eidx": np.repeat(np.arange(size), width),
            "dimension": pl.Series(rubric.dimensions).gather(np.tile(np.arange(width), size)),
            "points": rating.totals.dimensions.ravel(),
        }
    )
    return flat.group_by("eidx", maintain_order=True).agg(pl.struct("dimension", "points").alias("all"))["all"]


def named_rows(shard: Shard, rubric: Rubric, rows: npt.NDArray[np.uint32]) -> pl.DataFrame:
    """record_id and item of each row; a figure is called `figure:<id>`."""
    figures = pl.Series([figure.id for figure in rubric.policy.figures], dtype=pl.String)
    items = pl.Series(shard.codes.items, dtype=pl.String)
    of_figure = rows >= FIGURE_ROW
    if not of_figure.any():
        return shard.records.select("record_id", items.gather(shard.records["item"]).alias("item"))[
            rows.astype(np.int64)
        ]
    named = pl.DataFrame({"record_id": "figure:" + figures, "item": figures})
    every = pl.concat([shard.records.select("record_id", items.gather(shard.records["item"]).alias("item")), named])
    return every[np.where(of_figure, rows - FIGURE_ROW + shard.records.height, rows).astype(np.int64)]


def _reasons(shard: Shard, rating: Rated, rubric: Rubric) -> pl.Series:
    """Lists of (record_id, item, points), heaviest first, empty where nothing weighs."""
    rows, weights = rating.totals.rows, rating.totals.weights
    eidx, place = np.nonzero(weights)
    flat = named_rows(shard, rubric, rows[eidx, place]).with_columns(
        eidx=pl.Series(eidx.astype(np.uint32)), points=pl.Series(weights[eidx, place].astype(np.int64))
    )
    lists = flat.group_by("eidx", maintain_order=True).agg(pl.struct("record_id", "item", "points").alias("all"))
    everyone = pl.DataFrame({"eidx": np.arange(rows.shape[0], dtype=np.uint32)})
    return everyone.join(lists, on="eidx", how="left", maintain_order="left")["all"].fill_null([])
