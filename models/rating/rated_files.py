"""Rated shards on disk: two files a shard, and a manifest that makes the folder whole.

ratings-00000.arrow   total, score, band, tier, mask, linked, changes_in, records; row = eidx of the lake's shard
details-00000.arrow   dimensions, rows and weights of the heaviest reasons
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from config.errors import StoreError
from config.in_force import Policy
from models.intake.lake import Lake
from models.rating.acts import days_since_epoch
from models.rating.decode import decode
from models.rating.engine import Carried, Inputs, Rated
from models.rating.rubric import compile_rubric
from models.rating.scorecard import REASONS, Totals
from models.rating.tier import band, final, rules


@dataclass(frozen=True)
class RatedRun:
    """A folder of rated shards, whole."""

    folder: Path
    generation: str  # of the lake
    as_of: date
    digest: str  # of the policy
    shards: tuple[int, ...]
    placeholders: tuple[tuple[int, int], ...] = ()  # person number, enterprises: carried nothing


def ratings_path(folder: Path, number: int) -> Path:
    return folder / f"ratings-{number:05d}.arrow"


def details_path(folder: Path, number: int) -> Path:
    return folder / f"details-{number:05d}.arrow"


def write_rated(folder: Path, number: int, rating: Rated, inputs: Inputs) -> None:
    """Both files of a shard."""
    base = inputs.rubric.policy.scorecard.base
    total = base + rating.totals.dimensions.sum(axis=1, dtype=np.int64)
    _write_ratings(folder, number, rating, total)
    details = pl.DataFrame(
        {
            "dimensions": rating.totals.dimensions.astype(np.int32),
            "rows": rating.totals.rows,
            "weights": rating.totals.weights,
        }
    )
    details.write_ipc(details_path(folder, number))


def _write_ratings(folder: Path, number: int, rating: Rated, total: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
    frame = pl.DataFrame(
        {
            "total": total.astype(np.int32),
            "score": rating.score.astype(np.int32),
            "band": rating.band,
            "tier": rating.tier,
            "mask": rating.mask,
            "linked": rating.linked.astype(np.int32),
            "changes_in": rating.changes_in.astype(np.int32),
            "records": rating.totals.records,
        }
    )
    frame.write_ipc(ratings_path(folder, number))


def relink(folder: Path, number: int, policy: Policy, links: Carried) -> None:
    """Add what links carry to a shard already rated, where no gate asks for the total of points."""
    frame = pl.read_ipc(ratings_path(folder, number))
    card = policy.scorecard
    total = frame["total"].to_numpy().astype(np.int64)
    score = np.clip(total + links.points, card.lowest, card.highest)
    ranks, mask = band(score, policy), frame["mask"].to_numpy().copy()
    for bit, rule in enumerate(rules(policy)):
        if rule.kind == "link" and rule.id in links.holds:
            mask[links.holds[rule.id]] |= np.uint64(1 << bit)
    frame.with_columns(
        score=pl.Series(score.astype(np.int32)),
        band=pl.Series(ranks),
        tier=pl.Series(final(ranks, mask, policy)),
        mask=pl.Series(mask),
        linked=pl.Series(links.points.astype(np.int32)),
        changes_in=pl.Series(np.minimum(frame["changes_in"].to_numpy(), links.changes_in).astype(np.int32)),
    ).write_ipc(ratings_path(folder, number))


def publish(beside: Path, out: Path, run: RatedRun) -> RatedRun:
    """Give the finished folder its name; the former one goes only after the new one is whole."""
    names = sorted(path.name for path in beside.iterdir())
    manifest = {
        "generation": run.generation,
        "as_of": run.as_of.isoformat(),
        "digest": run.digest,
        "shards": run.shards,
        "placeholders": run.placeholders,
        "files": {name: {"bytes": (beside / name).stat().st_size} for name in names},
    }
    with (beside / "manifest.json").open("w", encoding="utf-8") as file:
        json.dump(manifest, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    former = out.with_name(f".{out.name}.former")
    shutil.rmtree(former, ignore_errors=True)
    if out.exists():
        os.rename(out, former)
    os.rename(beside, out)
    shutil.rmtree(former, ignore_errors=True)
    return replace(run, folder=out)


def open_run(folder: Path) -> RatedRun:
    """A run by its folder; StoreError names a file that is missing or truncated."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError) as error:
        raise StoreError(f"{folder.name}: no ratings there.", remedy="rate first") from error
    for name, info in manifest["files"].items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != info["bytes"]:
            raise StoreError(f"ratings: {name} is missing or truncated.", remedy="rate again")
    pairs = tuple((int(person), int(number)) for person, number in manifest["placeholders"])
    day = date.fromisoformat(manifest["as_of"])
    return RatedRun(folder, manifest["generation"], day, manifest["digest"], tuple(manifest["shards"]), pairs)


def read_run(run: RatedRun, lake: Lake, policy: Policy, shards: Sequence[int] | None = None) -> Iterator[pl.DataFrame]:
    """RATINGS shard by shard. Raises StoreError where the run is of another lake, day or policy."""
    if (run.generation, run.as_of, run.digest) != (lake.generation, policy.as_of, policy.digest):
        raise StoreError("these ratings are of another lake, day or policy.", remedy="rate again")
    rubric = compile_rubric(policy, lake.codes.items)
    for number in run.shards if shards is None else shards:
        rating = read_rated(run.folder, number, len(rubric.dimensions))
        today = np.full(rating.score.size, days_since_epoch(policy.as_of), dtype=np.int64)
        yield decode(lake.shard(number, whole=True), rating, rubric, today)


def read_rated(folder: Path, number: int, width: int) -> Rated:
    """The arrays of a shard; width: number of dimensions."""
    ratings, details = pl.read_ipc(ratings_path(folder, number)), pl.read_ipc(details_path(folder, number))
    totals = Totals(
        dimensions=details["dimensions"].to_numpy().reshape(-1, width).astype(np.int64),
        records=ratings["records"].to_numpy(),
        rows=details["rows"].to_numpy().reshape(-1, REASONS),
        weights=details["weights"].to_numpy().reshape(-1, REASONS),
        changes_in=ratings["changes_in"].to_numpy(),
    )
    return Rated(
        totals=totals,
        score=ratings["score"].to_numpy().astype(np.int64),
        band=ratings["band"].to_numpy(),
        tier=ratings["tier"].to_numpy(),
        mask=ratings["mask"].to_numpy(),
        linked=ratings["linked"].to_numpy().astype(np.int64),
        changes_in=ratings["changes_in"].to_numpy().astype(np.int64),
    )
