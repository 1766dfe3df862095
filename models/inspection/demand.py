"""Demand: which firm may or must be visited when, how long it takes and what it is worth.

One row per candidate visit (enterprise, count): the count-th visit of the period. Sorted by both.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from datetime import date, timedelta

import numpy as np
import polars as pl

from config.errors import PolicyGap
from config.in_force import Inspection, Policy
from models.inspection.terms import PlanInput

DAYS_A_YEAR = 365
RECENCY_FULL_DAYS = 1095  # a firm unseen for this long counts twice
NEVER = date(1900, 1, 1)


def candidates(given: PlanInput, days: list[date]) -> pl.DataFrame:
    """Columns: enterprise_id, count, region, industry, tier, minutes, intensity (risk × recency), value (intensity ×
    minutes), first, last (indices of `days`), barred (null = may be visited), must (JSON or null), statutory.

    Grain: one row per enterprise and count; every enterprise of the register has at least one row.
    """
    rules = given.policy.inspection
    firms = _firms(given, rules).join(_seen(given), on="enterprise_id", how="left")
    firms = _windows(firms, given, rules, days)
    rows = _without_pinned(_rounds(firms, given, rules, days), given)
    return _with_must(rows, given, days).sort("enterprise_id", "count")


def share_of_year(given: PlanInput) -> float:
    """Part of a year that the period covers."""
    return ((given.period_to - given.period_from).days + 1) / DAYS_A_YEAR


def minutes_by_size(rules: Inspection) -> pl.Expr:
    """Person-minutes of each inspector; an unknown size takes as long as the longest."""
    return pl.col("size").replace_strict(
        dict(rules.visit_minutes), default=max(rules.visit_minutes.values()), return_dtype=pl.Int64
    )


def _firms(given: PlanInput, rules: Inspection) -> pl.DataFrame:
    """Register and ratings together, with minutes and risk value without recency."""
    card = given.policy.scorecard
    width = max(1, card.highest - card.lowest)
    rated = given.ratings.select("enterprise_id", "tier", "score").unique("enterprise_id", keep="first")
    return (
        given.enterprises.select(
            "enterprise_id", pl.col("region").fill_null(""), pl.col("industry").fill_null(""), "size", "status",
            "registered_on",
        )
        .unique("enterprise_id", keep="first")
        .join(rated, on="enterprise_id", how="left")
        .with_columns(
            minutes_by_size(rules).alias("minutes"),
            (1 + (card.highest - pl.col("score").fill_null(card.highest)).clip(0, width) * 1000 // width).alias("risk"),
        )
    )  # fmt: skip


def _seen(given: PlanInput) -> pl.DataFrame:
    """Last visit of each firm before the period's end (pinned visits of the period count as seen)."""
    frames = [given.visits.select("enterprise_id", "visit_date")]
    if given.pinned is not None:
        frames.append(given.pinned.select("enterprise_id", "visit_date"))
    return pl.concat(frames).group_by("enterprise_id").agg(pl.col("visit_date").max().alias("last_visit"))


def visits_by_year(given: PlanInput, exempt: tuple[str, ...]) -> pl.DataFrame:
    """Visits that count against the cap: enterprise_id, year, counted."""
    frames = [given.visits.select("enterprise_id", "visit_date", "purpose")]
    if given.pinned is not None:
        frames.append(given.pinned.select("enterprise_id", "visit_date", "purpose"))
    counted = pl.concat(frames).filter(~pl.col("purpose").fill_null("").is_in(list(exempt)))
    year = pl.col("visit_date").dt.year().alias("year")
    return counted.group_by("enterprise_id", year).agg(pl.len().cast(pl.Int64).alias("counted"))


def _caps(policy: Policy, tiers: pl.Series) -> dict[str, int]:
    caps = dict(policy.inspection.yearly_cap)
    for tier in tiers.drop_nulls().unique():
        if tier not in caps:
            raise PolicyGap(f"inspection.yearly_cap: none for tier {tier}.", remedy="add the cap with its reference")
    return caps


def _windows(firms: pl.DataFrame, given: PlanInput, rules: Inspection, days: list[date]) -> pl.DataFrame:
    """First and last day of each firm, and why it is barred."""
    caps = _caps(given.policy, firms["tier"])
    counted = visits_by_year(given, rules.exempt_reasons)
    first_day = pl.max_horizontal(
        pl.lit(days[0]), pl.col("last_visit").fill_null(NEVER) + timedelta(days=rules.min_interval_days)
    )
    firms = firms.with_columns(
        first_day.alias("first_day"),
        pl.lit(days[-1]).alias("last_day"),
        pl.col("tier").replace_strict(caps, default=0, return_dtype=pl.Int64).alias("cap"),
        pl.lit(10**6, dtype=pl.Int64).alias("left"),
        pl.lit(True).alias("capped"),
    )
    for year in range(days[0].year, days[-1].year + 1):
        firms = _within_cap(firms, counted.filter(pl.col("year") == year), year, days)
    gone = (pl.col("last_visit").is_null() | (pl.col("last_visit") < days[0])).fill_null(True)
    recency = 1000 + ((pl.lit(days[0]) - pl.col("last_visit").fill_null(NEVER)).dt.total_days()).clip(
        0, RECENCY_FULL_DAYS
    ) * 1000 // RECENCY_FULL_DAYS  # fmt: skip
    return firms.with_columns(
        *_indices(days),
        (1 + pl.col("risk") * recency // 1000).alias("intensity"),
        (1 + pl.col("risk") * pl.col("minutes") * recency // 10_000).alias("value"),
        _statutory(given, rules),
        gone.alias("unseen"),
    ).with_columns(_barred())


def _within_cap(firms: pl.DataFrame, counted: pl.DataFrame, year: int, days: list[date]) -> pl.DataFrame:
    """Keeps the window out of a year whose cap is used up."""
    firms = firms.join(counted.drop("year"), on="enterprise_id", how="left").with_columns(
        (pl.col("cap") - pl.col("counted").fill_null(0)).alias("year_left")
    )
    full = pl.col("year_left") <= 0
    if year == days[0].year:
        opens = pl.max_horizontal("first_day", pl.lit(date(year + 1, 1, 1)))
        firms = firms.with_columns(pl.when(full).then(opens).otherwise("first_day").alias("first_day"))
    if year == days[-1].year:
        closes = pl.min_horizontal("last_day", pl.lit(date(year - 1, 12, 31)))
        firms = firms.with_columns(pl.when(full).then(closes).otherwise("last_day").alias("last_day"))
    return firms.with_columns(
        pl.when(full).then("left").otherwise(pl.min_horizontal("left", "year_left")).alias("left"),
        (full & pl.col("capped")).alias("capped"),
    ).drop("counted", "year_left")


def _indices(days: list[date]) -> list[pl.Expr]:
    """first, last: positions in `days`; first > last means no day at all."""
    known = pl.Series(days, dtype=pl.Date)
    ordinal = known.to_physical().to_numpy()

    def at(column: str, side: str) -> pl.Expr:
        def find(values: pl.Series) -> pl.Series:
            return pl.Series(np.searchsorted(ordinal, values.to_physical().to_numpy(), side=side))  # type: ignore[call-overload]

        return pl.col(column).map_batches(find, return_dtype=pl.Int64)

    return [at("first_day", "left").alias("first"), (at("last_day", "right") - 1).alias("last")]


def _statutory(given: PlanInput, rules: Inspection) -> pl.Expr:
    """Due by law within the period: last visit (or registration) + frequency ≤ end of the period."""
    every = {tier: every for tier, every in rules.frequency_days.items() if every is not None}
    if not every:
        return pl.lit(False).alias("statutory")
    term = pl.col("tier").replace_strict(every, default=None, return_dtype=pl.Int64)
    since = pl.coalesce("last_visit", "registered_on", pl.lit(NEVER))
    due = since + pl.duration(days=term) <= pl.lit(given.period_to)
    return due.fill_null(False).alias("statutory")


def _barred() -> pl.Expr:
    return (
        pl.when(pl.col("status").fill_null("active") != "active").then(pl.lit("not_active"))
        .when(pl.col("tier").is_null()).then(pl.lit("not_rated"))
        .when(pl.col("capped")).then(pl.lit("cap"))
        .when(pl.col("first") > pl.col("last")).then(pl.lit("interval"))
        .otherwise(None).alias("barred")
    )  # fmt: skip


def _rounds(firms: pl.DataFrame, given: PlanInput, rules: Inspection, days: list[date]) -> pl.DataFrame:
    """Second and later visits where a tier's rate asks for more than one a period, each in its own slice of it."""
    share = share_of_year(given)
    rounds = {t: max(1, int(np.ceil((rate or 0) * share / 1000 - 1e-9))) for t, rate in rules.rates.items()}
    most = max(rounds.values(), default=1)
    per_firm = pl.col("tier").replace_strict(rounds, default=1, return_dtype=pl.Int64)
    frames = []
    for count in range(1, most + 1):
        part = firms.filter(
            (per_firm >= count) & (pl.lit(count == 1) | pl.col("barred").is_null() & (pl.col("left") >= count))
        )
        n = per_firm
        gap = _slots(days, rules.min_interval_days)
        start = (count - 1) * len(days) // n + (gap if count > 1 else 0)
        end = count * len(days) // n - 1
        frames.append(
            part.with_columns(
                pl.lit(count, dtype=pl.Int64).alias("count"),
                pl.max_horizontal("first", start.cast(pl.Int64)).alias("first"),
                pl.min_horizontal("last", end.cast(pl.Int64)).alias("last"),
            ).with_columns(
                pl.when(pl.col("barred").is_null() & (pl.col("first") > pl.col("last")))
                .then(pl.lit("interval")).otherwise("barred").alias("barred")
            )
        )  # fmt: skip
    found = pl.concat(frames)
    return found.filter((pl.col("count") == 1) | pl.col("barred").is_null())


def _without_pinned(rows: pl.DataFrame, given: PlanInput) -> pl.DataFrame:
    """A firm whose visit already stands is asked for no other."""
    stands = pl.col("enterprise_id").is_in(list(pinned_days(given)))
    barred = (
        pl.when(stands & (pl.col("barred").fill_null("") != "not_active")).then(pl.lit("pinned")).otherwise("barred")
    )
    return rows.filter(~stands | (pl.col("count") == 1)).with_columns(barred.alias("barred"))


def _slots(days: list[date], interval: int) -> int:
    """Most working days within `interval` days: a start so much later keeps the interval."""
    return max(sum(1 for later in days[at:] if (later - day).days < interval) for at, day in enumerate(days))


def _with_must(rows: pl.DataFrame, given: PlanInput, days: list[date]) -> pl.DataFrame:
    """Merges what must be done at a firm into as few visits as their windows allow; they take the place of round 1."""
    columns = [
        "enterprise_id", "count", "region", "industry", "tier", "minutes", "intensity", "value", "first", "last",
        "barred", "statutory", "unseen", "last_visit",
    ]  # fmt: skip
    rows = rows.select(columns).with_columns(pl.lit(None, dtype=pl.String).alias("must"))
    merged = merge_must(given, days)
    if merged.is_empty():
        return rows
    first_round = rows.filter(pl.col("count") == 1).drop("count", "first", "last", "must")
    must = merged.join(first_round, on="enterprise_id", how="inner").with_columns(
        pl.when(pl.col("barred").is_in(["not_active", "not_rated"])).then("barred")
        .when(~pl.col("exempt") & (pl.col("barred") == "cap")).then("barred").otherwise(None).alias("barred")
    )  # fmt: skip
    first_taken = merged.filter(pl.col("count") == 1).select("enterprise_id").unique()
    rest = rows.join(first_taken, on="enterprise_id", how="anti")
    return pl.concat([rest, must.select(rest.columns)])


def merge_must(given: PlanInput, days: list[date]) -> pl.DataFrame:
    """One row per visit that has to take place: enterprise_id, count, first, last, must (JSON), exempt.

    Windows that share a working day become one visit; a window that has passed means as soon as possible.
    """
    exempt = set(given.policy.inspection.exempt_reasons)
    found: list[tuple[str, int, int, int, str, bool]] = []
    open_by_firm: dict[str, list[tuple[int, int, str]]] = {}
    pinned = pinned_days(given)
    for firm, reason, not_before, not_after in given.must_visits.select(
        "enterprise_id", "reason", "not_before", "not_after"
    ).iter_rows():
        first, last = window(not_before, not_after, days)
        done = any(first <= bisect_left(days, day) <= last for day in pinned.get(firm, ()))
        if first < len(days) and not done:
            open_by_firm.setdefault(firm, []).append((last, first, reason or ""))
    for firm, windows in sorted(open_by_firm.items()):
        for count, group in enumerate(_stab(sorted(windows)), 1 + len(pinned.get(firm, ()))):
            reasons = sorted({reason for _, _, reason in group})
            first, last = max(w[1] for w in group), min(w[0] for w in group)
            found.append((firm, count, first, last, json.dumps(reasons), set(reasons) <= exempt))
    schema = {
        "enterprise_id": pl.String,
        "count": pl.Int64,
        "first": pl.Int64,
        "last": pl.Int64,
        "must": pl.String,
        "exempt": pl.Boolean,
    }
    return pl.DataFrame(found, schema=schema, orient="row")


def window(not_before: date | None, not_after: date | None, days: list[date]) -> tuple[int, int]:
    """Positions of the first and last working day allowed; first = len(days) means not in this period."""
    first = sum(1 for day in days if not_before is not None and day < not_before)
    last = sum(1 for day in days if not_after is None or day <= not_after) - 1
    return first, last if last >= first else max(first, len(days) - 1)


def _stab(windows: list[tuple[int, int, str]]) -> list[list[tuple[int, int, str]]]:
    """Fewest visits: take windows by their end, join every later one that is already open then."""
    groups: list[list[tuple[int, int, str]]] = []
    for last, first, reason in windows:
        if groups and first <= groups[-1][0][0]:
            groups[-1].append((last, first, reason))
        else:
            groups.append([(last, first, reason)])
    return groups


def pinned_days(given: PlanInput) -> dict[str, list[date]]:
    """Days of the visits that already stand, by firm."""
    found: dict[str, list[date]] = {}
    if given.pinned is not None:
        for firm, day in given.pinned.select("enterprise_id", "visit_date").iter_rows():
            found.setdefault(firm, []).append(day)
    return found
