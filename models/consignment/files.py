"""What an office keeps from morning to morning: declarations and minutes as CSV in, the day's plan as a folder."""

from __future__ import annotations

import json
import os
import shutil
from datetime import date
from pathlib import Path

import polars as pl

from config.errors import InputError
from models.consignment.debt import DEBTS
from models.consignment.terms import BALANCE, DECLARATIONS, OFFICES, DayPlan
from models.intake.raw import readable

FRAMES = ("chosen", "left_out", "balance", "use", "overload")
HEAD = "day.json"
CARRIED = "carried.parquet"


def read_declarations(path: Path, prefix: str = "cn") -> pl.DataFrame:
    """DECLARATIONS from a CSV with headings declaration_id, office, uscc (or enterprise_id), examination, risk, must.

    `risk` and `must` may be absent or blank. Raises InputError naming file, row and remedy.
    """
    frame = _read(path, ("declaration_id", "office", "examination"))
    if "enterprise_id" not in frame.columns:
        if "uscc" not in frame.columns:
            raise _missing(path, "uscc")
        frame = frame.with_columns(enterprise_id=pl.format("{}:{}", pl.lit(prefix), "uscc"))
    frame = _blank_columns(frame, DECLARATIONS)
    return _whole(path, frame, "risk").select(DECLARATIONS.names())


def read_offices(path: Path) -> pl.DataFrame:
    """OFFICES from a CSV with headings office, examination (may be absent or blank), minutes."""
    frame = _blank_columns(_read(path, ("office", "minutes")), OFFICES)
    return _whole(path, frame, "minutes").select(OFFICES.names())


def _read(path: Path, needed: tuple[str, ...]) -> pl.DataFrame:
    if not path.exists():
        raise InputError("no such file.", file=str(path), remedy="give the path of a CSV file")
    try:
        frame = pl.read_csv(path, infer_schema=False)
    except pl.exceptions.NoDataError as error:
        raise InputError("the file is empty.", file=str(path), remedy="export it again") from error
    except pl.exceptions.ComputeError as error:
        short = str(error).splitlines()[0]
        raise InputError(f"not a CSV in UTF-8 ({short}).", file=str(path), remedy="save it as CSV, UTF-8") from error
    for heading in needed:
        if heading not in frame.columns:
            raise _missing(path, heading)
    return frame.with_columns(pl.all().str.strip_chars().replace("", None))


def _missing(path: Path, heading: str) -> InputError:
    return InputError(f"no column {heading!r}.", file=str(path), rule="missing_column", remedy="add the column")


def _blank_columns(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    absent = [pl.lit(None, dtype=pl.String).alias(name) for name in schema if name not in frame.columns]
    return frame.with_columns(absent)


def _whole(path: Path, frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """The column as whole numbers of 0 or more."""
    number = pl.col(column).cast(pl.Int64, strict=False)
    wrong = frame.with_row_index("row", offset=2).filter(
        pl.col(column).is_not_null() & (number.is_null() | (number < 0))
    )
    if wrong.height:
        message = f"{column} {wrong[column][0]!r} is not a whole number of 0 or more."
        raise InputError(message, file=str(path), row=int(wrong["row"][0]), rule="number", remedy="correct the figure")
    return frame.with_columns(number)


def save_day(plan: DayPlan, folder: Path, carried: pl.DataFrame | None = None) -> Path:
    """The day's plan as a folder (Parquet, JSON), whole or not at all; an earlier one of the day is replaced.

    `carried`: the DEBTS of earlier days that its balance began with.
    """
    temporary = folder.parent / f".{folder.name}.part"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    for name in FRAMES:
        getattr(plan, name).write_parquet(temporary / f"{name}.parquet")
    (DEBTS.to_frame() if carried is None else carried).write_parquet(temporary / CARRIED)
    text = json.dumps({"day": plan.day.isoformat(), "publication": plan.publication}, ensure_ascii=False, indent=1)
    (temporary / HEAD).write_text(text + "\n", encoding="utf-8")
    old = folder.parent / f".{folder.name}.old"
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        os.replace(folder, old)
    os.replace(temporary, folder)
    shutil.rmtree(old, ignore_errors=True)
    return folder


def load_day(folder: Path) -> DayPlan:
    """A saved day; InputError where the folder is not one."""
    try:
        head = json.loads((folder / HEAD).read_text(encoding="utf-8"))
        day, publication = date.fromisoformat(head["day"]), dict(head["publication"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(f"not a saved day ({error}).", file=str(folder), remedy="run the day again") from error
    with readable(str(folder), "saved day", "run the day again"):
        frames = {name: pl.read_parquet(folder / f"{name}.parquet") for name in FRAMES}
    if "drawn" not in frames["chosen"].columns:  # a day saved before it was kept
        frames["chosen"] = frames["chosen"].with_columns(drawn=pl.col("why") == "random")
    return DayPlan(day=day, publication=publication, **frames)


def days_kept(root: Path) -> dict[date, Path]:
    """Folders of the saved days under `root` (named YYYY-MM-DD), in order."""
    return {date.fromisoformat(path.name): path for path in sorted(root.glob("????-??-??")) if path.is_dir()}


def carried_by(folder: Path) -> pl.DataFrame:
    """The DEBTS that a saved day began with; none where the day was saved before there were any."""
    path = folder / CARRIED
    if not path.exists():
        return DEBTS.to_frame()
    with readable(str(path), "saved day", "run the day again"):
        return pl.read_parquet(path).select(pl.col(name).cast(dtype) for name, dtype in DEBTS.items())


def balance_before(root: Path, day: date) -> pl.DataFrame:
    """The balance of the last saved day before `day` under `root` (folders named YYYY-MM-DD); empty when none."""
    earlier = [folder for kept, folder in days_kept(root).items() if kept < day]
    return load_day(earlier[-1]).balance if earlier else pl.DataFrame(schema=BALANCE)
