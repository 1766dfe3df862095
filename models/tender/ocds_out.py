"""An evaluation → OCDS 1.1 release package: what was read, untouched, plus ranks, proposed awards, the evaluation."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from config.errors import InputError
from models.tender.amounts import amount_of
from models.tender.case import Bid
from models.tender.evaluation import Evaluation

VERSION = "1.1"
EXTENSIONS = (
    "https://raw.githubusercontent.com/open-contracting-extensions/ocds_bid_extension/master/extension.json",
    "https://raw.githubusercontent.com/open-contracting-extensions/ocds_lots_extension/master/extension.json",
)


def release_package(evaluations: Sequence[Evaluation], published: datetime, uri: str | None = None) -> dict[str, Any]:
    """One release per evaluation. `published` stands in the release instead of the clock."""
    package: dict[str, Any] = {"version": VERSION, "extensions": list(EXTENSIONS), "publishedDate": _time(published)}
    if uri is not None:
        package["uri"] = uri
    return package | {"releases": [release(evaluation, published) for evaluation in evaluations]}


def release(evaluation: Evaluation, published: datetime) -> dict[str, Any]:
    """The compiled release as read, with `bids.details[].rank`, `awards` (status pending) and `evaluation`."""
    found: dict[str, Any] = copy.deepcopy(dict(evaluation.case.release))
    found["id"] = f"{str(found.get('id', evaluation.case.id)).removesuffix('-evaluation')}-evaluation"
    found["date"] = _time(published)
    found["tag"] = ["award"]
    ranks = {(row.lot, row.bid): row.rank for row in evaluation.rows}
    bids = {bid.path.rpartition("/bids/details/")[2]: bid for bid in evaluation.case.bids}
    for index, raw in enumerate((found.get("bids") or {}).get("details") or ()):
        bid = bids.get(str(index)) or evaluation.case.bids[index]
        rank = ranks.get((bid.lot, bid.id))
        raw["hasRank"] = rank is not None
        if rank is not None:
            raw["rank"] = rank
    by_id = {(bid.lot, bid.id): bid for bid in evaluation.case.bids}
    proposed = [_award(evaluation, by_id, lot, bid_id) for lot, bid_id in _in_order(evaluation)]
    found["awards"] = [*_kept_awards(found), *proposed]
    found["evaluation"] = evaluation.to_dict()
    return found


def read_evaluations(package: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The evaluations a package carries, as `Evaluation.to_dict` gave them; InputError where it carries none."""
    found = [release["evaluation"] for release in package.get("releases") or () if "evaluation" in release]
    if not found:
        raise InputError("the package carries no evaluation.", rule="ocds", remedy="evaluate the tender first")
    return found


def _in_order(evaluation: Evaluation) -> list[tuple[str, str]]:
    return [(lot.id, evaluation.awards[lot.id]) for lot in evaluation.case.lots if lot.id in evaluation.awards]


def _kept_awards(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Awards that were there before; those of an earlier evaluation are replaced."""
    return [award for award in found.get("awards") or () if not str(award.get("id", "")).startswith("proposed-")]


def _award(evaluation: Evaluation, bids: Mapping[tuple[str, str], Bid], lot: str, bid_id: str) -> dict[str, Any]:
    case = evaluation.case
    bid = bids[lot, bid_id]
    award: dict[str, Any] = {
        "id": f"proposed-{lot}",
        "title": case.lot(lot).title or lot,
        "description": "Proposed by the evaluation; without effect until a named officer has approved it.",
        "status": "pending",
        "suppliers": [{"id": m.party, "name": case.party(m.party).name} for m in bid.tenderers],
        "relatedBids": [bid.id],
        "relatedLots": [lot],
    }
    if bid.price is not None and bid.currency:
        award["value"] = {"amount": float(amount_of(bid.price, bid.currency)), "currency": bid.currency}
    return award


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
