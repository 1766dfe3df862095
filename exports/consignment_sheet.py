"""The day's examinations as a workbook: rates so far, a list per office to work from, minutes, what was left out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from config.in_force import Policy
from exports.consignment_forms import (
    BALANCE,
    EXAMINATIONS,
    LEFT_OUT,
    LISTS,
    MINUTES,
    OVERLOAD,
    REASONS,
    RESULTS,
    RULES,
    STATES,
    TYPES,
    WHY,
)
from exports.facts import CONSIGNMENT_KIND, Approval, Facts, visit_key
from exports.filled_in import guard_entries, guard_facts, hidden_facts, hidden_lists
from exports.layout import Form, Language, both
from exports.page import HEAD_ROWS, column_range, open_page, width_to
from exports.roster_rows import firm_code
from exports.sheet import Sheet
from exports.words import Term
from exports.workbook import Book
from models.consignment import DayPlan, realised
from models.consignment.debt import DEBTS
from models.consignment.results import CLEAN, FOUND, UNSEEN, day_digest
from models.consignment.results import RESULTS as OUTCOMES

KEY = ["office", "tier"]
DAY = "evenhand_day"  # hidden fact


def write_day(
    plan: DayPlan,
    policy: Policy,
    path: Path,
    *,
    run: str = "",
    names: pl.DataFrame | None = None,
    carried: pl.DataFrame | None = None,
    approval: Approval | None = None,
    language: Language = "both",
) -> Path:
    """One workbook for the day, written whole or not at all. `names`: enterprise_id, name; `carried`: DEBTS."""
    facts = facts_of_day(plan, policy, run)
    title = both(f"{plan.day:%Y-%m-%d} 布控查验", f"Examinations of {plan.day:%Y-%m-%d}", language, "  ")
    book = Book(title, plan.day, policy.tiers, facts.hidden())
    desk = _Desk(book, facts, approval, language)
    rates = desk.page(BALANCE, title, _rates(plan, policy, carried, language))
    rates.row([])
    for step in next_steps(plan, language):
        rates.row([step], "plain", height=18)
    for (office,), rows in plan.chosen.partition_by("office", as_dict=True, maintain_order=True).items():
        heading = f"{both('查验清单', 'Examinations', language, '  ')} · {office}"
        desk.office(heading, _list(rows, names, facts, language), tab=f"{office}", day=plan.day)
    desk.page(MINUTES, both("查验工时", "Minutes", language, "  "), _use(plan, language))
    desk.page(
        OVERLOAD,
        both("超出能力", "Beyond the minutes", language, "  "),
        _worded(plan.overload, "rule", RULES, language),
    )
    left = _worded(plan.left_out, "reason", REASONS, language).with_columns(firm_code(pl.col("enterprise_id")))
    desk.page(LEFT_OUT, both("未查验", "Not examined", language, "  "), left)
    hidden_lists(book, EXAMINATIONS, LISTS, language)
    hidden_facts(book, facts.hidden() | {DAY: plan.day.isoformat(), "evenhand_head_rows": str(HEAD_ROWS)})
    return book.save(path)


def facts_of_day(plan: DayPlan, policy: Policy, run: str = "") -> Facts:
    """What the day's workbook says about itself; `plan` is the digest of its list."""
    return Facts(
        run or plan.day.isoformat(),
        policy.as_of,
        policy.pack,
        policy.digest,
        day_digest(plan),
        plan.publication["seed_sha256"],
        kind=CONSIGNMENT_KIND,
    )


def next_steps(plan: DayPlan, language: Language) -> Iterator[str]:
    """What the officers do with the workbook, in order."""
    say = partial(both, language=language, between="  ")
    yield say("下一步：", "What to do next:")
    yield say(
        "1. 值班负责人审阅后，各海关按本关清单查验。",
        "1. After a review each office works down its list.",
    )
    yield say(
        "2. 在黄色列从下拉列表选择结果并填写两名查验人员；未能查验的，选“未查验”的原因。",
        "2. Choose each result from the list in the yellow columns and name both officers; say so where not examined.",
    )
    yield say(
        "3. 交回本表：evenhand collect examinations.xlsx --officer 交表人。查获情事成为下次评级的拟登记记录。",
        "3. Hand the sheet in: evenhand collect examinations.xlsx --officer NAME. What was found becomes a proposed "
        "record of the next rating.",
    )
    yield say(
        f"4. 当晚公布种子：evenhand consign {plan.day} --reveal；未查验的计入下一日应查。",
        f"4. In the evening publish the seed: evenhand consign {plan.day} --reveal; what was not examined is owed the "
        "next day.",
    )


class _Desk:
    """Where the pages are written: one table under the same head each."""

    def __init__(self, book: Book, facts: Facts, approval: Approval | None, language: Language) -> None:
        self.book, self.facts, self.approval, self.language = book, facts, approval, language

    def page(self, form: Form, title: str, rows: pl.DataFrame, *, tab: str | None = None, height: float = 0) -> Sheet:
        sheet = open_page(self.book, form, title, self.facts, self.approval, self.language, tab_title=tab)
        heading = sheet.headings(form, self.language)
        _, last = sheet.table(form, rows, height=height)
        sheet.filter(form, heading, last)
        return sheet

    def office(self, title: str, rows: pl.DataFrame, *, tab: str, day: date) -> None:
        """An office's list, to be filled in and sent back."""
        sheet = self.page(EXAMINATIONS, title, rows, tab=tab, height=30)
        last = sheet.next_row - 1
        first = last - rows.height + 1
        guard_entries(sheet, EXAMINATIONS, LISTS, {"examined_on": day}, self.language, first, last)
        guard_facts(sheet, EXAMINATIONS, self.language, first, last)
        _stand_out(sheet, self.language, first, last)


def _stand_out(sheet: Sheet, language: Language, first: int, last: int) -> None:
    """Findings without a severity, what was not examined, and what is done without one stand out."""
    result = f"${EXAMINATIONS.letters['result']}{first}"
    severity = f"${EXAMINATIONS.letters['severity']}{first}"
    labels = {kind: [t.label(language) for t in RESULTS if OUTCOMES[t.code] == kind] for kind in (FOUND, UNSEEN, CLEAN)}
    holds = {kind: "OR(" + ",".join(f'{result}="{label}"' for label in said) + ")" for kind, said in labels.items()}
    sheet.highlight(
        column_range(EXAMINATIONS, "severity", first, last), f'AND({holds[FOUND]},{severity}="")', "#F8CBAD"
    )
    whole = f"A{first}:{width_to(EXAMINATIONS)}{last}"
    sheet.highlight(whole, holds[UNSEEN], "#D9D9D9")
    sheet.highlight(whole, holds[CLEAN], "#E2EFDA")


def _worded(frame: pl.DataFrame, column: str, terms: Sequence[Term], language: Language) -> pl.DataFrame:
    """Codes of a column → words; unknown codes stay."""
    labels = {term.code: term.label(language) for term in terms}
    return frame.with_columns(pl.col(column).replace(labels))


def _rates(plan: DayPlan, policy: Policy, carried: pl.DataFrame | None, language: Language) -> pl.DataFrame:
    """Every office and tier of the period, with the day's numbers and what was owed from before."""
    today = pl.concat([plan.chosen.select(KEY), plan.left_out.select(KEY)]).group_by(KEY).agg(pl.len().alias("today"))
    why = [(pl.col("why") == code).sum().alias(code) for code in ("must", "random", "risk")]
    chosen = plan.chosen.group_by(KEY).agg(pl.len().alias("chosen"), *why)
    frame = realised(plan.balance, policy).drop("must", "random").join(today, on=KEY, how="left")
    frame = frame.join(chosen, on=KEY, how="left", maintain_order="left")
    owed = (DEBTS.to_frame() if carried is None else carried).group_by(KEY).agg(pl.len().alias("owed"))
    frame = frame.join(owed, on=KEY, how="left", maintain_order="left")
    frame = frame.with_columns(pl.col("today", "chosen", "must", "random", "risk", "owed").fill_null(0))
    state = pl.when("kept").then(pl.lit("kept")).otherwise(pl.col("why")).fill_null(pl.lit("no_rate"))
    frame = frame.with_columns(state=state, realised=pl.col("realised").round(0).cast(pl.Int64))
    order = {tier.id: tier.rank for tier in policy.tiers}
    frame = frame.sort("office", pl.col("tier").replace_strict(order, return_dtype=pl.Int64))
    return _worded(frame, "state", STATES, language)


def _list(rows: pl.DataFrame, names: pl.DataFrame | None, facts: Facts, language: Language) -> pl.DataFrame:
    """An office's list in the order in which minutes were given."""
    keys = [visit_key(facts.plan, d, e or "") for d, e in rows.select("declaration_id", "enterprise_id").iter_rows()]
    reasons = [because(row["why"], json.loads(row["detail"]), language) for row in rows.iter_rows(named=True)]
    frame = (
        rows.drop("number")
        .with_row_index("number", offset=1)
        .with_columns(pl.Series("reason", reasons, dtype=pl.String), pl.Series("key", keys, dtype=pl.String))
    )
    if names is not None:
        frame = frame.join(names.select("enterprise_id", "name"), on="enterprise_id", how="left", maintain_order="left")
    else:
        frame = frame.with_columns(name=pl.lit(None, dtype=pl.String))
    frame = frame.with_columns(firm_code(pl.col("enterprise_id")))
    return _worded(_worded(frame, "why", WHY, language), "examination", TYPES, language)


def because(why: str, detail: dict[str, Any], language: Language) -> str:
    """The reason with its figures, in words."""
    if why == "must":
        return str(detail["must"])
    if why == "random":
        zh = f"随机下限{_share(detail['floor_per_mille'])}，今日应抽{detail['due']}票"
        en = f"random floor {_share(detail['floor_per_mille'])}, {detail['due']} due today"
        return both(zh, en, language, "; ")
    risk = detail["risk"]
    zh = f"查验率{_share(detail['rate_per_mille'])}，今日应查{detail['due']}票" + (
        f"，风险值{risk}" if risk is not None else ""
    )
    en = f"rate {_share(detail['rate_per_mille'])}, {detail['due']} due today" + (
        f", risk {risk}" if risk is not None else ""
    )
    return both(zh, en, language, "; ")


def _share(per_mille: int) -> str:
    return f"{per_mille / 10:g}%"


def _use(plan: DayPlan, language: Language) -> pl.DataFrame:
    others = both("其他方式", "All others", language, " ")
    share = pl.when(pl.col("minutes") > 0).then(1000 * pl.col("used") // pl.col("minutes"))
    frame = _worded(plan.use, "examination", TYPES, language)
    return frame.with_columns(pl.col("examination").fill_null(pl.lit(others)), share=share)
