"""Rows that come back, judged by rules over the frame: refused by the first rule a row breaks, else good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from models.outcome.returned import REFUSED


@dataclass(frozen=True)
class Rule:
    """`broken`: rows that break it; `column`: the cell to mend."""

    name: str
    column: str
    broken: pl.Expr
    reason: str
    remedy: str


def judge(rows: pl.DataFrame, rules: Sequence[Rule]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The good rows, and REFUSED. rows: file, sheet, row, and what the rules look at."""
    first = pl.coalesce(pl.when(rule.broken.fill_null(False)).then(pl.lit(at)) for at, rule in enumerate(rules))
    judged = rows.with_columns(broken=first)
    return judged.filter(pl.col("broken").is_null()), _refused(judged, rules)


def _refused(judged: pl.DataFrame, rules: Sequence[Rule]) -> pl.DataFrame:
    found = [
        (row["file"], row["sheet"], row["row"], rule.column, rule.name, _shown(row, rule), rule.reason, rule.remedy)
        for row in judged.filter(pl.col("broken").is_not_null()).iter_rows(named=True)
        for rule in (rules[row["broken"]],)
    ]
    return pl.DataFrame(found, schema=REFUSED, orient="row").sort("file", "sheet", "row")


def _shown(row: dict[str, object], rule: Rule) -> str | None:
    value = row[rule.column]
    return None if value is None else str(value)[:120]
