"""Workbooks: opened, filled by streaming, saved whole or not at all, the same bytes for the same content.

Rows go to disk as they come; memory does not grow with them. openpyxl owns styles, views, checks and packaging;
rows are written by `exports.cells`, which no text can turn into a formula.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from shutil import copyfileobj
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.packaging.custom import StringProperty
from openpyxl.writer.excel import ExcelWriter

from exports.cells import clean
from exports.sheet import Sheet
from exports.styles import named_styles, tier_styles
from models.whole import whole_file

if TYPE_CHECKING:
    from config.in_force import Tier

MAX_ROWS = 1_048_576  # rows a sheet can hold
LEVEL = 4  # of compression: a third larger than the usual 6, in half the time
_ZIP_DAY = (2000, 1, 1, 0, 0, 0)


class Book:
    """A workbook being written. `made_on` stands in its properties instead of the clock."""

    def __init__(self, title: str, made_on: date, tiers: Sequence[Tier] = (), facts: Mapping[str, str] | None = None):
        self.workbook = Workbook(write_only=True)
        self.workbook.properties.title = clean(title)
        self.workbook.properties.creator = "evenhand"
        moment = datetime(made_on.year, made_on.month, made_on.day)
        self.workbook.properties.created = self.workbook.properties.modified = moment
        for name, value in (facts or {}).items():
            self.workbook.custom_doc_props.append(StringProperty(name=name, value=clean(value)))
        for style in (*named_styles(), *tier_styles(tiers)):
            self.workbook.add_named_style(style)
        self._numbers: dict[tuple[str, bool], int] = {}
        self._titles: set[str] = set()

    def sheet(self, title: str, widths: Sequence[float], **options: Any) -> Sheet:
        """A new sheet, `widths` in characters; options as in `exports.sheet.Sheet`."""
        return Sheet(self, self.workbook.create_sheet(self._free_title(title)), widths, **options)

    def style_number(self, name: str, quoted: bool = False) -> int:
        """Number of a named style in the workbook's table, plain or with quote prefix."""
        if (name, quoted) not in self._numbers:
            cell = WriteOnlyCell(None)
            cell.parent = _Parent(self.workbook)
            cell.style = name
            if quoted:
                cell.quotePrefix = True
            self._numbers[name, quoted] = cell.style_id
        return self._numbers[name, quoted]

    def save(self, path: Path) -> Path:
        """Write to `path` in one step: a temporary name beside it, fsync, rename."""
        return pack(self.workbook, path)

    def _free_title(self, title: str) -> str:
        """A tab name spreadsheets accept: ≤31 characters, none of []:*?/\\, not taken."""
        plain = "".join("·" if c in "[]:*?/\\" else c for c in clean(title)).strip("'")[:31] or "Sheet"
        name, number = plain, 1
        while name.casefold() in self._titles:
            number += 1
            name = f"{plain[: 30 - len(str(number))]} {number}"
        self._titles.add(name.casefold())
        return name


def pack(workbook: Workbook, path: Path) -> Path:
    """Save a workbook in one step (a temporary name beside it, fsync, rename), the same bytes for the same content.

    Unlike Workbook.save it leaves `properties.modified` as it stands.
    """
    with whole_file(path) as file, _Archive(file, "w", allowZip64=True) as archive:
        ExcelWriter(workbook, archive).save()
    return path


class _Parent:
    """What a cell needs to look up its style without belonging to a sheet."""

    def __init__(self, workbook: Workbook) -> None:
        self.parent = workbook


class _Archive(zipfile.ZipFile):
    """A zip whose entries all bear the same day, so that the same content gives the same bytes."""

    def writestr(self, zinfo_or_arcname: Any, data: Any, *args: Any, **kwargs: Any) -> None:
        super().writestr(self._entry(str(zinfo_or_arcname)), data, ZIP_DEFLATED, LEVEL)

    def write(self, filename: Any, arcname: Any = None, *args: Any, **kwargs: Any) -> None:
        entry = self._entry(str(arcname or filename))
        with open(filename, "rb") as source, self.open(entry, "w", force_zip64=True) as target:
            copyfileobj(source, target, 1 << 16)

    def _entry(self, name: str) -> zipfile.ZipInfo:
        entry = zipfile.ZipInfo(name, _ZIP_DAY)
        entry.compress_type, entry.external_attr = ZIP_DEFLATED, 0o600 << 16
        entry._compresslevel = LEVEL  # type: ignore[attr-defined]  # public (compress_level) only from Python 3.13
        return entry
