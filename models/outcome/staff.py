"""Who carried out a visit when others than the planned inspectors did: known, licensed, skilled, without a conflict."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

FLAWS = ("stranger", "elsewhere", "unlicensed", "unskilled", "conflicted")


@dataclass(frozen=True)
class Staff:
    """inspectors: INSPECTORS; conflicts: CONFLICTS; enterprises: ENTERPRISES (of which industry and region)."""

    inspectors: pl.DataFrame
    conflicts: pl.DataFrame
    enterprises: pl.DataFrame


def with_flaws(rows: pl.DataFrame, staff: Staff | None) -> pl.DataFrame:
    """rows (RETURNED with `present` and `planned_firm`) plus one flag per flaw of FLAWS of those named in them.

    Rows that name nobody, and all rows without `staff`, have none: the planned inspectors were checked in the plan.
    """
    if staff is None:
        return rows.with_columns(pl.lit(value=False).alias(flaw) for flaw in FLAWS)
    return (
        rows.with_row_index("__at").join(_flaws(rows, staff), on="__at", how="left", maintain_order="left").drop("__at")
    )


def _flaws(rows: pl.DataFrame, staff: Staff) -> pl.DataFrame:
    """One row per row that names somebody: its number and its flags."""
    column = pl.col
    people = staff.inspectors.select("districts", "skills", "licence_to", present="inspector_id", known=True)
    firms = staff.enterprises.select("region", "industry", planned_firm="enterprise_id")
    conflicts = staff.conflicts.select(present="inspector_id", planned_firm="enterprise_id", conflict=True).unique()
    legs = rows.with_row_index("__at").select("__at", "visited_on", "planned_firm", "present").explode("present")
    legs = legs.drop_nulls("present").join(people, on="present", how="left").join(firms, on="planned_firm", how="left")
    legs = legs.join(conflicts, on=["present", "planned_firm"], how="left")
    serves = column("districts").list.contains("*") | column("districts").list.contains(column("region"))
    skilled = column("skills").list.contains("*") | column("skills").list.contains(column("industry").fill_null(""))
    return legs.group_by("__at").agg(
        column("known").is_null().any().alias("stranger"),
        (column("known") & ~serves.fill_null(value=False)).fill_null(value=False).any().alias("elsewhere"),
        (column("licence_to") < column("visited_on")).fill_null(value=True).any().alias("unlicensed"),
        (~skilled.fill_null(value=False)).any().alias("unskilled"),
        column("conflict").is_not_null().any().alias("conflicted"),
    )
