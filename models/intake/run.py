"""Intake: the files of a source → accepted rows per noun, and every refused row with its rule and reason.

Nothing is written here. Either the whole delivery comes back, or an InputError says what stands against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from config.errors import RejectionLimitExceeded
from config.in_force import Policy
from config.source_forms import Source, Treatment
from models.intake.columns import Run
from models.intake.contracts import KEYS
from models.intake.delivery import Delivery, Part
from models.intake.raw import FileSeen
from models.records import TABLES, empty

ORDER = tuple(TABLES)  # enterprises first: the others refer to them
EXAMPLES = 5


@dataclass(frozen=True)
class Intake:
    """What came of one delivery."""

    source: str
    tables: Mapping[str, pl.DataFrame]  # all of models.records.TABLES
    rejected: pl.DataFrame  # REJECTED, by file and row
    files: tuple[FileSeen, ...]

    @property
    def rejection_per_mille(self) -> int:
        """Refused rows per thousand rows read, rounded up."""
        rows = sum(file.rows for file in self.files)
        return -(-1000 * self.rejected.height // rows) if rows else 0


def intake(
    source: Source, data: Path, *, secret: bytes, policy: Policy, as_of: date, own: Policy | None = None
) -> Intake:
    """Read all files of `source` under `data` as they stand on `as_of`.

    own: the source's own pack where `policy` is another (models.intake.source.own_policy): records and lists that only
    the own pack knows are taken in and weigh nothing.

    Raises InputError for a file that cannot be used at all (missing, empty, wrong encoding, missing column,
    forbidden field), and RejectionLimitExceeded when more rows were refused than the source allows.
    """
    delivery = Delivery(source, Path(data), Run(secret, policy, as_of, own))
    tables: dict[str, pl.DataFrame] = {}
    with delivery.open:
        for fills in ORDER:
            register = tables.get("enterprises")
            forms = [table for table in source.tables if table.fills == fills]
            parts = [part for table in forms for part in delivery.parts(table, register)]
            tables[fills] = _accepted(fills, parts, register, delivery)
    result = Intake(source.id, tables, delivery.rejected(), delivery.files())
    _within_limit(result, source)
    return result


def _accepted(fills: str, parts: list[Part], register: pl.DataFrame | None, delivery: Delivery) -> pl.DataFrame:
    """Rows of all parts of a noun, without duplicates and strangers, in the order of the files."""
    if not parts:
        return empty(TABLES[fills])
    frame = pl.concat(part.marked() for part in parts)
    frame = _once(fills, frame, parts, delivery)
    if "enterprise_id" in frame.columns and register is not None:
        frame = _of_the_register(frame, parts, register, delivery)
    delivery.count_accepted(frame)
    return frame.select(TABLES[fills].names())


def _once(fills: str, frame: pl.DataFrame, parts: list[Part], delivery: Delivery) -> pl.DataFrame:
    """One row per key: a second one in a file is refused; across files the source says who wins."""
    key = list(KEYS[fills])
    if not frame.select(pl.struct(*key).is_duplicated().any()).item():
        return frame
    lenient = pl.col("part").is_in([part.number for part in parts if part.table.repeats is Treatment.set_aside])
    wins = pl.col("part").is_in([part.number for part in parts if part.table.supersedes])

    def drop(second: pl.DataFrame, reason: str) -> None:
        delivery.set_aside(second.filter(lenient))
        delivery.refuse(second.filter(~lenient), "duplicate_id", key[0], reason)

    first = pl.struct(*key, "part").is_first_distinct()
    drop(frame.filter(~first), "a second row with the same key in this file")
    frame = frame.filter(first)
    beaten = frame.select((pl.col("part") < pl.col("part").max().over(key)) & wins).to_series()
    delivery.set_aside(frame.filter(beaten))
    frame = frame.filter(~beaten)
    again = frame.select(~pl.struct(*key).is_first_distinct()).to_series()
    drop(frame.filter(again), "another file has this key already")
    return frame.filter(~again)


def _of_the_register(
    frame: pl.DataFrame, parts: list[Part], register: pl.DataFrame, delivery: Delivery
) -> pl.DataFrame:
    known = frame["enterprise_id"].is_null() | frame["enterprise_id"].is_in(register["enterprise_id"].implode())
    if known.all():
        return frame
    aside = [part.number for part in parts if part.table.strangers is Treatment.set_aside]
    stranger = frame.filter(~known)
    delivery.set_aside(stranger.filter(pl.col("part").is_in(aside)))
    reason = "the register of enterprises does not have it"
    delivery.refuse(stranger.filter(~pl.col("part").is_in(aside)), "unknown_enterprise", "enterprise_id", reason)
    return frame.filter(known)


def _within_limit(result: Intake, source: Source) -> None:
    if result.rejection_per_mille <= source.rejection_limit_per_mille:
        return
    rules = result.rejected.group_by("rule").len().sort("len", "rule", descending=[True, False])
    counts = ", ".join(f"{rule} {count}" for rule, count in rules.iter_rows())
    shown = [
        f"{row['file']} row {row['row']}: {row['rule']} {row['column'] or ''} {row['value'] or ''!r}"
        for row in result.rejected.head(EXAMPLES).iter_rows(named=True)
    ]
    raise RejectionLimitExceeded(
        f"source {source.id}: {result.rejection_per_mille} of 1000 rows refused, "
        f"limit {source.rejection_limit_per_mille} ({counts}). First: {'; '.join(shown)}.",
        rule="rejection_limit",
        remedy="have the files mended; raise rejection_limit_per_mille only if these refusals are right",
    )
