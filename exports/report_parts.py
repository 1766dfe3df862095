"""The sections of the report: each a chart, a sentence how to read it, and the table behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import polars as pl

from exports.charts import Bar, Range, bars, ranges
from exports.report_plan import plan_sections
from exports.section import Section, share
from exports.styles import tier_fill

if TYPE_CHECKING:
    from exports.report import ReportInput

MILLION = 1_000_000


def figures(given: ReportInput) -> list[tuple[str, str]]:
    """The numbers at the top."""
    shown = [(given.say("企业", "enterprises"), f"{given.ratings.height:,}")]
    if given.plan is not None:
        shown.append((given.say("计划检查", "visits planned"), f"{given.plan.visits.height:,}"))
        shown.append((given.say("未列入", "left out"), f"{given.plan.left_out.height:,}"))
    if given.rejected is not None:
        shown.append((given.say("拒收行", "rows refused"), f"{given.rejected.height:,}"))
    return shown


def sections(given: ReportInput) -> Iterator[Section]:
    """Every section for which there is something to show, in the order of the page."""
    yield tiers(given)
    if given.previous is not None:
        yield movement(given, given.previous)
    if given.plan is not None:
        yield from plan_sections(given, given.plan)
    if given.violation_rates is not None:
        yield violation_rates(given, given.violation_rates)
    if given.files:
        yield files(given)
    if given.rejected is not None and given.rejected.height:
        yield refusals(given, given.rejected)
    if given.overrides is not None:
        yield overrides(given, given.overrides)


def _colours(given: ReportInput) -> dict[str, str]:
    ladder = given.policy.tiers
    return {tier.id: tier_fill(tier.colour, tier.rank, len(ladder)) for tier in ladder}


def tiers(given: ReportInput) -> Section:
    """How many enterprises stand in each tier."""
    count = dict(given.ratings.group_by("tier").len().iter_rows())
    total, fills = given.ratings.height, _colours(given)
    rows = [(t.id, given.say(t.title.zh, t.title.en), int(count.get(t.id, 0))) for t in given.policy.tiers]
    title = given.say("各等级企业数", "Enterprises by tier")
    chart = bars(
        title, ["n"], [Bar(f"{i} {name}", (n,), (f"{n:,} · {share(n, total)}",), fills[i]) for i, name, n in rows]
    )
    head = (given.say("等级", "Tier"), given.say("名称", "Title"), given.say("企业数", "Enterprises"), "%")
    body = tuple((i, name, f"{n:,}", share(n, total)) for i, name, n in rows)
    says = given.say("按基准日有效的规则评定。", "Rated by the rules in force on the day.")
    return Section("tiers", title, says, head, body, chart)


def movement(given: ReportInput, previous: pl.DataFrame) -> Section:
    """From which tier to which since the run before."""
    moved = given.ratings.select("enterprise_id", after="tier").join(
        previous.select("enterprise_id", before="tier"), on="enterprise_id", how="full", coalesce=True
    )
    count = {(a, b): n for a, b, n in moved.group_by("before", "after").len().iter_rows()}
    ids = [t.id for t in given.policy.tiers]
    new, gone = given.say("新增", "new"), given.say("移出", "gone")
    body = tuple(
        (label, *(f"{count.get((key, after), 0):,}" for after in (*ids, None)))
        for key, label in [*((i, i) for i in ids), (None, new)]
    )
    title = given.say("等级变动", "Movement since the last run")
    head = (given.say("上次 → 本次", "Before → now"), *ids, gone)
    says = given.say("行为上次等级，列为本次等级。", "Rows: the tier before; columns: the tier now.")
    changes = [
        Bar(f"{a or new} → {b or gone}", (n,), (f"{n:,}",))
        for (a, b), n in sorted(count.items(), key=lambda kv: (-kv[1], str(kv[0])))
        if a != b
    ][:12]
    return Section("movement", title, says, head, body, bars(title, ["n"], changes))


def violation_rates(given: ReportInput, table: pl.DataFrame) -> Section:
    """Estimated share of enterprises with a violation, by tier, from the random draw alone."""
    known = [r for r in table.iter_rows(named=True) if r["rate"] is not None]
    title = given.say("估计的真实违法率", "Estimated true violation rate")
    points = [
        Range(r["tier"], r["low"] / MILLION, r["rate"] / MILLION, r["high"] / MILLION, _interval(r)) for r in known
    ]
    head = (
        given.say("等级", "Tier"),
        given.say("抽取", "Drawn"),
        given.say("已查", "Seen"),
        given.say("发现", "Found"),
        given.say("违法率（95%区间）", "Rate (95% interval)"),
    )
    body = tuple(
        (r["tier"], f"{r['drawn']:,}", f"{r['seen']:,}", f"{r['found']:,}", _interval(r))
        for r in table.iter_rows(named=True)
    )
    says = given.say("只用随机抽取的检查，按抽取概率加权。", "From drawn visits alone, weighted by their probability.")
    return Section("violations", title, says, head, body, ranges(title, points))


def _interval(row: dict[str, int | None]) -> str:
    if row["rate"] is None or row["low"] is None or row["high"] is None:
        return "–"
    return f"{row['rate'] / 10_000:.1f}% ({row['low'] / 10_000:.1f}–{row['high'] / 10_000:.1f})"


def files(given: ReportInput) -> Section:
    """Rows accepted and refused, by input file."""
    rows = sorted((str(f["name"]), int(f["rows"]), int(f["accepted"]), int(f["rejected"])) for f in given.files)
    title = given.say("各来源拒收", "Refused rows by source")
    shown = [Bar(n, (bad / max(1, all_),), (f"{bad:,} · {share(bad, all_)}",)) for n, all_, _, bad in rows if bad]
    head = (
        given.say("文件", "File"),
        given.say("行", "Rows"),
        given.say("接收", "Accepted"),
        given.say("拒收", "Refused"),
    )
    body = tuple((n, f"{a:,}", f"{b:,}", f"{c:,}") for n, a, b, c in rows)
    says = given.say(
        "拒收的行连同行号、规则和理由保存。", "Every refused row is kept with its number, rule and reason."
    )
    return Section("sources", title, says, head, body, bars(title, ["n"], shown) if shown else "")


def refusals(given: ReportInput, rejected: pl.DataFrame) -> Section:
    """By which rule rows were refused."""
    count = rejected.group_by("rule").len("n").sort("n", "rule", descending=[True, False])
    title = given.say("拒收原因", "Refused by rule")
    told: Sequence[tuple[str, int]] = [(str(rule).replace("_", " "), n) for rule, n in count.iter_rows()]
    head = (given.say("规则", "Rule"), given.say("行", "Rows"))
    chart = bars(title, ["n"], [Bar(words, (n,), (f"{n:,}",)) for words, n in told])
    return Section("refusals", title, "", head, tuple((w, f"{n:,}") for w, n in told), chart)


OVERRIDE_HEADS = {
    "officer": ("负责人账号", "officer"),
    "name": ("姓名", "name"),
    "decision": ("决定", "decision"),
    "subject": ("对象", "subject"),
    "before": ("原建议", "proposed"),
    "after": ("改为", "decided"),
    "reason": ("理由", "reason"),
    "count": ("次数", "count"),
    "on": ("日期", "on"),
}


def overrides(given: ReportInput, table: pl.DataFrame) -> Section:
    """Decisions in which an officer departed from the proposal."""
    title = given.say("人工改动", "Overrides by officers")
    body = tuple(tuple("" if v is None else str(v) for v in row) for row in table.iter_rows())
    says = given.say("每项改动都有具名负责人和理由。", "Each with a named officer and a reason.")
    heads = tuple(given.say(*OVERRIDE_HEADS.get(c, (c, c.replace("_", " ")))) for c in table.columns)
    return Section("overrides", title, says, heads, body)
