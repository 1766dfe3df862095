"""Which reports are of one act.

Reports of one enterprise and class that bear the same number of the same agency are one act, whatever their days: the
earliest of them is its day. Numbers of different agencies say nothing about each other, and many reports have none:
those are one act where class and day agree. Two numbers of one agency are two acts even on one day; the gravest of each
agency are taken for the same act, then the second gravest, and a report without a number goes with the gravest: an act
never counts twice because two registers tell of it.

A *decision* is a number of 32 bits that tells (agency, number) apart within one enterprise: bits 0–19 the number, 0 =
none; bits 20–30 the agency; bit 31 says that it is reported on several days.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from config.errors import InputError

NUMBERS, AGENCIES = 20, 11  # bits
NUMBER = np.uint32((1 << NUMBERS) - 1)
SEVERAL_DAYS = np.uint32(1 << (NUMBERS + AGENCIES))
DAYS, CLASSES = 22, 16  # bits of an act's key

Places = npt.NDArray[np.intp]
Decisions = npt.NDArray[np.uint32]
Weights = npt.NDArray[np.int32]


def decisions(records: pl.DataFrame) -> pl.Series:
    """The decision of each record. records: eidx, agency, act_id, act_date, an enterprise's rows together.

    Raises InputError for an enterprise with more agencies or numbers than there are bits for.
    """
    numbered = records.select("eidx", "agency", "act_id", "act_date").with_row_index("row")
    numbered = numbered.filter(pl.col("act_id").fill_null("") != "")
    if numbered.is_empty():
        return pl.zeros(records.height, dtype=pl.UInt32, eager=True).rename("decision")
    found = numbered.group_by("eidx", "agency", "act_id", maintain_order=True).agg(
        "row", several=pl.col("act_date").n_unique() > 1
    )
    number = pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over("eidx", "agency")
    found = found.with_columns(number=number)
    found = found.with_columns(so_far=(pl.col("number") == 1).cum_sum().over("eidx"))
    found = found.with_columns(agency=pl.col("so_far").min().over("eidx", "agency") - 1)
    _refuse_too_many(found)
    code = (
        pl.col("number")
        + pl.col("agency").cast(pl.UInt32) * (1 << NUMBERS)
        + pl.col("several").cast(pl.UInt32) * int(SEVERAL_DAYS)
    )
    coded = found.select("row", decision=code).explode("row")
    rows = pl.DataFrame({"row": pl.int_range(records.height, dtype=pl.UInt32, eager=True)})
    return rows.join(coded, on="row", how="left", maintain_order="left")["decision"].fill_null(0).cast(pl.UInt32)


def _refuse_too_many(found: pl.DataFrame) -> None:
    most: dict[str, Any] = found.select(pl.col("number", "agency").max()).row(0, named=True)
    if most["number"] > int(NUMBER) or most["agency"] >= 1 << AGENCIES:
        message = f"one enterprise has more than {int(NUMBER):,} decisions of one agency or {1 << AGENCIES:,} agencies."
        raise InputError(message, file="records", rule="act_id", remedy="check the columns act_id and agency")


def of_one_act(
    eidx: npt.NDArray[np.uint32],
    age: Weights,
    act_class: npt.NDArray[np.uint16],
    decision: Decisions,
    gravity: Weights,
    matters: npt.NDArray[np.bool_],
) -> tuple[Places, Places]:
    """Places of the reports that matter, ordered so that each act is one run, and where the runs begin.

    Arrays over reports, an enterprise's together. gravity: weight on the day of the act. Reports that do not matter
    (past their term) only help to tell the day of their decision; within a run places ascend.
    """
    first = _first_days(eidx, age, act_class, decision)
    places = np.flatnonzero(matters)
    if places.size == 0:
        return places, places
    firm = np.cumsum(np.append(False, eidx[places][1:] != eidx[places][:-1])).astype(np.int64)
    ahead = (1 << DAYS) - 1 - first[places].astype(np.int64)  # earlier days first, as the reports mostly stand
    key = (firm << (DAYS + CLASSES)) | (ahead << CLASSES) | act_class[places]
    order = np.argsort(key, kind="stable")
    key, places = key[order], places[order]
    starts = np.flatnonzero(np.append(True, key[1:] != key[:-1]))
    return _apart(places, starts, decision[places], gravity[places])


def _first_days(
    eidx: npt.NDArray[np.uint32], age: Weights, act_class: npt.NDArray[np.uint16], decision: Decisions
) -> Weights:
    """Age of the earliest report of each report's decision in its class."""
    several = np.flatnonzero(decision & SEVERAL_DAYS)
    if several.size == 0:
        return age
    frame = pl.DataFrame(
        {"eidx": eidx[several], "class": act_class[several], "decision": decision[several], "age": age[several]}
    )
    first = age.copy()
    first[several] = frame.select(pl.col("age").max().over("eidx", "class", "decision"))["age"].to_numpy()
    return first


def _apart(places: Places, starts: Places, decision: Decisions, gravity: Weights) -> tuple[Places, Places]:
    """Split the runs in which one agency has several numbers."""
    of_run = np.repeat(np.arange(starts.size), np.diff(np.append(starts, places.size)))
    several = _several_numbers(decision, starts, places.size)[of_run]
    if not several.any():
        return places, starts
    nth = np.zeros(places.size, dtype=np.int64)
    nth[several] = _nth(of_run[several], decision[several], gravity[several])
    key = of_run << NUMBERS | nth
    order = np.argsort(key, kind="stable")
    key = key[order]
    return places[order], np.flatnonzero(np.append(True, key[1:] != key[:-1]))


def _several_numbers(decision: Decisions, starts: Places, size: int) -> npt.NDArray[np.bool_]:
    """Runs that may hold two numbers of one agency; surely all that do."""
    low, high = np.minimum.reduceat(decision, starts), np.maximum.reduceat(decision, starts)
    agency = ~(NUMBER | SEVERAL_DAYS)
    pair = np.diff(np.append(starts, size)) == 2
    same_agency = ((low & agency) == (high & agency)) & ((low & NUMBER) > 0)
    found: npt.NDArray[np.bool_] = (low != high) & (same_agency | ~pair)
    return found


def _nth(run: Places, decision: Decisions, gravity: Weights) -> npt.NDArray[np.int64]:
    """Of each report, whether its decision is the gravest (0), second gravest … of its agency in the run."""
    plain = decision & ~SEVERAL_DAYS
    reports = pl.DataFrame({"run": run, "agency": plain >> NUMBERS, "decision": plain, "gravity": gravity})
    numbered = reports.with_row_index("at").filter((pl.col("decision") & int(NUMBER)) > 0)
    ranked = (
        numbered.group_by("run", "agency", "decision")
        .agg(pl.col("gravity").max(), pl.col("at").min())
        .sort("run", "agency", "gravity", "at", descending=[False, False, True, False])
        .select("run", "decision", nth=pl.int_range(pl.len(), dtype=pl.Int64).over("run", "agency"))
    )
    joined = reports.join(ranked, on=["run", "decision"], how="left", maintain_order="left")
    return joined["nth"].fill_null(0).to_numpy()
