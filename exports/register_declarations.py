"""Declarations of single days and the offices' minutes, as CSV; what an examination would find stays apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from models.synthetic.declarations import declarations, offices_frame
from models.synthetic.world import World

FOLDER = "declarations"
COLUMNS = ("declaration_id", "office", "uscc", "commodity", "examination", "risk", "must")


def write_first_days(folder: Path, world: World) -> dict[str, int]:
    """The offices and the mornings after the world's day; rows by file."""
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    offices = offices_frame(world)
    offices.write_csv(folder / FOLDER / "offices.csv")
    rows = {f"{FOLDER}/offices.csv": offices.height}
    for night in range(1, world.scale.declarations.days + 1):
        rows |= write_declarations(folder, replace(world, nights=world.nights + night))
    return rows


def write_declarations(folder: Path, world: World) -> dict[str, int]:
    """declarations/YYYYMMDD.csv of the world's day and truth/declarations_YYYYMMDD.parquet; rows by file."""
    day = f"{world.today_date:%Y%m%d}"
    name, truth = f"{FOLDER}/{day}.csv", f"truth/declarations_{day}.parquet"
    for path in (name, truth):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
    finds, rows = [], 0
    with (folder / name).open("wb") as file:
        file.write((",".join(COLUMNS) + "\n").encode())
        for some in declarations(world):
            coded = some.with_columns(uscc=pl.col("enterprise_id").str.strip_prefix("cn:"))
            file.write(coded.select(COLUMNS).write_csv(include_header=False).encode())
            finds.append(some.select("declaration_id", "would_find"))
            rows += some.height
    pl.concat(finds).write_parquet(folder / truth)
    return {name: rows, truth: rows}
