"""What was planned and not examined is owed: it goes back onto the accounts of the next day that is made.

A day that has been made keeps what it carried, so that it can be made again as it was.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from models.consignment.account import KEY
from models.consignment.results import UNSEEN, outcome
from models.consignment.terms import BALANCE

DEBTS = pl.Schema(
    {
        "day": pl.Date,  # of the list on which it stood
        "declaration_id": pl.String,
        "office": pl.String,
        "tier": pl.String,
        "must": pl.Int64,  # 1 where it had to be examined
        "random": pl.Int64,  # 1 where it was drawn for the floor
        "account": pl.Int64,  # thousandths
        "floor_account": pl.Int64,
    }
)
"""One row per declaration that was planned and not examined."""


def debts(told: pl.DataFrame) -> pl.DataFrame:
    """DEBTS of models.consignment.results.TOLD."""
    unseen = told.filter(outcome() == UNSEEN)
    return (
        unseen.with_columns(must=pl.col("why") == "must", random=pl.col("drawn"))
        .select(pl.col(name).cast(dtype) for name, dtype in DEBTS.items())
        .sort("day", "declaration_id")
    )


def owed(all_debts: pl.DataFrame, day: date, carried: pl.DataFrame) -> pl.DataFrame:
    """Those of earlier days that no day has carried yet."""
    earlier = all_debts.filter(pl.col("day") < day)
    return earlier.join(carried, on=["day", "declaration_id"], how="anti", maintain_order="left")


def with_debts(balance: pl.DataFrame, carried: pl.DataFrame) -> pl.DataFrame:
    """The balance as if these had never been planned: `examined` falls, the accounts rise."""
    sums = carried.group_by(KEY).agg(
        pl.len().cast(pl.Int64).alias("unseen"),
        *(pl.col(name).sum().alias(f"{name}_back") for name in ("must", "random", "account", "floor_account")),
    )
    frame = balance.join(sums, on=KEY, how="left", maintain_order="left").with_columns(
        pl.col("unseen", "^.*_back$").fill_null(0)
    )
    return frame.with_columns(
        examined=pl.col("examined") - pl.col("unseen"),
        must=pl.col("must") - pl.col("must_back"),
        random=pl.col("random") - pl.col("random_back"),
        account=pl.col("account") + pl.col("account_back"),
        floor_account=pl.col("floor_account") + pl.col("floor_account_back"),
    ).select(BALANCE.names())
