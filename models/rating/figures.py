"""What the figures of a pack are worth for each enterprise: declared values, visits, age, last year's tier.

Every value is an integer in thousandths, every figure depends on one enterprise's own rows, so the result
is the same for any number of shards.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from config.figures import FigureRule, LastYear, Take, VisitFilter
from config.in_force import Figure, Policy
from config.units import MILLI, milli
from models.rating.history import HISTORY

FIGURE_POINTS = pl.Schema(
    {
        "enterprise_id": pl.String,
        "figure": pl.String,
        "dimension": pl.String,
        "value": pl.Int64,  # thousandths; null = no value known
        "points": pl.Int64,  # milli-points
        "next_change_on": pl.Date,  # first later day on which the value changes by itself
    }
)
"""One row per enterprise and figure of the pack."""


def figure_points(
    tables: Mapping[str, pl.DataFrame], policy: Policy, history: pl.DataFrame | None = None
) -> pl.DataFrame:
    """FIGURE_POINTS of all enterprises on `policy.as_of`, from enterprises, indicators, visits and earlier ratings.

    Only rows known before `as_of` count, so that a rating of a past day sees nothing later. history:
    models.rating.history.HISTORY.
    """
    past = pl.DataFrame(schema=HISTORY) if history is None else history.filter(pl.col("pack") == policy.pack)
    known = {**tables, "history": past}
    frames = [_worth(figure, _values(figure.rule, known, policy.as_of), tables) for figure in policy.figures]
    if not frames:
        return pl.DataFrame(schema=FIGURE_POINTS)
    return pl.concat(frames).sort("enterprise_id", "figure")


def _values(rule: FigureRule, tables: Mapping[str, pl.DataFrame], as_of: date) -> pl.DataFrame:
    """enterprise_id, value, changes (date or null)."""
    if rule.indicator is not None:
        return _indicator(rule, tables["indicators"], as_of)
    if rule.visits is not None:
        return _visits(rule, rule.visits, tables["visits"], as_of)
    if rule.days_since_visit is not None:
        visits = _chosen(rule.days_since_visit, tables["visits"], as_of)
        return _days_since(rule, visits.group_by("enterprise_id").agg(start=pl.col("visit_date").max()), as_of)
    if rule.last_year is not None:
        return _last_year(rule.last_year, tables["enterprises"], tables["history"], as_of)
    known = tables["enterprises"].filter(pl.col("registered_on") <= as_of)
    return _days_since(rule, known.select("enterprise_id", start="registered_on"), as_of)


def _window(frame: pl.DataFrame, column: str, days: int | None, as_of: date) -> pl.DataFrame:
    """Rows dated before `as_of` (and within the last `days`)."""
    seen = frame.filter(pl.col(column) < as_of)
    return seen if days is None else seen.filter(pl.col(column) >= as_of - timedelta(days=days))


def _leaves(column: str, days: int | None) -> pl.Expr:
    """First day on which the oldest row of the window is no longer in it."""
    if days is None:
        return pl.lit(None, dtype=pl.Date)
    return pl.col(column).min() + pl.duration(days=days + 1)


def _indicator(rule: FigureRule, indicators: pl.DataFrame, as_of: date) -> pl.DataFrame:
    rows = _window(indicators.filter(pl.col("name") == rule.indicator), "period_end", rule.within_days, as_of)
    if rule.take is Take.latest:
        rows = rows.filter(pl.col("period_end") == pl.col("period_end").max().over("enterprise_id"))
    value = pl.col("value")
    taken = {
        Take.latest: value.max() * MILLI,  # two of one day: the higher
        Take.max: value.max() * MILLI,
        Take.sum: value.sum() * MILLI,
        Take.mean: value.sum() * MILLI // pl.len().cast(pl.Int64),
    }[rule.take]
    return rows.group_by("enterprise_id").agg(value=taken, changes=_leaves("period_end", rule.within_days))


def _chosen(which: VisitFilter, visits: pl.DataFrame, as_of: date) -> pl.DataFrame:
    chosen = visits.filter(pl.col("visit_date") < as_of)
    if which.purposes:
        chosen = chosen.filter(pl.col("purpose").is_in(list(which.purposes)))
    if which.results:
        chosen = chosen.filter(pl.col("result").is_in(list(which.results)))
    return chosen


def _visits(rule: FigureRule, which: VisitFilter, visits: pl.DataFrame, as_of: date) -> pl.DataFrame:
    rows = _window(_chosen(which, visits, as_of), "visit_date", rule.within_days, as_of)
    return rows.group_by("enterprise_id").agg(
        value=pl.len().cast(pl.Int64) * MILLI, changes=_leaves("visit_date", rule.within_days)
    )


def _days_since(rule: FigureRule, starts: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Days since `start`; changes when the next step is reached."""
    days = (pl.lit(as_of) - pl.col("start")).dt.total_days()
    next_step = pl.min_horizontal(
        [
            pl.when(days < step).then(step).otherwise(None)
            for step in (int(-(-s.at_least // 1)) for s in rule.steps)  # first whole day at or above the step
        ]
        or [pl.lit(None, dtype=pl.Int64)]
    )
    return starts.select(
        "enterprise_id", value=days * MILLI, changes=(pl.col("start") + pl.duration(days=next_step)).cast(pl.Date)
    )


def _last_year(which: LastYear, enterprises: pl.DataFrame, history: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """1 for those whose last rating of the year before is meant; all changes come with the new year."""
    ratings = history.filter(pl.col("as_of").dt.year() == as_of.year - 1)
    last = ratings.filter(pl.col("as_of") == pl.col("as_of").max().over("enterprise_id"))
    spared = pl.col("gates").list.set_intersection(list(which.not_by_gates)).list.len() > 0
    meant = last.filter(pl.col("tier").is_in(list(which.tiers)) & ~spared)["enterprise_id"]
    return enterprises.select(
        "enterprise_id",
        value=pl.col("enterprise_id").is_in(meant.implode()).cast(pl.Int64) * MILLI,
        changes=pl.lit(date(as_of.year + 1, 1, 1)),
    )


def _points(rule: FigureRule) -> pl.Expr:
    """Milli-points of a value in thousandths: the highest step reached, or the price per unit within its bounds."""
    value = pl.col("value")
    if rule.per_unit is not None:
        price = milli(rule.per_unit)
        whole = (value * abs(price)) // MILLI
        return (whole if price >= 0 else -whole).clip(milli(rule.worst), milli(rule.best))
    worth = pl.lit(0, dtype=pl.Int64)
    for step in rule.steps:
        worth = pl.when(value >= milli(step.at_least)).then(pl.lit(milli(step.points), dtype=pl.Int64)).otherwise(worth)
    return worth


def _worth(figure: Figure, values: pl.DataFrame, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    everyone = tables["enterprises"].select("enterprise_id").join(values, on="enterprise_id", how="left")
    points = pl.when(pl.col("value").is_null()).then(milli(figure.rule.missing)).otherwise(_points(figure.rule))
    return everyone.select(
        "enterprise_id",
        figure=pl.lit(figure.id),
        dimension=pl.lit(figure.dimension),
        value="value",
        points=points.cast(pl.Int64),
        next_change_on="changes",
    ).cast(FIGURE_POINTS)
