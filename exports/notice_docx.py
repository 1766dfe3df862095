"""A rating notice as a Word file: python-docx makes the frame once a run, each notice fills in its own body."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any
from xml.sax.saxutils import escape

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from exports.cells import clean

FONT = "Noto Sans CJK SC"
BODY = "word/document.xml"
_DAY = (2000, 1, 1, 0, 0, 0)
_MARK = "@@BODY@@"
_TIGHT = '<w:pPr><w:spacing w:before="20" w:after="20" w:line="240" w:lineRule="auto"/></w:pPr>'


class NoticeFrame:
    """The parts that all notices of a run share; `body` elements are put in between."""

    def __init__(self, banner: str, facts: str) -> None:
        frame = _frame(banner, facts)
        with zipfile.ZipFile(io.BytesIO(frame)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        before, _, after = parts.pop(BODY).decode().partition(_MARK)
        # the marker stands in a run of its paragraph: cut the whole paragraph away
        self._before, self._after = before[: before.rindex("<w:p>")], after[after.index("</w:p>") + 6 :]
        shared = io.BytesIO()
        with zipfile.ZipFile(shared, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in parts.items():
                archive.writestr(_entry(name), data)
        self._shared = shared.getvalue()

    def document(self, elements: Sequence[str]) -> bytes:
        """A .docx with these body elements; the same elements give the same bytes."""
        target = io.BytesIO(self._shared)
        with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr(_entry(BODY), f"{self._before}{''.join(elements)}{self._after}".encode())
        return target.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _DAY)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _frame(banner: str, facts: str) -> bytes:
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.2)
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = FONT, Pt(10)
    for style in ("Normal", "Title", "Heading 2"):
        properties = document.styles[style].element.get_or_add_rPr()
        properties.get_or_add_rFonts().set(qn("w:eastAsia"), FONT)
    head = section.header.paragraphs[0]
    head.add_run(clean(banner)).bold = True
    foot = section.footer.paragraphs[0]
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    foot.add_run(clean(facts) + "   ").font.size = Pt(7)
    _page_number(foot)
    _drop(document.part.rels, "stylesWithEffects")  # parts of the template that no reader needs: half of every file
    _drop(document.part.package.rels, "thumbnail")
    document.add_paragraph(_MARK)
    document.core_properties.title, document.core_properties.author = "Notice of rating", "evenhand"
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _drop(rels: Any, kind: str) -> None:
    for name in [name for name, one in rels.items() if one.reltype.endswith(f"/{kind}")]:
        del rels[name]


def _page_number(paragraph: Any) -> None:
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    paragraph._p.append(field)


def paragraph(text: str, style: str | None = None, bold: bool = False) -> str:
    """One paragraph; line breaks in the text become breaks."""
    kind = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{kind}{_run(text, bold)}</w:p>"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]) -> str:
    """A bordered table whose heading repeats on every page; widths in twentieths of a point."""
    edge = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:color="A0A0A0"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    lines = "".join(_row(row, widths) for row in rows)
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:tblBorders>{edge}</w:tblBorders>'
        f'<w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>'
        f"{_row(headings, widths, heading=True)}{lines}</w:tbl>"
    )


def _row(cells: Sequence[str], widths: Sequence[int], heading: bool = False) -> str:
    head = "<w:trPr><w:tblHeader/></w:trPr>" if heading else "<w:trPr><w:cantSplit/></w:trPr>"
    return f"<w:tr>{head}{''.join(_cells(cells, widths, heading))}</w:tr>"


def _cells(cells: Sequence[str], widths: Sequence[int], heading: bool) -> Iterator[str]:
    shade = '<w:shd w:val="clear" w:color="auto" w:fill="EAF0F7"/>' if heading else ""
    for text, width in zip(cells, widths, strict=True):
        size = '<w:rPr><w:sz w:val="16"/></w:rPr>'
        bold = '<w:rPr><w:b/><w:sz w:val="16"/></w:rPr>'
        inside = _run(text, properties=bold if heading else size)
        yield f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shade}</w:tcPr><w:p>{_TIGHT}{inside}</w:p></w:tc>'


def _run(text: str, bold: bool = False, properties: str = "") -> str:
    properties = properties or ("<w:rPr><w:b/></w:rPr>" if bold else "")
    parts = "<w:br/>".join(f'<w:t xml:space="preserve">{escape(part)}</w:t>' for part in clean(text).split("\n"))
    return f"<w:r>{properties}{parts}</w:r>"
