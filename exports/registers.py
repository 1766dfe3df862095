"""Made-up registers as the agencies would hand them over: streamed, dirty in places, the truth kept apart.

Everything is written into a hidden folder beside the target and moved into place at the end, so that a generate that
was killed leaves nothing half-written.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from config.errors import UsageError
from exports.register_declarations import write_first_days
from exports.register_dirt import Dirt, notes_frame
from exports.register_files import Register, open_register
from exports.register_formats import AGENCIES, REGISTERS, Layout
from models.synthetic.firms import firms
from models.synthetic.population import Chunk, tell
from models.synthetic.tenders import tenders
from models.synthetic.world import World

MANIFEST = "generated.json"
CHUNK = 50_000


@dataclass(frozen=True)
class GeneratedFiles:
    """What was written: data rows by file (relative to `folder`), dirty rows included."""

    folder: Path
    n: int
    seed: int
    as_of: date
    rows: dict[str, int]
    dirty: int

    @property
    def paths(self) -> list[Path]:
        """Every file, in the order of names."""
        return [self.folder / name for name in sorted(self.rows)]


def write_registers(
    out: Path, n: int, seed: int, as_of: date, *, progress: Callable[[int], None] | None = None
) -> GeneratedFiles:
    """Write the registers of `n` enterprises into `out` (replacing an earlier generate of ours, nothing else).

    `progress` is called with the number of enterprises written. Raises UsageError where `out` holds other files.
    """
    _refuse_foreign(out)
    temporary = out.parent / f".{out.name}.part"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    rows, dirty = _write(temporary, World(n, seed, as_of), progress)
    head = {"n": n, "seed": seed, "as_of": as_of.isoformat(), "dirty": dirty, "rows": dict(sorted(rows.items()))}
    (temporary / MANIFEST).write_text(json.dumps(head, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    _put_in_place(temporary, out)
    return GeneratedFiles(out, n, seed, as_of, rows, dirty)


def _refuse_foreign(out: Path) -> None:
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / MANIFEST).exists())):
        raise UsageError(f"{out}: exists and was not generated here.", remedy="choose another folder")


class _Writing:
    """All registers of one folder, open at once; corrections of earlier rows go into files of their own."""

    def __init__(self, folder: Path, world: World) -> None:
        self.folder, self.world, self.day = folder, world, world.today_date.strftime("%Y%m%d")
        self.layouts: dict[str, Layout] = REGISTERS | AGENCIES
        dirty = [name for name, row in self.layouts.items() if row.dirty]
        self.dirt = {name: Dirt(world.as_of, _spare(world), made=4 * k) for k, name in enumerate(dirty)}
        self.open: dict[str, Register] = {name: self._opened(name, 1) for name in self.layouts}
        self.mended: dict[str, Register] = {}
        self.truth = folder / "truth"
        self.truth.mkdir()
        self._would_fail = pq.ParquetWriter(self.truth / "would_fail.parquet", _TRUTH, compression="zstd")
        self.people = 0

    def _opened(self, name: str, part: int) -> Register:
        return open_register(self.folder, self.layouts[name], self.day, part)

    def append(self, chunk: Chunk) -> None:
        """All rows of these enterprises, each into its file."""
        for table, frame in chunk.tables.items():
            if table != "records":
                self.open[table].append(with_code(frame), self.dirt.get(table))
        names = chunk.tables["enterprises"].select("enterprise_id", "name")
        records = chunk.tables["records"].join(names, on="enterprise_id", how="left", maintain_order="left")
        records = with_code(records).join(chunk.first_reports, on="record_id", how="left", maintain_order="left")
        self._acts(records.with_columns(amount=pl.coalesce("first_amount", "amount")), late=False)
        self._acts(records.filter(pl.col("first_amount").is_not_null()), late=True)
        self._would_fail.write_table(chunk.truth.to_arrow().cast(_TRUTH))
        self.people += chunk.truth.height

    def _acts(self, records: pl.DataFrame, *, late: bool) -> None:
        for (agency,), rows in records.partition_by("agency", as_dict=True).items():
            name = str(agency)
            if late and name not in self.mended:
                self.mended[name] = self._opened(name, CORRECTIONS)
            target = self.mended[name] if late else self.open[name]
            target.append(rows, None if late else self.dirt.get(name))

    def close(self) -> tuple[dict[str, int], int]:
        """Totals, last rows, truth; rows by file and the number of dirty rows."""
        for name in ("tax", "market", "labour"):
            self.open[name].total(self.dirt[name])
        rows = {"truth/would_fail.parquet": self.people}
        for register in [*self.open.values(), *self.mended.values()]:
            register.close()
            rows |= register.rows
        self._would_fail.close()
        rows |= self._tenders() | write_first_days(self.folder, self.world)
        notes = notes_frame(self.dirt.values())
        notes.write_csv(self.truth / "dirty_rows.csv")
        return rows | {"truth/dirty_rows.csv": notes.height}, notes.height

    def _tenders(self) -> dict[str, int]:
        """tenders/*.json; counted as bids."""
        (self.folder / "tenders").mkdir()
        counts = {}
        for name, package in tenders(self.world):
            text = json.dumps(package, ensure_ascii=False, indent=2) + "\n"
            (self.folder / "tenders" / name).write_text(text, encoding="utf-8")
            counts[f"tenders/{name}"] = len(package["releases"][0]["bids"]["details"])
        return counts


_TRUTH = pa.schema([("enterprise_id", pa.string()), ("would_fail", pa.bool_()), ("dishonesty", pa.float64())])
CORRECTIONS = 900
"""Part of the day's files that publishes earlier rows again, put right."""


def _write(folder: Path, world: World, progress: Callable[[int], None] | None) -> tuple[dict[str, int], int]:
    writing = _Writing(folder, world)
    for chunk in tell(world, CHUNK):
        writing.append(chunk)
        if progress is not None:
            progress(chunk.truth.height)
    return writing.close()


def with_code(frame: pl.DataFrame) -> pl.DataFrame:
    """With the bare credit code as `uscc`."""
    if "enterprise_id" not in frame.columns:
        return frame
    return frame.with_columns(uscc=pl.col("enterprise_id").str.strip_prefix("cn:"))


def _spare(world: World) -> Iterator[str]:
    """Valid codes of enterprises that are not in the population."""
    for start in count(world.n, 256):
        yield from firms(world, np.arange(start, start + 256)).uscc


def _put_in_place(temporary: Path, out: Path) -> None:
    """One rename; an earlier generate steps aside and goes away."""
    old = out.parent / f".{out.name}.old"
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        os.replace(out, old)
    os.replace(temporary, out)
    shutil.rmtree(old, ignore_errors=True)
