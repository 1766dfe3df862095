"""Small tenders for tests, written compactly; everything goes through the OCDS reader."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any

import polars as pl

from config.in_force import Clause, Policy
from config.pack import BidMethod
from config.policy import load_policy
from config.units import milli
from models.records import LISTINGS, RATINGS
from models.tender.bid_points import PointTable
from models.tender.case import TenderCase
from models.tender.ocds import cases_of
from models.tender.point_rules import PointRules
from models.tender.population import Population

OPENING = date(2025, 9, 10)
WEIGHTS = {"price": 30, "technical": 40, "business": 15, "credit": 15}
SCHEME = "PL-NIP"


@cache
def market() -> Policy:
    return load_policy("market").at(OPENING)


def package(tender: dict[str, Any], bids: list[dict[str, Any]]) -> dict[str, Any]:
    """An OCDS release package; `bids` as {firm, lot, price, technical: [by judge], business: [by judge], …}."""
    firms = sorted({firm for bid in bids for firm in (*members(bid), *bid.get("subcontractors", ()))})
    lots = tender.get("lots", {"1": None})
    return {
        "version": "1.1",
        "releases": [
            {
                "ocid": "ocds-test-1",
                "id": "1",
                "date": "2025-09-11T00:00:00Z",
                "tag": ["tender"],
                "initiationType": "tender",
                "parties": [party(firm, **tender.get("parties", {}).get(firm, {})) for firm in firms],
                "tender": {
                    "id": "T",
                    "title": tender.get("title", "Test"),
                    "value": {"amount": 1_000_000, "currency": tender.get("currency", "CNY")},
                    "tenderPeriod": {"endDate": "2025-09-10T09:00:00+08:00"},
                    "bidOpening": {"date": "2025-09-10T09:30:00+08:00"},
                    "lots": [lot(str(name), ceiling) for name, ceiling in lots.items()],
                    "criteria": criteria(tender),
                    **({"lotDetails": {"maximumLotsAwardedPerSupplier": tender["limit"]}} if "limit" in tender else {}),
                    **({"lotRule": tender["lot_rule"]} if "lot_rule" in tender else {}),
                    **({"tieRule": tender["ties"]} if "ties" in tender else {}),
                    **tender.get("more", {}),
                },
                "bids": {"details": [bid_of(bid, place) for place, bid in enumerate(bids)]},
            }
        ],
    }


def criteria(tender: dict[str, Any]) -> list[dict[str, Any]]:
    if "criteria" in tender:
        return list(tender["criteria"])
    found = []
    for name, weight in tender.get("weights", WEIGHTS).items():
        criterion = {"id": name, "title": name, "kind": name.split("_")[0], "weight": weight}
        found.append(criterion | (tender.get("price", {}) if name == "price" else tender.get(name, {})))
    return found


def lot(name: str, ceiling: int | None) -> dict[str, Any]:
    value = {"value": {"amount": ceiling, "currency": "CNY"}} if ceiling else {}
    return {"id": name, "title": f"Lot {name}", **value}


def party(firm: str, **more: Any) -> dict[str, Any]:
    return {"id": firm, "name": firm, "identifier": {"scheme": SCHEME, "id": firm}, "roles": ["tenderer"], **more}


def members(bid: dict[str, Any]) -> list[str]:
    return list(bid["members"]) if "members" in bid else [bid["firm"]]


def bid_of(bid: dict[str, Any], place: int) -> dict[str, Any]:
    shares = bid.get("members", {})
    tenderers = [
        {"id": firm, "name": firm, **({"share": shares[firm]} if shares and shares[firm] is not None else {})}
        for firm in members(bid)
    ]
    found: dict[str, Any] = {
        "id": bid.get("id", f"{'+'.join(members(bid))}-{bid.get('lot', 1)}"),
        "date": bid.get("date", "2025-09-10T08:00:00+08:00"),
        "status": bid.get("status", "valid"),
        "relatedLots": [str(bid.get("lot", 1))],
        "tenderers": tenderers,
        "value": {"amount": bid.get("price", 100), "currency": bid.get("currency", "CNY")},
        "scores": [
            {"criterion": name, "judge": f"J{judge}", "points": points}
            for name in bid
            if name.split("_")[0] in ("technical", "business") or name.startswith("score ")
            for judge, points in enumerate(_list(bid[name]), start=1)
        ],
    }
    for score in found["scores"]:
        score["criterion"] = score["criterion"].removeprefix("score ")
    if "subcontractors" in bid:
        listed = [{"id": s, "subcontractor": {"id": s, "name": s}} for s in bid["subcontractors"]]
        found["subcontracting"] = {"subcontracts": listed}
    return found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def case_of(tender: dict[str, Any], bids: list[dict[str, Any]]) -> TenderCase:
    (case,) = cases_of(package(tender, bids), "test.json")
    return case


def ratings(tiers: dict[str, str], scores: dict[str, float] | None = None, extra: dict[str, int] | None = None) -> Any:
    """RATINGS with tier by firm (enterprise pl:FIRM); `extra`: so many more firms by tier, the population."""
    rows = [(f"pl:{firm.upper()}", tier, milli((scores or {}).get(firm, 900))) for firm, tier in tiers.items()]
    rows += [(f"x:{tier}{k}", tier, 900_000) for tier, n in (extra or {}).items() for k in range(n)]
    schema = {name: RATINGS[name] for name in ("enterprise_id", "tier", "score")}
    return pl.DataFrame(rows, schema=schema, orient="row")


def listings(rows: list[list[Any]]) -> pl.DataFrame:
    """[list, firm, from, to, agency?, reference?]"""
    full = [(r[0], f"pl:{r[1].upper()}", r[2], r[3], *(r[4:] or ["court", f"no. {k}"])) for k, r in enumerate(rows)]
    return pl.DataFrame(full, schema=LISTINGS, orient="row")


def table(points: dict[str, float], neutral: float = 0, caps: dict[str, int] | None = None) -> PointTable:
    """A plain table of points for criterion `credit`."""
    clause = Clause("test", "1", OPENING, True)
    return PointTable(
        method=BidMethod.table,
        caps=caps or {"credit": 15_000},
        points={"credit": {tier: milli(value) for tier, value in points.items()}},
        neutral={"credit": milli(neutral)},
        population=Population(tuple(points), dict.fromkeys(points, 1)),
        clause=clause,
        neutral_clause=clause,
    )


def rules(
    count: dict[str, int],
    *,
    caps: dict[str, float] | None = None,
    step: float = 0.5,
    small: dict[str, int] | None = None,
    **more: Any,
) -> PointRules:
    """Rules for points in points as written; keys as in PointRules."""

    def points(name: str, default: Any = None) -> Any:
        return default if more.get(name) is None else Fraction(str(more[name])) * 1000

    quality = more.get("spread_quality")
    clause = Clause("test", "1", OPENING, True)
    fields = ("gap_min", "gap_max", "mean_tolerance", "never_flips_quality", "never_flips_price_per_mille", "cap")
    return PointRules(
        step=milli(step),
        caps={name: milli(cap) for name, cap in (caps or {"credit": 15}).items()},
        gap_min=points("gap_min", Fraction(0)),
        gap_max=points("gap_max"),
        mean_target=points("mean_target"),
        mean_tolerance=points("mean_tolerance", Fraction(500)),
        spread_quality=None if quality is None else milli(quality),
        spread_price=points("spread_price"),
        small_mean=points("small_mean"),
        population=Population(tuple(count), count, small or {}),
        clauses=dict.fromkeys((*fields, "sme_minimum"), clause),
    )
