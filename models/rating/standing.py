"""What is known of an enterprise beside its acts: lists, declared figures, age, earlier tiers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from config.in_force import Policy
from models.rating.encoding import Shard
from models.rating.history import HISTORY, elsewhere, held, meant
from models.rating.rubric import FOREVER, Flags, IntArray, nested


@dataclass(frozen=True)
class Standing:
    """Arrays over eidx, as models.rating.facts.Facts wants them, and days to the next change of any of them."""

    listed: dict[str, Flags]
    indicators: dict[str, tuple[IntArray, Flags]]
    registered: IntArray
    elsewhere: pl.DataFrame
    held: pl.DataFrame
    changes_in: IntArray


def standing(shard: Shard, policy: Policy, today: IntArray, history: pl.DataFrame | None) -> Standing:
    """today: days since the epoch, per enterprise."""
    listings = in_force_listings(shard, policy, today)
    registered = shard.enterprises["registered_on"].to_physical().fill_null(FOREVER).to_numpy().astype(np.int64)
    numbers = shard.enterprises.select("enterprise_id").with_row_index("eidx")
    past = pl.DataFrame(schema=HISTORY) if history is None else history
    before = _aged(held(past, numbers, policy.pack), today)
    changes_in = np.full(shard.size, FOREVER, dtype=np.int64)
    ends = listings.filter(pl.col("changes_in").is_not_null())
    np.minimum.at(changes_in, ends["eidx"].to_numpy(), ends["changes_in"].to_numpy())
    _age_limits(policy, today - registered, registered < FOREVER, changes_in)
    _held_limits(policy, before, changes_in)
    return Standing(
        listed={name: _flags(listings, name, shard.size) for name in listings["list_id"].unique().sort()},
        indicators=dict(_figures(shard, today)),
        registered=registered,
        elsewhere=elsewhere(past, numbers, policy.as_of),
        held=before,
        changes_in=changes_in,
    )


def in_force_listings(shard: Shard, policy: Policy, today: IntArray) -> pl.DataFrame:
    """Entries in force: eidx, list_id, from_date, last_on (null = open), changes_in (days until it has ended).

    An entry without an end lasts the list's term; the last day still counts.
    """
    names = pl.Series(shard.codes.lists, dtype=pl.String)
    terms = {name: listing.effect.term_days for name, listing in policy.lists.items()}
    entries = shard.listings.with_columns(
        list_id=pl.lit(names).gather(pl.col("list")),
        today=pl.Series(today, dtype=pl.Int32).gather(shard.listings["eidx"]),
    ).filter(pl.col("list_id").is_in(list(terms)))
    term = pl.col("list_id").replace_strict(terms, return_dtype=pl.Int64)
    entries = entries.with_columns(last_on=pl.coalesce("to_date", pl.col("from_date") + pl.duration(days=term)))
    day = pl.col("today").cast(pl.Date)
    return entries.filter(
        pl.col("from_date").is_null() | (pl.col("from_date") <= day),
        pl.col("last_on").is_null() | (pl.col("last_on") >= day),
    ).select("eidx", "list_id", "from_date", "last_on", changes_in=(pl.col("last_on") - day).dt.total_days() + 1)


def _flags(listings: pl.DataFrame, name: str, size: int) -> Flags:
    flags = np.zeros(size, dtype=np.bool_)
    flags[listings.filter(pl.col("list_id") == name)["eidx"].to_numpy()] = True
    return flags


def _figures(shard: Shard, today: IntArray) -> list[tuple[str, tuple[IntArray, Flags]]]:
    """Latest declared figure of each name, of periods that have ended."""
    rows = shard.indicators
    day = pl.Series(today, dtype=pl.Int32).gather(rows["eidx"]).cast(pl.Date)
    latest = rows.filter(rows["period_end"] <= day).unique(["eidx", "name"], keep="last", maintain_order=True)
    figures = []
    for code, name in enumerate(shard.codes.indicators):
        of_name = latest.filter(pl.col("name") == code).drop_nulls("value")
        value, known = np.zeros(shard.size, dtype=np.int64), np.zeros(shard.size, dtype=np.bool_)
        value[of_name["eidx"].to_numpy()] = of_name["value"].to_numpy()
        known[of_name["eidx"].to_numpy()] = True
        figures.append((name, (value, known)))
    return figures


def _aged(before: pl.DataFrame, today: IntArray) -> pl.DataFrame:
    """Earlier ratings with their age in days; only those before today."""
    day = pl.Series(today, dtype=pl.Int32).gather(before["eidx"])
    return before.with_columns(age=day - before["on"].to_physical()).filter(pl.col("age") > 0)


def _age_limits(policy: Policy, age: IntArray, known: Flags, changes_in: IntArray) -> None:
    """Lower changes_in to the days until an enterprise passes an age that some gate asks for."""
    tests = [c.age for gate in policy.gates for c in nested(gate.when) if c.age is not None]
    for limit in {limit for test in tests for limit in (test.below_days, test.at_least_days) if limit is not None}:
        ahead = known & (age < limit)
        changes_in[ahead] = np.minimum(changes_in[ahead], limit - age[ahead])


def _held_limits(policy: Policy, before: pl.DataFrame, changes_in: IntArray) -> None:
    """Lower changes_in to the days until the last earlier rating leaves the span that some gate looks back over."""
    tests = [c.held for gate in policy.gates for c in nested(gate.when) if c.held is not None]
    for test in tests:
        last = meant(test, before).group_by("eidx").agg(pl.col("age").min())
        np.minimum.at(changes_in, last["eidx"].to_numpy(), test.within_days + 1 - last["age"].to_numpy())
