"""How tall a row must be, so that wrapped text is not cut: estimated from its length and the width of its column.

Spreadsheets fit rows only when somebody edits them; a printed page shows what the file says.
"""

from __future__ import annotations

LINE = 15.0  # points a line of 10-point text takes
MOST = 409.0  # points a row can have


def lines(text: str, width: float) -> int:
    """Lines of wrapped text in a column `width` characters wide; Chinese characters count two."""
    if len(text) * 2 <= width and "\n" not in text:
        return 1
    room = max(1, int(width - 1))  # the cell's margin
    return sum(max(1, -(-_wide(part, room) // room)) for part in text.split("\n"))


def _wide(text: str, room: int) -> int:
    """Width in digits: letters are narrower, but what does not fit one line leaves blanks where it is broken."""
    if not text.isascii():
        return len(text.encode("gb18030", "replace"))
    wide = len(text) * 9 // 10
    return wide if wide <= room else len(text)


def fitting(lines: int, least: float = 0) -> float:
    """Height in points of a row of so many lines, at least `least`; 0 = one line, which every row has room for."""
    return min(MOST, max(least, LINE * lines + 3)) if lines > 1 else least
