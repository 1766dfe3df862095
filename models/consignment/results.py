"""What came of a day's examinations: codes of the result, what a returned row says, what the register remembers."""

from __future__ import annotations

import hashlib
from typing import Any

import polars as pl

from config.pack import Irregularity
from models.consignment.terms import DayPlan

CLEAN, FOUND, UNSEEN = "clean", "found", "unseen"
OTHER = "not_examined"  # for a reason that the remark has to name

RESULTS: dict[str, str] = {
    "no_irregularity": CLEAN,
    **{code.value: FOUND for code in Irregularity},
    "goods_gone": UNSEEN,
    "no_staff": UNSEEN,
    OTHER: UNSEEN,
}
"""Code of a result → whether something was found, nothing was, or nobody examined."""

_FILLED: dict[str, Any] = {
    "file": pl.String,
    "sheet": pl.String,
    "row": pl.Int64,  # the sheet's own row number
    "declaration_id": pl.String,
    "enterprise_id": pl.String,
    "result": pl.String,  # a code of RESULTS
    "severity": pl.String,  # minor | general | serious
    "examined_on": pl.Date,  # null: on the day of the list
    "officers": pl.List(pl.String),  # names of those who examined
    "remark": pl.String,
}
RETURNED = pl.Schema(_FILLED)
"""One row per filled row of a returned workbook of a day."""

_TOLD: dict[str, Any] = {
    "day": pl.Date,  # of the list
    "declaration_id": pl.String,
    "enterprise_id": pl.String,
    "office": pl.String,
    "tier": pl.String,
    "why": pl.String,  # must | random | risk
    "drawn": pl.Boolean,
    "result": pl.String,
    "severity": pl.String,
    "examined_on": pl.Date,  # null where nobody examined
    "officers": pl.List(pl.String),
    "account": pl.Int64,  # thousandths that go back onto the rate's account because nobody examined
    "floor_account": pl.Int64,  # likewise the floor's
}
TOLD = pl.Schema(_TOLD)
"""One row per declaration whose result is known."""


def outcome(result: str = "result") -> pl.Expr:
    """clean | found | unseen of a column with codes; null for others."""
    return pl.col(result).replace_strict(RESULTS, default=None, return_dtype=pl.String)


def day_digest(plan: DayPlan) -> str:
    """sha256 over the day, its draw and its list: a returned workbook belongs to this list or to none."""
    columns = ("declaration_id", "office", "enterprise_id", "tier", "examination", "why")
    lines = plan.chosen.sort("declaration_id").select(
        pl.concat_str([pl.col(name).fill_null("") for name in columns], separator="|")
    )
    head = f"{plan.day}|{plan.publication.get('pack', '')}|{plan.publication.get('seed_sha256', '')}"
    return hashlib.sha256("\n".join([head, *lines.to_series()]).encode()).hexdigest()
