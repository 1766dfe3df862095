"""Frames in the shape of the roster's sheets: plan and names joined, one frame per sheet of `exports.layout`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import polars as pl

from config.in_force import Tier
from exports.facts import Facts, visit_key
from exports.layout import Language, both
from exports.left_out_words import left_out_text, why_text
from exports.words import PURPOSES, label


def inspectorate(region: str, language: Language) -> str:
    """Name of the office that inspects a region."""
    return both(f"{region} 检查机关", f"Inspectorate {region}", language)


def firm_code(enterprise_id: pl.Expr) -> pl.Expr:
    """The registration code without the key of the source."""
    return enterprise_id.str.replace(r"^[a-z-]+:", "")


def in_words(values: pl.Series, words: Callable[[str], str]) -> pl.Series:
    """Each distinct value put in words once."""
    distinct = values.drop_nulls().unique()
    return values.replace_strict(distinct, pl.Series([words(v) for v in distinct], dtype=pl.String), default=None)


def team_names(visits: pl.DataFrame, inspectors: pl.DataFrame) -> pl.DataFrame:
    """visits plus `team` (names of the inspectors, in the order of the plan; ids where a name is unknown)."""
    known = dict(inspectors.select("inspector_id", "name").iter_rows())
    names = ["、".join(known.get(one) or one for one in ids) for ids in visits["inspectors"]]
    return visits.with_columns(pl.Series("team", names, dtype=pl.String))


def roster_rows(
    visits: pl.DataFrame, enterprises: pl.DataFrame, inspectors: pl.DataFrame, facts: Facts, language: Language
) -> pl.DataFrame:
    """One row per planned visit, in order of day and team, with every column of ROSTER and TEAM that is known."""
    firms = enterprises.select("enterprise_id", pl.col("name").alias("firm_name"))
    rows = team_names(visits, inspectors).join(firms, on="enterprise_id", how="left", maintain_order="left")
    rows = rows.sort("region", "visit_date", "team", "visit_id")
    task = both("双随机抽查", "Inspection plan", language, " ")
    keys = [visit_key(facts.plan, v, e) for v, e in rows.select("visit_id", "enterprise_id").iter_rows()]
    offices = in_words(rows["region"], lambda region: inspectorate(region, language))
    return rows.with_columns(
        firm_code(pl.col("enterprise_id")).alias("firm_code"),
        pl.lit(both("待检查", "To do", "zh")).alias("state"),
        pl.lit(f"{task} {facts.as_of:%Y-%m}").alias("task_name"),
        pl.lit(facts.period_to, dtype=pl.Date).alias("task_end"),
        pl.col("visit_date").alias("planned_on"),
        pl.col("purpose").alias("purpose_code"),
        in_words(rows["purpose"], lambda code: label(PURPOSES, code, language)).alias("purpose"),
        in_words(rows["why_firm"], lambda why: why_text(why, language)).alias("why"),
        pl.col("team").alias("inspectors"),
        offices.alias("agency"),
        offices.alias("registry"),
        pl.col("region").alias("jurisdiction"),
        pl.col("region").alias("district"),
        pl.Series("key", keys, dtype=pl.String),
    )


def why_not_rows(
    left_out: pl.DataFrame, enterprises: pl.DataFrame, tiers: Sequence[Tier], language: Language
) -> pl.DataFrame:
    """One row per enterprise left out, worst tier first, with its reason in words."""
    firms = enterprises.select("enterprise_id", pl.col("name").alias("firm_name"))
    rank = pl.col("tier").replace_strict({t.id: t.rank for t in tiers}, default=-1, return_dtype=pl.Int64)
    rows = left_out.join(firms, on="enterprise_id", how="left").sort(-rank, "enterprise_id")
    told = [left_out_text(code, detail, language) for code, detail in rows.select("reason", "detail").iter_rows()]
    return rows.with_columns(
        firm_code(pl.col("enterprise_id")).alias("firm_code"), pl.Series("reason_text", told, dtype=pl.String)
    )


def numbered(rows: pl.DataFrame) -> pl.DataFrame:
    """rows with `number` from 1."""
    return rows.with_columns((pl.int_range(pl.len()) + 1).alias("number"))


def by_region(frame: pl.DataFrame, regions: Iterable[str]) -> dict[str, pl.DataFrame]:
    """The frame's rows of each region (an empty frame where it has none)."""
    parts = {str(key[0]): part for key, part in frame.partition_by("region", as_dict=True, maintain_order=True).items()}
    return {region: parts.get(region, frame.clear()) for region in regions}
