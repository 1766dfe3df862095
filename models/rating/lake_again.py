"""The nightly run over a lake: only what changed or is due is read and rated; the rest of the run stands.

The result is a patch beside the former ratings: equal to rating everything, and readable like it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from config.errors import UsageError
from config.in_force import Policy
from models.intake.bucket import brought, filled
from models.intake.lake import Lake, check_lake, files_of, home
from models.intake.mapped import pick, registered
from models.rating.acts import days_since_epoch
from models.rating.encoding import Shard
from models.rating.engine import prepare, rated
from models.rating.linked import enabled
from models.rating.nightly import same_law
from models.rating.passes import columns_needed
from models.rating.rated_files import RatedRun, rated_frames, ratings_name, write_manifest
from models.rating.rubric import compile_rubric, nested
from models.rating.scorecard import FIGURE_ROW
from models.records import VISITS, empty

Places = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class _Part:
    """The chosen enterprises of one shard, numbered from `first` on, and where their records stand in it."""

    shard: int
    eidx: Places
    records: pl.DataFrame
    places: npt.NDArray[np.int64]
    small: Mapping[str, pl.DataFrame]
    registered: pl.Series
    blank: Shard


def rate_lake_again(
    lake: Lake, former: RatedRun, since: Policy, policy: Policy, changed: Mapping[int, Places]
) -> RatedRun:
    """Rate again the `changed` enterprises (shard → eidx) of a mapped lake and those due by themselves.

    lake: the lake as it is now, with the same enterprises in the same shards as when `former` was made under
    `since`. Raises UsageError where everything has to be rated: another law, links, gates or figures that look
    beyond the enterprise's own records, something that came to be known after the former day but is not in `changed`.
    """
    _refuse(lake, former, since, policy)
    check_lake(lake)
    today = days_since_epoch(policy.as_of)
    chosen = {n: _chosen(former, n, today, changed.get(n)) for n in former.shards}
    rubric = compile_rubric(policy, lake.codes.items)
    columns = [name for name in columns_needed(rubric) if name != "eidx"]
    parts = [_part(lake, n, eidx, columns) for n, eidx in chosen.items() if eidx.size]
    if not parts:
        return _published(former, replace(former, as_of=policy.as_of, digest=policy.digest))
    shard, places = _together(lake, parts)
    inputs = prepare(shard, rubric)
    ratings, details = rated_frames(rated(inputs), inputs)
    local = details["rows"].to_numpy()
    rows = (
        np.where(local < FIGURE_ROW, places[np.minimum(local, max(places.size - 1, 0))], local)
        if places.size
        else local
    )
    patch = ratings.with_columns(
        shard=pl.Series(np.repeat([p.shard for p in parts], [p.eidx.size for p in parts]), dtype=pl.UInt32),
        eidx=pl.Series(np.concatenate([p.eidx for p in parts])),
        dimensions=details["dimensions"],
        rows=pl.Series(np.where(details["weights"].to_numpy() != 0, rows, 0).astype(np.uint32)),
        weights=details["weights"],
    )
    name = f"patch-{len(former.patches):05d}.arrow"
    with filled(former.folder) as folder:
        patch.write_ipc(folder / name)
    patches = (*former.patches, name)
    return _published(former, replace(former, as_of=policy.as_of, digest=policy.digest, patches=patches,
                                      generation=lake.generation))  # fmt: skip


def _published(former: RatedRun, run: RatedRun) -> RatedRun:
    write_manifest(former.folder, run)
    return run


def _refuse(lake: Lake, former: RatedRun, since: Policy, policy: Policy) -> None:
    """Stop where a patch would not be equal to rating everything."""
    looks = [c for gate in policy.gates for c in nested(gate.when) if c.held is not None or c.tier_of is not None]
    reasons = {
        "the law differs from the former day": not same_law(since, policy) or former.as_of != since.as_of,
        "links are enabled": bool(enabled(policy)),
        "gates look at other ratings": bool(looks),
        "figures count": bool(policy.figures),
        "the lake has no mapped records": not lake.mapped,
        "the lake has relief windows": any(lake.files[f"shard-{n:05d}/reliefs.parquet"]["rows"] for n in former.shards),
        "the former run knew less than it could": any(lake.latest(n) > policy.as_of for n in former.shards),
    }
    found = [reason for reason, holds in reasons.items() if holds]
    if found:
        raise UsageError(f"everything has to be rated: {found[0]}.", remedy="use rate_lake")


def _chosen(former: RatedRun, number: int, today: int, changed: Places | None) -> Places:
    """changed ∪ due, ascending."""
    found = [changed.astype(np.uint32)] if changed is not None else []
    with brought(former.folder, [ratings_name(number), *former.patches]) as folder:
        changes_on = pl.read_ipc(folder / ratings_name(number), columns=["changes_on"])["changes_on"].to_numpy()
        found.append(np.flatnonzero(changes_on <= np.int32(today)).astype(np.uint32))
        for name in former.patches:
            patch = pl.read_ipc(folder / name, columns=["shard", "eidx", "changes_on"])
            found.append(patch.filter(pl.col("shard") == number, pl.col("changes_on") <= today)["eidx"].to_numpy())
    return np.unique(np.concatenate(found))


def _part(elsewhere: Lake, number: int, eidx: Places, columns: list[str]) -> _Part:
    wanted = [name for name in files_of(elsewhere, number) if name != "records.parquet"]  # the mapped ones are read
    with elsewhere.at_hand(number, wanted) as lake:
        return _read(lake, number, eidx, columns)


def _read(lake: Lake, number: int, eidx: Places, columns: list[str]) -> _Part:
    folder = lake.folder / home(number)
    records, places, counts = pick(folder, eidx, columns)
    records = records.with_columns(eidx=pl.Series(np.repeat(np.arange(eidx.size, dtype=np.uint32), counts)))
    small = {}
    for name in ("listings", "indicators", "decisions"):
        if lake.files[f"{home(number)}/{name}.parquet"]["rows"]:
            frame = pl.read_parquet(lake.path(number, name))
            mine = frame.filter(pl.col("eidx").is_in(pl.Series(eidx).implode()))
            small[name] = mine.with_columns(
                eidx=pl.Series(np.searchsorted(eidx, mine["eidx"].to_numpy())).cast(pl.UInt32)
            )
    if "decisions" in small:
        rows = np.searchsorted(places, small["decisions"]["row"].to_numpy()).astype(np.uint32)
        small["decisions"] = small["decisions"].with_columns(row=pl.Series(rows))
    return _Part(
        number, eidx, records, places, small, registered(folder, eidx), lake.shard(number, records=False, rows=0)
    )


def _together(lake: Lake, parts: list[_Part]) -> tuple[Shard, npt.NDArray[np.int64]]:
    """One shard of all chosen enterprises, and for each of its records the place in its own shard."""
    firsts = np.cumsum([0, *(part.eidx.size for part in parts)])
    rows = np.cumsum([0, *(part.places.size for part in parts)])
    blank = parts[0].blank

    def all_of(name: str) -> pl.DataFrame:
        found = [
            part.small[name].with_columns(pl.col("eidx") + int(first))
            for part, first in zip(parts, firsts, strict=False)
            if name in part.small
        ]
        if name == "decisions":
            starts = [int(row) for part, row in zip(parts, rows, strict=False) if name in part.small]
            found = [frame.with_columns(pl.col("row") + start) for frame, start in zip(found, starts, strict=True)]
        schema = getattr(blank, name).schema
        return pl.concat([frame.cast(schema) for frame in found]) if found else getattr(blank, name)

    records = [part.records.with_columns(pl.col("eidx") + int(f)) for part, f in zip(parts, firsts, strict=False)]
    shard = Shard(
        codes=lake.codes,
        enterprises=_enterprises(parts),
        records=pl.concat(records).cast({"eidx": pl.UInt32}),
        links=blank.links,
        listings=all_of("listings"),
        indicators=all_of("indicators"),
        decisions=all_of("decisions"),
        reliefs=blank.reliefs,
        visits=empty(VISITS),
    )
    return shard, np.concatenate([part.places for part in parts])


def _enterprises(parts: list[_Part]) -> pl.DataFrame:
    """What a rating looks at of the enterprises themselves: the day of registration."""
    days = pl.concat([part.registered for part in parts])
    return pl.DataFrame([days, pl.repeat("", days.len(), eager=True).alias("enterprise_id")])
