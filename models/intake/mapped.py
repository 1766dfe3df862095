"""Records as memory-mapped Arrow beside the Parquet, so that single enterprises are read without the rest.

shard-00000/mapped.arrow    the columns that ratings are calculated from, without compression, in the lake's order
shard-00000/offsets.arrow   start u32: first row of each enterprise, one more at the end
shard-00000/registered.arrow  day i32: when each enterprise was registered, UNKNOWN where that is not known
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

MAPPED = ("item", "severity", "act_date", "known_on", "amount", "corrected_on", "ends_on", "revoked_on")
Rows = npt.NDArray[np.int64]


NAMES = ("mapped", "offsets", "registered")
UNKNOWN = -(1 << 31)


def write_mapped(folder: Path, records: pl.DataFrame, registered_on: pl.Series) -> None:
    """All files of a shard; registered_on: by enterprise."""
    counts = np.bincount(records["eidx"].to_numpy(), minlength=registered_on.len())
    start = np.concatenate(([0], np.cumsum(counts))).astype(np.uint32)
    records.select(MAPPED).rechunk().write_ipc(folder / "mapped.arrow")
    pl.DataFrame({"start": start}).write_ipc(folder / "offsets.arrow")
    days = registered_on.to_physical().cast(pl.Int32).fill_null(UNKNOWN)
    pl.DataFrame({"day": days}).write_ipc(folder / "registered.arrow")


def column(path: Path, name: str) -> npt.NDArray[np.generic]:
    """One column without nulls of an Arrow file, mapped, not read."""
    with pa.memory_map(str(path)) as source:
        found: npt.NDArray[np.generic] = pa.ipc.open_file(source).read_all()[name].to_numpy()
    return found


def pick(folder: Path, eidx: npt.NDArray[np.uint32]) -> tuple[pl.DataFrame, Rows, Rows]:
    """Records of these enterprises (ascending): the rows, their places in the shard, and how many each has."""
    start = column(folder / "offsets.arrow", "start").astype(np.int64, copy=False)
    counts = start[eidx + np.uint32(1)] - start[eidx]
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    places = np.repeat(start[eidx], counts) + within
    with pa.memory_map(str(folder / "mapped.arrow")) as source:
        table = pa.ipc.open_file(source).read_all()
        taken = {name: pl.Series(name, table[name].take(places)) for name in table.column_names}
    return pl.DataFrame(taken), places, counts
