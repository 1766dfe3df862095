"""The nightly run: only enterprises with something new, or whose rating changes by itself today, are rated again.

Equal to rating everything; where the law itself differs from the day before, everything is rated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from config.in_force import Policy
from models.rating.encoding import table
from models.rating.linked import enabled
from models.rating.neighbourhood import only
from models.rating.rate import rate

DATES = {
    "records": ("known_on", "act_date", "corrected_on", "ends_on", "revoked_on"),
    "listings": ("from_date", "to_date"),
    "indicators": ("period_end",),
    "visits": ("visit_date",),
}


def same_law(former: Policy, policy: Policy) -> bool:
    """Whether both days have the same rules, whatever their dates and notices."""
    return replace(former, as_of=policy.as_of, digest=policy.digest, notices=policy.notices) == policy


def due(
    tables: Mapping[str, pl.DataFrame], former: pl.DataFrame, since: Policy, policy: Policy, changed: pl.Series
) -> pl.Series:
    """Ids to rate again, ascending: changed ∪ new ∪ due by themselves ∪ dated after the former day ∪ decided on.

    changed: enterprises of which some row was added, removed or altered since (the delta of intake).
    """
    found = [changed, former.filter(pl.col("next_change_on") <= policy.as_of)["enterprise_id"]]
    every = table(tables, "enterprises")["enterprise_id"]
    found.append(every.filter(~every.is_in(former["enterprise_id"].implode())))
    for name, columns in DATES.items():
        arrived = pl.any_horizontal(
            pl.col(column).is_between(since.as_of, policy.as_of, closed="right") for column in columns
        )
        found.append(table(tables, name).filter(arrived)["enterprise_id"])
    found.append(_decided(tables, since, policy))
    ids = pl.concat([series.cast(pl.String).rename("enterprise_id") for series in found]).unique().sort()
    return ids.filter(ids.is_in(every.implode()))


def _decided(tables: Mapping[str, pl.DataFrame], since: Policy, policy: Policy) -> pl.Series:
    """Enterprises of records that a decision filed or taken since then is about; a new relief may touch anyone."""
    between = pl.col("filed_on").is_between(since.as_of, policy.as_of, closed="right") | pl.col(
        "decided_on"
    ).is_between(since.as_of, policy.as_of, closed="right")
    fresh = table(tables, "decisions").filter(between)
    if fresh.filter(pl.col("kind") == "relief").height:
        return table(tables, "enterprises")["enterprise_id"]
    records = table(tables, "records")
    return records.filter(pl.col("record_id").is_in(fresh["record_id"].drop_nulls().implode()))["enterprise_id"]


def rate_again(
    tables: Mapping[str, pl.DataFrame],
    former: pl.DataFrame,
    since: Policy,
    policy: Policy,
    *,
    changed: pl.Series,
    history: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """RATINGS on `policy.as_of` from those of `since.as_of` and what has changed; equal to `rate`.

    former: RATINGS under `since`. With links enabled, gates that look at other runs, or another law, all are rated.
    """
    if not same_law(since, policy) or enabled(policy) or history is not None or policy.figures:
        return rate(tables, policy, history=history)
    ids = due(tables, former, since, policy, changed)
    fresh = rate(only(tables, ids), policy)
    gone = table(tables, "enterprises")["enterprise_id"]
    kept = former.filter(~pl.col("enterprise_id").is_in(ids.implode()), pl.col("enterprise_id").is_in(gone.implode()))
    return pl.concat([kept, fresh]).sort("enterprise_id")
