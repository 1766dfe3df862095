"""The lake: encoded, sorted Parquet in a fixed number of shards, one content-addressed folder per generation.

    root/CURRENT                  name of the generation in force, replaced atomically
    root/gen-<digest>/manifest.json
                     /persons.parquet decisions.parquet
                     /shard-00000/{enterprises,records,links,listings,indicators,decisions,reliefs}.parquet

A reader always sees one whole generation; a writer that dies leaves nothing that is read. The root is a folder, or
a prefix of an object store: there the files are put first and the pointer last, and a shard is worked on in a copy.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from config.errors import StoreError
from models.intake.bucket import Bucket, Place, local_folder
from models.rating.encoding import Codes, Shard

FORMAT = 2
POINTER = "CURRENT"
PARTS = ("enterprises", "records", "links", "listings", "indicators", "decisions", "reliefs", "visits")
ENGINE_COLUMNS = ("eidx", "item", "severity", "act_date", "known_on", "amount", "corrected_on", "ends_on",
                  "revoked_on", "decision")  # fmt: skip


FIRM_COLUMNS = ["enterprise_id", "region", "industry", "registered_on"]


def home(shard: int) -> str:
    """Folder of a shard within its generation."""
    return f"shard-{shard:05d}"


@dataclass(frozen=True)
class Lake:
    """One generation, opened and checked."""

    root: Place
    generation: str
    shards: int
    codes: Codes
    files: Mapping[str, Mapping[str, Any]]  # relative name → bytes, rows, blake2b

    @property
    def folder(self) -> Path:
        """Where the files lie; of a lake in an object store only a copy (`at_hand`) has a folder."""
        if isinstance(self.root, Bucket):
            raise StoreError(f"{self.root}: not on this machine.", remedy="ask for a shard at hand first")
        return self.root / self.generation

    @contextmanager
    def at_hand(self, number: int, files: Sequence[str] | None = None, *, digests: bool = False) -> Iterator[Lake]:
        """This lake with one shard (or these of its files) on the local disk: itself, or a copy for the time being.

        digests: StoreError also where a file on a disk was altered; what is copied is always compared.
        """
        names = [f"{home(number)}/{file}" for file in (files_of(self, number) if files is None else files)]
        if not isinstance(self.root, Bucket):
            for name in names if digests else ():
                _check(self.folder / name, self.files[name], digests)
            yield self
            return
        with local_folder() as folder:
            (self.root / self.generation).fetch(names, folder / self.generation)
            for name in names:
                _check(folder / self.generation / name, self.files[name], digests=True)
            yield replace(self, root=folder)

    def path(self, shard: int, part: str) -> Path:
        """File of one part of a shard."""
        return self.folder / home(shard) / f"{part}.parquet"

    def size(self, shard: int) -> int:
        """Number of enterprises of a shard."""
        return int(self.files[f"{home(shard)}/enterprises.parquet"]["rows"])

    def shard(
        self,
        number: int,
        *,
        whole: bool = False,
        records: bool = True,
        columns: Sequence[str] = ENGINE_COLUMNS,
        rows: int | None = None,
    ) -> Shard:
        """Load a shard; without `whole` only these columns of records, without `records` nothing of them.

        rows: only so many of every part (0 = only the shape).
        """
        others = {part: None for part in PARTS if part != "records"} | ({} if whole else {"enterprises": FIRM_COLUMNS})
        frames = {part: pl.read_parquet(self.path(number, part), n_rows=rows, columns=c) for part, c in others.items()}
        if records:
            scan = pl.scan_parquet(self.path(number, "records"), n_rows=rows)
            frames["records"] = (scan if whole else scan.select(columns)).collect()
        else:
            frames["records"] = pl.DataFrame()
        return Shard(codes=self.codes, **frames)

    def links(self, shard: int) -> pl.DataFrame:
        """Only the links of a shard."""
        return pl.read_parquet(self.path(shard, "links"))

    def latest(self, shard: int) -> date:
        """The last day on which something of the shard came to be known."""
        return date.fromisoformat(self.files[f"{home(shard)}/records.parquet"]["latest"])

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


def open_lake(root: Place, *, digests: bool = False) -> Lake:
    """The generation in force; StoreError names what is missing, truncated or (`digests`) altered."""
    try:
        name = _text(root, POINTER).strip()
    except (FileNotFoundError, StoreError) as error:
        raise _none(root, error) from error.__cause__
    lake = known_lake(root, name)
    check_lake(lake, digests=digests)
    return lake


def known_lake(root: Place, generation: str) -> Lake:
    """A generation by its name, which is the digest of its manifest; its files are not looked at."""
    try:
        text = _text(root, f"{generation}/manifest.json")
        if named(text) != generation:
            raise StoreError(f"{root}: the manifest of {generation} was altered.", remedy="run intake again")
        manifest = json.loads(text)
    except (FileNotFoundError, ValueError, StoreError) as error:
        raise _none(root, error) from error.__cause__
    if manifest["format"] != FORMAT:
        raise StoreError(f"{root}: lake of format {manifest['format']}.", remedy="run intake again")
    codes = Codes(**{key: tuple(value) for key, value in manifest["codes"].items()})
    return Lake(root, generation, manifest["shards"], codes, manifest["files"])


def _none(root: Place, error: Exception) -> StoreError:
    """What to say where pointer or manifest cannot be read: there is none, or the store itself has something to say."""
    if isinstance(error, StoreError) and not isinstance(error.__cause__, FileNotFoundError):
        return error
    return StoreError(f"{root}: no lake, or its manifest is damaged.", remedy="run intake first")


def check_lake(lake: Lake, *, digests: bool = False) -> None:
    """StoreError names the first file of the generation that is missing, truncated or (`digests`) altered."""
    if isinstance(lake.root, Bucket):
        here = lake.root / lake.generation
        sizes = here.sizes()
        for name, info in lake.files.items():
            _agrees(name, info, sizes.get(name), here.digest(name) if digests and name in sizes else None)
        return
    for name, info in lake.files.items():
        _check(lake.folder / name, info, digests)


def whole(lake: Lake) -> bool:
    """Whether every file of the generation is there and unaltered."""
    try:
        check_lake(lake, digests=True)
    except StoreError:
        return False
    return True


def files_of(lake: Lake, shard: int) -> list[str]:
    """Names of a shard's files."""
    return [name.split("/")[1] for name in lake.files if name.startswith(f"{home(shard)}/")]


def prune(root: Place, keep: Sequence[str]) -> None:
    """Remove generations that are neither in force nor in `keep`, and ratings that a crash left in an object store."""
    wanted = {_text(root, POINTER).strip(), *keep}
    if isinstance(root, Bucket):
        made = {name.split("/")[0] for name in root.sizes() if name.startswith(("gen-", "rated-"))}
        for name in sorted(made - wanted):
            (root / name).remove()
        return
    for folder in root.glob("gen-*"):
        if folder.name not in wanted:
            shutil.rmtree(folder)


def _text(root: Place, name: str) -> str:
    return root.read(name).decode() if isinstance(root, Bucket) else (root / name).read_text(encoding="utf-8")


def named(manifest: str) -> str:
    """A generation's name, by the text of its manifest."""
    return f"gen-{hashlib.blake2b(manifest.encode(), digest_size=16).hexdigest()}"


def _check(path: Path, info: Mapping[str, Any], digests: bool) -> None:
    found = path.stat().st_size if path.is_file() else None
    _agrees(f"{path.parent.name}/{path.name}", info, found, digest(path) if digests and found is not None else None)


def _agrees(name: str, info: Mapping[str, Any], size: int | None, found: str | None) -> None:
    """size: bytes, None where there is no such file; found: its digest where that is to be compared."""
    remedy = "run intake again; nothing was replaced"
    if size is None:
        raise StoreError(f"lake: {name} is missing.", remedy=remedy)
    if size != info["bytes"]:
        raise StoreError(f"lake: {name} has {size} bytes instead of {info['bytes']}: truncated.", remedy=remedy)
    if found is not None and found != info["blake2b"]:
        raise StoreError(f"lake: {name} was altered: its digest does not agree.", remedy=remedy)


def digest(path: Path) -> str:
    """blake2b of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
