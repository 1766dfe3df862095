"""Applies the draw to the plan's strata: who is drawn at random, who is chosen by risk, and what is published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from models.inspection import draw, keyed
from models.inspection.allocate import STRATUM, Allocation, pool
from models.inspection.draw import MICRO
from models.inspection.terms import DrawPublication, PlanInput

RESERVE = 10  # risk-directed candidates beyond twice the quota, so that its visits find hours


@dataclass(frozen=True)
class Drawn:
    """`rows`: the candidates with stratum, number, probability, drawn, directed (wanted by risk, best first).

    `directed_quota`: (tier, region) → visits by risk.
    """

    rows: pl.DataFrame
    directed_quota: Mapping[tuple[str, str], int]
    publication: DrawPublication


def mode(directed_per_mille: int) -> str:
    """random: chance alone; directed: risk beside the random floor; mixed: both, chance in proportion to risk."""
    return {0: "random", 1000: "directed"}.get(directed_per_mille, "mixed")


def stratum_name() -> pl.Expr:
    return pl.concat_str([pl.col(c).cast(pl.String) for c in STRATUM], separator="|").alias("stratum")


def apply_draw(rows: pl.DataFrame, allocation: Allocation, given: PlanInput) -> Drawn:
    """Draws every stratum and chooses the directed firms from those not drawn."""
    how = mode(given.policy.inspection.directed_per_mille)
    measure = pl.col("intensity") if how == "mixed" else pl.lit(1, dtype=pl.Int64)
    rows = rows.with_columns(stratum_name(), pool().alias("in_pool"), measure.alias("measure"))
    strata = _whole(allocation.strata.with_columns(stratum_name()), given.seed)
    lots = rows.filter("in_pool").sort("stratum", "enterprise_id")
    names = lots["enterprise_id"].to_list()
    number = keyed.units(given.seed, names)
    probability, drawn = _draw_all(lots, strata, number)
    lots = lots.select("enterprise_id", "count", "stratum", "measure").with_columns(
        pl.Series("number", number), pl.Series("probability", probability), pl.Series("drawn", drawn)
    )
    rows = rows.join(
        lots.select("enterprise_id", "count", "number", "probability", "drawn"),
        on=["enterprise_id", "count"],
        how="left",
    ).with_columns(pl.col("drawn").fill_null(False))
    quotas = _directed_quotas(strata)
    rows = _directed(rows, quotas)
    return Drawn(rows, quotas, _publish(lots, strata, rows, given, how))


def _whole(strata: pl.DataFrame, seed: bytes) -> pl.DataFrame:
    """Whole visits of each stratum: one systematic pass per tier and count over the strata by name."""
    parts = []
    for (tier, count), part in strata.sort("stratum").group_by("tier", "count", maintain_order=True):
        start = keyed.number(seed, f"start|{tier}|{count}") % MICRO
        n = draw.whole(part["random_quota"].to_numpy(), start)
        parts.append(part.with_columns(pl.Series("n", n).clip(upper_bound=pl.Series(part["pool"]))))
    return pl.concat(parts) if parts else strata.with_columns(pl.lit(0, dtype=pl.Int64).alias("n"))


def _draw_all(lots: pl.DataFrame, strata: pl.DataFrame, number: draw.Floats) -> tuple[draw.Floats, draw.Bools]:
    """Probability and outcome of every firm in the pool, in the order of `lots`."""
    probability, drawn = np.zeros(len(lots)), np.zeros(len(lots), dtype=np.bool_)
    quota = dict(zip(strata["stratum"], zip(strata["random_quota"], strata["n"], strict=True), strict=True))
    measure, names = lots["measure"].to_numpy().astype(np.float64), lots["enterprise_id"].to_list()
    stratum = lots["stratum"]
    edges = np.append(np.flatnonzero((stratum != stratum.shift(1)).fill_null(True).to_numpy()), len(lots))
    for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        micro, n = quota[stratum[low]]
        if micro:
            inside = slice(low, high)
            probability[inside] = draw.probabilities(measure[inside], min(micro, (high - low) * MICRO))
            drawn[inside] = draw.pareto(number[inside], measure[inside], n, names[inside])
    return probability, drawn


def _directed_quotas(strata: pl.DataFrame) -> dict[tuple[str, str], int]:
    """Whole visits by risk of each tier and region, rounded half up."""
    sums = strata.group_by("tier", "region").agg(pl.col("directed_quota").sum()).sort("tier", "region")
    return {(tier, region): (micro + MICRO // 2) // MICRO for tier, region, micro in sums.iter_rows() if micro}


def _directed(rows: pl.DataFrame, quotas: Mapping[tuple[str, str], int]) -> pl.DataFrame:
    """Marks the riskiest firms not drawn, with a reserve, in districts and tiers with a quota by risk."""
    frame = pl.DataFrame(
        [(tier, region, n, 2 * n + RESERVE) for (tier, region), n in quotas.items()],
        schema={"tier": pl.String, "region": pl.String, "by_risk": pl.Int64, "longest": pl.Int64}, orient="row",
    )  # fmt: skip
    free = pl.col("in_pool") & ~pl.col("drawn")
    ranked = (
        rows.join(frame, on=["tier", "region"], how="left", maintain_order="left")
        .sort(~free, "intensity", "enterprise_id", descending=[False, True, False])
        .with_columns(pl.int_range(pl.len()).over("tier", "region").alias("risk_rank"))
    )
    return ranked.with_columns((free & (pl.col("risk_rank") < pl.col("longest").fill_null(0))).alias("directed")).sort(
        "enterprise_id", "count"
    )


def _publish(
    lots: pl.DataFrame, strata: pl.DataFrame, rows: pl.DataFrame, given: PlanInput, how: str
) -> DrawPublication:
    published = lots.with_columns((pl.col("probability") * MICRO).round().cast(pl.Int64).alias("per_million"))
    return DrawPublication(
        commitment=keyed.commitment(given.seed),
        seed=given.seed.hex(),
        mode=how,
        pool_hash=draw.pool_hash(published),
        strata=strata.select("stratum", *STRATUM, "enterprises", "pool", "random_quota", "n"),
        pool=published.select("enterprise_id", "stratum", "measure", "per_million", "number", "drawn"),
        price=price_of_randomness(rows),
    )


def price_of_randomness(rows: pl.DataFrame) -> dict[str, int]:
    """Risk value covered by as many visits: as drawn, as the riskiest of each tier and region, as an even chance."""
    lots = rows.filter("in_pool").with_columns(pl.col("drawn").sum().over("tier", "region").alias("n"))
    top = pl.col("value").rank("ordinal", descending=True).over("tier", "region") <= pl.col("n")
    return {
        "visits": int(lots["drawn"].sum()),
        "drawn": int(lots.filter("drawn")["value"].sum()),
        "directed": int(lots.filter(top)["value"].sum()),
        "even": round(lots.select((pl.col("value") * pl.col("n") / pl.len().over("tier", "region")).sum()).item() or 0),
    }
