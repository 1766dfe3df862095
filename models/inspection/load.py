"""How evenly the work is spread over the inspectors of a district: hours, Gini coefficient."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl


def load(visits: pl.DataFrame, inspectors: pl.DataFrame) -> list[dict[str, Any]]:
    """One row per district in which visits are planned, sorted: inspectors who may work there, least, median and most
    minutes of their visits (anywhere), and `gini` per mille (0 = all alike). `visits`: PLAN_VISITS."""
    done = visits.explode("inspectors").group_by("inspectors").agg(pl.col("minutes").sum())
    people = inspectors.unique("inspector_id", keep="first").join(
        done, left_on="inspector_id", right_on="inspectors", how="left"
    )  # fmt: skip
    people = people.with_columns(pl.col("minutes").fill_null(0), everywhere=pl.col("districts").list.contains("*"))
    found = []
    for region in visits["region"].unique().sort():
        here = people.filter(pl.col("everywhere") | pl.col("districts").list.contains(region))["minutes"].to_numpy()
        least, middle, most = (int(np.quantile(here, at)) for at in (0, 0.5, 1))
        found.append(
            {"region": region, "inspectors": len(here), "least": least, "median": middle, "most": most,
             "gini": gini(here)}
        )  # fmt: skip
    return found


def gini(minutes: np.ndarray[Any, np.dtype[Any]]) -> int:
    """Per mille: mean difference between two people, as a share of twice the mean; 0 where nobody works."""
    ordered, n = np.sort(minutes.astype(np.int64)), len(minutes)
    total = int(ordered.sum())
    weighted = int((ordered * (2 * np.arange(1, n + 1) - n - 1)).sum())
    return 1000 * weighted // (n * total) if total else 0
