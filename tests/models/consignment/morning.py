"""Declarations, offices and a policy to try the room on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from config.in_force import Policy
from config.policy import load_policy
from models.consignment import DECLARATIONS, OFFICES, TIERS, DayPlan, examine

DAY = date(2020, 6, 1)
SEED = b"a period's seed"
RATES = {"advanced": 5, "certified": 50, "regular": 200, "dishonest": 980}
FLOOR = {"advanced": 2, "certified": 5, "regular": 20, "dishonest": 10}


def policy(rates: dict[str, int | None] | None = None, floor: dict[str, int | None] | None = None) -> Policy:
    """The customs pack of 2020 with rates from 0.5% to 98%."""
    real = load_policy("customs-cn").at(DAY)
    rules = real.inspection.consignment
    assert rules is not None
    changed = replace(rules, rates=rates or RATES, random_floor=floor or FLOOR)
    return replace(real, inspection_rules=replace(real.inspection, consignment=changed))


def tiers() -> pl.DataFrame:
    names = ["advanced", "certified", "regular", "dishonest"]
    return pl.DataFrame(
        {"enterprise_id": [f"kr:{k}" for k in range(40)], "tier": [names[k % 4] for k in range(40)]}, schema=TIERS
    )


def offices(minutes: int = 100_000, count: int = 3) -> pl.DataFrame:
    return pl.DataFrame(
        {"office": [f"o{k}" for k in range(count)], "examination": None, "minutes": minutes}, schema=OFFICES
    )


def declarations(count: int, start: int = 0, *, offices: int = 3, risk: bool = True, must: int = 0) -> pl.DataFrame:
    """`count` declarations numbered from `start`; every `must`-th has to be examined."""
    key = np.arange(start, start + count)
    kinds = ["document", "scan", "partial", "full"]
    return pl.DataFrame(
        {
            "declaration_id": [f"d{k}" for k in key],
            "office": [f"o{(k * 7) % 11 % offices}" for k in key],
            "enterprise_id": [f"kr:{(k * 13) % 45}" for k in key],
            "examination": [kinds[k % 4] for k in key],
            "risk": [int(k * 37 % 101) if risk and k % 5 else None for k in key],
            "must": ["referral" if must and k % must == 0 else None for k in key],
        },
        schema=DECLARATIONS,
    )


def days(count: int, each: int, **more: bool) -> pl.DataFrame:
    """A stream of `count` days with about `each` declarations."""
    parts = [
        declarations(each + k % 7, start=k * 1000, **more).with_columns(declared_on=pl.lit(DAY + timedelta(days=k)))
        for k in range(count)
    ]
    return pl.concat(parts)


def planned(
    rows: pl.DataFrame,
    rules: Policy | None = None,
    minutes: pl.DataFrame | None = None,
    *,
    rated: pl.DataFrame | None = None,
    balance: pl.DataFrame | None = None,
    day: date = DAY,
    seed: bytes = SEED,
) -> DayPlan:
    """`examine` with what a test does not care about filled in."""
    firms = tiers() if rated is None else rated
    return examine(day, rows, firms, rules or policy(), balance, offices() if minutes is None else minutes, seed)
