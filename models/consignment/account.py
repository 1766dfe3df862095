"""The balance of an office and tier: what the rate asks of all days so far, less what has been examined.

Two accounts: the random floor has its own, the rest of the rate is the other's. They open at keyed numbers that add up
to one declaration, so that each is right on average, their sum never is more than one declaration off, and nobody can
tell from yesterday's figures on which day the next examination falls.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from config.in_force import Policy
from models.consignment.terms import BALANCE, rules
from models.inspection import keyed

KEY = ["office", "tier"]
WHOLE = 1000
"""Thousandths in one declaration."""


def opened(seen: pl.DataFrame, balance: pl.DataFrame, seed: bytes) -> pl.DataFrame:
    """`balance` with a row for every office and tier of `seen`; new ones at their keyed start."""
    new = seen.select(KEY).unique().join(balance, on=KEY, how="anti").sort(KEY)
    rows = []
    for office, tier in new.iter_rows():
        start = keyed.number(seed, f"floor|{office}|{tier}") % WHOLE
        rows.append((office, tier, 0, 0, 0, 0, WHOLE - 1 - start, start))
    return pl.concat([balance.select(BALANCE.names()), pl.DataFrame(rows, schema=BALANCE, orient="row")]).sort(KEY)


def charged(balance: pl.DataFrame, declared: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """The balance after the day's declarations came in: the floor's account grows by floor × number, the other by the
    rest of the rate.

    Adds `today`, `rate`, `floor`, `floor_quota` (to draw by chance) and `quota` (to examine besides). A tier without a
    rate asks for nothing besides.
    """
    found = rules(policy)
    counts = declared.group_by(KEY).agg(pl.len().cast(pl.Int64).alias("today"))
    rate, floor = _by_tier(found.rates), _by_tier(found.random_floor)
    frame = balance.join(counts, on=KEY, how="left").with_columns(pl.col("today").fill_null(0))
    frame = frame.with_columns(rate.alias("rate"), floor.alias("floor")).with_columns(
        declared=pl.col("declared") + pl.col("today"),
        account=pl.col("account")
        + (pl.col("rate").fill_null(0) - pl.col("floor").fill_null(0)).clip(0) * pl.col("today"),
        floor_account=pl.col("floor_account") + pl.col("floor").fill_null(0) * pl.col("today"),
    )
    return frame.with_columns(
        quota=pl.when(pl.col("rate").is_null()).then(0).otherwise((pl.col("account") // WHOLE).clip(0)),
        floor_quota=pl.when(pl.col("floor").is_null()).then(0).otherwise((pl.col("floor_account") // WHOLE).clip(0)),
    )


def _by_tier(table: Mapping[str, int | None]) -> pl.Expr:
    known = {tier: value for tier, value in table.items() if value is not None}
    return pl.col("tier").replace_strict(known, default=None, return_dtype=pl.Int64)


def settled(charged: pl.DataFrame, chosen: pl.DataFrame) -> pl.DataFrame:
    """The balance after the day's examinations: `chosen` has office, tier, must_be, drawn."""
    done = chosen.group_by(KEY).agg(
        pl.len().cast(pl.Int64).alias("done"),
        pl.col("must_be").sum().cast(pl.Int64).alias("done_must"),
        pl.col("drawn").sum().cast(pl.Int64).alias("done_random"),
    )
    frame = charged.join(done, on=KEY, how="left").with_columns(pl.col("^done.*$").fill_null(0))
    has_rate = pl.col("rate").is_not_null()
    return frame.with_columns(
        examined=pl.col("examined") + pl.col("done"),
        must=pl.col("must") + pl.col("done_must"),
        random=pl.col("random") + pl.col("done_random"),
        account=pl.col("account")
        - pl.when(has_rate).then(WHOLE * (pl.col("done") - pl.col("done_random"))).otherwise(0),
        floor_account=pl.col("floor_account") - WHOLE * pl.col("done_random"),
    ).select(BALANCE.names())


def realised(balance: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """One row per office and tier: declared, examined, wanted and realised rate, whether it is kept and if not why.

    Kept = within the policy's tolerance of the rate, or within one declaration of it where there are few. `why`:
    must (examined beyond the rate because they must be) | behind (minutes did not suffice) | no_rate | null.
    """
    found = rules(policy)
    wanted = pl.col("rate") * pl.col("declared")
    off = WHOLE * pl.col("examined") - wanted
    allowed = pl.max_horizontal(pl.lit(WHOLE), found.tolerance * pl.col("declared"))
    return (
        balance.with_columns(rate=_by_tier(found.rates))
        .with_columns(
            realised=(WHOLE * pl.col("examined") / pl.col("declared")),
            kept=off.abs() <= allowed,
            why=pl.when(pl.col("rate").is_null())
            .then(pl.lit("no_rate"))
            .when(off > allowed)
            .then(pl.lit("must"))
            .when(off < -allowed)
            .then(pl.lit("behind")),
        )
        .select(*KEY, "declared", "examined", "must", "random", "rate", "realised", "kept", "why")
        .sort(KEY)
    )
