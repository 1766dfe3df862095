"""A section of the report: a chart, a sentence how to read it, and the table behind it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tile:
    """One inspectorate in the grid."""

    name: str
    told: str
    fill: str
    ink: str


@dataclass(frozen=True)
class Section:
    id: str
    title: str
    says: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    chart: str = ""
    tiles: tuple[Tile, ...] = ()
    wide: bool = False  # a long table starts folded


def share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "–"
