"""The table planners read first: wanted and planned by tier and region, with the hours."""

from __future__ import annotations

import polars as pl

from models.inspection.allocate import Allocation
from models.inspection.crew import Crew
from models.inspection.draw import MICRO
from models.inspection.drawing import Drawn
from models.inspection.terms import QUOTA

LAYERS = ("must", "statutory", "random", "directed")


def quota_table(
    rows: pl.DataFrame, allocation: Allocation, drawn: Drawn, visits: pl.DataFrame, crew: Crew, districts: list[str]
) -> pl.DataFrame:
    """QUOTA: one row per tier and region, sorted; a region's capacity is that of all inspectors who may work there."""
    firms = rows.filter(
        (pl.col("count") == 1) & pl.col("tier").is_not_null() & (pl.col("barred").fill_null("") != "not_active")
    )
    base = firms.group_by("tier", "region").agg(
        pl.len().alias("enterprises"), pl.col("barred").is_null().sum().alias("eligible")
    )
    asked = allocation.strata.group_by("tier", "region").agg(
        pl.max_horizontal(pl.col("asked"), pl.col("fixed")).sum().alias("wanted"),
        ((pl.col("random_quota") + pl.col("directed_quota")).sum() / MICRO + pl.col("fixed").sum())
        .round()
        .alias("quota"),
    )
    keys = ["tier", "region"]
    asked = asked.sort(keys).with_columns(_rounded_up_once("wanted").over("tier"))
    done = _done(visits)
    table = (
        base.join(asked, on=keys, how="left")
        .join(done, on=keys, how="left")
        .join(_capacity(crew, districts), on="region", how="left")
    )
    table = table.with_columns(pl.exclude("tier", "region").fill_null(0)).with_columns(
        (pl.col("wanted") * 1000 // pl.col("enterprises")).alias("rate_wanted"),
        (pl.col("planned") * 1000 // pl.col("enterprises")).alias("rate_planned"),
    )
    return table.select([pl.col(name).cast(kind) for name, kind in QUOTA.items()]).sort("tier", "region")


def _rounded_up_once(name: str) -> pl.Expr:
    """Whole visits by region that add up to the tier's sum rounded up, not to a rounding up in every region."""
    so_far = pl.col(name).cum_sum().round(6).ceil()
    return so_far - so_far.shift(1, fill_value=0)


def _capacity(crew: Crew, districts: list[str]) -> pl.DataFrame:
    minutes = crew.districts.T.astype("int64") @ (crew.minutes * crew.there.sum(axis=1))
    return pl.DataFrame(
        {"region": districts, "minutes_capacity": minutes}, schema={"region": pl.String, "minutes_capacity": pl.Int64}
    )


def _done(visits: pl.DataFrame) -> pl.DataFrame:
    """Planned visits and person-minutes by tier and region."""
    layer = pl.col("purpose").replace_strict({name: name for name in LAYERS[1:]}, default="must")
    return visits.with_columns(layer.alias("layer")).group_by("tier", "region").agg(
        pl.len().alias("planned"),
        *((pl.col("layer") == name).sum().alias(f"planned_{name}") for name in LAYERS),
        (pl.col("minutes") * pl.col("inspectors").list.len()).sum().alias("minutes_planned"),
    )  # fmt: skip


def with_planned(quota: pl.DataFrame, visits: pl.DataFrame) -> pl.DataFrame:
    """The same table with what these visits plan."""
    columns = [name for name in QUOTA if name.startswith("planned") or name == "minutes_planned"]
    table = quota.drop(columns).join(_done(visits), on=["tier", "region"], how="left").with_columns(
        pl.col(columns).fill_null(0)
    )  # fmt: skip
    table = table.with_columns((pl.col("planned") * 1000 // pl.col("enterprises")).alias("rate_planned"))
    return table.select([pl.col(name).cast(kind) for name, kind in QUOTA.items()]).sort("tier", "region")
