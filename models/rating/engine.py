"""One shard: acts → totals → score → band → gates → tier, as arrays over its enterprises."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from models.rating import tier
from models.rating.acts import Acts, acts, days_since_epoch
from models.rating.encoding import Shard
from models.rating.facts import Facts
from models.rating.figures import figure_points
from models.rating.rubric import FOREVER, Flags, IntArray, Rubric, figure_cells, nested
from models.rating.scorecard import FIGURE_ROW, Totals, score, totals
from models.rating.standing import Standing, standing


@dataclass(frozen=True)
class Carried:
    """What links bring to a shard: milli-points ≤ 0, per link whether it holds, days to a change."""

    points: IntArray
    holds: dict[str, Flags]
    changes_in: IntArray


@dataclass(frozen=True)
class Rated:
    """Ratings of a shard, arrays over eidx; `mask` = rules that hold, bit = place in `tier.rules(policy)`."""

    totals: Totals
    score: IntArray
    band: npt.NDArray[np.uint8]
    tier: npt.NDArray[np.uint8]
    mask: npt.NDArray[np.uint64]
    linked: IntArray
    changes_in: IntArray  # days, FOREVER = never


@dataclass(frozen=True)
class Inputs:
    """A shard made ready once; `rated` may be asked with and without links."""

    rubric: Rubric
    size: int
    today: IntArray
    acts: Acts
    totals: Totals
    standing: Standing


def prepare(shard: Shard, rubric: Rubric, history: pl.DataFrame | None = None, today: IntArray | None = None) -> Inputs:
    """Everything that does not depend on links. today: per enterprise, default the policy's day for all."""
    per_record = None
    if today is not None:
        per_record = pl.lit(pl.Series(today, dtype=pl.Int32)).gather(pl.col("eidx"))
    else:
        today = np.full(shard.size, days_since_epoch(rubric.policy.as_of), dtype=np.int64)
    found = acts(shard, rubric, per_record, amounts=asks_amounts(rubric))
    weighing, waiting = weigh_figures(found, figure_rows(shard, rubric, history))
    return Inputs(
        rubric=rubric,
        size=shard.size,
        today=today,
        acts=found,
        totals=totals(weighing, waiting, rubric, shard.size),
        standing=standing(shard, rubric.policy, today, history),
    )


def figure_rows(shard: Shard, rubric: Rubric, history: pl.DataFrame | None = None) -> pl.DataFrame:
    """What the pack's figures are worth, shaped like acts: row (FIGURE_ROW + place), eidx, cell, points, changes_in."""
    cells = figure_cells(rubric.policy, rubric.codes)
    numbers = shard.enterprises.select("enterprise_id").with_row_index("eidx")
    if not cells:
        return pl.DataFrame()
    found = figure_points(shard.figure_tables(), rubric.policy, history)
    first = 3 * len(rubric.codes)
    cell = pl.col("figure").replace_strict(cells, return_dtype=pl.UInt32)
    ahead = (pl.col("next_change_on") - pl.lit(rubric.policy.as_of)).dt.total_days().fill_null(FOREVER)
    return found.join(numbers, on="enterprise_id", how="inner").select(
        (cell - first + FIGURE_ROW).cast(pl.UInt32).alias("row"),
        "eidx",
        cell.cast(pl.UInt16).alias("cell"),
        pl.col("points").fill_null(0).cast(pl.Int32),
        ahead.cast(pl.Int32).alias("changes_in"),
    )


def weigh_figures(found: Acts, figures: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Acts and figures together, sorted by enterprise, and what waits."""
    if figures.is_empty():
        return found.counted, found.waiting
    worth = figures.filter(pl.col("points") != 0)
    weighing = pl.concat([found.counted.select(worth.columns), worth]).sort("eidx", maintain_order=True)
    return weighing, pl.concat([found.waiting, figures.select("eidx", "changes_in")])


def asks_amounts(rubric: Rubric) -> bool:
    """Whether any gate looks at amounts of money."""
    return any(c.amount is not None for gate in rubric.policy.gates for c in nested(gate.when))


def unlinked(size: int) -> Carried:
    """No link carries anything."""
    return Carried(np.zeros(size, dtype=np.int64), {}, np.full(size, FOREVER, dtype=np.int64))


def rated(inputs: Inputs, carried: Carried | None = None) -> Rated:
    """Ratings, with what links carry over (none in the first phase)."""
    carried = carried or unlinked(inputs.size)
    total = score(inputs.totals.dimensions, carried.points, inputs.rubric)
    ranks = tier.band(total, inputs.rubric.policy)
    mask = tier.held(inputs.rubric.policy, facts(inputs, total), carried.holds)
    final = tier.final(ranks, mask, inputs.rubric.policy)
    changes_in = np.minimum(inputs.totals.changes_in, inputs.standing.changes_in)
    return Rated(inputs.totals, total, ranks, final, mask, carried.points, np.minimum(changes_in, carried.changes_in))


def facts(inputs: Inputs, total: IntArray) -> Facts:
    """What gates may ask."""
    known = inputs.standing
    return Facts(
        rubric=inputs.rubric,
        size=inputs.size,
        today=inputs.today,
        counted=inputs.acts.counted,
        listed=known.listed,
        indicators=known.indicators,
        registered=known.registered,
        dimensions=inputs.totals.dimensions,
        score=total,
        elsewhere=known.elsewhere,
        held=known.held,
    )
