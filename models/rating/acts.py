"""From reported records to acts that weigh: known, in the catalogue, in time, not set aside, each act once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from models.rating.encoding import Shard
from models.rating.once import each_once, several_days
from models.rating.rubric import FOREVER, Rubric
from models.rating.same_act import Decisions
from models.redress import decisions, relief
from models.redress.status import Status


@dataclass(frozen=True)
class Acts:
    """Acts that weigh, and what else may change a rating by itself.

    counted: row u32, eidx u32, cell u16, age i32 (days), points i32 (milli-points), changes_in i32 (days), amount
             i64 where asked for; one row per act, sorted by eidx
    waiting: eidx u32, changes_in i32: days until a record that does not weigh now can matter
    """

    counted: pl.DataFrame
    waiting: pl.DataFrame


def days_since_epoch(day: date) -> int:
    """Days since 1970-01-01, as polars keeps dates."""
    return (day - date(1970, 1, 1)).days


def acts(shard: Shard, rubric: Rubric, today: pl.Expr | None = None, *, amounts: bool = False) -> Acts:
    """Acts of a shard that weigh on the policy's day, or per enterprise on `today` (days, by a column of records)."""
    day = pl.lit(days_since_epoch(rubric.policy.as_of), dtype=pl.Int32) if today is None else today
    touched = set_aside(shard, rubric, today)
    dead = np.zeros(shard.records.height, dtype=np.bool_)
    dead[touched.filter(pl.col("status").is_not_null())["row"].to_numpy()] = True
    decision = shard.records["decision"].to_numpy()
    frame = _weighed(shard.records.lazy(), rubric, day, dead, decision, amounts)
    counted, losers = each_once(frame, rubric, decision)
    return Acts(counted, pl.concat([_waiting(touched), losers]))


def _weighed(
    records: pl.LazyFrame,
    rubric: Rubric,
    day: pl.Expr,
    set_aside: npt.NDArray[np.bool_],
    decision: Decisions,
    amounts: bool,
) -> pl.DataFrame:
    """Known records with cell, age, points and days to the next change (0 = past their term).

    Past their term only if set aside, or if another report of the decision may be of another day.
    """
    known = records.with_row_index("row").filter(
        pl.col("known_on").to_physical() <= day, pl.col("act_date").to_physical() <= day
    )
    revoked = pl.col("revoked_on").is_not_null() & (pl.col("revoked_on").to_physical() <= day)
    known = known.with_columns(
        cell=(pl.col("item") * 3 + pl.col("severity").cast(pl.UInt16)).cast(pl.UInt16),
        age=day - pl.col("act_date").to_physical(),
        dead=revoked | pl.lit(pl.Series(set_aside)).gather(pl.col("row")) if set_aside.any() else revoked,
    )
    place = pl.col("cell").cast(pl.UInt32) * rubric.width + pl.min_horizontal("age", pl.lit(rubric.horizon, pl.Int32))
    known = known.with_columns(
        points=pl.lit(rubric.points).gather(place),
        changes_in=_changes_in(rubric, pl.lit(rubric.change).gather(place), day),
    )
    columns = ["row", "eidx", "cell", "age", "points", "changes_in", "dead", *(["amount"] if amounts else [])]
    wanted = (pl.col("changes_in") > 0) | pl.col("dead")
    several = several_days(decision)
    if several.any():
        wanted |= pl.lit(pl.Series(several)).gather(pl.col("row"))
    return known.filter(wanted).select(columns).collect()


def _changes_in(rubric: Rubric, by_age: pl.Expr, day: pl.Expr) -> pl.Expr:
    """Days to the next change; 0 = past its term. Terms that end with a measure or a correction need its date."""
    special = pl.Series([not term.by_age for term in rubric.terms], dtype=pl.Boolean)
    if not special.any():
        return by_age
    left = last_day(rubric) - day + 1
    return (
        pl.when(pl.lit(special).gather(pl.col("cell")))
        .then(pl.min_horizontal(by_age, left.clip(0, FOREVER)))
        .otherwise(by_age)
        .cast(pl.Int32)
    )


def last_day(rubric: Rubric) -> pl.Expr:
    """Last day (since the epoch) on which an act of a term without plain maximum counts."""
    kinds: dict[str, type[pl.DataType]] = {
        "max_days": pl.Int32,
        "until_measure_ends": pl.Boolean,
        "until_corrected": pl.Boolean,
    }
    by_cell = {
        name: pl.lit(pl.Series([getattr(term, name) for term in rubric.terms], dtype=kind)).gather(pl.col("cell"))
        for name, kind in kinds.items()
    }
    act, ends = pl.col("act_date").to_physical(), pl.col("ends_on").to_physical()
    by_age = pl.min_horizontal(act + by_cell["max_days"], pl.lit(FOREVER, pl.Int32))
    measured = pl.when(by_age == FOREVER).then(ends.fill_null(FOREVER)).otherwise(pl.max_horizontal(by_age, ends))
    lasting = pl.when(by_cell["until_measure_ends"]).then(measured).otherwise(by_age)
    corrected = pl.when(by_cell["until_corrected"]).then(pl.col("corrected_on").to_physical() - 1)
    return pl.min_horizontal(lasting, corrected)


def set_aside(shard: Shard, rubric: Rubric, today: pl.Expr | None) -> pl.DataFrame:
    """Records that decisions or relief touch: row, eidx, status (null = none now), annotated, changes_on, today."""
    day = pl.lit(rubric.policy.as_of) if today is None else today.cast(pl.Date)
    named = pl.col("row").is_in(shard.decisions["row"].implode())
    touched = shard.records.with_row_index("row").filter(named, pl.col("known_on") <= day, pl.col("act_date") <= day)
    cell = (pl.col("item") * 3 + pl.col("severity").cast(pl.UInt16)).cast(pl.UInt16)
    of_record = touched.select(
        "row",
        "act_date",
        day.alias("today"),
        pl.lit(pl.Series([t.min_days for t in rubric.terms], dtype=pl.Int64)).gather(cell).alias("min_days"),
        pl.lit(pl.Series([t.repairable for t in rubric.terms], dtype=pl.Boolean)).gather(cell).alias("repairable"),
    )
    found = decisions.effects(shard.decisions.join(of_record, on="row"), rubric.policy.redress).select(
        "row", "eidx", "kind", "decided_on", "status", "annotated", "changes_on", "today"
    )
    windows = relief.in_force(shard.reliefs, rubric.policy.redress, rubric.policy.as_of)
    rows = relief.relieved_rows(shard.records, shard.enterprises, windows, shard.codes.items) if windows.height else []
    relieved = (
        shard.records.with_row_index("row")
        .select("row", "eidx", day.alias("today"))[rows]
        .with_columns(status=pl.lit(Status.relieved.value), annotated=pl.lit(False), kind=pl.lit("relief"))
    )
    return pl.concat([found, relieved], how="diagonal")


def _waiting(touched: pl.DataFrame) -> pl.DataFrame:
    """Days until decisions already taken begin or end to have effect."""
    return touched.filter(pl.col("changes_on").is_not_null()).select(
        "eidx", (pl.col("changes_on") - pl.col("today")).dt.total_days().cast(pl.Int32).alias("changes_in")
    )
