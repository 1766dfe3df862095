"""Visits that already stand: kept with their day and people, their hours taken, their firms asked for no other."""

from __future__ import annotations

from datetime import date

import polars as pl

from config.errors import PlanError
from models.inspection.crew import Crew
from models.inspection.terms import PlanInput

Pins = dict[int, tuple[int, int, int]]


def with_pins(
    firms: pl.DataFrame, rows: pl.DataFrame, given: PlanInput, crew: Crew, days: list[date]
) -> tuple[pl.DataFrame, Pins]:
    """Adds the standing visits from the first working day on to the firms to schedule (column `stands`), and where
    they stand: row → (day, one, other). Raises PlanError when the register or the crew no longer know them."""
    firms = firms.with_columns(pl.lit(False).alias("stands"))
    if given.pinned is None or given.pinned.is_empty():
        return firms, {}
    ahead = given.pinned.filter(pl.col("visit_date") >= days[0]).sort("enterprise_id", "visit_id")
    known = rows.unique("enterprise_id", keep="first").drop("region", "minutes", "count", "tier")
    table = (
        ahead.select("visit_id", "enterprise_id", "region", "tier", "minutes", "visit_date", "inspectors")
        .join(known, on="enterprise_id", how="inner", maintain_order="left")
        .with_columns(
            pl.lit("must").alias("layer"), pl.lit(True).alias("stands"), pl.lit(None, dtype=pl.String).alias("barred"),
            (-1 - pl.int_range(pl.len())).alias("count"),
        )
    )  # fmt: skip
    if len(table) < len(ahead):
        raise PlanError("pinned visits: the register lacks some of their firms.", remedy="release them")
    pins = {}
    for at, (visit, day, people) in enumerate(table.select("visit_id", "visit_date", "inspectors").iter_rows()):
        pins[len(firms) + at] = _where(visit, day, people, crew, days)
    fresh = [pl.lit(None).alias(name) for name in firms.columns if name not in table.columns]
    return pl.concat([firms, table.with_columns(fresh).select(firms.columns)], how="vertical_relaxed"), pins


def _where(visit: str, day: date, people: list[str], crew: Crew, days: list[date]) -> tuple[int, int, int]:
    place = {name: at for at, name in enumerate(crew.ids)}
    missing = [name for name in people if name not in place]
    if day not in days or missing:
        reason = f"{missing[0]} is not an inspector" if missing else f"{day} is not a working day"
        raise PlanError(f"pinned visit {visit}: {reason}.", remedy="release the visit, or plan again with replan")
    rows = sorted(place[name] for name in people)
    return days.index(day), rows[0], rows[1] if len(rows) > 1 else -1
