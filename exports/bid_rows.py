"""An evaluation → the rows of the workbook's sheets, as frames with the columns of `exports.bid_forms`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from config.in_force import Policy
from exports.bid_words import BASIS, FLAGS, SET_ASIDE, Word
from exports.layout import Form, Kind, Language, both
from exports.words import clause_text
from models.tender.amounts import amount_of
from models.tender.case import Kind as CriterionKind
from models.tender.evaluation import Evaluation, SetAside

_TYPES: dict[Kind, Any] = {
    Kind.number: pl.Int64,
    Kind.points: pl.Int64,
    Kind.share: pl.Int64,
    Kind.money: pl.Float64,
    Kind.date: pl.Date,
}


def frame_of(form: Form, rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows as dicts → a frame typed by the form's columns, numbered from 1 where a row has no number."""
    schema = {column.id: _TYPES.get(column.kind, pl.String) for column in form.columns}
    numbered = [{"number": place, **row} for place, row in enumerate(rows, start=1)]
    return pl.DataFrame(numbered, schema=schema, orient="row")


def word(words: Mapping[str, Word], code: str, language: Language) -> str:
    """A code in the reader's language; the code itself where there is no word for it."""
    zh, en = words.get(code, (code, code))
    return both(zh, en, language, " / ")


def summary_rows(evaluation: Evaluation, language: Language) -> list[dict[str, Any]]:
    """Bids by lot and rank, those set aside after the ranked ones of their lot."""
    case, found = evaluation.case, []
    bids = {(bid.lot, bid.id): bid for bid in case.bids}
    aside: dict[str, list[SetAside]] = {}
    for item in evaluation.set_aside:
        aside.setdefault(item.lot, []).append(item)
    for lot in case.lots:
        for row in evaluation.of_lot(lot.id):
            won = evaluation.awards.get(lot.id) == row.bid
            found.append(
                {
                    "lot": lot.id,
                    "bidder": row.name,
                    "price": _amount(row.price, case.currency),
                    "price_points": row.by_kind[CriterionKind.price],
                    "business": row.by_kind[CriterionKind.business],
                    "technical": row.by_kind[CriterionKind.technical],
                    "credit": row.by_kind[CriterionKind.credit],
                    "total": row.total,
                    "rank": row.rank,
                    "proposal": both("推荐", "proposed", language, " ") if won else "",
                    "remark": _remark(evaluation, row.rank, won, language),
                }
            )
        for item in aside.get(lot.id, ()):
            price = bids[item.lot, item.bid].price
            found.append(
                {
                    "lot": lot.id,
                    "bidder": item.name,
                    "price": _amount(price, case.currency),
                    "remark": word(SET_ASIDE, item.reason, language),
                }
            )
    return found


def _remark(evaluation: Evaluation, rank: int, won: bool, language: Language) -> str:
    if rank == 1 and not won:
        return both("达上限", "limit reached", language, " / ")
    return ""


def _amount(price: int | None, currency: str) -> float | None:
    return None if price is None else float(amount_of(price, currency))


def judge_rows(evaluation: Evaluation, judge: str) -> list[dict[str, Any]]:
    """One judge's scores of the bids that take part, in the order of lots and bids (not of ranks)."""
    bids = {(bid.lot, bid.id): bid for bid in evaluation.case.bids}
    order = {lot.id: place for place, lot in enumerate(evaluation.case.lots)}
    found = []
    for row in sorted(evaluation.rows, key=lambda row: (order[row.lot], row.bid)):
        scores = {s.criterion: s.points for s in bids[row.lot, row.bid].scores if s.judge == judge}
        if scores:
            cells = {f"criterion {name}": points for name, points in scores.items()}
            found.append({"lot": row.lot, "bidder": row.name, "sum": sum(scores.values()), **cells})
    return found


def judges(evaluation: Evaluation) -> list[str]:
    """Everybody who scored a bid that takes part, in order of name."""
    kept = {(row.lot, row.bid) for row in evaluation.rows}
    return sorted({s.judge for bid in evaluation.case.bids if (bid.lot, bid.id) in kept for s in bid.scores})


def credit_rows(evaluation: Evaluation, policy: Policy, language: Language) -> list[dict[str, Any]]:
    """One row per bid and firm behind it."""
    found = []
    for row in evaluation.rows:
        for firm in row.credit.firms:
            party = evaluation.case.party(firm.party)
            grounds = word(BASIS, firm.basis, language)
            if len(row.credit.firms) > 1:
                grounds += both("；联合体：", "; consortium: ", language, " ") + word(BASIS, row.credit.rule, language)
            found.append(
                {
                    "lot": row.lot,
                    "bidder": row.name,
                    "firm": party.name,
                    "code": party.identifier or party.id,
                    "tier": firm.tier or "—",
                    "score": firm.score,
                    "firm_points": sum(firm.points.values()),
                    "points": row.credit.total,
                    "grounds": grounds,
                    "clause": clause_text(row.credit.clause, policy, language),
                }
            )
    return found


def tier_rows(evaluation: Evaluation, policy: Policy, language: Language) -> list[dict[str, Any]]:
    """Points by tier with the population they are neutral over; then the points of bidders that cannot be rated."""
    table = evaluation.table
    total = max(1, table.population.total)
    found: list[dict[str, Any]] = [
        {
            "tier": tier.id,
            "title": both(tier.title.zh, tier.title.en, language, " / "),
            "points": table.of_tier(tier.id),
            "firms": table.population.count[tier.id],
            "share": table.population.count[tier.id] * 1000 // total,
            "clause": clause_text(table.clause, policy, language),
        }
        for tier in policy.tiers
        if table.points
    ]
    neutral = both("无法评级（境外、新设、未知）", "cannot be rated (foreign, new, unknown)", language, " / ")
    clause = clause_text(table.neutral_clause, policy, language)
    return [*found, {"tier": "—", "title": neutral, "points": table.neutral_total, "clause": clause}]


def veto_rows(evaluation: Evaluation, policy: Policy, language: Language) -> list[dict[str, Any]]:
    """One row per entry of a list that stands against a firm."""
    names = {(bid.lot, bid.id): evaluation.case.bidder_name(bid) for bid in evaluation.case.bids}
    return [
        {
            "lot": hit.lot,
            "bidder": names[hit.lot, hit.bid],
            "firm": hit.name,
            "ground": both(hit.title.zh, hit.title.en, language, " / "),
            "clause": clause_text(hit.clause, policy, language),
            "source": hit.source,
            "reference": hit.reference,
            "from_date": hit.from_date,
            "to_date": hit.to_date,
            "queried_at": hit.queried_at.isoformat(sep=" ", timespec="minutes"),
            "evidence": hit.evidence,
        }
        for hit in evaluation.vetoes
    ]


def note_rows(evaluation: Evaluation, language: Language) -> list[dict[str, Any]]:
    """Flags: two bids and what they share."""
    names = {(bid.lot, bid.id): evaluation.case.bidder_name(bid) for bid in evaluation.case.bids}
    return [
        {
            "lot": flag.lot,
            "bidders": f"{names[flag.lot, flag.first]} — {names[flag.lot, flag.second]}",
            "kind": word(FLAGS, flag.kind, language),
            "detail": flag.detail,
        }
        for flag in evaluation.flags
    ]
