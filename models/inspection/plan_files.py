"""A plan as a folder: parquet and JSON to work with, draw.json, strata.csv and pool.csv to publish.

The folder appears whole or not at all: it is written under a temporary name and renamed.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from config.errors import InputError
from models.inspection import draw, keyed
from models.inspection.drawing import pool_hash
from models.inspection.terms import DrawPublication, Plan

FRAMES = ("visits", "left_out", "quota", "prices")
PUBLISHED = ("draw.json", "strata.csv", "pool.csv")


def save_plan(plan: Plan, folder: Path) -> None:
    """Writes the folder; an existing one is replaced by the whole new one."""
    staging = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    for name in FRAMES:
        getattr(plan, name).write_parquet(staging / f"{name}.parquet")
    _write_json(staging / "plan.json", {
        "period_from": plan.period_from.isoformat(), "period_to": plan.period_to.isoformat(),
        "objective": plan.objective, "bound": plan.bound, "lottery_bits": plan.lottery_bits,
        "notes": list(plan.notes), "figures": dict(plan.figures),
    })  # fmt: skip
    _publish(plan.draw, staging)
    for path in staging.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        os.replace(folder, old)
    os.replace(staging, folder)
    shutil.rmtree(old, ignore_errors=True)


def _publish(published: DrawPublication, folder: Path) -> None:
    _write_json(folder / "draw.json", {
        "commitment": published.commitment, "seed": published.seed, "mode": published.mode,
        "pool_hash": published.pool_hash, "price_of_randomness": dict(published.price),
        "how_to_replay": "docs/draw.md",
    })  # fmt: skip
    published.strata.write_csv(folder / "strata.csv")
    published.pool.write_csv(folder / "pool.csv")


def _write_json(path: Path, content: dict[str, object]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def load_plan(folder: Path) -> Plan:
    """The plan of a folder; InputError names the file that is missing or broken."""
    head = _read_json(folder / "plan.json")
    frames = {name: _read_parquet(folder / f"{name}.parquet") for name in FRAMES}
    try:
        return Plan(
            **frames,
            draw=load_draw(folder),
            objective=head["objective"],
            bound=head["bound"],
            period_from=date.fromisoformat(head["period_from"]),
            period_to=date.fromisoformat(head["period_to"]),
            notes=tuple(head["notes"]),
            lottery_bits=head["lottery_bits"],
            figures=head["figures"],
        )
    except KeyError as error:
        raise InputError(f"lacks {error}.", file=str(folder / "plan.json"), remedy="plan again") from error


def load_draw(folder: Path) -> DrawPublication:
    """The published draw of a folder."""
    head = _read_json(folder / "draw.json")
    text = {
        "stratum": pl.String,
        "tier": pl.String,
        "region": pl.String,
        "industry": pl.String,
        "enterprise_id": pl.String,
    }
    try:
        strata = pl.read_csv(folder / "strata.csv", schema_overrides=text).with_columns(pl.col(pl.String).fill_null(""))
        pool = pl.read_csv(folder / "pool.csv", schema_overrides=text)
        return DrawPublication(
            head["commitment"], head["seed"], head["mode"], head["pool_hash"], strata, pool, head["price_of_randomness"]
        )
    except (FileNotFoundError, pl.exceptions.PolarsError, KeyError) as error:
        raise InputError(f"not a published draw: {error}.", file=str(folder), remedy=f"it needs {PUBLISHED}") from error


def _read_json(path: Path) -> dict:  # type: ignore[type-arg]
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError("no such file.", file=str(path), remedy="give the folder of a saved plan") from error
    except ValueError as error:
        raise InputError(f"not JSON: {error}.", file=str(path), remedy="plan again") from error


def _read_parquet(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path)
    except (FileNotFoundError, pl.exceptions.PolarsError) as error:
        raise InputError(f"not a table of a plan: {error}.", file=str(path), remedy="plan again") from error


def verify_draw(folder: Path) -> list[str]:
    """Replays a published draw from its files alone; every difference in words, none when it is true."""
    return list(differences(load_draw(folder)))


def differences(published: DrawPublication) -> Iterator[str]:
    """What does not follow from seed, strata and pool."""
    seed = bytes.fromhex(published.seed)
    if keyed.commitment(seed) != published.commitment:
        yield "commitment: the seed is not the one committed to"
    if pool_hash(published.pool) != published.pool_hash:
        yield "pool: its hash is not the one published"
    strata, pool = published.strata.sort("stratum"), published.pool.sort("stratum", "enterprise_id")
    n = _whole(strata, seed)
    for row in (
        strata.with_columns(pl.Series("replayed", n)).filter(pl.col("n") != pl.col("replayed")).iter_rows(named=True)
    ):
        yield f"strata: {row['stratum']}: {row['n']} visits published, {row['replayed']} replayed"
    strange = pool.join(strata, on="stratum", how="anti")
    for name in strange["enterprise_id"]:
        yield f"pool: {name}: its stratum is not published"
    quota = dict(zip(strata["stratum"], zip(strata["random_quota"], n.tolist(), strict=True), strict=True))
    for (stratum,), firms in pool.group_by("stratum", maintain_order=True):
        if stratum in quota:
            micro, n_of = quota[stratum]
            yield from _differences_of(firms, micro, n_of, seed)


def _whole(strata: pl.DataFrame, seed: bytes) -> draw.Ints:
    n = np.zeros(len(strata), dtype=np.int64)
    keys = strata.select("tier", "count").with_row_index("at").group_by("tier", "count", maintain_order=True).agg("at")
    for tier, count, rows in keys.iter_rows():
        at = np.array(rows)
        start = keyed.number(seed, f"start|{tier}|{count}") % draw.MICRO
        n[at] = np.minimum(draw.whole(strata["random_quota"].to_numpy()[at], start), strata["pool"].to_numpy()[at])
    return n


def _differences_of(firms: pl.DataFrame, micro: int, n: int, seed: bytes) -> Iterator[str]:
    names, measure = firms["enterprise_id"].to_list(), firms["measure"].to_numpy().astype(np.float64)
    number = keyed.units(seed, names)
    drawn = draw.pareto(number, measure, n, names)
    chance = np.rint(draw.probabilities(measure, min(micro, len(names) * draw.MICRO)) * draw.MICRO)
    for at, (told, said, per_million) in enumerate(
        zip(firms["number"], firms["drawn"], firms["per_million"], strict=True)
    ):
        if abs(told - number[at]) > 1e-15:
            yield f"{names[at]}: number {told} published, {number[at]} replayed"
        if bool(said) != bool(drawn[at]):
            yield f"{names[at]}: {'drawn' if said else 'not drawn'} published, the opposite replayed"
        if abs(per_million - int(chance[at])) > 1:
            yield f"{names[at]}: {per_million} per million published, {int(chance[at])} replayed"
