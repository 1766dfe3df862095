"""Records as a memory-mapped table beside the Parquet, so that single enterprises are read without the rest.

shard-00000/mapped.bin        one RECORD after the other, in the lake's order
shard-00000/offsets.bin       u32: first row of each enterprise, one more at the end
shard-00000/registered.bin    i32: day on which each enterprise was registered, UNKNOWN where that is not known

A record's values stand side by side: reading an enterprise touches one page, not one for each column.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

NAMES = ("mapped", "offsets", "registered")
UNKNOWN = -(1 << 31)  # no such day
NO_AMOUNT = -(1 << 63)
DATES = ("act_date", "known_on", "corrected_on", "ends_on", "revoked_on")
RECORD = np.dtype(
    [
        ("amount", "<i8"),
        *((name, "<i4") for name in DATES),
        ("decision", "<u4"),
        ("item", "<u2"),
        ("severity", "u1"),
        ("spare", "u1"),
    ]
)
Rows = npt.NDArray[np.int64]


def write_mapped(folder: Path, records: pl.DataFrame, registered_on: pl.Series) -> None:
    """All files of a shard; registered_on: by enterprise."""
    counts = np.bincount(records["eidx"].to_numpy(), minlength=registered_on.len())
    np.concatenate(([0], np.cumsum(counts))).astype("<u4").tofile(folder / "offsets.bin")
    _days(registered_on).tofile(folder / "registered.bin")
    rows = np.zeros(records.height, dtype=RECORD)
    rows["amount"] = records["amount"].fill_null(NO_AMOUNT).to_numpy()
    for name in DATES:
        rows[name] = _days(records[name])
    rows["decision"] = records["decision"].to_numpy()
    rows["item"], rows["severity"] = records["item"].to_numpy(), records["severity"].to_numpy()
    rows.tofile(folder / "mapped.bin")


def _days(dates: pl.Series) -> npt.NDArray[np.int32]:
    return dates.to_physical().cast(pl.Int32).fill_null(UNKNOWN).to_numpy().astype("<i4")


def registered(folder: Path, eidx: npt.NDArray[np.uint32]) -> pl.Series:
    """Days of registration of these enterprises."""
    return _dates("registered_on", _map(folder / "registered.bin", "<i4")[eidx])


def pick(folder: Path, eidx: npt.NDArray[np.uint32], columns: Sequence[str]) -> tuple[pl.DataFrame, Rows, Rows]:
    """Records of these enterprises (ascending): these columns, their places in the shard, and how many each has."""
    start = _map(folder / "offsets.bin", "<u4")
    first, after = start[eidx].astype(np.int64), start[eidx + np.uint32(1)].astype(np.int64)
    counts = after - first
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    places = np.repeat(first, counts) + within
    rows = _map(folder / "mapped.bin", RECORD)[places]
    return pl.DataFrame([_series(name, rows[name]) for name in columns]), places, counts


def _map(path: Path, dtype: npt.DTypeLike) -> npt.NDArray[np.generic]:
    """A file as an array, mapped, not read; an empty file cannot be mapped."""
    if path.stat().st_size == 0:
        return np.empty(0, dtype=dtype)
    return np.memmap(path, dtype=dtype, mode="r")


def _series(name: str, values: npt.NDArray[np.generic]) -> pl.Series:
    if name in DATES:
        return _dates(name, values)
    found = pl.Series(name, np.ascontiguousarray(values))
    return found.set(found == NO_AMOUNT, None) if name == "amount" else found


def _dates(name: str, days: npt.NDArray[np.generic]) -> pl.Series:
    found = pl.Series(name, np.ascontiguousarray(days))
    return found.set(found == UNKNOWN, None).cast(pl.Date)
