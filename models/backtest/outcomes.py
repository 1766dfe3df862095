"""What followed: visits that looked, and whether they found something."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from config.outcome import OutcomeForm

OUTCOMES = pl.Schema(
    {
        "visit_id": pl.String,
        "enterprise_id": pl.String,
        "region": pl.String,
        "visit_date": pl.Date,
        "team": pl.String,  # who visited: a constraint on re-ordering, never a signal
        "found": pl.Boolean,
        "probability": pl.Float64,  # of having been chosen for the visit; null where unknown
    }
)
"""One row per visit that counts."""


def outcomes(
    tables: Mapping[str, pl.DataFrame], form: OutcomeForm, inclusion: pl.DataFrame | None = None
) -> pl.DataFrame:
    """OUTCOMES of the visits that the pack's outcome.yaml names, in order of day and visit.

    inclusion: visit_id, probability in (0, 1] where the draw published it; unknown ones stay null.
    """
    visits = tables["visits"].filter(pl.col("purpose").is_in(list(form.purposes)))
    visits = _found(visits, tables, form).drop_nulls("found")
    visits = visits.join(tables["enterprises"].select("enterprise_id", "region"), on="enterprise_id")
    if inclusion is None:
        visits = visits.with_columns(probability=pl.lit(None, dtype=pl.Float64))
    else:
        visits = visits.join(inclusion.select("visit_id", "probability"), on="visit_id", how="left")
    visits = visits.with_columns(team=pl.col("inspectors").list.sort().list.join("+").fill_null(""))
    return visits.select(OUTCOMES.names()).sort("visit_date", "visit_id")


def _found(visits: pl.DataFrame, tables: Mapping[str, pl.DataFrame], form: OutcomeForm) -> pl.DataFrame:
    """Column `found`; null where the visit says nothing."""
    if form.records is not None:
        return _recorded(visits, tables["records"], [grade.value for grade in form.records.severities])
    if form.indicator is None:
        return visits.with_columns(found=pl.col("result").is_in(list(form.results)))
    declared = tables["indicators"].filter(pl.col("name") == form.indicator.name)
    worst = declared.group_by("enterprise_id", "period_end").agg(pl.col("value").max())
    return _on_day(visits, worst, "period_end").with_columns(found=pl.col("value") >= form.indicator.at_least)


def _recorded(visits: pl.DataFrame, records: pl.DataFrame, grades: list[str]) -> pl.DataFrame:
    days = records.filter(pl.col("severity").is_in(grades)).select("enterprise_id", "act_date").unique()
    hit = _on_day(visits, days.with_columns(hit=pl.lit(True)), "act_date")
    return hit.with_columns(found=pl.col("hit").fill_null(value=False))


def _on_day(visits: pl.DataFrame, rows: pl.DataFrame, day: str) -> pl.DataFrame:
    return visits.join(rows, left_on=["enterprise_id", "visit_date"], right_on=["enterprise_id", day], how="left")


def in_window(found: pl.DataFrame, start: date, end: date) -> pl.DataFrame:
    """OUTCOMES with start ≤ visit_date < end."""
    return found.filter(pl.col("visit_date") >= start, pl.col("visit_date") < end)
