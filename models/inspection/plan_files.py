"""A plan as a folder: parquet and JSON to work with, draw.json, strata.csv and pool.csv to replay its draw; and what of
the draw may be published before and after approval.

The folder appears whole or not at all: it is written under a temporary name and renamed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from config.errors import InputError
from models.inspection import draw, keyed
from models.inspection.terms import QUOTA, DrawPublication, Plan
from models.intake.raw import readable
from models.records import PLAN_LEFT_OUT, PLAN_VISITS
from models.whole import whole_folder

FRAMES: dict[str, pl.Schema | None] = {
    "visits": PLAN_VISITS,
    "left_out": PLAN_LEFT_OUT,
    "quota": QUOTA,
    "prices": None,
}
STRATA = pl.Schema(
    dict.fromkeys(("stratum", "tier", "region", "industry"), pl.String())
    | dict.fromkeys(("count", "enterprises", "pool", "random_quota", "n"), pl.Int64())
)
POOL = pl.Schema(
    {
        "enterprise_id": pl.String(),
        "stratum": pl.String(),
        "measure": pl.Int64(),
        "per_million": pl.Int64(),
        "number": pl.Float64(),
        "drawn": pl.Boolean(),
    }
)
PUBLISHED = ("draw.json", "strata.csv", "pool.csv")


def save_plan(plan: Plan, folder: Path) -> None:
    """Writes the folder; an existing one is replaced by the whole new one."""
    with whole_folder(folder) as draft:
        for name in FRAMES:
            getattr(plan, name).write_parquet(draft / f"{name}.parquet")
        _write_json(draft / "plan.json", {
            "period_from": plan.period_from.isoformat(), "period_to": plan.period_to.isoformat(),
            "objective": plan.objective, "bound": plan.bound, "lottery_bits": plan.lottery_bits,
            "notes": list(plan.notes), "figures": dict(plan.figures),
        })  # fmt: skip
        _reveal(plan.draw, draft)


def publish_draw(published: DrawPublication, folder: Path, *, revealed: bool) -> None:
    """What the office may publish of a draw: the commitment, the pool and its hash, and each firm's chance; only when
    `revealed` (the plan is approved) the seed, the numbers and who was drawn. See docs/draw.md."""
    folder.mkdir(parents=True, exist_ok=True)
    head = {"commitment": published.commitment, "pool_hash": published.pool_hash, "mode": published.mode}
    _write_json(folder / "announcement.json", head | {"how_to_replay": "README.md, docs/draw.md"})
    published.strata.drop("n").write_csv(folder / "quotas.csv")
    published.pool.drop("number", "drawn").write_csv(folder / "pool.csv")
    if revealed:
        _reveal(published, folder)


def _reveal(published: DrawPublication, folder: Path) -> None:
    """draw.json with the seed, strata.csv and pool.csv with numbers and outcome: what `verify_draw` reads."""
    _write_json(folder / "draw.json", {
        "commitment": published.commitment, "seed": published.seed, "mode": published.mode,
        "pool_hash": published.pool_hash, "price_of_randomness": dict(published.price),
        "how_to_replay": "README.md, docs/draw.md",
    })  # fmt: skip
    published.strata.write_csv(folder / "strata.csv")
    published.pool.write_csv(folder / "pool.csv")


def _write_json(path: Path, content: Mapping[str, object]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def load_plan(folder: Path) -> Plan:
    """The plan of a folder; InputError names the file that is missing or broken."""
    head = _read_json(folder / "plan.json")
    frames = {name: _read_parquet(folder / f"{name}.parquet", schema) for name, schema in FRAMES.items()}
    try:
        return Plan(
            **frames,
            draw=load_draw(folder),
            objective=int(head["objective"]),
            bound=int(head["bound"]),
            period_from=date.fromisoformat(head["period_from"]),
            period_to=date.fromisoformat(head["period_to"]),
            notes=tuple(head["notes"]),
            lottery_bits=float(head["lottery_bits"]),
            figures=dict(head["figures"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        message = f"lacks {error}." if isinstance(error, KeyError) else f"holds what no plan holds ({error})."
        raise InputError(message, file=str(folder / "plan.json"), remedy="plan again") from error


def load_draw(folder: Path) -> DrawPublication:
    """The published draw of a folder; InputError names the file that is missing, broken or not as published."""
    head = _read_json(folder / "draw.json")
    strata = _published(folder / "strata.csv", STRATA, blank=True)
    pool = _published(folder / "pool.csv", POOL)
    try:
        bytes.fromhex(head["seed"])
        return DrawPublication(
            commitment=str(head["commitment"]),
            seed=str(head["seed"]),
            mode=str(head["mode"]),
            pool_hash=str(head["pool_hash"]),
            strata=strata,
            pool=pool,
            price=dict(head["price_of_randomness"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        message = f"lacks {error}." if isinstance(error, KeyError) else f"not a published draw: {error}."
        raise InputError(message, file=str(folder / "draw.json"), remedy=f"it needs {PUBLISHED}") from error


def _published(path: Path, schema: pl.Schema, *, blank: bool = False) -> pl.DataFrame:
    """A published table with every column of `schema`; texts may be empty where `blank`."""
    remedy = f"it needs {PUBLISHED}, as they were published"
    try:
        frame = pl.read_csv(path, infer_schema=False)
        if missing := [name for name in schema if name not in frame.columns]:
            raise InputError(f"lacks the column {', '.join(missing)}.", file=str(path), remedy=remedy)
        frame = frame.select(list(schema))
        if blank:
            frame = frame.with_columns(pl.col(name).fill_null("") for name, kind in schema.items() if kind == pl.String)
        frame = frame.with_columns(
            (pl.col(name) == "true") if kind == pl.Boolean else pl.col(name).cast(kind) for name, kind in schema.items()
        )
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"not a published draw: {error}.", file=str(path), remedy=remedy) from error
    if (empty := frame.null_count().sum_horizontal().item()) or _unbounded(frame):
        message = f"{empty} cells are empty." if empty else "a number is negative or beyond all bounds."
        raise InputError(message, file=str(path), remedy=remedy)
    return frame


def _unbounded(frame: pl.DataFrame) -> bool:
    """Whether a number is not one that a draw has: negative, not finite, past what floats count exactly."""
    numbers = frame.select(pl.selectors.numeric().cast(pl.Float64))
    fits = numbers.select(pl.all_horizontal(pl.all().is_finite() & pl.all().is_between(0, 2**53)).all())
    return frame.height > 0 and not fits.item()


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError("no such file.", file=str(path), remedy="give the folder of a saved plan") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError(f"not JSON: {error}.", file=str(path), remedy="plan again") from error


def _read_parquet(path: Path, schema: pl.Schema | None) -> pl.DataFrame:
    with readable(str(path), "table of a plan", "plan again"):
        frame = pl.read_parquet(path)
    if schema is not None and frame.schema != schema:
        different = sorted(set(frame.schema.items()) ^ set(schema.items()), key=str)
        message = f"not a table of a plan: {different[0][0] if different else 'its order of columns'} differs."
        raise InputError(message, file=str(path), remedy="plan again")
    return frame


def verify_draw(folder: Path) -> list[str]:
    """Replays a published draw from its files alone; every difference in words, none when it is true."""
    return list(differences(load_draw(folder)))


def differences(published: DrawPublication) -> Iterator[str]:
    """What does not follow from seed, strata and pool."""
    seed = bytes.fromhex(published.seed)
    if keyed.commitment(seed) != published.commitment:
        yield "commitment: the seed is not the one committed to"
    if draw.pool_hash(published.pool) != published.pool_hash:
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
