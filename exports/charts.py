"""Charts as plain SVG that scales with the page: text keeps its size on a phone, series differ in grey, no script.

Bars lie, one row per category, so that long names have room; every chart has a title and a table beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

FILLS = ("#2f5d8a", "url(#hatch)", "#8a8a8a")
_BAR, _TEXT, _GAP = 14, 18, 8
HATCH = (
    '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="6" height="6" fill="#f2b27a"/><rect width="2.5" height="6" fill="#8a4a10"/></pattern></defs>'
)


@dataclass(frozen=True)
class Bar:
    """One category: its name, a value per series (None = unknown), what stands beside each bar."""

    name: str
    values: tuple[float | None, ...]
    told: tuple[str, ...]
    fill: str | None = None


@dataclass(frozen=True)
class Range:
    """An estimate with its interval, as fractions."""

    name: str
    low: float
    middle: float
    high: float
    told: str


def bars(title: str, series: Sequence[str], rows: Sequence[Bar]) -> str:
    """Lying bars; all series on one scale from zero."""
    top = max((v for row in rows for v in row.values if v is not None), default=0) or 1
    parts, y = [], _TEXT
    for row in rows:
        parts.append(_text(0, y, row.name, "name"))
        y += 6
        for index, (value, told) in enumerate(zip(row.values, row.told, strict=True)):
            share = 0 if value is None else value / top * 70
            fill = row.fill or FILLS[index % len(FILLS)]
            parts.append(f'<rect x="0" y="{y}" width="{share:.2f}%" height="{_BAR - 2}" fill="{escape(fill)}"/>')
            parts.append(_text(f"{share + 1:.2f}%", y + _BAR - 4, told, "value"))
            y += _BAR
        y += _TEXT + _GAP - 6
    legend = "".join(
        f'<span class="key"><svg width="14" height="12" aria-hidden="true"><rect width="14" height="12" '
        f'fill="{FILLS[index]}"/></svg> {escape(name)}</span>'
        for index, name in enumerate(series)
        if len(series) > 1
    )
    return _picture(title, y - _TEXT + 4, parts) + (f'<p class="keys">{legend}</p>' if legend else "")


def ranges(title: str, rows: Sequence[Range]) -> str:
    """Estimates with their intervals, on a scale from zero to the largest upper end."""
    top = max((row.high for row in rows), default=0) or 1
    parts, y = [], _TEXT
    for row in rows:
        low, middle, high = (value / top * 70 for value in (row.low, row.middle, row.high))
        parts.append(_text(0, y, row.name, "name"))
        y += 14
        line = f'x1="{low:.2f}%" x2="{high:.2f}%" y1="{y}" y2="{y}"'
        parts.append(f'<line {line} stroke="#2f5d8a" stroke-width="4"/>')
        parts.append(f'<circle cx="{middle:.2f}%" cy="{y}" r="6" fill="#1b1b1b"/>')
        parts.append(_text(f"{high + 2:.2f}%", y + 5, row.told, "value"))
        y += _TEXT + _GAP + 6
    return _picture(title, y, parts)


def _text(x: float | str, y: float, text: str, kind: str) -> str:
    return f'<text x="{x}" y="{y}" class="{kind}">{escape(text)}</text>'


def _picture(title: str, height: float, parts: Sequence[str]) -> str:
    inside = "".join(parts)
    name = escape(title, quote=True)
    return f'<svg class="chart" role="img" aria-label="{name}" width="100%" height="{height:g}">{inside}</svg>'
