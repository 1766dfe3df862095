"""A small, complete world for the exports' tests: firms, people, ratings and a plan, made without any solver."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

import polars as pl

from config.in_force import Policy
from config.policy import load_policy
from exports.facts import Facts, facts_of
from models.records import ENTERPRISES, INSPECTORS, PLAN_LEFT_OUT, PLAN_VISITS, RATINGS

AS_OF = date(2026, 5, 1)
TIERS = ("A", "B", "C", "D")
NASTY = (
    '=HYPERLINK("http://evil","x")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "#N/A",
    "<script>alert(1)</script>",
    "bell\x07 and null\x00",
    "_x0041_ literal",
    "'quoted",
    "  = 1",
    "＝1+1",
    "a&b <b>",
)


@dataclass(frozen=True)
class Plan:
    visits: pl.DataFrame
    left_out: pl.DataFrame
    quota: pl.DataFrame
    figures: dict[str, Any]


@dataclass(frozen=True)
class World:
    policy: Policy
    enterprises: pl.DataFrame
    inspectors: pl.DataFrame
    ratings: pl.DataFrame
    plan: Plan
    facts: Facts


@cache
def market() -> Policy:
    return load_policy("market").at(AS_OF)


def _tier(index: int) -> str:
    share = index * 37 % 100
    return "A" if share < 65 else "B" if share < 90 else "C" if share < 98 else "D"


def firm_ids(n: int) -> list[str]:
    return [f"cn:91430{hashlib.blake2b(str(i).encode(), digest_size=8).hexdigest()[:13].upper()}" for i in range(n)]


def make_world(n: int = 120, regions: int = 2, visit_every: int = 6, nasty: bool = False) -> World:
    """n enterprises over regions; every visit_every-th one is visited."""
    ids = firm_ids(n)
    areas = [f"4301{i % regions + 1:02d}" for i in range(n)]
    names = [NASTY[i % len(NASTY)] if nasty else f"长沙第{i}号商贸有限公司" for i in range(n)]
    enterprises = pl.DataFrame(
        {
            "enterprise_id": ids,
            "name": names,
            "region": areas,
            "industry": [("food", "retail", "services")[i % 3] for i in range(n)],
            "size": [("micro", "small", "medium", "large")[i % 4] for i in range(n)],
            "ownership": ["private"] * n,
            "registered_on": [date(2010, 1, 1) + timedelta(days=i) for i in range(n)],
            "status": ["active"] * n,
            "latitude": [28.1 + i % 7 / 100 for i in range(n)],
            "longitude": [112.9 + i % 5 / 100 for i in range(n)],
        },
        schema=ENTERPRISES,
    )
    tiers = [_tier(i) for i in range(n)]
    return World(
        policy := market(),
        enterprises,
        _inspectors(regions, nasty),
        _ratings(ids, areas, tiers),
        plan := _plan(ids, areas, tiers, visit_every, nasty),
        facts_of(policy, "run-7", plan.visits, "5eed"),
    )


def _inspectors(regions: int, nasty: bool) -> pl.DataFrame:
    rows = [
        {
            "inspector_id": f"i{r}{k}",
            "name": "=cmd|' /C calc'!A0" if nasty and k == 0 else f"{'王李张刘'[k]}检{r}",
            "districts": [f"4301{r + 1:02d}"],
            "skills": ["*"],
            "licence_to": date(2030, 1, 1),
            "daily_minutes": 420,
        }
        for r in range(regions)
        for k in range(4)
    ]
    return pl.DataFrame(rows, schema=INSPECTORS)


def _ratings(ids: list[str], areas: list[str], tiers: list[str]) -> pl.DataFrame:
    scores = {"A": 990_000, "B": 900_000, "C": 700_000, "D": 400_000}
    rows = [
        {
            "enterprise_id": firm,
            "region": area,
            "score": scores[tier] - i % 9 * 1_500,
            "band_tier": tier,
            "tier": tier,
            "gates": ["court_defaulters"] if tier == "D" else [],
            "dimensions": [{"dimension": "tax", "points": -30_000}],
            "reasons": [] if tier == "A" else [{"record_id": f"tax:{i}", "item": "tax_arrears", "points": -60_000}],
            "records_counted": 0 if tier == "A" else 1,
            "linked_points": 0,
            "next_change_on": None if tier == "A" else date(2027, 1, 1),
        }
        for i, (firm, area, tier) in enumerate(zip(ids, areas, tiers, strict=True))
    ]
    return pl.DataFrame(rows, schema=RATINGS)


def _plan(ids: list[str], areas: list[str], tiers: list[str], every: int, nasty: bool) -> Plan:
    visits, left = [], []
    for i, (firm, area, tier) in enumerate(zip(ids, areas, tiers, strict=True)):
        if i % every:
            detail = f'{{"tier": "{tier}"}}'
            left.append((firm, area, tier, NASTY[i % len(NASTY)] if nasty else "not_drawn", detail))
            continue
        region = int(area[-2:]) - 1
        team = [f"i{region}{i // every % 2 * 2}", f"i{region}{i // every % 2 * 2 + 1}"]
        day = AS_OF + timedelta(days=4 + i // every % 20)
        why = f'{{"code": "quota_random", "tier": "{tier}"}}'
        name = f"v{hashlib.blake2b(firm.encode(), digest_size=6).hexdigest()}"
        visits.append((name, firm, area, tier, "random", day, team, 120, why, "{}", "{}"))
    seen = pl.DataFrame(visits, schema=PLAN_VISITS, orient="row")
    missing = pl.DataFrame(left, schema=PLAN_LEFT_OUT, orient="row")
    quota = _quota(areas, tiers, seen)
    return Plan(seen, missing, quota, {"tiers": _breakdown(quota), "load": _load(quota)})


def _breakdown(quota: pl.DataFrame) -> list[dict[str, Any]]:
    """As models.inspection.breakdown tells it; tier C lacks two visits."""
    why = [["hours", "food", 1.5], ["team_days", "", 0.5]]
    return [
        {"tier": tier, "region": region, "must": 0, "floor": 1.0, "rate": planned + 1.0, "planned": planned,
         "short": 2.0 if tier == "C" else 0.0, "why": why if tier == "C" else []}
        for tier, region, planned in quota.sort("tier", "region").select("tier", "region", "planned").iter_rows()
    ]  # fmt: skip


def _load(quota: pl.DataFrame) -> list[dict[str, Any]]:
    return [
        {"region": region, "inspectors": 4, "least": 240, "median": 480, "most": 600, "gini": 125}
        for region in quota["region"].unique().sort()
    ]


def _quota(areas: list[str], tiers: list[str], visits: pl.DataFrame) -> pl.DataFrame:
    pool = pl.DataFrame({"region": areas, "tier": tiers}).group_by("region", "tier").len("enterprises")
    planned = visits.group_by("region", "tier").len("planned")
    rates = pl.col("tier").replace_strict({"A": 20, "B": 50, "C": 1000, "D": 1000})
    joined = pool.join(planned, on=["region", "tier"], how="left").with_columns(
        pl.col("planned").fill_null(0).cast(pl.Int64), pl.col("enterprises").cast(pl.Int64), rates.alias("rate_wanted")
    )
    return joined.with_columns(
        ((pl.col("enterprises") * pl.col("rate_wanted") + 999) // 1000).alias("wanted"),
        (pl.col("planned") * 1000 // pl.col("enterprises")).alias("rate_planned"),
    ).sort("region", "tier")
