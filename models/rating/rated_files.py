"""Rated shards on disk: two files a shard, and a manifest that makes the folder whole.

ratings-00000.arrow   total, score, band, tier, mask, linked, changes_on, records; row = eidx of the lake's shard
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
import numpy.typing as npt
import polars as pl

from config.errors import StoreError
from config.in_force import Policy
from models.intake.bucket import Bucket, Place, brought
from models.intake.lake import Lake
from models.rating.acts import days_since_epoch
from models.rating.decode import decode
from models.rating.engine import Carried, Inputs, Rated
from models.rating.rubric import FOREVER, IntArray, compile_rubric
from models.rating.scorecard import REASONS, Totals
from models.rating.tier import band, final, rules
from models.whole import write_text

NEVER = np.iinfo(np.int32).max


@dataclass(frozen=True)
class RatedRun:
    """A folder of rated shards, whole."""

    folder: Place
    generation: str  # of the lake
    as_of: date
    digest: str  # of the policy
    shards: tuple[int, ...]
    placeholders: tuple[tuple[int, int], ...] = ()  # person number, enterprises: carried nothing
    patches: tuple[str, ...] = ()  # files of later nights, oldest first


def ratings_name(number: int) -> str:
    """File of a shard's ratings."""
    return f"ratings-{number:05d}.arrow"


def details_name(number: int) -> str:
    """File of a shard's dimensions and reasons."""
    return f"details-{number:05d}.arrow"


def told_name(number: int) -> str:
    """File of a shard's rows of models.records.RATINGS, where they were asked for."""
    return f"told-{number:05d}.parquet"


def write_rated(folder: Path, number: int, rating: Rated, inputs: Inputs) -> None:
    """Both files of a shard, into a local folder."""
    ratings, details = rated_frames(rating, inputs)
    ratings.write_ipc(folder / ratings_name(number))
    details.write_ipc(folder / details_name(number))


def rated_frames(rating: Rated, inputs: Inputs) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Ratings and details as they are kept; changes_on is a day since the epoch, NEVER where there is none."""
    total = inputs.rubric.policy.scorecard.base + rating.totals.dimensions.sum(axis=1, dtype=np.int64)
    ratings = {
        "total": total.astype(np.int32),
        "score": rating.score.astype(np.int32),
        "band": rating.band,
        "tier": rating.tier,
        "mask": rating.mask,
        "linked": rating.linked.astype(np.int32),
        "changes_on": changes_on(rating.changes_in, inputs.today),
        "records": rating.totals.records,
    }
    details = {
        "dimensions": rating.totals.dimensions.astype(np.int32),
        "rows": rating.totals.rows,
        "weights": rating.totals.weights,
    }
    return pl.DataFrame(ratings), pl.DataFrame(details)


def changes_on(changes_in: IntArray, today: IntArray) -> npt.NDArray[np.int32]:
    """Days ahead → days since the epoch."""
    return np.where(changes_in < FOREVER // 2, today + changes_in, NEVER).astype(np.int32)


def relink(given: Path, folder: Path, number: int, policy: Policy, links: Carried) -> None:
    """Add what links carry to a shard already rated, where no gate asks for the total of points.

    given: folder of the ratings without links; folder: where the others go.
    """
    frame = pl.read_ipc(given / ratings_name(number))
    card = policy.scorecard
    total = frame["total"].to_numpy().astype(np.int64)
    score = np.clip(total + links.points, card.lowest, card.highest)
    today = np.full(frame.height, days_since_epoch(policy.as_of), dtype=np.int64)
    ranks, mask = band(score, policy), frame["mask"].to_numpy().copy()
    for bit, rule in enumerate(rules(policy)):
        if rule.kind == "link" and rule.id in links.holds:
            mask[links.holds[rule.id]] |= np.uint64(1 << bit)
    changed = frame.with_columns(
        score=pl.Series(score.astype(np.int32)),
        band=pl.Series(ranks),
        tier=pl.Series(final(ranks, mask, policy)),
        mask=pl.Series(mask),
        linked=pl.Series(links.points.astype(np.int32)),
        changes_on=pl.Series(np.minimum(frame["changes_on"].to_numpy(), changes_on(links.changes_in, today))),
    )
    changed.write_ipc(folder / ratings_name(number))


def publish(beside: Place, out: Place, run: RatedRun) -> RatedRun:
    """Give the finished folder its name; the former one goes only after the new one is whole."""
    if isinstance(beside, Bucket) or isinstance(out, Bucket):
        write_manifest(out, run)
        return replace(run, folder=out)
    shutil.rmtree(beside / "working", ignore_errors=True)
    write_manifest(beside, run)
    former = out.with_name(f".{out.name}.former")
    shutil.rmtree(former, ignore_errors=True)
    if out.exists():
        os.rename(out, former)
    os.rename(beside, out)
    shutil.rmtree(former, ignore_errors=True)
    return replace(run, folder=out)


def write_manifest(folder: Place, run: RatedRun) -> None:
    """The manifest, replaced as a whole: what it does not name does not belong to the run."""
    manifest = {
        "generation": run.generation,
        "as_of": run.as_of.isoformat(),
        "digest": run.digest,
        "shards": run.shards,
        "placeholders": run.placeholders,
        "patches": run.patches,
        "files": {name: {"bytes": size} for name, size in sorted(_sizes(folder).items())},
    }
    text = json.dumps(manifest, indent=1)
    if isinstance(folder, Bucket):
        folder.write("manifest.json", text.encode())
    else:
        write_text(folder / "manifest.json", text)


def _sizes(folder: Place) -> dict[str, int]:
    if isinstance(folder, Bucket):
        found = folder.sizes()
    else:
        found = {path.name: path.stat().st_size for path in folder.glob("*.arrow")}
    return {name: size for name, size in found.items() if name.endswith(".arrow") and "/" not in name}


def open_run(folder: Place) -> RatedRun:
    """A run by its folder; StoreError names a file that is missing or truncated."""
    try:
        with brought(folder, ["manifest.json"]) as here:
            manifest = json.loads((here / "manifest.json").read_bytes())
    except (FileNotFoundError, ValueError, StoreError) as error:
        raise StoreError(f"{folder.name}: no ratings there.", remedy="rate first") from error
    sizes = _sizes(folder)
    for name, info in manifest["files"].items():
        if sizes.get(name) != info["bytes"]:
            raise StoreError(f"ratings: {name} is missing or truncated.", remedy="rate again")
    pairs = tuple((int(person), int(number)) for person, number in manifest["placeholders"])
    day = date.fromisoformat(manifest["as_of"])
    return RatedRun(folder, manifest["generation"], day, manifest["digest"], tuple(manifest["shards"]), pairs,
                    tuple(manifest["patches"]))  # fmt: skip


def read_run(run: RatedRun, lake: Lake, policy: Policy, shards: Sequence[int] | None = None) -> Iterator[pl.DataFrame]:
    """RATINGS shard by shard. Raises StoreError where the run is of another lake, day or policy."""
    if (run.generation, run.as_of, run.digest) != (lake.generation, policy.as_of, policy.digest):
        raise StoreError("these ratings are of another lake, day or policy.", remedy="rate again")
    rubric = compile_rubric(policy, lake.codes.items)
    for number in run.shards if shards is None else shards:
        rating = read_rated(run, number, len(rubric.dimensions))
        today = np.full(rating.score.size, days_since_epoch(policy.as_of), dtype=np.int64)
        with lake.at_hand(number) as here:
            yield decode(here.shard(number, whole=True), rating, rubric, today)


def read_rated(run: RatedRun, number: int, width: int) -> Rated:
    """The arrays of a shard with the patches of later nights; width: number of dimensions."""
    names = [ratings_name(number), details_name(number), *run.patches]
    with brought(run.folder, names) as folder:
        ratings, details, *patches = (pl.read_ipc(folder / name) for name in names)
    for patch in (frame.filter(pl.col("shard") == number) for frame in patches):
        places = patch["eidx"]
        ratings = ratings.with_columns(ratings[c].scatter(places, patch[c]) for c in ratings.columns)
        for column in details.columns:
            array = details[column].to_numpy().copy()
            array[places.to_numpy()] = patch[column].to_numpy()
            details = details.with_columns(pl.Series(column, array))
    return _arrays(ratings, details, run.as_of, width)


def _arrays(ratings: pl.DataFrame, details: pl.DataFrame, as_of: date, width: int) -> Rated:
    ahead = ratings["changes_on"].to_numpy().astype(np.int64) - days_since_epoch(as_of)
    changes_in = np.where(ratings["changes_on"].to_numpy() < NEVER, ahead, FOREVER)
    totals = Totals(
        dimensions=details["dimensions"].to_numpy().reshape(-1, width).astype(np.int64),
        records=ratings["records"].to_numpy(),
        rows=details["rows"].to_numpy().reshape(-1, REASONS),
        weights=details["weights"].to_numpy().reshape(-1, REASONS),
        changes_in=changes_in.astype(np.int32),
    )
    return Rated(
        totals=totals,
        score=ratings["score"].to_numpy().astype(np.int64),
        band=ratings["band"].to_numpy(),
        tier=ratings["tier"].to_numpy(),
        mask=ratings["mask"].to_numpy(),
        linked=ratings["linked"].to_numpy().astype(np.int64),
        changes_in=changes_in,
    )
