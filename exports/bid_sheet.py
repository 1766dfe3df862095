"""The bid evaluation workbook: summary, points by tier, credit points with clauses, vetoes, judges, sensitivity,
notes, signatures. One call writes it whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from config.in_force import Policy
from exports.bid_forms import CREDIT, NOTES, SUMMARY, TIERS, VETO, judge_form
from exports.bid_rows import (
    credit_rows,
    frame_of,
    judge_rows,
    judges,
    note_rows,
    summary_rows,
    tier_rows,
    veto_rows,
    word,
)
from exports.bid_words import FORMULAS, METHODS, TIES
from exports.facts import Approval, Facts, facts_of
from exports.layout import Form, Language, both
from exports.page import open_page, width_to
from exports.sheet import Sheet
from exports.words import clause_text
from exports.workbook import Book
from models.tender.amounts import amount_of
from models.tender.case import Kind
from models.tender.evaluation import Evaluation

if TYPE_CHECKING:
    from models.tender.leave_out import LeftOut
    from models.tender.sensitivity import Sensitivity


@dataclass(frozen=True)
class Bids:
    """What every sheet of the workbook needs."""

    evaluation: Evaluation
    policy: Policy
    facts: Facts
    approval: Approval | None
    language: Language

    def say(self, zh: str, en: str) -> str:
        return both(zh, en, self.language, "  ")

    def tab(self, zh: str, en: str) -> str:
        """Name of a tab, in one language: they are short."""
        return en if self.language == "en" else zh


def write_bid_workbook(
    evaluation: Evaluation,
    path: Path,
    *,
    policy: Policy,
    facts: Facts | None = None,
    approval: Approval | None = None,
    language: Language = "both",
    sensitivity: Sensitivity | None = None,
    leave_out: tuple[LeftOut, ...] = (),
) -> Path:
    """Write the evaluation of one tender to `path` (xlsx) and return it.

    Without `approval` every sheet says "screening aid". `sensitivity` is worked out here where it is not given.
    """
    from exports.bid_sensitivity import sensitivity_sheets

    bids = Bids(evaluation, policy, facts or facts_of(policy, evaluation.case.id), approval, language)
    title = f"{evaluation.case.title} · {evaluation.case.id}"
    book = Book(title, evaluation.opening, policy.tiers, bids.facts.hidden())
    _summary(book, bids)
    _tiers(book, bids)
    _table(book, bids, CREDIT, "信用得分", "Credit points", frame_rows=credit_rows(evaluation, policy, language))
    _veto(book, bids)
    for judge in judges(evaluation):
        _judge(book, bids, judge)
    sensitivity_sheets(book, bids, sensitivity, leave_out)
    _table(book, bids, NOTES, "提示事项", "Notes to the officer", frame_rows=note_rows(evaluation, language))
    _signatures(book, bids)
    return book.save(path)


def _open(book: Book, bids: Bids, form: Form, zh: str, en: str, tab: str | None = None) -> Sheet:
    title = f"{bids.say(zh, en)}  ·  {bids.evaluation.case.title}"
    return open_page(book, form, title, bids.facts, bids.approval, bids.language, tab_title=tab)


def _table(book: Book, bids: Bids, form: Form, zh: str, en: str, *, frame_rows: list[dict[str, object]]) -> Sheet:
    sheet = _open(book, bids, form, zh, en)
    heading = sheet.headings(form, bids.language)
    first, last = sheet.table(form, frame_of(form, frame_rows))
    if form is SUMMARY and frame_rows:
        cells = f"A{first}:{width_to(form)}{last}"
        sheet.highlight(cells, f'${form.letters["proposal"]}{first}<>""', "#E2F0D9", bold=True)
    if frame_rows:
        sheet.filter(form, heading, last)
    else:
        sheet.row([bids.say("无", "None")], "plain")
    return sheet


def _summary(book: Book, bids: Bids) -> None:
    rows = summary_rows(bids.evaluation, bids.language)
    sheet = _table(book, bids, SUMMARY, "评标汇总表", "Bid evaluation summary", frame_rows=rows)
    sheet.row([])
    for line in explanation(bids):
        sheet.row([line], "plain", height=16)
    sheet.row([])
    signature_lines(sheet, bids)


def explanation(bids: Bids) -> list[str]:
    """How prices, ties and lots were decided, in one line each."""
    evaluation, case = bids.evaluation, bids.evaluation.case
    opened = case.opening.isoformat(sep=" ", timespec="minutes") if case.opening else f"{evaluation.opening}"
    lines = [
        f"{bids.say('项目编号', 'Tender')}: {case.id} ({case.ocid})    "
        f"{bids.say('采购人', 'Buyer')}: {case.buyer or '—'}    {bids.say('开标时间', 'Bids opened')}: {opened}"
    ]
    for criterion in case.of_kind(Kind.price):
        if criterion.price is not None:
            name = word(FORMULAS, criterion.price.formula, bids.language)
            found = [f"{lot}: {_money(value, case.currency)}" for lot, value in evaluation.benchmarks.items()]
            shown = "; ".join(found[:6]) + (" …" if len(found) > 6 else "")
            lines.append(f"{bids.say('价格公式', 'Price formula')}: {name}. {bids.say('基准价', 'Benchmark')}: {shown}")
    ties = " → ".join(word(TIES, key, bids.language) for key in case.tie_rule)
    lines.append(f"{bids.say('同分处理', 'Ties')}: {ties}")
    lines.append(f"{bids.say('标段分配', 'Lots')}: {evaluation.assignment.statement}")
    late = evaluation.rated_on > evaluation.opening
    warning = bids.say("（晚于开标日，未冻结）", "(after the opening: not frozen)") if late else ""
    lines.append(f"{bids.say('信用评级基准日', 'Ratings as of')}: {evaluation.rated_on:%Y-%m-%d} {warning}".rstrip())
    asked = evaluation.veto_queried_at
    state = bids.say("未查询", "no list was queried") if asked is None else asked.isoformat(sep=" ", timespec="minutes")
    lines.append(f"{bids.say('否决名单查询时间', 'Lists queried at')}: {state}")
    return lines


def _money(minor: Fraction, currency: str) -> str:
    return f"{amount_of(round(minor), currency):,.2f} {currency}"


def _tiers(book: Book, bids: Bids) -> None:
    table = bids.evaluation.table
    rows = tier_rows(bids.evaluation, bids.policy, bids.language)
    sheet = _table(book, bids, TIERS, "等级得分表", "Points by tier", frame_rows=rows)
    sheet.row([])
    clause = clause_text(table.clause, bids.policy, bids.language).replace("\n", " ")
    sheet.row([f"{bids.say('方法', 'Method')}: {word(METHODS, table.method, bids.language)} ({clause})"], "plain")
    if table.mean is not None:
        sheet.row(
            [f"{bids.say('企业总体平均分', 'Mean over the population')}: {float(table.mean) / 1000:.3f}"], "plain"
        )
    for stage in table.stages:
        sheet.row([f"{bids.say('最优性已证明', 'Proven optimum')}: {stage.name} = {stage.text}"], "plain")


def _veto(book: Book, bids: Bids) -> None:
    rows = veto_rows(bids.evaluation, bids.policy, bids.language)
    sheet = _table(book, bids, VETO, "一票否决查询表", "Vetoes", frame_rows=rows)
    sheet.row([])
    text = bids.say(
        f"名单以开标日 {bids.evaluation.opening:%Y-%m-%d} 为准；否决与信用得分无关。",
        f"Lists as they stood at bid opening on {bids.evaluation.opening:%Y-%m-%d}; a veto is apart from the points.",
    )
    sheet.row([text], "plain")


def _judge(book: Book, bids: Bids, judge: str) -> None:
    case = bids.evaluation.case
    judged = [
        (c.id, f"{c.title}（{c.weight / 1000:g}）") for c in case.criteria if c.kind in (Kind.business, Kind.technical)
    ]
    form = judge_form(judged)
    sheet = _open(
        book,
        bids,
        form,
        f"评委打分表：{judge}",
        f"Scores of judge {judge}",
        bids.tab(f"评委 {judge}", f"Judge {judge}"),
    )
    sheet.headings(form, bids.language)
    rows = judge_rows(bids.evaluation, judge)
    sheet.table(form, frame_of(form, rows))
    sheet.row([])
    sheet.row([_signature(bids, "评委签字：", "Judge:")], "plain", height=26)


def signature_lines(sheet: Sheet, bids: Bids) -> None:
    """Who signs the summary."""
    for zh, en in (("评标委员会主任签字：", "Chair of the committee:"), ("采购人代表签字：", "For the buyer:")):
        sheet.row([_signature(bids, zh, en)], "plain", height=26)


def _signature(bids: Bids, zh: str, en: str) -> str:
    return f"{both(zh, en, bids.language, ' ')} {'_' * 30}    {both('日期', 'Date', bids.language, ' ')} {'_' * 14}"


def _signatures(book: Book, bids: Bids) -> None:
    form = judge_form([])
    sheet = _open(book, bids, form, "签字页", "Signatures", bids.tab("签字", "Signatures"))
    people = [(f"评委 {judge}：", f"Judge {judge}:") for judge in judges(bids.evaluation)]
    people += [("评标委员会主任：", "Chair:"), ("采购人代表：", "For the buyer:"), ("监督人：", "Supervisor:")]
    for zh, en in people:
        sheet.row([_signature(bids, zh, en)], "plain", height=30)
