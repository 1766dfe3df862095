"""Rosters as other programs save them: built from raw XML in the manner of WPS, which was never at hand to try.

What WPS is known to write is imitated: its own properties (KSOProductBuildVer, ICV), shared or rich or inline strings,
dates as bare numbers under its own formats, spans and styles on rows, hidden names of filters, sheets renumbered and
renamed parts. What a real WPS does beyond that is not tested here.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import openpyxl
import pytest

from exports.cells import EPOCH
from exports.layout import letter
from tests.exports.test_return import collect, mistreat, returned, sent, two_results, world
from tests.exports.world import World

__all__ = ["sent", "world"]  # fixtures

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
WAYS = ("shared", "rich", "inline", "prefixed")


class Strings:
    """The table of shared strings, as it grows."""

    def __init__(self, rich: bool) -> None:
        self.rich, self.known = rich, dict[str, int]()

    def at(self, text: str) -> int:
        return self.known.setdefault(text, len(self.known))

    def xml(self) -> str:
        return f'{HEAD}<sst xmlns="{MAIN}">{"".join(map(self._entry, self.known))}</sst>'

    def _entry(self, text: str) -> str:
        if not self.rich or len(text) < 2:
            return f'<si><t xml:space="preserve">{escape(text)}</t></si>'
        runs = (text[:1], text[1:])  # a part in another font, and how it is pronounced
        told = "".join(f'<r><rPr><sz val="9"/></rPr><t xml:space="preserve">{escape(run)}</t></r>' for run in runs)
        return f'<si>{told}<phoneticPr fontId="1" type="noConversion"/></si>'


def cell(ref: str, value: Any, strings: Strings, way: str) -> str:
    if isinstance(value, (date, datetime)):
        return f'<c r="{ref}" s="2"><v>{(datetime(value.year, value.month, value.day).date() - EPOCH).days}</v></c>'
    if isinstance(value, bool) or value is None:
        return f'<c r="{ref}" s="1"/>'
    if isinstance(value, (int, float)):
        return f'<c r="{ref}" s="1"><v>{value}</v></c>'
    if str(value).startswith("="):
        return f'<c r="{ref}" s="1" t="str"><f>{escape(value[1:])}</f><v>已检查</v></c>'
    if way == "inline":
        return f'<c r="{ref}" s="1" t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'
    return f'<c r="{ref}" s="1" t="s"><v>{strings.at(str(value))}</v></c>'


def sheet_xml(page: Any, strings: Strings, way: str) -> str:
    rows = "".join(
        f'<row r="{n}" s="1" customFormat="1" ht="36" customHeight="1" spans="1:{page.max_column}">'
        + "".join(cell(f"{letter(i)}{n}", c.value, strings, way) for i, c in enumerate(line))
        + "</row>"
        for n, line in enumerate(page.iter_rows(), start=1)
    )
    told = f'<sheetPr codeName="Sheet9"><pageSetUpPr fitToPage="1"/></sheetPr><sheetData>{rows}</sheetData>'
    if way == "prefixed":  # every element under a prefix, as some libraries do
        told = told.replace("</", "<\0").replace("<", "<x:").replace("<x:\0", "</x:")
        return f'{HEAD}<x:worksheet xmlns:x="{MAIN}">{told}</x:worksheet>'
    return f'{HEAD}<worksheet xmlns="{MAIN}">{told}</worksheet>'


def rels(*targets: tuple[str, str]) -> str:
    links = "".join(
        f'<Relationship Id="rId{i}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for i, (kind, target) in enumerate(targets, start=1)
    )
    return f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>'


STYLES = (
    f'{HEAD}<styleSheet xmlns="{MAIN}"><numFmts count="1"><numFmt numFmtId="176" '
    'formatCode="yyyy&quot;年&quot;m&quot;月&quot;d&quot;日&quot;"/></numFmts>'
    '<fonts count="1"><font><sz val="11"/><name val="宋体"/></font></fonts>'
    '<fills count="1"><fill><patternFill/></fill></fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="3"><xf/><xf/><xf numFmtId="176" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="常规" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
EXTENDED, OWN, TYPES = (
    OFFICE.replace("relationships", x) for x in ("extended-properties", "custom-properties", "docPropsVTypes")
)
APP = f'{HEAD}<Properties xmlns="{EXTENDED}"><Application>WPS 表格</Application></Properties>'
CUSTOM = (
    f'{HEAD}<Properties xmlns="{OWN}" xmlns:vt="{TYPES}">'
    + "".join(
        f'<property fmtid="{{D5CDD505-2E9C-101B-9397-08002B2CF9AE}}" pid="{pid}" name="{name}">'
        f"<vt:lpwstr>{value}</vt:lpwstr></property>"
        for pid, name, value in ((2, "KSOProductBuildVer", "2052-12.1.0.16929"), (3, "ICV", "0A1B_13"))
    )
    + "</Properties>"
)


def saved_by_another_program(path: Path, target: Path, way: str) -> Path:
    """The workbook's values written anew, from raw XML."""
    book, strings = openpyxl.load_workbook(path), Strings(way == "rich")
    names = book.sheetnames
    pages = [sheet_xml(book[name], strings, way) for name in names]
    state = {"_lists": ' state="hidden"', "_evenhand": ' state="veryHidden"'}
    listed = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{i + 40}"{state.get(name, "")} r:id="rId{i}"/>'
        for i, name in enumerate(names, start=1)
    )
    defined = (
        '<definedNames><definedName name="_xlnm._FilterDatabase" localSheetId="3" hidden="1">\'x\'!$A$4:$Z$14'
        '</definedName><definedName name="ColumnTitle1">#REF!</definedName></definedNames>'
    )
    parts = [("worksheet", f"worksheets/sheet{i + 40}.xml") for i in range(1, len(names) + 1)] + [
        ("styles", "styles.xml")
    ]
    types = "".join(f'<Override PartName="/xl/{p}" ContentType="{KIND}.{kind}+xml"/>' for kind, p in parts)
    entries = {
        "_rels/.rels": rels(("officeDocument", "xl/workbook.xml"), ("extended-properties", "docProps/app.xml")),
        "docProps/app.xml": APP,
        "docProps/custom.xml": CUSTOM,
        "xl/workbook.xml": f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><workbookPr codeName="ThisWorkbook"/>'
        f"<bookViews><workbookView/></bookViews><sheets>{listed}</sheets>{defined}</workbook>",
        "xl/styles.xml": STYLES,
        **{f"xl/worksheets/sheet{i + 40}.xml": page for i, page in enumerate(pages, start=1)},
    }
    if strings.known:
        parts.append(("sharedStrings", "sharedStrings.xml"))
        types += f'<Override PartName="/xl/sharedStrings.xml" ContentType="{KIND}.sharedStrings+xml"/>'
        entries["xl/sharedStrings.xml"] = strings.xml()
    entries["xl/_rels/workbook.xml.rels"] = rels(*parts)
    entries["[Content_Types].xml"] = (
        f'{HEAD}<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{KIND}.sheet.main+xml"/>{types}</Types>'
    )
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in entries.items():
            archive.writestr(name, text)
    return target


@pytest.mark.parametrize("change", [two_results, mistreat], ids=["filled", "mistreated"])
@pytest.mark.parametrize("way", WAYS)
def test_a_roster_written_anew_says_the_same(
    way: str, change: Callable[[Any], None], sent: Path, world: World, tmp_path: Path
) -> None:
    path = returned(sent, tmp_path, change)
    again = saved_by_another_program(path, tmp_path / "again.xlsx", way)
    told, plain = collect(again, world, answer=tmp_path / "answer.xlsx"), collect(path, world)
    assert (told.proposed.visits.height, told.refused.height) == (2, 0)
    assert told.proposed.visits.equals(plain.proposed.visits)
    assert told.proposed.records.equals(plain.proposed.records)
    page = openpyxl.load_workbook(tmp_path / "answer.xlsx")[told.returned.sheet]
    assert sum(c.value == "已接收 accepted" for row in page.iter_rows() for c in row) == 2
