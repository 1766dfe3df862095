"""One act, several reports: of the reports of one act only the heaviest weighs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from models.rating.rubric import Rubric
from models.rating.same_act import SEVERAL_DAYS, Decisions, of_one_act

NO_AMOUNT = np.iinfo(np.int64).min


def each_once(frame: pl.DataFrame, rubric: Rubric, decision: Decisions) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Acts, and what waits: eidx, changes_in of reports that weigh less but may outlast the heaviest.

    frame: sorted by eidx and age, with row, cell, points, changes_in (0 = past its term), dead (set aside) and amount
    where asked for; decision: by row. What sets one report aside sets aside the other reports of the act that are not
    graver: a decision on a trifle never takes a grave report with it. The act's amount is the largest that stands. Of
    equal points the earlier row stands.
    """
    keep = ~frame["dead"].to_numpy() & (frame["changes_in"].to_numpy() > 0)
    several = several_days(decision)[frame["row"].to_numpy()]
    places = np.flatnonzero(_tied(frame["eidx"].to_numpy(), frame["age"].to_numpy()) | several)
    order, starts = _acts(frame, rubric, decision, places)
    if order.size == 0:
        return frame.filter(pl.Series(keep)).drop("dead"), _losers(frame, order)
    of_act = np.repeat(np.arange(starts.size), np.diff(np.append(starts, order.size)))
    stands = _standing(gravity(rubric)[frame["cell"].to_numpy()[order]], ~keep[order], starts, of_act)
    weight = precedence(frame["points"].to_numpy()[order])
    weight[~stands] = 0
    best = np.maximum.reduceat(weight, starts)
    some = np.logical_or.reduceat(stands, starts)
    winners = order[(order.size - 1 - (best & np.uint64(0xFFFFFFFF)).astype(np.int64))[some]]
    keep[order] = False
    keep[winners] = True
    if "amount" in frame.columns:
        frame = frame.with_columns(_largest(frame["amount"], order, starts, stands, winners, some))
    lost = order[stands & ~keep[order]]
    return frame.filter(pl.Series(keep)).drop("dead"), _losers(frame, lost)


def several_days(decision: Decisions) -> npt.NDArray[np.bool_]:
    """Reports whose decision is also reported on another day."""
    found: npt.NDArray[np.bool_] = decision >= SEVERAL_DAYS
    return found


def gravity(rubric: Rubric) -> npt.NDArray[np.int32]:
    """What a report of each cell weighs on the day of its act, in milli-points without sign."""
    weights: npt.NDArray[np.int32] = np.abs(rubric.points.to_numpy().reshape(-1, rubric.width)[:, 0])
    return weights


def _standing(
    grave: npt.NDArray[np.int32],
    dead: npt.NDArray[np.bool_],
    starts: npt.NDArray[np.intp],
    of_act: npt.NDArray[np.intp],
) -> npt.NDArray[np.bool_]:
    """Reports that nothing sets aside: neither their own decision nor one on a report at least as grave."""
    stands = ~dead
    touched = np.flatnonzero(np.logical_or.reduceat(dead, starts)[of_act])  # places in acts of which one is set aside
    reached = np.full(starts.size, -1, dtype=np.int32)
    gone = touched[dead[touched]]
    np.maximum.at(reached, of_act[gone], grave[gone])
    stands[touched] &= grave[touched] > reached[of_act[touched]]
    return stands


def _tied(eidx: npt.NDArray[np.uint32], age: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Reports that share enterprise and day with a neighbour."""
    same = np.zeros(eidx.size + 1, dtype=np.bool_)
    same[1:-1] = (eidx[1:] == eidx[:-1]) & (age[1:] == age[:-1])
    tied: npt.NDArray[np.bool_] = same[1:] | same[:-1]
    return tied


def _acts(
    frame: pl.DataFrame, rubric: Rubric, decision: Decisions, places: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """The places that are in their term or set aside, ordered so that each act is one run, and where they begin."""
    cell = frame["cell"].to_numpy()[places]
    order, starts = of_one_act(
        eidx=frame["eidx"].to_numpy()[places],
        age=frame["age"].to_numpy()[places],
        act_class=rubric.act_class[cell],
        decision=decision[frame["row"].to_numpy()[places]],
        gravity=gravity(rubric)[cell],
        matters=frame["dead"].to_numpy()[places] | (frame["changes_in"].to_numpy()[places] > 0),
    )
    return places[order], starts


def precedence(points: npt.NDArray[np.int32]) -> npt.NDArray[np.uint64]:
    """Keys, larger = heavier; of equal weight the adverse one, then the earlier one, whose place the low half tells."""
    key = np.abs(points).astype(np.uint64)
    key <<= np.uint64(1)
    key |= points < 0
    key <<= np.uint64(32)
    key |= np.arange(points.size - 1, -1, -1, dtype=np.uint64)
    return key


def _largest(
    amount: pl.Series,
    order: npt.NDArray[np.intp],
    starts: npt.NDArray[np.intp],
    stands: npt.NDArray[np.bool_],
    winners: npt.NDArray[np.intp],
    some: npt.NDArray[np.bool_],
) -> pl.Series:
    """Amounts with the largest standing one of each act at its heaviest report."""
    amounts = np.where(stands, amount.fill_null(NO_AMOUNT).to_numpy()[order], NO_AMOUNT)
    largest = np.maximum.reduceat(amounts, starts)[some]
    known = largest > NO_AMOUNT
    return amount.scatter(winners[known], largest[known])


def _losers(frame: pl.DataFrame, places: npt.NDArray[np.intp]) -> pl.DataFrame:
    return frame.select("eidx", "changes_in")[places]
