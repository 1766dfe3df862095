"""A stream of days: each morning's plan from the balance of the evening before."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from config.in_force import Policy
from models.consignment.day import examine
from models.consignment.terms import DECLARATIONS, DayPlan


def examine_days(
    declarations: pl.DataFrame,
    tiers: pl.DataFrame,
    policy: Policy,
    offices: pl.DataFrame,
    seed: bytes,
    balance: pl.DataFrame | None = None,
) -> Iterator[DayPlan]:
    """One plan per day of `declarations` (DECLARATIONS and `declared_on`), in the order of days."""
    for (day,), rows in sorted(declarations.partition_by("declared_on", as_dict=True).items()):
        plan = examine(day, rows.select(DECLARATIONS.names()), tiers, policy, balance, offices, seed)
        balance = plan.balance
        yield plan
