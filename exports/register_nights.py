"""The next day's files for a folder that write_registers made: new rows, corrections, decisions, list entries."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

from config.errors import UsageError
from exports.register_declarations import write_declarations
from exports.register_dirt import Dirt, notes_frame
from exports.register_files import Register, open_register
from exports.register_formats import AGENCIES, REGISTERS, Layout
from exports.registers import MANIFEST, GeneratedFiles, with_code
from models.synthetic.nights import night, world_on
from models.synthetic.world import World

_REGISTERS = ("decisions", "listings")


def write_delta(out: Path, day: date) -> GeneratedFiles:
    """Add the files of `day` to `out`; the same whatever days were written before, harmless when repeated.

    A row whose number an earlier file holds supersedes it. Raises UsageError where `out` was not generated here or
    `day` is not after the folder's own day.
    """
    manifest = out / MANIFEST
    if not manifest.exists():
        raise UsageError(f"{out}: holds no {MANIFEST}.", remedy="generate the registers first")
    head = json.loads(manifest.read_text(encoding="utf-8"))
    as_of = date.fromisoformat(head["as_of"])
    if day <= as_of:
        raise UsageError(f"{out}: is as of {as_of}, {day} is not later.", remedy="choose a later day")
    try:
        world = world_on(head["n"], head["seed"], as_of, day)
    except ValueError as error:
        raise UsageError(f"{error}.", remedy="generate anew with a later as_of") from error
    temporary = out / f".night-{day:%Y%m%d}"
    shutil.rmtree(temporary, ignore_errors=True)
    rows, dirty = _write(temporary, world)
    rows |= write_declarations(temporary, world)
    for name in rows:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(temporary / name, out / name)
    shutil.rmtree(temporary)
    return GeneratedFiles(out, world.n, world.seed, day, rows, dirty)


def _layouts() -> dict[str, Layout]:
    """The agencies' own, and those registers that grow by dated files."""
    return AGENCIES | {name: replace(REGISTERS[name], dated=True) for name in _REGISTERS}


def _write(folder: Path, world: World) -> tuple[dict[str, int], int]:
    layouts, opened, day = _layouts(), dict[str, Register](), world.today_date.strftime("%Y%m%d")
    dirt = {name: Dirt(world.today_date, iter(()), made=world.nights) for name, row in layouts.items() if row.dirty}
    for tables in night(world):
        parts = {
            str(agency): rows for (agency,), rows in tables["records"].partition_by("agency", as_dict=True).items()
        }
        for name, rows in (parts | {name: tables[name] for name in _REGISTERS}).items():
            if rows.is_empty():
                continue
            if name not in opened:
                opened[name] = open_register(folder, layouts[name], day)
            opened[name].append(with_code(rows), dirt.get(name))
    counts: dict[str, int] = {}
    for register in opened.values():
        register.close()
        counts |= register.rows
    notes = notes_frame(dirt.values())
    (folder / "truth").mkdir(parents=True, exist_ok=True)
    notes.write_csv(folder / f"truth/dirty_rows_{day}.csv")
    return counts | {f"truth/dirty_rows_{day}.csv": notes.height}, notes.height
