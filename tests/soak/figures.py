"""What a month cost: time, memory and disk by kind, night by night, and what grows faster than the nights."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from statistics import mean

MB = 1e6
NOISE = 0.5  # MB a night that may be anything
FASTER = 1.25


@dataclass(frozen=True)
class Figures:
    """One night; sizes in MB after it."""

    day: str
    run_id: str
    out: str
    seconds: float  # of `evenhand run`
    peak: float  # MB of its processes, the largest
    sizes: dict[str, float]
    tiers: dict[str, int]
    moved: int  # enterprises whose tier is another than the night before
    refused: int  # rows
    fed_back: int


def sizes(settings_root: Path, data: Path) -> dict[str, float]:
    """MB by kind: everything below var/ by the name of its top folder, the register's files as one, and the inputs."""
    found = {"input": _size(data)}
    for path in sorted(settings_root.iterdir()):
        kind = "register" if path.name.startswith("evenhand.sqlite") else path.name if path.is_dir() else "rest"
        found[kind] = found.get(kind, 0.0) + _size(path)
    return found


def _size(path: Path) -> float:
    files = [path] if path.is_file() else path.rglob("*")
    return sum(one.stat().st_size for one in files if one.is_file() and not one.is_symlink()) / MB


def growth(nights: Sequence[Figures]) -> dict[str, tuple[float, float]]:
    """By kind of disk, and for peak memory and seconds: what a night adds in the first half and in the second."""
    kinds = sorted({kind for night in nights for kind in night.sizes})
    series = {kind: [night.sizes.get(kind, 0.0) for night in nights] for kind in kinds}
    series |= {"memory": [night.peak for night in nights], "seconds": [night.seconds for night in nights]}
    return {kind: _halves(values) for kind, values in series.items()}


def _halves(values: Sequence[float]) -> tuple[float, float]:
    """Mean step of the first half and of the second; the first night makes what stays and is left out."""
    steps = [after - before for before, after in pairwise(values[1:])]
    if len(steps) < 2:
        return 0.0, 0.0
    half = len(steps) // 2
    return mean(steps[:half]), mean(steps[half:])


def faster_than_nights(found: dict[str, tuple[float, float]]) -> list[str]:
    """Kinds of disk of which a late night adds clearly more than an early one: they would grow without bound."""
    kinds = [kind for kind in found if kind not in ("memory", "seconds")]
    return [kind for kind in kinds if found[kind][1] > FASTER * max(found[kind][0], 0.0) + NOISE]


def line(night: Figures) -> str:
    """A night for reading."""
    disk = " ".join(f"{kind} {size:.1f}" for kind, size in night.sizes.items() if size >= 0.05)
    tiers = " ".join(f"{tier} {count}" for tier, count in night.tiers.items())
    return (
        f"{night.day} {night.run_id} {night.seconds:6.1f} s  peak {night.peak:5.0f} MB  MB: {disk}  "
        f"{tiers}  moved {night.moved}  fed back {night.fed_back}"
    )


def table(nights: Sequence[Figures]) -> str:
    """Growth a night, early and late."""
    rows = [f"{'what a night adds':>20} {'first half':>11} {'second half':>11}"]
    for kind, (early, late) in growth(nights).items():
        rows.append(f"{kind:>20} {early:11.2f} {late:11.2f} {'s' if kind == 'seconds' else 'MB'}")
    return "\n".join(rows)


def keep(path: Path, night: Figures) -> None:
    """Append a night; a half-written last line is of a night that was not finished."""
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(night), ensure_ascii=False) + "\n")


def kept(path: Path) -> list[Figures]:
    """The finished nights."""
    if not path.exists():
        return []
    return [Figures(**json.loads(row)) for row in path.read_text("utf-8").splitlines(keepends=True) if row[-1] == "\n"]
