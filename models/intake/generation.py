"""Writing the lake: a generation is made beside the others, named by its content, and pointed to when it is whole."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from config.errors import UsageError
from models.intake.bucket import Bucket, Place
from models.intake.lake import FORMAT, PARTS, POINTER, Lake, digest, home, named, whole
from models.intake.mapped import NAMES, write_mapped
from models.rating.encoding import Codes, Shard, codes_of, encode, person_numbers, table
from models.whole import sync, write_text

ROW_GROUP = 1 << 20


def shard_of(enterprise_id: str, shards: int) -> int:
    """The shard an enterprise lives in: the same on every machine and in every version."""
    return zlib.crc32(enterprise_id.encode()) % shards


def latest(shard: Shard) -> date:
    """The last day on which something of a shard came to be known; ends set in advance do not count."""
    columns = {"records": ("known_on", "act_date", "corrected_on", "revoked_on"), "listings": ("from_date",),
               "indicators": ("period_end",), "visits": ("visit_date",),
               "decisions": ("filed_on", "decided_on"), "reliefs": ("filed_on", "decided_on")}  # fmt: skip
    days = [getattr(shard, part)[name].max() for part, names in columns.items() for name in names]
    return max((day for day in days if isinstance(day, date)), default=date(1970, 1, 1))


def write_lake(tables: Mapping[str, pl.DataFrame], root: Place, shards: int, *, mapped: bool = False) -> Lake:
    """Write the tables (models.records.TABLES) as a new generation and make it the one in force.

    mapped: also as memory-mapped records, which the nightly run of a large lake reads (models.intake.mapped).

    The same tables and number of shards give the same generation, whatever the order of the rows.
    """
    if not 1 <= shards <= 65_536:
        raise UsageError(f"{shards} shards.", remedy="choose 1 to 65536")
    codes, persons = codes_of(tables), person_numbers(table(tables, "links"))
    with Generation(root, shards, codes, mapped=mapped) as generation:
        generation.write("persons.parquet", persons)
        generation.write("decisions.parquet", table(tables, "decisions").sort("decision_id"))
        for number, part in _partition(tables, shards):
            generation.write_shard(number, encode(part, codes, persons))
        return generation.publish()


def _partition(tables: Mapping[str, pl.DataFrame], shards: int) -> Iterable[tuple[int, dict[str, pl.DataFrame]]]:
    """The tables of one shard after the other; decisions go to all (each keeps what touches its records)."""
    ids = table(tables, "enterprises").select("enterprise_id")
    homes = ids.with_columns(shard=pl.Series([shard_of(key, shards) for key in ids["enterprise_id"]], dtype=pl.UInt32))
    for number in range(shards):
        here = homes.filter(pl.col("shard") == number)
        part = {
            name: table(tables, name).join(here, on="enterprise_id", how="semi")
            for name in ("enterprises", "records", "links", "listings", "indicators", "visits")
        }
        yield number, part | {"decisions": table(tables, "decisions")}


class Generation:
    """A generation being written; nothing is visible before `publish`."""

    def __init__(self, root: Place, shards: int, codes: Codes, *, mapped: bool = False) -> None:
        self.root, self.shards, self.codes, self.mapped = root, shards, codes, mapped
        self.files: dict[str, dict[str, Any]] = {}
        self.folder = Path() if isinstance(root, Bucket) else root / f".writing-{os.getpid()}"

    def __enter__(self) -> Generation:
        if isinstance(self.root, Bucket):
            self.folder = Path(tempfile.mkdtemp(prefix="evenhand-"))
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder.mkdir(parents=True)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def write_shard(self, number: int, shard: Shard) -> None:
        """All parts of one shard."""
        for part in PARTS:
            self.write(f"{home(number)}/{part}.parquet", getattr(shard, part))
        if self.mapped:
            write_mapped(self.folder / home(number), shard.records, shard.enterprises["registered_on"])
            for name in NAMES:
                self.seen(f"{home(number)}/{name}.bin", shard.records.height)
        self.files[f"{home(number)}/records.parquet"]["latest"] = latest(shard).isoformat()

    def write(self, name: str, frame: pl.DataFrame) -> None:
        """One file, on the disk when this returns."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        frame.write_parquet(path, compression="zstd", compression_level=1, row_group_size=ROW_GROUP, statistics=False)
        self.seen(name, frame.height)

    def seen(self, name: str, rows: int) -> None:
        """A file that was written: on the disk when this returns, and in the manifest."""
        path = self.folder / name
        sync(path)
        self.files[name] = {"bytes": path.stat().st_size, "rows": rows, "blake2b": digest(path)}

    def publish(self) -> Lake:
        """Name the generation by its content and point to it."""
        manifest = {"format": FORMAT, "shards": self.shards, "codes": asdict(self.codes), "files": self.files}
        text = json.dumps(manifest, sort_keys=True, ensure_ascii=False, indent=1)
        name = named(text)
        write_text(self.folder / "manifest.json", text)
        lake = Lake(self.root, name, self.shards, self.codes, self.files)
        if isinstance(self.root, Bucket):
            (self.root / name).send(self.folder, [*self.files, "manifest.json"])
            self.root.write(POINTER, name.encode())
            return lake
        if (self.root / name).exists() and not whole(lake):
            shutil.rmtree(self.root / name)  # half copied or damaged: that is what this is made again for
        if not (self.root / name).exists():
            os.rename(self.folder, self.root / name)
        write_text(self.root / POINTER, name)
        return lake
