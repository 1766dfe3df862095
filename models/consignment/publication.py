"""What is published of a day's draw, and how an outsider replays it from these files alone.

In the morning: draw.json (with the sha256 of the day's seed), pool.csv, chosen.csv, no_minutes.csv. In the evening:
seed.txt. The
number of a declaration is the first 8 bytes, big-endian, of blake2b (64 bits) over seed ‖ declaration id; per office
and tier those drawn are the ones with the smallest numbers, but for those that found no minutes.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from pathlib import Path

import polars as pl

from config.errors import InputError
from models.consignment.terms import DayPlan
from models.intake.raw import readable

MORNING = ("draw.json", "pool.csv", "chosen.csv", "no_minutes.csv")
SEED = "seed.txt"
COMMITTED = ("seed_sha256", "pool_sha256")


def publish_morning(plan: DayPlan, folder: Path) -> list[Path]:
    """Write draw.json, pool.csv (declaration_id, office, tier), chosen.csv (declaration_id, why), no_minutes.csv.

    The last names what would have been examined, had the minutes sufficed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    columns = ("declaration_id", "office", "tier")
    pool = pl.concat([plan.chosen.select(columns), plan.left_out.select(columns)]).sort("declaration_id")
    pool.write_csv(folder / "pool.csv")
    plan.chosen.select("declaration_id", "why").sort("declaration_id").write_csv(folder / "chosen.csv")
    without = plan.left_out.filter(pl.col("reason") == "no_minutes").select("declaration_id").sort("declaration_id")
    without.write_csv(folder / "no_minutes.csv")
    text = json.dumps(plan.publication, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    (folder / "draw.json").write_text(text, encoding="utf-8")
    return [folder / name for name in MORNING]


def publish_evening(folder: Path, seed_of_day: bytes) -> Path:
    """Write the day's seed beside the morning's files; InputError when it is not the one that was committed to."""
    head = _read_head(folder)
    if hashlib.sha256(seed_of_day).hexdigest() != head["seed_sha256"]:
        raise InputError("not the seed that was committed to.", file=str(folder), remedy="use the seed of that period")
    (folder / SEED).write_text(seed_of_day.hex() + "\n", encoding="ascii")
    return folder / SEED


def verify_published(folder: Path) -> list[str]:
    """Replay a published draw; one line per difference, empty when everything is as it was committed to.

    Raises InputError while a file is missing (the seed comes in the evening).
    """
    head = _read_head(folder)
    for name in (*MORNING, SEED):
        if not (folder / name).exists():
            raise InputError("not published (yet).", file=str(folder / name), remedy="wait for the evening of the day")
    seed = _read_seed(folder / SEED)
    pool = _read(folder / "pool.csv", ("declaration_id", "office", "tier"))
    chosen = dict(_read(folder / "chosen.csv", ("declaration_id", "why")).iter_rows())
    found = []
    if hashlib.sha256(seed).hexdigest() != head["seed_sha256"]:
        found.append("the seed is not the one committed to in the morning")
    lines = sorted("|".join(row) for row in pool.iter_rows())
    if hashlib.sha256("\n".join(lines).encode()).hexdigest() != head["pool_sha256"]:
        found.append("the pool is not the one committed to in the morning")
    without = set(_read(folder / "no_minutes.csv", ("declaration_id",))["declaration_id"])
    return found + _passed_over(pool, chosen, without, seed)


def _passed_over(pool: pl.DataFrame, chosen: dict[str, str], without: set[str], seed: bytes) -> list[str]:
    """Declarations with a smaller number than one that was drawn, yet neither drawn nor examined otherwise."""
    groups: dict[tuple[str, str], list[tuple[bytes, str]]] = defaultdict(list)
    for name, office, tier in pool.select("declaration_id", "office", "tier").iter_rows():
        number = hashlib.blake2b(seed + name.encode(), digest_size=8).digest()
        groups[office, tier].append((number, name))
    found = [f"{name} was chosen but is not in the pool" for name in chosen if name not in set(pool["declaration_id"])]
    for (office, tier), numbers in sorted(groups.items()):
        order = [name for _, name in sorted(numbers)]
        last = max((place for place, name in enumerate(order) if chosen.get(name) == "random"), default=-1)
        found += [
            f"{name} (office {office}, tier {tier}) was passed over by the draw"
            for name in order[: last + 1]
            if name not in chosen and name not in without
        ]
    return found


def _read(path: Path, columns: tuple[str, ...]) -> pl.DataFrame:
    """These columns of a published table, as text; an empty cell is an empty text."""
    with readable(str(path), "published table", "take the files as they were published"):
        return pl.read_csv(path, infer_schema=False).select(columns).with_columns(pl.all().fill_null(""))


def _read_seed(path: Path) -> bytes:
    try:
        return bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError as error:
        raise InputError("not a seed in hex.", file=str(path), remedy="take the file as it was published") from error


def _read_head(folder: Path) -> dict[str, str]:
    try:
        head: dict[str, str] = dict(json.loads((folder / "draw.json").read_text(encoding="utf-8")))
        if missing := [name for name in COMMITTED if not isinstance(head.get(name), str)]:
            raise ValueError(f"it lacks {', '.join(missing)}")
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise InputError(
            f"no published draw ({error}).", file=str(folder), remedy="name the folder of a day"
        ) from error
    return head
