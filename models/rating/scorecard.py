"""Acts → totals by dimension within their caps, the score, and the heaviest reasons, per enterprise.

Acts stand sorted by enterprise, so everything is a reduction over segments.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from models.rating.once import precedence
from models.rating.rubric import FOREVER, IntArray, Rubric

REASONS = 5  # heaviest records kept with a rating
FIGURE_ROW = 1 << 31  # rows from here on stand for the pack's figures


@dataclass(frozen=True)
class Totals:
    """Arrays over the enterprises of a shard (first axis: eidx); milli-points.

    dimensions: capped totals, enterprise × dimension
    adverse:    sum of the negative capped totals
    records:    acts counted
    rows, weights: enterprise × REASONS, heaviest first; weight 0 = no further reason
    changes_in: days to the first change of an act, FOREVER where there is none
    """

    dimensions: IntArray
    records: npt.NDArray[np.uint32]
    rows: npt.NDArray[np.uint32]
    weights: npt.NDArray[np.int32]
    changes_in: npt.NDArray[np.int32]

    @property
    def adverse(self) -> IntArray:
        """Milli-points lost, ≤ 0."""
        lost: IntArray = np.minimum(self.dimensions, 0).sum(axis=1, dtype=np.int64)
        return lost


def totals(counted: pl.DataFrame, waiting: pl.DataFrame, rubric: Rubric, size: int) -> Totals:
    """Reduce acts (models.rating.acts.Acts) to one line per enterprise."""
    eidx = counted["eidx"].to_numpy()
    points = counted["points"].to_numpy()
    present, starts = np.unique(eidx, return_index=True) if eidx.size == 0 else _segments(eidx)
    changes_in = np.full(size, FOREVER, dtype=np.int32)
    if present.size:
        changes_in[present] = np.minimum.reduceat(counted["changes_in"].to_numpy(), starts)
    np.minimum.at(changes_in, waiting["eidx"].to_numpy(), waiting["changes_in"].to_numpy())
    rows, weights = _heaviest(counted["row"].to_numpy(), points, present, starts, size)
    return Totals(
        dimensions=_dimensions(eidx, counted["cell"].to_numpy(), points, rubric, size),
        records=np.bincount(eidx[counted["row"].to_numpy() < FIGURE_ROW], minlength=size).astype(np.uint32),
        rows=rows,
        weights=weights,
        changes_in=changes_in,
    )


def _segments(eidx: npt.NDArray[np.uint32]) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.intp]]:
    """Enterprises that occur, ascending, and where each begins."""
    starts = np.flatnonzero(np.concatenate(([True], eidx[1:] != eidx[:-1])))
    return eidx[starts], starts


def _dimensions(
    eidx: npt.NDArray[np.uint32],
    cell: npt.NDArray[np.uint16],
    points: npt.NDArray[np.int32],
    rubric: Rubric,
    size: int,
) -> IntArray:
    """Sums by enterprise and dimension, each within [worst, best]. Exact: sums stay far below 2**53."""
    width = len(rubric.dimensions)
    slot = eidx.astype(np.int64) * width + rubric.dimension[cell]
    sums = np.bincount(slot, weights=points, minlength=size * width).astype(np.int64).reshape(size, width)
    caps = [rubric.policy.scorecard.dimensions[name] for name in rubric.dimensions]
    return np.clip(sums, [cap.worst for cap in caps], [cap.best for cap in caps]).astype(np.int64)


def _heaviest(
    row: npt.NDArray[np.uint32],
    points: npt.NDArray[np.int32],
    present: npt.NDArray[np.uint32],
    starts: npt.NDArray[np.intp],
    size: int,
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int32]]:
    """The heaviest acts of each enterprise by absolute points; of equal ones the adverse, then the earlier row."""
    rows = np.zeros((size, REASONS), dtype=np.uint32)
    weights = np.zeros((size, REASONS), dtype=np.int32)
    if present.size == 0:
        return rows, weights
    last = points.size - 1
    key = precedence(points)
    key[points == 0] = 0
    for place in range(REASONS):
        best = np.maximum.reduceat(key, starts)
        found = best > 0
        chosen = last - (best[found] & np.uint64(0xFFFFFFFF)).astype(np.int64)
        rows[present[found], place] = row[chosen]
        weights[present[found], place] = points[chosen]
        key[chosen] = 0
    return rows, weights


def score(dimensions: IntArray, linked: IntArray, rubric: Rubric) -> IntArray:
    """Base plus capped totals plus what links carry over, within [lowest, highest]."""
    card = rubric.policy.scorecard
    total = card.base + dimensions.sum(axis=1, dtype=np.int64) + linked
    within: IntArray = np.clip(total, card.lowest, card.highest).astype(np.int64)
    return within
