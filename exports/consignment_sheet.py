"""The day's examinations as a workbook: rates so far, a list per office to work from, minutes, what was left out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from config.in_force import Policy
from exports.consignment_forms import (
    BALANCE,
    EXAMINATIONS,
    LEFT_OUT,
    MINUTES,
    OVERLOAD,
    REASONS,
    RULES,
    STATES,
    TYPES,
    WHY,
)
from exports.facts import Approval, Facts
from exports.layout import Form, Language, both
from exports.page import open_page
from exports.roster_rows import firm_code
from exports.sheet import Sheet
from exports.words import Term
from exports.workbook import Book
from models.consignment import DayPlan, realised

KEY = ["office", "tier"]


def write_day(
    plan: DayPlan,
    policy: Policy,
    path: Path,
    *,
    run: str = "",
    names: pl.DataFrame | None = None,
    approval: Approval | None = None,
    language: Language = "both",
) -> Path:
    """One workbook for the day, written whole or not at all. `names`: enterprise_id, name."""
    facts = Facts(
        run or plan.day.isoformat(), policy.as_of, policy.pack, policy.digest, seed=plan.publication["seed_sha256"]
    )
    title = both(f"{plan.day:%Y-%m-%d} 布控查验", f"Examinations of {plan.day:%Y-%m-%d}", language, "  ")
    book = Book(title, plan.day, policy.tiers, facts.hidden())
    desk = _Desk(book, facts, approval, language)
    rates = desk.page(BALANCE, title, _rates(plan, policy, language))
    rates.row([])
    for step in next_steps(plan, language):
        rates.row([step], "plain", height=18)
    for (office,), rows in plan.chosen.partition_by("office", as_dict=True, maintain_order=True).items():
        heading = f"{both('查验清单', 'Examinations', language, '  ')} · {office}"
        desk.page(EXAMINATIONS, heading, _list(rows, names, language), tab=f"{office}", height=30)
    desk.page(MINUTES, both("查验工时", "Minutes", language, "  "), _use(plan, language))
    desk.page(
        OVERLOAD,
        both("超出能力", "Beyond the minutes", language, "  "),
        _worded(plan.overload, "rule", RULES, language),
    )
    left = _worded(plan.left_out, "reason", REASONS, language).with_columns(firm_code(pl.col("enterprise_id")))
    desk.page(LEFT_OUT, both("未查验", "Not examined", language, "  "), left)
    return book.save(path)


def next_steps(plan: DayPlan, language: Language) -> Iterator[str]:
    """What the officers do with the workbook, in order."""
    say = partial(both, language=language, between="  ")
    yield say("下一步：", "What to do next:")
    yield say(
        "1. 值班负责人审阅后，各海关按本关清单查验。",
        "1. After a review each office works down its list.",
    )
    yield say("2. 在黄色列记录结果，两名查验人员签名存档。", "2. Note results in the yellow columns; both sign.")
    yield say(
        "3. 查获情事照常立案：案件登记是下次评级的来源，本表不回收。",
        "3. Open a case for what is found: the next rating reads the cases; this sheet is not read back.",
    )
    yield say(
        f"4. 当晚公布种子：evenhand consign {plan.day} --reveal；未查完的比例次日补查。",
        f"4. In the evening publish the seed: evenhand consign {plan.day} --reveal; what is missing is made up later.",
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


def _worded(frame: pl.DataFrame, column: str, terms: Sequence[Term], language: Language) -> pl.DataFrame:
    """Codes of a column → words; unknown codes stay."""
    labels = {term.code: term.label(language) for term in terms}
    return frame.with_columns(pl.col(column).replace(labels))


def _rates(plan: DayPlan, policy: Policy, language: Language) -> pl.DataFrame:
    """Every office and tier of the period, with the day's numbers."""
    today = pl.concat([plan.chosen.select(KEY), plan.left_out.select(KEY)]).group_by(KEY).agg(pl.len().alias("today"))
    why = [(pl.col("why") == code).sum().alias(code) for code in ("must", "random", "risk")]
    chosen = plan.chosen.group_by(KEY).agg(pl.len().alias("chosen"), *why)
    frame = realised(plan.balance, policy).drop("must", "random").join(today, on=KEY, how="left")
    frame = frame.join(chosen, on=KEY, how="left", maintain_order="left")
    frame = frame.with_columns(pl.col("today", "chosen", "must", "random", "risk").fill_null(0))
    state = pl.when("kept").then(pl.lit("kept")).otherwise(pl.col("why")).fill_null(pl.lit("no_rate"))
    frame = frame.with_columns(state=state, realised=pl.col("realised").round(0).cast(pl.Int64))
    order = {tier.id: tier.rank for tier in policy.tiers}
    frame = frame.sort("office", pl.col("tier").replace_strict(order, return_dtype=pl.Int64))
    return _worded(frame, "state", STATES, language)


def _list(rows: pl.DataFrame, names: pl.DataFrame | None, language: Language) -> pl.DataFrame:
    """An office's list in the order in which minutes were given."""
    reasons = [because(row["why"], json.loads(row["detail"]), language) for row in rows.iter_rows(named=True)]
    frame = (
        rows.drop("number")
        .with_row_index("number", offset=1)
        .with_columns(pl.Series("reason", reasons, dtype=pl.String))
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
