"""Five tenders as OCDS 1.1 release packages with bids: plain, lots, consortium and strangers, vetoed, one head's firms.

Bids, criteria and lots follow the bids, lots and bid opening extensions; kind, weight and scores are local additions.
Bidders are enterprises of the population, prices and judges' scores are drawn.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone
from typing import Any

import numpy as np
import polars as pl

from models.synthetic.firms import enterprises_frame, firms
from models.synthetic.standing import links_frame, listings_frame
from models.synthetic.world import World

Json = dict[str, Any]
_CHINA = timezone(timedelta(hours=8))
_VETOES = ("court_defaulters", "major_tax_cases", "procurement_serious")
_POOL = 20_000


@dataclass(frozen=True)
class Plan:
    """What one tender looks like."""

    id: str
    title: str
    bidders: int
    lots: int = 1
    limit: int | None = None
    judges: int = 3
    formula: str = "lowest"
    value: int = 2_400_000  # yuan a lot
    vetoed: int = 0
    strangers: bool = False  # a consortium, a foreign firm, one in no register
    kin: bool = False  # two firms of one head
    lost: bool = False  # a withdrawn and a disqualified bid


PLANS = (
    Plan("T1", "城区食品安全快检设备采购", bidders=7, vetoed=1),
    Plan("T2", "六个片区道路养护服务", bidders=12, lots=6, limit=2, judges=5, formula="average", value=3_600_000),
    Plan("T3", "口岸冷链监管系统", bidders=6, strangers=True, formula="benchmark", value=8_000_000),
    Plan("T4", "公共建筑节能改造", bidders=8, lots=3, limit=1, vetoed=2, lost=True, value=5_200_000),
    Plan("T5", "办公用品定点供应", bidders=9, kin=True, judges=5, formula="average", value=600_000),
)


def tenders(world: World) -> list[tuple[str, Json]]:
    """File name and release package of each tender; fewer bidders where the population is small."""
    pool = _Pool(world)
    return [(f"{plan.id.lower()}.json", package(world, plan, number, pool)) for number, plan in enumerate(PLANS)]


class _Pool:
    """Enterprises that may bid, those on lists of exclusion, firms of one head; the first of the population."""

    def __init__(self, world: World) -> None:
        some = firms(world, np.arange(min(world.n, _POOL), dtype=np.int64))
        frame = enterprises_frame(world, some).filter(pl.col("status") == "active")
        lists = listings_frame(world, some)
        today = pl.lit(world.today_date)
        in_force = (pl.col("to_date") >= today) | pl.col("to_date").is_null()
        listed = lists.filter(pl.col("list_id").is_in(_VETOES) & in_force)["enterprise_id"]
        heads = links_frame(world, some).filter(pl.col("role") == "legal_representative", pl.col("to_date").is_null())
        kin = heads.join(frame, on="enterprise_id").filter(pl.len().over("person_key").is_between(2, 6))
        self.sound = frame.filter(~pl.col("enterprise_id").is_in(listed.implode()))
        self.listed = frame.filter(pl.col("enterprise_id").is_in(listed.implode()))
        self.kin = frame.join(kin.select("enterprise_id", "person_key"), on="enterprise_id").sort("person_key")
        self.stranger = firms(world, np.array([world.n + 1000], dtype=np.int64)).uscc[0]

    def bidders(self, plan: Plan, number: int) -> list[Json]:
        """Parties that bid, each once."""
        rows = self.sound.slice(number * 40, plan.bidders)
        rows = rows if rows.height == plan.bidders else self.sound.head(plan.bidders)
        parts = [self.kin.head(2).select(rows.columns)] if plan.kin else []
        parts += [self.listed.slice(number, plan.vetoed), rows]
        together = pl.concat(parts).unique("enterprise_id", maintain_order=True).head(plan.bidders)
        return [_party(row, ["tenderer"]) for row in together.iter_rows(named=True)]


def _party(row: Json, roles: list[str]) -> Json:
    code = row["enterprise_id"].removeprefix("cn:")
    return {
        "id": f"CN-USCC-{code}",
        "name": row["name"],
        "identifier": {"scheme": "CN-USCC", "id": code, "legalName": row["name"]},
        "address": {"region": row["region"], "countryName": "China", "country": "CN"},
        "roles": roles,
        "details": {"scale": row["size"], "ownership": row["ownership"]},
    }


def package(world: World, plan: Plan, number: int, pool: _Pool) -> Json:
    """One release package with one release."""
    opening = datetime.combine(world.as_of, time(9), _CHINA)
    parties = pool.bidders(plan, number)
    groups = [[party] for party in parties]
    if plan.strangers:
        groups = _strangers(groups, pool.stranger)
    parties = [party for group in groups for party in group]
    buyer = {"id": "CN-210600-buyer", "name": "公共资源交易中心（示例）", "roles": ["buyer"]}
    release: Json = {
        "ocid": f"ocds-evnhnd-{world.seed}-{plan.id}",
        "id": f"{plan.id}-1",
        "date": _stamp(opening),
        "tag": ["tender"],
        "initiationType": "tender",
        "language": "zh",
        "parties": [buyer, *parties],
        "buyer": {"id": buyer["id"], "name": buyer["name"]},
        "tender": _tender(plan, opening),
        "bids": {"details": _bids(world, plan, number, groups, opening)},
    }
    return {
        "uri": f"urn:evenhand:generated:{world.seed}:{plan.id}",
        "version": "1.1",
        "extensions": [],
        "publishedDate": _stamp(opening),
        "publisher": {"name": "evenhand generate"},
        "releases": [release],
    }


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _strangers(groups: list[list[Json]], stranger: str) -> list[list[Json]]:
    """The first two bid together, the third is foreign, the fourth is in no register."""
    foreign: Json = {
        "id": "XI-LEI-5493001KJTIIGC8Y1R12",
        "name": "Nordlicht Kühltechnik GmbH",
        "identifier": {"scheme": "XI-LEI", "id": "5493001KJTIIGC8Y1R12", "legalName": "Nordlicht Kühltechnik GmbH"},
        "address": {"countryName": "Germany", "country": "DE"},
        "roles": ["tenderer"],
    }
    unknown: Json = {
        "id": f"CN-USCC-{stranger}",
        "name": "外省新设科技有限公司",
        "identifier": {"scheme": "CN-USCC", "id": stranger, "legalName": "外省新设科技有限公司"},
        "address": {"countryName": "China", "country": "CN"},
        "roles": ["tenderer"],
    }
    joint = [party for group in groups[:2] for party in group]
    return [joint, *groups[2:], [foreign], [unknown]]


def _tender(plan: Plan, opening: datetime) -> Json:
    start = opening - timedelta(days=30)
    tender: Json = {
        "id": plan.id,
        "title": plan.title,
        "status": "active",
        "procurementMethod": "open",
        "awardCriteria": "ratedCriteria",
        "value": _money(plan.value * plan.lots),
        "tenderPeriod": {"startDate": _stamp(start), "endDate": _stamp(opening)},
        "bidOpening": {"date": _stamp(opening)},
        "criteria": _criteria(plan),
    }
    if plan.lots > 1:
        lots = range(1, plan.lots + 1)
        tender["lots"] = [{"id": str(k), "title": f"{plan.title}第{k}标段", "value": _money(plan.value)} for k in lots]
    if plan.limit is not None:
        tender["lotDetails"] = {"maximumLotsAwardedPerSupplier": plan.limit}
    return tender


def _criteria(plan: Plan) -> list[Json]:
    price: Json = {"id": "price", "title": "投标报价 / Price", "kind": "price", "weight": 30, "formula": plan.formula}
    if plan.formula != "lowest":
        price |= {"deduct_above": 1, "deduct_below": 0.5}
    if plan.formula == "benchmark":
        price |= {"coefficient": 0.95, "mix": 0.5}
    return [
        price,
        {"id": "technical", "title": "技术标 / Technical", "kind": "technical", "weight": 40},
        {"id": "business", "title": "商务标 / Business", "kind": "business", "weight": 15},
        {"id": "credit", "title": "信用标 / Credit", "kind": "credit", "weight": 15},
    ]


def _money(yuan: float) -> Json:
    return {"amount": yuan, "currency": "CNY"}


def _bids(world: World, plan: Plan, number: int, groups: list[list[Json]], opening: datetime) -> list[Json]:
    """Each bidder for two or three lots (or the only one); at least three bids a lot where there are bidders."""
    bids = []
    for place, group in enumerate(groups):
        for lot in _lots_of(plan, place):
            key = np.array([(number * 512 + place) * 64 + lot], dtype=np.int64)
            bids.append(_bid(world, plan, group, lot, key, opening))
    if plan.lost and len(bids) > 4:
        bids[-1]["status"], bids[-2]["status"] = "withdrawn", "disqualified"
    return bids


def _lots_of(plan: Plan, place: int) -> Iterable[int]:
    return sorted({(place * 5 + step * 7) % plan.lots + 1 for step in range(3)})


def _bid(world: World, plan: Plan, group: list[Json], lot: int, key: np.ndarray, opening: datetime) -> Json:
    """One bid: price a little under the ceiling, scores of every judge around the bidder's quality."""
    draws = world.draws
    price = plan.value * (0.80 + 0.18 * float(draws.uniform("bid price", key)[0]))
    quality = 0.6 + 0.38 * float(draws.uniform("bid quality", key)[0])
    tenderers: list[Json] = [{"id": party["id"], "name": party["name"]} for party in group]
    if len(group) == 2:
        tenderers = [party | {"share": share} for party, share in zip(tenderers, (0.6, 0.4), strict=True)]
    scores = [
        {"criterion": name, "judge": f"J{judge + 1}", "points": _mark(world, weight, quality, key, judge)}
        for name, weight in (("technical", 40), ("business", 15))
        for judge in range(plan.judges)
    ]
    hours = int(draws.whole("bid hour", key, 2, 200)[0])
    return {
        "id": f"{plan.id}-B{key[0] // 64 % 512 + 1:02d}-{lot}",
        "date": _stamp(opening - timedelta(hours=hours)),
        "status": "valid",
        "relatedLots": [str(lot)] if plan.lots > 1 else [],
        "tenderers": tenderers,
        "value": _money(round(price / 100) * 100),
        "scores": scores,
    }


def _mark(world: World, weight: int, quality: float, key: np.ndarray, judge: int) -> float:
    """A judge's points in halves, within 0 … weight."""
    leaning = 0.1 * (float(world.draws.uniform(f"judge {judge} of {weight}", key)[0]) - 0.5)
    return max(0, min(2 * weight, round(2 * weight * (quality + leaning)))) / 2
