"""Notices: every record with its clause and end, rights, what moves it up; safe text, same bytes, screening aid."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from docx import Document

from exports.facts import Approval, facts_of
from exports.notice import Notices, write_notices
from models.rating.explain import Explanation, explain
from models.records import ENTERPRISES, RECORDS, TABLES, empty
from tests.exports.world import AS_OF, NASTY, market

FIRM = "cn:914300000000000001"


def told(name: str = "长沙商贸") -> Explanation:
    firm = {"enterprise_id": FIRM, "name": name, "region": "430101", "industry": "food", "size": "small",
            "registered_on": date(2010, 1, 1), "status": "active"}  # fmt: skip
    record = {"record_id": f"tax:{name}", "enterprise_id": FIRM, "item": "tax_evasion", "act_id": "1",
              "act_date": date(2026, 1, 5), "known_on": date(2026, 1, 6),
              "severity": "serious", "agency": "tax"}  # fmt: skip
    tables = {table: empty(schema) for table, schema in TABLES.items()}
    tables["enterprises"] = pl.DataFrame([{c: firm.get(c) for c in ENTERPRISES}], schema=ENTERPRISES)
    tables["records"] = pl.DataFrame([{c: record.get(c) for c in RECORDS}], schema=RECORDS)
    return explain(FIRM, tables, market())


def write(folder: Path, found: list[Explanation], approval: Approval | None = None) -> Notices:
    return write_notices(found, facts_of(market(), "run-1"), folder, approval=approval)


def text_of(path: Path) -> str:
    document = Document(str(path))
    cells = [c.text for table in document.tables for row in table.rows for c in row.cells]
    head = [p.text for s in document.sections for p in s.header.paragraphs]
    return "\n".join([*head, *(p.text for p in document.paragraphs), *cells])


def test_a_notice_says_what_counts_until_when_and_what_to_do(tmp_path: Path) -> None:
    found = told()
    written = write(tmp_path, [found])
    assert written.count == 1
    text = text_of(tmp_path / "cn-914300000000000001.docx")
    assert "SCREENING AID" in text
    assert found.records[0].record_id in text
    assert str(found.records[0].expires_on) in text
    for lang in ("zh", "en"):
        assert all(line in text for line in found.lines(lang)[1:])
    assert str(found.policy.redress.notice_wait_days) in text


def test_approved_notices_name_the_officer_and_lose_the_banner(tmp_path: Path) -> None:
    write(tmp_path, [told()], Approval("王敏", "checked", AS_OF))
    text = text_of(next(tmp_path.glob("*.docx")))
    assert "王敏" in text
    assert "screening aid" not in text.casefold()
    line = json.loads((tmp_path / "notices.jsonl").read_text("utf-8"))
    assert line["screening_aid"] is False
    assert line["approval"]["officer"] == "王敏"


def test_json_and_mail_merge_say_the_same(tmp_path: Path) -> None:
    found = told()
    written = write(tmp_path, [found])
    line = json.loads(written.lines.read_text("utf-8"))
    assert (line["enterprise_id"], line["tier"], line["screening_aid"]) == (FIRM, found.tier, True)
    page = openpyxl.load_workbook(written.merge).active
    assert [c.value for c in page[5]][:4] == [FIRM, "长沙商贸", "430101", found.tier]


@pytest.mark.parametrize("name", NASTY)
def test_hostile_names_stay_text(name: str, tmp_path: Path) -> None:
    write(tmp_path, [told(name)])
    kept = name.replace("\x07", "").replace("\x00", "")
    assert kept in text_of(next(tmp_path.glob("*.docx")))
    cell = openpyxl.load_workbook(tmp_path / "mail-merge.xlsx").active["B5"]
    assert cell.data_type == "s"


def test_twice_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write(tmp_path / folder, [told()])
    names = sorted(p.name for p in (tmp_path / "a").iterdir())
    assert len(names) == 3
    assert all((tmp_path / "a" / n).read_bytes() == (tmp_path / "b" / n).read_bytes() for n in names)
