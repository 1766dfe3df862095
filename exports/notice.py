"""Rating notices: for each enterprise a Word file and JSON, and one mail-merge workbook for all of them.

A notice says what counts and on which clause, until when, how to object and to repair, and what would change the
tier. It says "screening aid" on every page until an officer has approved it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from config.units import points_text
from exports.facts import Approval, Facts, standing
from exports.layout import Column, Form, Kind, Language, both
from exports.notice_docx import NoticeFrame, paragraph, table
from exports.page import open_page
from exports.workbook import Book
from models.rating.account import RecordLine
from models.rating.explanation import Explanation
from models.rating.wording import SEVERITY, STATUS, cited, titled
from models.redress.status import Status
from models.whole import whole_file

MERGE = Form(
    "merge",
    "邮件合并",
    "Mail merge",
    (
        Column("enterprise_id", "编号", "Id", 24, Kind.code),
        Column("name", "企业名称", "Enterprise", 34),
        Column("region", "管辖单位", "Jurisdiction", 12, Kind.code),
        Column("tier", "信用等级", "Tier", 8, Kind.tier),
        Column("score", "得分", "Score", 9, Kind.points),
        Column("records", "记录数", "Records", 9, Kind.number),
        Column("next_change_on", "下次自动变化日", "Next change by itself", 14, Kind.date),
        Column("object_within", "效力前等待天数", "Days before effect", 10, Kind.number),
        Column("file", "告知书", "Notice", 34, Kind.code),
    ),
)
_HEADINGS = (
    ("事项", "Item", 2200),
    ("日期", "Date", 1050),
    ("情节", "Severity", 980),
    ("计分", "Points", 850),
    ("届满日", "Ends on", 1050),
    ("状态", "Standing", 1200),
    ("依据", "Clause", 2170),
)


@dataclass(frozen=True)
class Notices:
    """What was written: how many notices, the mail-merge workbook and the JSON lines."""

    count: int
    folder: Path
    merge: Path
    lines: Path


def write_notices(
    explanations: Iterable[Explanation],
    facts: Facts,
    folder: Path,
    *,
    approval: Approval | None = None,
    language: Language = "both",
) -> Notices:
    """One .docx per explanation, `notices.jsonl` with the same in data, and `mail-merge.xlsx`; streams, bounded memory.

    Every file is written under a temporary name and renamed; same input, same bytes.
    """
    frame = NoticeFrame(standing(approval, language), facts.line(language))
    rows: list[dict[str, Any]] = []
    tiers: tuple[Any, ...] = ()
    with whole_file(folder / "notices.jsonl") as lines:
        for found in explanations:
            name = f"{file_name(found.enterprise_id)}.docx"
            with whole_file(folder / name) as file:
                file.write(frame.document(list(body(found, approval, language))))
            said = json.dumps(as_json(found, facts, approval), ensure_ascii=False, sort_keys=True)
            lines.write(f"{said}\n".encode())
            rows.append(_merge_row(found, name))
            tiers = found.policy.tiers
    merge = _merge(rows, tiers, facts, approval, language, folder / "mail-merge.xlsx")
    return Notices(len(rows), folder, merge, folder / "notices.jsonl")


def file_name(enterprise_id: str) -> str:
    """A name every file system takes, one per enterprise."""
    return "".join(c if c.isalnum() else "-" for c in enterprise_id)


def as_json(found: Explanation, facts: Facts, approval: Approval | None) -> dict[str, Any]:
    """The explanation with the run it belongs to and its standing."""
    decided = None if approval is None else {
        "officer": approval.officer, "reason": approval.reason, "on": approval.on.isoformat()
    }  # fmt: skip
    return found.to_dict() | {"run": facts.run, "screening_aid": approval is None, "approval": decided}


def body(found: Explanation, approval: Approval | None, language: Language) -> Iterator[str]:
    """The notice's body, element by element."""
    yield paragraph(both("企业信用等级告知书", "Notice of rating", language, "  "), "Title")
    yield paragraph(f"{found.name or ''}\n{found.enterprise_id}", bold=True)
    tier = both(found.tier_title.zh, found.tier_title.en, language, " / ")
    day = both(f"基准日 {found.as_of}", f"as of {found.as_of}", language, " / ")
    score = both("得分", "score", language, " ")
    yield paragraph(f"{found.tier} · {tier} · {score} {points_text(found.score)} · {day}")
    yield paragraph(both("记录", "Records", language, " "), "Heading2")
    if found.records:
        headings = [both(zh, en, language) for zh, en, _ in _HEADINGS]
        rows = [_record(found, line, language) for line in found.records]
        yield table(headings, rows, [width for *_, width in _HEADINGS])
    for lang, title in (("zh", "说明、异议与修复"), ("en", "How it comes about; how to object, to repair, to move up")):
        if language in (lang, "both"):
            yield paragraph(title, "Heading2")
            lines = found.lines(lang)
            yield from (paragraph(line) for line in (lines[2:] if approval else lines[1:]))
            yield paragraph(_waiting(found, lang))
    yield paragraph(both("负责人签字：", "Officer:", language, " ") + " " + "_" * 30)


def _waiting(found: Explanation, lang: str) -> str:
    redress = found.policy.redress
    clause = cited(redress.clauses.get("notice_wait_days"), found.policy, lang)
    if lang == "zh":
        return f"自送达之日起 {redress.notice_wait_days} 日内不采取不利措施（{clause}）；期间可陈述、申辩。"
    return f"No adverse step is taken within {redress.notice_wait_days} days of this notice ({clause})."


def _record(found: Explanation, line: RecordLine, language: Language) -> tuple[str, ...]:
    def say(lang: str) -> tuple[str, ...]:
        item = titled(line.item.title, lang) if line.item else line.code
        ends = line.expires_on.isoformat() if line.expires_on else "–"
        points = points_text(line.points) if line.status is Status.counts else "0"
        return (
            f"{item}\n{line.record_id}", line.act_date.isoformat(), SEVERITY[lang].get(line.severity, line.severity),
            points, ends, STATUS[lang][line.status], cited(line.clause, found.policy, lang),
        )  # fmt: skip

    if language != "both":
        return say(language)
    pairs = zip(say("zh"), say("en"), strict=True)
    return tuple(zh if zh == en else f"{zh.partition(chr(10))[0]}\n{en}" for zh, en in pairs)


def _merge_row(found: Explanation, name: str) -> dict[str, Any]:
    return {
        "enterprise_id": found.enterprise_id, "name": found.name, "region": found.region, "tier": found.tier,
        "score": found.score, "records": len(found.records), "next_change_on": found.next_change_on,
        "object_within": found.policy.redress.notice_wait_days, "file": name,
    }  # fmt: skip


_MERGE_TYPES = {Kind.date: pl.Date, Kind.number: pl.Int64, Kind.points: pl.Int64}


def _merge(
    rows: list[dict[str, Any]],
    tiers: tuple[Any, ...],
    facts: Facts,
    approval: Approval | None,
    language: Language,
    path: Path,
) -> Path:
    frame = pl.DataFrame(rows, schema={c.id: _MERGE_TYPES.get(c.kind, pl.String) for c in MERGE.columns})
    book = Book("Mail merge", facts.as_of, tiers, facts.hidden())
    sheet = open_page(book, MERGE, both(MERGE.zh, MERGE.en, language, "  "), facts, approval, language)
    heading = sheet.headings(MERGE, language)
    _, last = sheet.table(MERGE, frame)
    sheet.filter(MERGE, heading, last)
    return book.save(path)
