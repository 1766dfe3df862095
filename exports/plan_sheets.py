"""The sheets around the roster: summary with charts, annual plan, item list, why not, legend."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import polars as pl
from openpyxl.chart import BarChart, Reference
from openpyxl.drawing.text import CharacterProperties

from config.in_force import Policy
from exports.cells import Cell
from exports.layout import ITEMS, LEGEND, PLAN, ROSTER, SUMMARY, WHY_NOT, Kind, Language, both
from exports.left_out_words import shortfall_text
from exports.page import HEAD_ROWS, open_page, tier_names, write_parts
from exports.roster_rows import inspectorate
from exports.sheet import Sheet
from exports.words import PROBLEMS, RESULTS, clause_text

if TYPE_CHECKING:
    from exports.roster import Office
    from exports.workbook import Book


def _title(office: Office, zh: str, en: str) -> str:
    return f"{both(zh, en, office.language, '  ')} · {office.region}"


def by_tier(office: Office) -> pl.DataFrame:
    """The region's quota, one row per tier of the policy, best first, with `must`: visits that no rate asks for."""
    order = pl.DataFrame({"tier": [t.id for t in office.policy.tiers]})
    outside = office.rows.filter(~pl.col("purpose_code").is_in(["random", "directed"]))
    must = outside.group_by("tier").agg(pl.len().cast(pl.Int64).alias("must"))
    rows = order.join(office.quota, on="tier", how="left", maintain_order="left")
    return rows.join(must, on="tier", how="left", maintain_order="left").with_columns(pl.col("must").fill_null(0))


def summary(book: Book, office: Office) -> None:
    """Pool, wanted and planned visits by tier, live counts of what has been done, and two charts."""
    title = _title(office, "检查计划汇总", "Inspection plan")
    sheet = open_page(book, SUMMARY, title, office.facts, office.approval, office.language, tab="#4472C4")
    sheet.headings(SUMMARY, office.language)
    tiers = by_tier(office)
    first = sheet.next_row
    for row in tiers.iter_rows(named=True):
        sheet.row(list(_tier_line(office, row, sheet.next_row)), height=22)
    last = sheet.next_row - 1
    sheet.row([Cell(both("合计", "Total", office.language, " "), "total"), *_totals(tiers, first, last)], height=22)
    for gap in gaps(office):
        sheet.row([gap], "plain", height=18)
    sheet.row([])
    for step in next_steps(office):
        sheet.row([step], "plain", height=18)
    _charts(sheet, office.language, first, last, sheet.next_row + 1)
    sheet.protect()


def gaps(office: Office) -> Iterator[str]:
    """Lines for every tier with visits missing, one a language: how many, and the largest causes."""
    languages: tuple[Language, ...] = ("zh", "en") if office.language == "both" else (office.language,)
    for row in office.gaps:
        for language in languages if row["short"] >= 1 else ():
            causes = (shortfall_text(code, trade, n, language) for code, trade, n in row["why"][:3])
            yield f"{row['tier']} · {both('缺', 'short of', language)} {row['short']:,.0f}: {'; '.join(causes)}"


def next_steps(office: Office) -> Iterator[str]:
    """What the office does with the workbook, in order."""
    say = partial(both, language=office.language, between="  ")
    yield say("下一步：", "What to do next:")
    if office.approval is None:
        yield say(
            "1. 负责人审阅并批准（工作台或 evenhand approve）。", "1. An officer approves (desk or evenhand approve)."
        )
    else:
        yield say("1. 已批准，可以执行。", "1. Approved: go ahead.")
    yield say("2. 打印检查组任务表，交两名检查人员。", "2. Print the team sheets for both inspectors.")
    yield say("3. 在结果名册的黄色列填写结果。", "3. Enter the results in the roster's yellow columns.")
    yield say("4. 交回本文件（工作台或 evenhand collect）。", "4. Hand this file back (desk or evenhand collect).")


def _tier_line(office: Office, row: dict[str, Any], at: int) -> Iterator[Cell]:
    tier = str(row["tier"])
    yield Cell(tier, f"tier {tier}")
    for count in ("enterprises", "wanted", "planned", "must"):
        yield Cell(row[count], "number")
    for rate in ("rate_wanted", "rate_planned"):
        yield Cell(None if row[rate] is None else row[rate] / 1000, "share")
    done, problems = _counts(office, f"$A{at}")
    yield Cell(0, "number", done)
    yield Cell(0, "number", problems)


def _counts(office: Office, tier: str) -> tuple[str, str]:
    """Formulas that count the roster's filled-in results of a tier, and those that found something."""
    last = HEAD_ROWS + 1 + max(1, office.rows.height) + 500  # room for added rows
    where = f"'{ROSTER.title(office.language)}'!"
    tiers, results = (
        f"{where}${ROSTER.letters[c]}${HEAD_ROWS + 2}:${ROSTER.letters[c]}${last}" for c in ("tier", "result")
    )
    problems = (t.label(office.language) for t in RESULTS if t.code in PROBLEMS)
    found = "+".join(f'COUNTIFS({tiers},{tier},{results},"{label}")' for label in problems)
    return f'COUNTIFS({tiers},{tier},{results},"<>")', found


def _totals(tiers: pl.DataFrame, first: int, last: int) -> Iterator[Cell]:
    for column in SUMMARY.columns[1:]:
        name, at = {"pool": "enterprises"}.get(column.id, column.id), SUMMARY.letters[column.id]
        if column.kind is Kind.share:
            yield Cell(None, "total")
        else:
            value = tiers[name].sum() if name in tiers.columns else 0
            yield Cell(value, "total", f"SUM({at}{first}:{at}{last})")


def _charts(sheet: Sheet, language: Language, first: int, last: int, below: int) -> None:
    for place, columns, zh, en in (
        (f"A{below}", (3, 4), "应查与计划（户次）", "Visits wanted and planned"),
        (f"E{below}", (4, 8), "计划与已检查（户次）", "Visits planned and done"),
    ):
        chart = BarChart()
        chart.type, chart.style, chart.width, chart.height = "col", 10, 13.5, 8
        chart.title = both(zh, en, language, " ")
        chart.title.tx.rich.p[0].r[0].rPr = CharacterProperties(sz=1100, b=True)
        for column in columns:
            data = Reference(sheet.worksheet, min_col=column, min_row=first - 1, max_row=last)
            chart.add_data(data, titles_from_data=True)
        chart.set_categories(Reference(sheet.worksheet, min_col=1, min_row=first, max_row=last))
        for series, (fill, line) in zip(chart.series, (("8FAADC", "1F3864"), ("F4B183", "843C0C")), strict=True):
            series.graphicalProperties.solidFill, series.graphicalProperties.line.solidFill = fill, line
        chart.x_axis.delete = chart.y_axis.delete = False
        chart.legend.position = "b"
        sheet.worksheet.add_chart(chart, place)


def annual_plan(book: Book, office: Office) -> None:
    """双随机抽查计划: one row per tier."""
    title = _title(office, "双随机抽查计划", "Annual inspection plan")
    sheet = open_page(book, PLAN, title, office.facts, office.approval, office.language)
    heading = sheet.headings(PLAN, office.language)
    _, last = sheet.table(PLAN, plan_rows(office), height=64)
    sheet.filter(PLAN, heading, last)


def plan_rows(office: Office) -> pl.DataFrame:
    """PLAN's columns, one row per tier."""
    language, names, facts = office.language, tier_names(office.policy, office.language), office.facts
    tiers = by_tier(office)
    begin, end = facts.period_from or facts.as_of, facts.period_to or facts.as_of
    what = {t: both(f"{names[t]}企业综合检查", f"Combined inspection, tier {t}", language) for t in tiers["tier"]}
    return tiers.select(
        (pl.int_range(pl.len()) + 1).alias("number"),
        pl.lit(inspectorate(office.region, language)).alias("agency"),
        pl.lit(both(f"{begin:%Y}年度双随机抽查", f"Inspection plan {begin:%Y}", language)).alias("plan_name"),
        pl.col("tier").replace_strict(what, return_dtype=pl.String).alias("content"),
        pl.lit(f"{begin:%Y-%m-%d} – {end:%Y-%m-%d}").alias("period"),
        pl.lit(both("监管股", "Supervision", language)).alias("office"),
        "tier",
        pl.col("enterprises").alias("pool"),
        "rate_wanted",
        "rate_planned",
        pl.Series("frequency", [frequency(office.policy, t, language) for t in tiers["tier"]], dtype=pl.String),
        "planned",
        "must",
    )


def frequency(policy: Policy, tier: str, language: Language) -> str:
    """How often at least and at most a tier is visited."""
    rules = policy.inspection
    cap, every = rules.yearly_cap.get(tier), rules.frequency_days.get(tier)
    most = both(f"每年最多{cap}次", f"at most {cap} a year", language) if cap is not None else ""
    least = both(f"至少每{every}天1次", f"once in {every} days at least", language) if every else ""
    return "\n".join(part for part in (least, most) if part)


def item_list(book: Book, office: Office) -> None:
    """抽查事项清单: one row per item of the catalogue that can be found, with the clause it rests on."""
    title = _title(office, "抽查事项清单", "Items inspected")
    sheet = open_page(book, ITEMS, title, office.facts, office.approval, office.language)
    heading = sheet.headings(ITEMS, office.language)
    _, last = sheet.table(ITEMS, item_rows(office), height=58)
    sheet.filter(ITEMS, heading, last)


def item_rows(office: Office) -> pl.DataFrame:
    """ITEMS' columns, one row per adverse item."""
    policy, language = office.policy, office.language
    rules = policy.inspection
    rates = " · ".join(f"{t} {r / 10:g}%" for t, r in rules.rates.items() if r is not None)
    rates = both(f"每年 {rates}", f"a year: {rates}", language) if rates else rates
    staff = both(f"{rules.team_size}名持证检查人员", f"{rules.team_size} licensed inspectors", language)
    caps = both("按年度上限", "within the yearly cap", language)
    rows = [
        (
            both(
                policy.scorecard.dimensions[i.dimension].title.zh,
                policy.scorecard.dimensions[i.dimension].title.en,
                language,
            ),
            both(i.title.zh, i.title.en, language),
            clause_text(i.clause, policy, language),
        )
        for i in policy.items.values()
        if min(i.points.values()) < 0
    ]
    frame = pl.DataFrame(rows, schema=["matter", "item", "basis"], orient="row")
    return frame.with_columns(
        (pl.int_range(pl.len()) + 1).alias("number"),
        pl.lit(inspectorate(office.region, language)).alias("agency"),
        pl.lit(both("辖区内企业", "Enterprises of the region", language)).alias("object"),
        pl.lit(rates).alias("rate"),
        pl.lit(caps).alias("frequency"),
        pl.lit(both("现场检查、书面检查", "On site, on paper", language)).alias("method"),
        pl.lit(staff).alias("staff"),
        pl.lit(both("综合查一次", "One combined visit", language)).alias("remark"),
    )


def why_not(book: Book, office: Office) -> None:
    """Every enterprise of the region that is not visited, each with one true reason."""
    title = _title(office, "未列入计划的企业及原因", "Left out, and why")
    write_parts(book, WHY_NOT, title, office.left_out, office.facts, office.approval, office.language)


def legend(book: Book, office: Office) -> None:
    """What the tiers, results and colours mean, on which rules, and what the workbook is not."""
    title = both("说明", "Legend", office.language, "  ")
    sheet = open_page(book, LEGEND, title, office.facts, office.approval, office.language)
    sheet.headings(LEGEND, office.language)
    for tier in office.policy.tiers:
        least = tier.from_points
        bound = "" if least is None else f" ({both('得分不低于', 'from', office.language, ' ')} {least / 1000:g})"
        meaning = both(tier.title.zh, tier.title.en, office.language, " ") + bound
        sheet.row([Cell(tier.id, f"tier {tier.id}"), Cell(meaning, "text")], height=20)
    for term, meaning in _remarks(office):
        sheet.row([term, meaning])
    sheet.protect()


def _remarks(office: Office) -> Iterator[tuple[str, str]]:
    language = office.language
    found = both("检查结果：发现问题，须选填事项", "Result with a problem: choose the item found", language)
    other = both("检查结果：无须填写事项", "Result without an item", language)
    for term in RESULTS:
        yield term.label(language), found if term.code in PROBLEMS else other
    yield (
        both("黄色列", "Yellow columns", language),
        both("由检查人员填写，其余各列为计划内容。", "To be filled in; all others state the plan.", language),
    )
    yield (
        both("颜色", "Colours", language),
        both(
            "等级颜色由浅到深，黑白打印亦可区分。",
            "Tiers darken from best to worst; they differ in grey, too.",
            language,
        ),
    )
    yield (
        both("随机抽取", "Random draw", language),
        both(
            "种子事先公布承诺值，任何人可以复核抽取结果。",
            "The seed was committed beforehand; anybody can replay the draw.",
            language,
        )
        + (f" {office.facts.seed}" if office.facts.seed else ""),
    )
    yield (
        both("用途", "Use", language),
        both(
            "本表为辅助筛查，任何决定由具名负责人作出。",
            "This workbook screens and proposes; a named officer decides.",
            language,
        ),
    )
