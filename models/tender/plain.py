"""An evaluation as plain values (JSON) and as a frame: what the store, the OCDS release and machines get."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl

from config.units import points_text
from models.tender.scoring import Scored

if TYPE_CHECKING:
    from models.tender.evaluation import Evaluation

BIDS = pl.Schema(
    {
        "tender_id": pl.String,
        "lot": pl.String,
        "bid_id": pl.String,
        "enterprise_id": pl.String,  # of the firm whose rating decided; null where nobody could be rated
        "tier": pl.String,
        "credit_points": pl.Int64,  # milli-points
        "total_points": pl.Int64,  # milli-points; null for bids set aside
        "rank": pl.Int64,
        "detail": pl.String,  # JSON: lot, points by criterion, clause, reason for setting aside
    }
)
"""One row per bid, also those set aside."""


def evaluation_dict(evaluation: Evaluation) -> dict[str, Any]:
    """Everything the evaluation says, points as decimal numbers, in a fixed order."""
    case = evaluation.case
    return {
        "tender": case.id,
        "ocid": case.ocid,
        "opening": evaluation.opening.isoformat(),
        "ratedOn": evaluation.rated_on.isoformat(),
        "pack": evaluation.pack,
        "policy": evaluation.policy_digest,
        "status": "proposed",
        "pointsByTier": table_dict(evaluation),
        "rows": [row_dict(evaluation, row) for row in evaluation.rows],
        "setAside": [
            {"bid": row.bid, "lot": row.lot, "name": row.name, "reason": row.reason, "path": row.path}
            for row in evaluation.set_aside
        ],
        "vetoQueriedAt": evaluation.veto_queried_at.isoformat() if evaluation.veto_queried_at else None,
        "vetoes": [
            {
                "bid": hit.bid,
                "lot": hit.lot,
                "party": hit.party,
                "role": hit.role,
                "veto": hit.veto,
                "clause": hit.clause,
                "source": hit.source,
                "reference": hit.reference,
                "from": hit.from_date.isoformat(),
                "to": hit.to_date.isoformat() if hit.to_date else None,
                "queriedAt": hit.queried_at.isoformat(),
                "evidence": hit.evidence,
            }
            for hit in evaluation.vetoes
        ],
        "awards": dict(sorted(evaluation.awards.items())),
        "optimality": {
            "method": evaluation.assignment.method,
            "objective": evaluation.assignment.objective,
            "bound": evaluation.assignment.bound,
            "statement": evaluation.assignment.statement,
        },
        "notes": [
            {"lot": f.lot, "first": f.first, "second": f.second, "kind": f.kind, "detail": f.detail}
            for f in evaluation.flags
        ],
    }


def table_dict(evaluation: Evaluation) -> dict[str, Any]:
    """The table of points by tier with its clause and the optima it was proven at."""
    table = evaluation.table
    return {
        "method": str(table.method),
        "clause": str(table.clause),
        "points": {c: {tier: _number(p) for tier, p in by_tier.items()} for c, by_tier in table.points.items()},
        "neutral": {criterion: _number(points) for criterion, points in table.neutral.items()},
        "neutralClause": str(table.neutral_clause),
        "population": dict(table.population.count),
        "mean": None if table.mean is None else _number(round(table.mean)),
        "stages": [{"goal": stage.name, "optimum": stage.optimum} for stage in table.stages],
    }


def row_dict(evaluation: Evaluation, row: Scored) -> dict[str, Any]:
    """One bid's points, rank and the grounds of its credit points."""
    return {
        "bid": row.bid,
        "lot": row.lot,
        "name": row.name,
        "points": {criterion: _number(points) for criterion, points in row.points.items()},
        "total": _number(row.total),
        "rank": row.rank,
        "awarded": evaluation.awards.get(row.lot) == row.bid,
        "credit": {
            "points": _number(row.credit.total),
            "rule": row.credit.rule,
            "clause": row.credit.clause,
            "firms": [
                {
                    "party": firm.party,
                    "tier": firm.tier,
                    "points": _number(sum(firm.points.values())),
                    "basis": firm.basis,
                }
                for firm in row.credit.firms
            ],
        },
    }


def bids_frame(evaluation: Evaluation) -> pl.DataFrame:
    """BIDS, ranked bids first, in the order of lots and ranks."""
    case = evaluation.case
    rows: list[tuple[str | int | None, ...]] = []
    for row in evaluation.rows:
        decided = min(row.credit.firms, key=lambda firm: (sum(firm.points.values()), firm.party))
        detail = json.dumps(row_dict(evaluation, row), ensure_ascii=False, sort_keys=True)
        enterprise = case.party(decided.party).enterprise_id
        rows.append(
            (case.id, row.lot, row.bid, enterprise, row.credit.tier, row.credit.total, row.total, row.rank, detail),
        )
    bids = {(bid.lot, bid.id): bid for bid in case.bids}
    for aside in evaluation.set_aside:
        tenderers = bids[aside.lot, aside.bid].tenderers
        enterprise = case.party(tenderers[0].party).enterprise_id if tenderers else None
        detail = json.dumps({"lot": aside.lot, "reason": aside.reason, "path": aside.path}, ensure_ascii=False)
        rows.append((case.id, aside.lot, aside.bid, enterprise, None, None, None, None, detail))
    return pl.DataFrame(rows, schema=BIDS, orient="row")


def _number(milli: int) -> float:
    return float(points_text(milli))
