"""The lake: encoded, sorted Parquet in a fixed number of shards, one content-addressed folder per generation.

    root/CURRENT                  name of the generation in force, replaced atomically
    root/gen-<digest>/manifest.json
                     /persons.parquet decisions.parquet
                     /shard-00000/{enterprises,records,links,listings,indicators,decisions,reliefs}.parquet

A reader always sees one whole generation; a writer that dies leaves nothing that is read.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from config.errors import StoreError, UsageError
from models.intake.mapped import NAMES, write_mapped
from models.rating.encoding import Codes, Shard, codes_of, encode, person_numbers, table

FORMAT = 1
POINTER = "CURRENT"
PARTS = ("enterprises", "records", "links", "listings", "indicators", "decisions", "reliefs", "visits")
ROW_GROUP = 1 << 20
ENGINE_COLUMNS = ("eidx", "item", "severity", "act_date", "known_on", "amount", "corrected_on", "ends_on",
                  "revoked_on")  # fmt: skip


FIRM_COLUMNS = ["enterprise_id", "region", "industry", "registered_on"]


def shard_of(enterprise_id: str, shards: int) -> int:
    """The shard an enterprise lives in: the same on every machine and in every version."""
    return zlib.crc32(enterprise_id.encode()) % shards


@dataclass(frozen=True)
class Lake:
    """One generation, opened and checked."""

    root: Path
    generation: str
    shards: int
    codes: Codes
    files: Mapping[str, Mapping[str, Any]]  # relative name → bytes, rows, blake2b

    @property
    def folder(self) -> Path:
        return self.root / self.generation

    def path(self, shard: int, part: str) -> Path:
        """File of one part of a shard."""
        return self.folder / f"shard-{shard:05d}" / f"{part}.parquet"

    def size(self, shard: int) -> int:
        """Number of enterprises of a shard."""
        return int(self.files[f"shard-{shard:05d}/enterprises.parquet"]["rows"])

    def shard(
        self,
        number: int,
        *,
        whole: bool = False,
        records: bool = True,
        columns: Sequence[str] = ENGINE_COLUMNS,
        rows: int | None = None,
    ) -> Shard:
        """Load a shard; without `whole` only these columns of records, without `records` none of their rows.

        rows: only so many of every part (0 = only the shape).
        """
        others = {part: None for part in PARTS if part != "records"} | ({} if whole else {"enterprises": FIRM_COLUMNS})
        frames = {part: pl.read_parquet(self.path(number, part), n_rows=rows, columns=c) for part, c in others.items()}
        scan = pl.scan_parquet(self.path(number, "records"), n_rows=rows)
        scan = scan if whole else scan.select(columns)
        frames["records"] = (scan if records else scan.head(0)).collect()
        return Shard(codes=self.codes, **frames)

    def links(self, shard: int) -> pl.DataFrame:
        """Only the links of a shard."""
        return pl.read_parquet(self.path(shard, "links"))

    def latest(self, shard: int) -> date:
        """The last day on which something of the shard came to be known."""
        return date.fromisoformat(self.files[f"shard-{shard:05d}/records.parquet"]["latest"])

    @property
    def mapped(self) -> bool:
        """Whether single enterprises can be read without the rest of their shard."""
        return "shard-00000/mapped.bin" in self.files

    def rows(self) -> dict[str, int]:
        """Rows by part over all shards."""
        return {
            part: sum(info["rows"] for name, info in self.files.items() if name.endswith(f"/{part}.parquet"))
            for part in PARTS
        }


def latest(shard: Shard) -> date:
    """The last day on which something of a shard came to be known; ends set in advance do not count."""
    columns = {"records": ("known_on", "act_date", "corrected_on", "revoked_on"), "listings": ("from_date",),
               "indicators": ("period_end",), "visits": ("visit_date",),
               "decisions": ("filed_on", "decided_on"), "reliefs": ("filed_on", "decided_on")}  # fmt: skip
    days = [getattr(shard, part)[name].max() for part, names in columns.items() for name in names]
    return max((day for day in days if isinstance(day, date)), default=date(1970, 1, 1))


def write_lake(tables: Mapping[str, pl.DataFrame], root: Path, shards: int, *, mapped: bool = False) -> Lake:
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

    def __init__(self, root: Path, shards: int, codes: Codes, *, mapped: bool = False) -> None:
        self.root, self.shards, self.codes, self.mapped = root, shards, codes, mapped
        self.files: dict[str, dict[str, Any]] = {}
        self.folder = root / f".writing-{os.getpid()}"

    def __enter__(self) -> Generation:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def write_shard(self, number: int, shard: Shard) -> None:
        """All parts of one shard."""
        for part in PARTS:
            self.write(f"shard-{number:05d}/{part}.parquet", getattr(shard, part))
        if self.mapped:
            write_mapped(self.folder / f"shard-{number:05d}", shard.records, shard.enterprises["registered_on"])
            for name in NAMES:
                self.seen(f"shard-{number:05d}/{name}.bin", shard.records.height)
        self.files[f"shard-{number:05d}/records.parquet"]["latest"] = latest(shard).isoformat()

    def write(self, name: str, frame: pl.DataFrame) -> None:
        """One file, on the disk when this returns."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        frame.write_parquet(path, compression="zstd", compression_level=1, row_group_size=ROW_GROUP, statistics=False)
        self.seen(name, frame.height)

    def seen(self, name: str, rows: int) -> None:
        """A file that was written: on the disk when this returns, and in the manifest."""
        path = self.folder / name
        _sync(path)
        self.files[name] = {"bytes": path.stat().st_size, "rows": rows, "blake2b": digest(path)}

    def publish(self) -> Lake:
        """Name the generation by its content and point to it."""
        manifest = {"format": FORMAT, "shards": self.shards, "codes": asdict(self.codes), "files": self.files}
        text = json.dumps(manifest, sort_keys=True, ensure_ascii=False, indent=1)
        name = f"gen-{hashlib.blake2b(text.encode(), digest_size=16).hexdigest()}"
        _replace(self.folder / "manifest.json", text)
        if not (self.root / name).exists():
            os.rename(self.folder, self.root / name)
        _replace(self.root / POINTER, name)
        return Lake(self.root, name, self.shards, self.codes, self.files)


def open_lake(root: Path, *, digests: bool = False) -> Lake:
    """The generation in force; StoreError names a shard file that is missing, truncated or (`digests`) altered."""
    try:
        name = (root / POINTER).read_text(encoding="utf-8").strip()
        manifest = json.loads((root / name / "manifest.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError) as error:
        raise StoreError(f"{root}: no lake, or its manifest is damaged.", remedy="run intake first") from error
    if manifest["format"] != FORMAT:
        raise StoreError(f"{root}: lake of format {manifest['format']}.", remedy="run intake again")
    codes = Codes(**{key: tuple(value) for key, value in manifest["codes"].items()})
    lake = Lake(root, name, manifest["shards"], codes, manifest["files"])
    check_lake(lake, digests=digests)
    return lake


def check_lake(lake: Lake, *, digests: bool = False) -> None:
    """StoreError names the first file of the generation that is missing, truncated or (`digests`) altered."""
    for file, info in lake.files.items():
        _check(lake.folder / file, info, digests)


def prune(root: Path, keep: Sequence[str]) -> None:
    """Remove generations that are neither in force nor in `keep`."""
    wanted = {(root / POINTER).read_text(encoding="utf-8").strip(), *keep}
    for folder in root.glob("gen-*"):
        if folder.name not in wanted:
            shutil.rmtree(folder)


def _check(path: Path, info: Mapping[str, Any], digests: bool) -> None:
    place = f"{path.parent.name}/{path.name}"
    remedy = "run intake again; nothing was replaced"
    if not path.is_file():
        raise StoreError(f"lake: {place} is missing.", remedy=remedy)
    if path.stat().st_size != info["bytes"]:
        message = f"lake: {place} has {path.stat().st_size} bytes instead of {info['bytes']}: truncated."
        raise StoreError(message, remedy=remedy)
    if digests and digest(path) != info["blake2b"]:
        raise StoreError(f"lake: {place} was altered: its digest does not agree.", remedy=remedy)


def digest(path: Path) -> str:
    """blake2b of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _replace(path: Path, text: str) -> None:
    """Write beside, sync, rename over."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    _sync(beside)
    os.replace(beside, path)
    _sync(path.parent)
