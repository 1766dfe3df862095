"""Named styles of every workbook, and tier colours that also read in grey.

A tier's fill keeps the policy's hue, but its lightness is fixed by rank: best lightest, worst darkest, so that a
black-and-white print still tells them apart; the letter is there anyway.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Protection, Side

from exports.layout import Column, Kind

if TYPE_CHECKING:
    from config.in_force import Tier

FONT = "Noto Sans CJK SC"
LIGHTEST, DARKEST = 93.0, 38.0  # CIE lightness of the best and the worst tier
RGB = tuple[float, float, float]

_LINE = Side(style="thin", color="B0B0B0")
_GRID = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_FORMATS = {
    Kind.date: "yyyy-mm-dd",
    Kind.number: "#,##0",
    Kind.share: "0.0%",
    Kind.points: "#,##0.0##",
    Kind.money: "#,##0.00",
}
_MIDDLE = {Kind.number, Kind.date, Kind.tier, Kind.share, Kind.points}


def _fill(colour: str) -> PatternFill:
    return PatternFill("solid", fgColor=colour.lstrip("#"))


def _style(name: str, **parts: object) -> NamedStyle:
    style = NamedStyle(name=name)
    style.font = Font(name=FONT, size=10)
    style.alignment = Alignment(vertical="center", wrap_text=True)
    for part, value in parts.items():
        setattr(style, part, value)
    return style


def named_styles() -> Iterator[NamedStyle]:
    """Styles that do not depend on the policy, fresh for each workbook."""
    yield _style("title", font=Font(name=FONT, size=16, bold=True), alignment=Alignment(vertical="center"))
    yield _style("facts", font=Font(name=FONT, size=9, color="404040"), alignment=Alignment(vertical="center"))
    banner = Font(name=FONT, size=10, bold=True, color="7A1F00")
    yield _style("banner", font=banner, fill=_fill("FDE9D9"))
    centre = Alignment(horizontal="center", vertical="center", wrap_text=True)
    bold = Font(name=FONT, size=10, bold=True)
    yield _style("heading", font=bold, fill=_fill("DCE6F1"), border=_GRID, alignment=centre)
    yield _style("heading entry", font=bold, fill=_fill("FFE699"), border=_GRID, alignment=centre)
    yield _style("section", font=Font(name=FONT, size=12, bold=True), alignment=Alignment(vertical="center"))
    yield _style("plain", alignment=Alignment(vertical="center"))
    yield _style("problem", font=Font(name=FONT, size=10, color="9C0006"), fill=_fill("FFC7CE"), border=_GRID)
    yield _style("accepted", font=Font(name=FONT, size=10, color="1E5631"), fill=_fill("E2F0D9"), border=_GRID)
    yield _style("total", font=bold, border=_GRID, number_format="#,##0", alignment=centre)
    for kind in Kind:
        for entry in (False, True):
            yield _cell_style(kind, entry)


def _cell_style(kind: Kind, entry: bool) -> NamedStyle:
    across = "center" if kind in _MIDDLE else None
    style = _style(
        f"{kind.value} entry" if entry else kind.value,
        border=_GRID,
        alignment=Alignment(horizontal=across, vertical="center", wrap_text=kind in (Kind.text, Kind.formula)),
        number_format=_FORMATS.get(kind, "@" if kind in (Kind.code, Kind.key, Kind.text) else "General"),
        protection=Protection(locked=not entry, hidden=kind is Kind.key),
    )
    if entry:
        style.fill = _fill("FFF9E0")
    return style


def style_of(column: Column) -> str:
    """Name of the style of a column's cells."""
    return f"{column.kind.value} entry" if column.entry else column.kind.value


def tier_styles(tiers: Sequence[Tier]) -> Iterator[NamedStyle]:
    """One style per tier, named 'tier A' and so on."""
    for tier in tiers:
        fill = tier_fill(tier.colour, tier.rank, len(tiers))
        ink = "FFFFFF" if lightness(fill) < 55 else "000000"
        yield _style(
            f"tier {tier.id}",
            font=Font(name=FONT, size=10, bold=True, color=ink),
            fill=_fill(fill),
            border=_GRID,
            alignment=Alignment(horizontal="center", vertical="center"),
            protection=Protection(locked=False),
        )


@cache
def tier_fill(colour: str, rank: int, tiers: int) -> str:
    """The policy's colour ('#RRGGBB') moved to the lightness of the rank (0 = best)."""
    wanted = LIGHTEST - (LIGHTEST - DARKEST) * rank / max(1, tiers - 1)
    own = _rgb(colour)
    end: RGB = (1.0, 1.0, 1.0) if lightness(colour) < wanted else (0.0, 0.0, 0.0)
    near, far = 0.0, 1.0
    for _ in range(24):
        middle = (near + far) / 2
        if (lightness(_hex(_blend(own, end, middle))) < wanted) == (end[0] == 1.0):
            near = middle
        else:
            far = middle
    return _hex(_blend(own, end, far))


def lightness(colour: str) -> float:
    """CIE L* (0 black … 100 white): what a grey print keeps of a colour."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _rgb(colour))
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


def _rgb(colour: str) -> RGB:
    digits = colour.lstrip("#")
    return (int(digits[0:2], 16) / 255, int(digits[2:4], 16) / 255, int(digits[4:6], 16) / 255)


def _blend(own: RGB, end: RGB, share: float) -> RGB:
    red, green, blue = (a + (b - a) * share for a, b in zip(own, end, strict=True))
    return red, green, blue


def _hex(rgb: RGB) -> str:
    return "#" + "".join(f"{round(c * 255):02X}" for c in rgb)
