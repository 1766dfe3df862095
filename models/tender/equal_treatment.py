"""Equal treatment over the bidder population: mean points by region and ownership, with numbers.

Two questions. Do equal ratings get equal points, whoever the firm is (`within_tier`, must be 0)? And how do groups
differ overall, which comes from their records, and could that be chance (`p_value`)?
"""

from __future__ import annotations

from collections.abc import Sequence
from math import erfc, sqrt

import polars as pl

from models.tender.bid_points import PointTable

TREATMENT = pl.Schema(
    {
        "attribute": pl.String,
        "group": pl.String,
        "firms": pl.Int64,
        "mean": pl.Float64,  # points
        "rest": pl.Float64,  # mean of everybody else
        "difference": pl.Float64,
        "share_at_neutral": pl.Float64,  # share of the group with at least the neutral points
        "ratio": pl.Float64,  # that share over the highest share of any group of the attribute
        "within_tier": pl.Float64,  # largest difference to the rest among firms of one tier, points
        "p_value": pl.Float64,  # two-sided, random relabelling of firms, Holm over the attribute's groups
    }
)
"""One row per attribute and group, largest group first."""


def equal_treatment(
    ratings: pl.DataFrame,
    enterprises: pl.DataFrame,
    table: PointTable,
    by: Sequence[str] = ("region", "ownership"),
    points: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """TREATMENT for every rated enterprise of the population.

    `points`: (enterprise_id, points) in milli-points where they do not follow from the tier alone; default: the table.
    """
    own = [column for column in by if column in enterprises.columns]
    rated = ratings.filter(pl.col("tier").is_not_null()).select("enterprise_id", "tier")
    rated = rated.join(enterprises.select("enterprise_id", *own), on="enterprise_id", how="inner")
    if points is not None:
        rated = rated.join(points, on="enterprise_id", how="inner")
    else:
        by_tier = {tier: table.of_tier(tier) for tier in table.population.tiers}
        rated = rated.with_columns(pl.col("tier").replace_strict(by_tier, return_dtype=pl.Int64).alias("points"))
    found = [_by_attribute(rated, name, table.neutral_total) for name in own]
    return pl.concat([pl.DataFrame(schema=TREATMENT), *found])


def _by_attribute(rated: pl.DataFrame, attribute: str, neutral: int) -> pl.DataFrame:
    known = rated.filter(pl.col(attribute).is_not_null())
    n, total = known.height, int(known["points"].sum())
    groups = (
        known.group_by(pl.col(attribute).alias("group"))
        .agg(
            pl.len().alias("firms"),
            pl.col("points").sum().alias("sum"),
            (pl.col("points") >= neutral).sum().alias("at"),
        )
        .sort(["firms", "group"], descending=[True, False])
    )
    variance = _variance(known["points"])
    within = _within_tier(known, attribute)
    rows = []
    for group, firms, points, at in groups.iter_rows():
        mean, rest = points / firms, (total - points) / (n - firms) if n > firms else points / firms
        rows.append(
            {
                "attribute": attribute,
                "group": group,
                "firms": firms,
                "mean": mean / 1000,
                "rest": rest / 1000,
                "difference": (mean - rest) / 1000,
                "share_at_neutral": at / firms,
                "within_tier": within.get(group, 0) / 1000,
                "p_value": _p_value(mean - total / n, firms, n, variance),
            }
        )
    best = max((row["share_at_neutral"] for row in rows), default=0) or 1.0
    frame = pl.DataFrame(rows, schema={k: v for k, v in TREATMENT.items() if k != "ratio"})
    frame = frame.with_columns((pl.col("share_at_neutral") / best).alias("ratio"), _holm(frame["p_value"]))
    return frame.select(TREATMENT.names())


def _variance(points: pl.Series) -> float:
    found = points.var(ddof=1)
    return float(found) if isinstance(found, (int, float)) else 0.0


def _p_value(off: float, firms: int, n: int, variance: float) -> float:
    """Mean of `firms` drawn without replacement from `n`: exact variance, normal tail."""
    if n <= firms or variance == 0:
        return 1.0
    spread = sqrt(variance / firms * (1 - firms / n))
    return erfc(abs(off) / spread / sqrt(2))


def _holm(p_values: pl.Series) -> pl.Series:
    """Holm's step-down correction for as many tests as there are groups."""
    values = p_values.to_list()
    adjusted, worst = [0.0] * len(values), 0.0
    for place, index in enumerate(sorted(range(len(values)), key=lambda i: values[i])):
        worst = max(worst, min(1.0, values[index] * (len(values) - place)))
        adjusted[index] = worst
    return pl.Series("p_value", adjusted, dtype=pl.Float64)


def _within_tier(known: pl.DataFrame, attribute: str) -> dict[str, int]:
    """Group → largest |mean in the group − mean of the tier| over its tiers, milli-points."""
    cells = known.group_by(attribute, "tier").agg(pl.col("points").mean().alias("mean"))
    whole = known.group_by("tier").agg(pl.col("points").mean().alias("tier_mean"))
    off = cells.join(whole, on="tier").with_columns((pl.col("mean") - pl.col("tier_mean")).abs().round(9).alias("off"))
    return dict(off.group_by(attribute).agg(pl.col("off").max()).iter_rows())
