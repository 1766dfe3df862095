"""The report's sections on the plan: rates, where visits come from and why some are missing, hours, load, left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from exports.charts import Bar, bars
from exports.left_out_words import short_reason, shortfall_text
from exports.section import Section, Tile, share
from exports.styles import lightness, tier_fill
from models.inspection.breakdown import by_tier as summed

if TYPE_CHECKING:
    from exports.report import ReportInput
    from exports.roster import PlanTables

MOST = 4  # reasons told of a tier


def plan_sections(given: ReportInput, plan: PlanTables) -> Iterator[Section]:
    """In the order of the page; a plan of an earlier version has fewer figures and gets fewer sections."""
    yield rates(given, plan.quota)
    if plan.figures.get("tiers"):
        yield origins(given, plan.figures["tiers"])
    yield inspectorates(given, plan.quota)
    yield capacity(given, plan.quota)
    if plan.figures.get("load"):
        yield loads(given, plan.figures["load"])
    yield left_out(given, plan.left_out)


def rates(given: ReportInput, quota: pl.DataFrame) -> Section:
    """What the rules ask for and what is planned, by tier."""
    sums = quota.group_by("tier").agg(pl.col("enterprises", "wanted", "planned").sum())
    by_tier = {row["tier"]: row for row in sums.iter_rows(named=True)}
    rows = [by_tier[t.id] for t in given.policy.tiers if t.id in by_tier]
    title = given.say("应查与计划比例", "Rates wanted and planned")
    names = [given.say("应查", "wanted"), given.say("计划", "planned")]
    pairs = [(r, r["wanted"] / max(1, r["enterprises"]), r["planned"] / max(1, r["enterprises"])) for r in rows]
    chart = bars(title, names, [Bar(r["tier"], (w, p), (f"{100 * w:.1f}%", f"{100 * p:.1f}%")) for r, w, p in pairs])
    head = (given.say("等级", "Tier"), given.say("企业数", "Enterprises"), *names, *(f"{n} %" for n in names))
    body = tuple(
        (
            r["tier"],
            f"{r['enterprises']:,}",
            f"{r['wanted']:,}",
            f"{r['planned']:,}",
            f"{100 * w:.1f}%",
            f"{100 * p:.1f}%",
        )
        for r, w, p in pairs
    )
    says = given.say("计划期内的户次占企业数的比例。", "Visits of the period as a share of the enterprises.")
    return Section("rates", title, says, head, body, chart)


def origins(given: ReportInput, rows: list[Mapping[str, Any]]) -> Section:
    """Where a tier's visits come from, and why some are missing. `rows`: models.inspection.breakdown."""
    found = {row["tier"]: row for row in summed(rows)}
    told = [found[t.id] for t in given.policy.tiers if t.id in found]
    title = given.say("户次的来源与缺口", "Where visits come from, and why some are missing")
    names = [
        given.say("必须检查", "must be visited"),
        given.say("随机底线", "random floor"),
        given.say("按比例", "by rate"),
        given.say("计划", "planned"),
        given.say("缺口", "short"),
    ]
    body = tuple(
        (
            row["tier"],
            *(f"{row[name]:,.0f}" for name in ("must", "floor", "rate", "planned", "short")),
            "; ".join(shortfall_text(*found, given.language) for found in _causes(row)),
        )
        for row in told
    )
    says = given.say(
        "必须检查的户次不受比例限制；缺口按最大原因列出。",
        "Visits that must be made stand outside the rate; a gap names its largest causes.",
    )
    return Section("origins", title, says, (given.say("等级", "Tier"), *names, given.say("原因", "Why")), body)


def _causes(row: Mapping[str, Any]) -> Iterator[tuple[str, str, float]]:
    yield from row["why"][:MOST] if row["short"] >= 1 else ()


def loads(given: ReportInput, rows: list[Mapping[str, Any]]) -> Section:
    """How evenly the work lies on the inspectors of a district. `rows`: models.inspection.load."""
    title = given.say("工作量均衡", "Balance of load")
    head = (
        given.say("检查机关", "Inspectorate"),
        given.say("检查人员", "Inspectors"),
        given.say("最少工时", "Least hours"),
        given.say("中位", "Median"),
        given.say("最多", "Most"),
        given.say("基尼系数", "Gini"),
    )
    body = tuple(
        (
            row["region"],
            f"{row['inspectors']:,}",
            *(f"{row[name] / 60:,.0f}" for name in ("least", "median", "most")),
            f"{row['gini'] / 1000:.3f}",
        )
        for row in rows
    )
    says = given.say("0 表示工作量完全相同。", "Hours of visits anywhere; a Gini coefficient of 0 means all alike.")
    return Section("load", title, says, head, body, wide=True)


def by_region(quota: pl.DataFrame) -> pl.DataFrame:
    """Sums per inspectorate; capacity is the region's own and stands once."""
    has_hours = {"minutes_planned", "minutes_capacity"} <= set(quota.columns)
    hours = [pl.col("minutes_planned").sum(), pl.col("minutes_capacity").max()] if has_hours else []
    return quota.group_by("region").agg(pl.col("enterprises", "wanted", "planned").sum(), *hours).sort("region")


def inspectorates(given: ReportInput, quota: pl.DataFrame) -> Section:
    """A tile per inspectorate, darker the less of what is wanted could be planned."""
    table = by_region(quota)
    tiles, body = [], []
    for row in table.iter_rows(named=True):
        kept = row["planned"] / row["wanted"] if row["wanted"] else 1.0
        fill = tier_fill("#2f5d8a", min(9, max(0, round((1 - kept) * 9))), 10)
        ink = "#ffffff" if lightness(fill) < 55 else "#000000"
        tiles.append(Tile(row["region"], f"{100 * kept:.0f}%", fill, ink))
        body.append(
            (row["region"], *(f"{row[c]:,}" for c in ("enterprises", "wanted", "planned")), f"{100 * kept:.0f}%")
        )
    title = given.say("各检查机关", "Inspectorates")
    head = (
        given.say("检查机关", "Inspectorate"),
        given.say("企业数", "Enterprises"),
        given.say("应查", "wanted"),
        given.say("计划", "planned"),
        given.say("计划/应查", "planned of wanted"),
    )
    says = given.say("颜色越深，未能安排的部分越多。", "The darker, the more of what is wanted could not be planned.")
    return Section("inspectorates", title, says, head, tuple(body), tiles=tuple(tiles), wide=True)


def capacity(given: ReportInput, quota: pl.DataFrame) -> Section:
    """Hours used of the hours there are, by inspectorate."""
    title = given.say("检查力量使用", "Capacity used")
    head = (
        given.say("检查机关", "Inspectorate"),
        given.say("计划工时", "Hours planned"),
        given.say("可用工时", "Hours there are"),
        "%",
    )
    table = by_region(quota)
    if "minutes_capacity" not in table.columns:
        return Section("capacity", title, given.say("未知。", "Not known."), head, ())
    rows = [
        (r["region"], r["minutes_planned"] / 60, r["minutes_capacity"] / 60, r["minutes_capacity"])
        for r in table.iter_rows(named=True)
    ]
    chart = bars(
        title,
        ["used"],
        [Bar(n, (used / there if there else 0,), (share(used, there),)) for n, used, there, _ in rows],
    )
    body = tuple((n, f"{used:,.0f}", f"{there:,.0f}", share(used, there)) for n, used, there, _ in rows)
    says = given.say("检查人员可能跨区工作。", "Inspectors may work in several districts; their hours stand in each.")
    return Section("capacity", title, says, head, body, chart, wide=True)


def left_out(given: ReportInput, rows: pl.DataFrame) -> Section:
    """Why enterprises are not visited."""
    count = rows.group_by("reason").len("n").sort("n", "reason", descending=[True, False])
    title = given.say("未列入计划的原因", "Why not visited")
    told = [(short_reason(reason, given.language), n) for reason, n in count.iter_rows()]
    chart = bars(title, ["n"], [Bar(words, (n,), (f"{n:,}",)) for words, n in told])
    head = (given.say("原因", "Reason"), given.say("企业数", "Enterprises"))
    says = given.say("每家企业一个真实原因。", "One true reason for every enterprise.")
    return Section("left-out", title, says, head, tuple((w, f"{n:,}") for w, n in told), chart)
