"""A letter to each bidder: its points, the reasons, the clause, and how to object (docx)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from config.in_force import Policy
from config.units import points_text
from exports.bid_rows import word
from exports.bid_words import BASIS, SET_ASIDE
from exports.cells import clean
from exports.facts import Approval, Facts, facts_of, standing
from exports.layout import Language, both
from exports.styles import FONT
from models.rating.wording import cited_text
from models.tender.amounts import amount_of
from models.tender.case import Bid
from models.tender.credit import FirmCredit
from models.tender.evaluation import Evaluation
from models.tender.scoring import Scored
from models.whole import whole_file

_ZIP_DAY = (2000, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Letter:
    """What every letter of one tender shares."""

    evaluation: Evaluation
    policy: Policy
    reasons: dict[str, list[dict[str, Any]]]  # by enterprise: models.records.REASON, heaviest first
    facts: Facts
    approval: Approval | None
    language: Language

    def say(self, zh: str, en: str) -> str:
        return both(zh, en, self.language, "  ")

    def cited(self, clause: object) -> tuple[str, str]:
        """The clause with its instrument's title, in Chinese and in English."""
        return cited_text(str(clause), self.policy, "zh"), cited_text(str(clause), self.policy, "en")


def write_notices(
    evaluation: Evaluation,
    folder: Path,
    policy: Policy,
    ratings: pl.DataFrame,
    *,
    facts: Facts | None = None,
    approval: Approval | None = None,
    language: Language = "both",
) -> list[Path]:
    """One letter per bidder over all its lots, named by its first bid; returns the paths in order.

    `ratings`: models.records.RATINGS, for the records behind a tier. Without `approval` every letter is a draft.
    """
    reasons: dict[str, list[dict[str, Any]]] = {}
    if "reasons" in ratings.columns:
        wanted = [p.enterprise_id for p in evaluation.case.parties.values() if p.enterprise_id]
        rows = ratings.filter(pl.col("enterprise_id").is_in(wanted)).select("enterprise_id", "reasons")
        reasons = {firm: found or [] for firm, found in rows.iter_rows()}
    letter = Letter(evaluation, policy, reasons, facts or facts_of(policy, evaluation.tender_id), approval, language)
    groups: dict[str, list[Bid]] = {}
    for bid in evaluation.case.bids:
        groups.setdefault(bid.bidder, []).append(bid)
    return [
        _save(_letter(letter, bids), folder / f"notice-{_name(bids[0].id)}.docx", letter) for bids in groups.values()
    ]


def _name(text: str) -> str:
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in text)[:60] or "bid"


def _letter(letter: Letter, bids: list[Bid]) -> Any:
    case, document = letter.evaluation.case, _document()
    document.add_heading(letter.say("评审结果通知书", "Notice of evaluation"), level=1)
    _line(document, standing(letter.approval, letter.language), bold=True)
    _line(document, f"{letter.say('致', 'To')}: {case.bidder_name(bids[0])}")
    _line(document, f"{letter.say('项目', 'Tender')}: {case.title} ({case.id})  {case.buyer}")
    opened = f"{letter.evaluation.opening:%Y-%m-%d}"
    _line(document, f"{letter.say('开标日', 'Bids opened on')}: {opened}    {letter.facts.line(letter.language)}")
    keys = {(bid.lot, bid.id) for bid in bids}
    rows = [row for bid in bids for row in letter.evaluation.of_lot(bid.lot) if (row.lot, row.bid) in keys]
    if rows:
        document.add_heading(letter.say("得分与排名", "Points and ranks"), level=2)
        _points(document, letter, rows)
        document.add_heading(letter.say("信用标得分及理由", "Credit points and reasons"), level=2)
        _reasons(document, letter, rows)
    _set_aside(document, letter, keys)
    _objection(document, letter)
    return document


def _document() -> Any:
    document = Document()
    for name in ("Normal", "Heading 1", "Heading 2", "Table Grid"):
        style = document.styles[name]
        style.font.name = FONT
        properties = style.element.get_or_add_rPr()
        properties.get_or_add_rFonts().set(qn("w:eastAsia"), FONT)
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm(25)
    document.styles["Normal"].font.size = Pt(10.5)
    document.styles["Normal"].paragraph_format.space_after = Pt(4)
    return document


def _line(document: Any, text: str, bold: bool = False) -> None:
    run = document.add_paragraph().add_run(clean(text))
    run.bold = bold


def _points(document: Any, letter: Letter, rows: list[Scored]) -> None:
    """One line per lot: price, points by criterion with their maximum, total, rank, outcome."""
    case = letter.evaluation.case
    heads = [letter.say("标段", "Lot"), letter.say("报价", "Price")]
    heads += [f"{clean(c.title)} (≤{points_text(c.weight)})" for c in case.criteria]
    heads += [letter.say("总分", "Total"), letter.say("排名", "Rank"), letter.say("结果", "Outcome")]
    table = document.add_table(rows=len(rows) + 1, cols=len(heads), style="Table Grid")
    lines = [heads]
    for row in rows:
        won = letter.evaluation.awards.get(row.lot) == row.bid
        outcome = letter.say("拟推荐中标", "proposed") if won else letter.say("未推荐", "not proposed")
        price = "" if row.price is None else f"{amount_of(row.price, case.currency):,.2f} {case.currency}"
        points = [points_text(row.points[c.id]) for c in case.criteria]
        rank = f"{row.rank} / {len(letter.evaluation.of_lot(row.lot))}"
        lines.append([row.lot, price, *points, points_text(row.total), rank, outcome])
    for line, cells in zip(lines, table.rows, strict=True):
        for text, cell in zip(line, cells.cells, strict=True):
            cell.text = text
    for cell in table.rows[0].cells:
        cell.paragraphs[0].runs[0].bold = True


def _reasons(document: Any, letter: Letter, rows: list[Scored]) -> None:
    """Credit points with clause and firms, once for all lots they are the same in."""
    groups: dict[str, list[Scored]] = {}
    for row in rows:
        groups.setdefault(repr(row.credit), []).append(row)
    for same in groups.values():
        credit = same[0].credit
        lots = ", ".join(row.lot for row in same)
        total = points_text(credit.total)
        _line(document, f"{letter.say('标段', 'Lot')} {lots}", bold=True)
        zh, en = letter.cited(credit.clause)
        _line(document, letter.say(f"信用标 {total} 分，依据：{zh}。", f"Credit {total} points, by {en}."))
        if len(credit.firms) > 1:
            _line(document, f"{letter.say('联合体', 'Consortium')}: {word(BASIS, credit.rule, letter.language)}")
        for firm in credit.firms:
            for text in _firm_lines(letter, firm):
                document.add_paragraph(clean(text), style="List Bullet")


def _firm_lines(letter: Letter, firm: FirmCredit) -> Iterator[str]:
    party = letter.evaluation.case.party(firm.party)
    points = points_text(sum(firm.points.values()))
    basis = word(BASIS, firm.basis, letter.language)
    if firm.tier is None:
        yield f"{party.name}: {points} — {basis}"
        return
    tier = letter.policy.tier(firm.tier).title
    yield f"{party.name}: {points} — {basis}; {firm.tier} {both(tier.zh, tier.en, letter.language, ' / ')}"
    for reason in letter.reasons.get(party.enterprise_id or "", ()):
        item = letter.policy.items.get(reason["item"])
        title = reason["item"] if item is None else both(item.title.zh, item.title.en, letter.language, " / ")
        where = f" ({letter.say(*letter.cited(item.clause))})" if item is not None else ""
        yield f"    {title}: {points_text(reason['points'])}{where}, {reason['record_id']}"


def _set_aside(document: Any, letter: Letter, keys: set[tuple[str, str]]) -> None:
    """Bids that took no part, with the entry of the list that stands against a vetoed one."""
    found = [item for item in letter.evaluation.set_aside if (item.lot, item.bid) in keys]
    if found:
        document.add_heading(letter.say("未参加评审的投标", "Bids not evaluated"), level=2)
    for item in found:
        reason = word(SET_ASIDE, item.reason, letter.language)
        _line(document, f"{letter.say('标段', 'Lot')} {item.lot}: {reason}", bold=True)
        for hit in (h for h in letter.evaluation.vetoes if (h.lot, h.bid) == (item.lot, item.bid)):
            until = f"{hit.to_date:%Y-%m-%d}" if hit.to_date else letter.say("未定", "open")
            title = both(hit.title.zh, hit.title.en, letter.language, " / ")
            text = (
                f"{hit.name}: {title} ({letter.say(*letter.cited(hit.clause))}); {hit.source} {hit.reference}; "
                f"{hit.from_date:%Y-%m-%d} – {until}; "
                f"{letter.say('查询', 'queried')} {hit.queried_at:%Y-%m-%d %H:%M}; SHA-256 {hit.evidence[:16]}…"
            )
            document.add_paragraph(clean(text), style="List Bullet")


def _objection(document: Any, letter: Letter) -> None:
    redress = letter.policy.redress
    document.add_heading(letter.say("如何异议", "How to object"), level=2)
    wait, days = redress.notice_wait_days, redress.decide_within_working_days
    clause_zh, clause_en = letter.cited(redress.clauses["notice_wait_days"])
    buyer = letter.evaluation.case.buyer or letter.say("采购人", "the buyer")
    _line(
        document,
        letter.say(
            f"对本通知或所列记录有异议的，可在收到之日起 {wait} 日内书面向{buyer}提出，"
            f"写明记录编号和理由，无需缴费（{clause_zh}）。",
            f"You may object in writing to {buyer} within {wait} days of receipt, naming the record and the reason, "
            f"free of charge ({clause_en}).",
        ),
    )
    decide_zh, decide_en = letter.cited(redress.clauses["decide_within_working_days"])
    _line(
        document,
        letter.say(
            f"异议将在 {days} 个工作日内答复（{decide_zh}）；有误的记录由作出机关更正后重新评级。",
            f"You will have an answer within {days} working days ({decide_en}); a wrong record is corrected by the "
            "agency that made it, and the rating follows.",
        ),
    )


def _save(document: Any, path: Path, letter: Letter) -> Path:
    """Whole or not at all, the same bytes for the same letter."""
    opened = letter.evaluation.opening
    moment = _midnight(opened)
    properties = document.core_properties
    properties.author, properties.title = "evenhand", clean(letter.evaluation.case.title)
    properties.created = properties.modified = moment
    buffer = io.BytesIO()
    document.save(buffer)
    with whole_file(path) as file:
        _same_day(buffer, file)
    return path


def _midnight(day: Any) -> Any:
    from datetime import datetime

    return datetime(day.year, day.month, day.day)


def _same_day(source: io.BytesIO, target: Any) -> None:
    """The package copied entry by entry, every entry bearing the same day."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, _ZIP_DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name))
