"""What the tender commands print."""

from __future__ import annotations

from typing import Any

import polars as pl

from config.in_force import Policy
from config.units import points_text
from flows import console
from models.tender.bid_points import PointTable
from models.tender.case import Kind, TenderCase
from models.tender.evaluation import Evaluation
from models.tender.leave_out import LeftOut
from models.tender.sensitivity import Sensitivity

SHOWN_LOTS = 12
SHOWN_RANKS = 5


def points_dict(table: PointTable) -> dict[str, Any]:
    """A table of points for machines, in points."""
    return {
        "method": str(table.method),
        "points": {c: {t: points_text(p) for t, p in by_tier.items()} for c, by_tier in table.points.items()},
        "neutral": {c: points_text(p) for c, p in table.neutral.items()},
        "population": dict(table.population.count),
        "mean": None if table.mean is None else round(float(table.mean) / 1000, 3),
        "clause": str(table.clause),
        "proven": {stage.name: stage.optimum for stage in table.stages},
    }


def show_points(case: TenderCase, table: PointTable, policy: Policy) -> None:
    total = max(1, table.population.total)
    rows: list[tuple[Any, ...]] = [
        (tier.id, tier.title.en, points_text(table.of_tier(tier.id)), table.population.count[tier.id],
         f"{table.population.count[tier.id] / total:.1%}")
        for tier in policy.tiers
        if table.points
    ]  # fmt: skip
    rows.append(("–", "cannot be rated: neutral", points_text(table.neutral_total), None, ""))
    title = f"{case.title}: credit points by tier ({table.method}, {table.clause})"
    console.print_table(title, ["tier", "title", "points", "enterprises", "share"], rows)
    if table.mean is not None:
        spread = points_text(table.spread)
        console.out.print(f"mean over the population {float(table.mean) / 1000:.3f}; best minus worst {spread}")
    for stage in table.stages:
        console.out.print(f"proven optimal: {stage.name} = {stage.text}", markup=False)


def show_treatment(treatment: pl.DataFrame) -> None:
    if treatment.is_empty():
        console.out.print("equal treatment: no region or ownership is known of the enterprises")
        return
    rows = [
        (r["attribute"], r["group"], r["firms"], f"{r['mean']:.3f}", f"{r['difference']:+.3f}", f"{r['ratio']:.3f}",
         f"{r['within_tier']:.3f}", f"{r['p_value']:.3f}")
        for r in treatment.iter_rows(named=True)
    ]  # fmt: skip
    headings = ["attribute", "group", "firms", "mean", "to the rest", "ratio", "within a tier", "p (Holm)"]
    console.print_table("Equal treatment over the bidder population", headings, rows)


def show_evaluation(result: Evaluation) -> None:
    case = result.case
    for hit in result.vetoes:
        until = hit.to_date or "open"
        text = (
            f"REFUSE lot {hit.lot} {hit.name}: {hit.title.en} ({hit.clause}; {hit.source} {hit.reference}, to {until})"
        )
        console.out.print(text, markup=False)
    for aside in result.set_aside:
        if aside.reason != "veto":
            console.out.print(f"set aside: lot {aside.lot} {aside.name} ({aside.reason}; {aside.path})", markup=False)
    rows = [
        (row.lot, row.rank, row.name, *(points_text(row.by_kind[kind]) for kind in Kind), points_text(row.total),
         "proposed" if result.awards.get(row.lot) == row.bid else "")
        for lot in case.lots[:SHOWN_LOTS]
        for row in result.of_lot(lot.id)[:SHOWN_RANKS]
    ]  # fmt: skip
    headings = ["lot", "rank", "bidder", *(str(kind) for kind in Kind), "total", "award"]
    console.print_table(f"{case.title} ({case.id})", headings, rows)
    hidden = sum(max(len(result.of_lot(lot.id)) - SHOWN_RANKS, 0) for lot in case.lots[:SHOWN_LOTS])
    if hidden:
        console.out.print(f"… and {hidden} bids ranked below {SHOWN_RANKS}: in the workbook")
    if len(case.lots) > SHOWN_LOTS:
        console.out.print(f"… and {len(case.lots) - SHOWN_LOTS} more lots")
    console.out.print(result.assignment.statement, markup=False)
    if result.rated_on > result.opening:
        console.out.print(f"Ratings are of {result.rated_on}, after the opening on {result.opening}: not frozen.")
    if result.veto_queried_at is None:
        console.out.print("No lists were given: nobody was checked for vetoes.")
    for flag in result.flags:
        console.out.print(
            f"note, lot {flag.lot}: {flag.kind}: {flag.detail or f'{flag.first}, {flag.second}'}", markup=False
        )


def sensitivity_dict(result: Evaluation, found: Sensitivity, left_out: tuple[LeftOut, ...]) -> dict[str, Any]:
    """Stretches and records left out for machines; thresholds as exact fractions of points."""
    return {
        "tender": result.case.id,
        "weight": points_text(found.weight),
        "exact": found.exact,
        "withoutCredit": dict(found.without_credit),
        "awards": dict(result.awards),
        "stretches": [
            {"lot": s.lot, "from": str(s.low / 1000), "to": str(s.high / 1000), "winner": s.bid}
            for s in found.stretches
        ],
        "leftOut": [{**item.__dict__, "changes": item.changes} for item in left_out],
    }


def show_sensitivity(result: Evaluation, found: Sensitivity, left_out: tuple[LeftOut, ...]) -> None:
    names = {(row.lot, row.bid): row.name for row in result.rows}
    rows = [
        (s.lot, f"{float(s.low) / 1000:.3f}", f"{float(s.high) / 1000:.3f}", names.get((s.lot, s.bid or ""), "–"),
         "this tender" if s.low <= found.weight <= s.high else "")
        for s in found.stretches
    ]  # fmt: skip
    title = f"{result.case.title}: winner by credit weight (tender: {points_text(found.weight)})"
    console.print_table(title, ["lot", "from weight", "to", "winner", ""], rows)
    changed = [lot for lot, bid in result.awards.items() if found.without_credit.get(lot) != bid]
    if changed:
        console.out.print(f"Without credit points another bidder would win lot(s) {', '.join(changed)}.")
    else:
        console.out.print("Without credit points the same bidders would win.")
    deciding = [item for item in left_out if item.changes]
    console.out.print(f"Records left out one by one: {len(left_out)}; {len(deciding)} of them change a winner.")
    for item in deciding:
        text = f"lot {item.lot}: without {item.record_id}: tier {item.tier_before} → {item.tier_after}, winner "
        console.out.print(text + names.get((item.lot, item.winner_after or ""), "–"), markup=False)
