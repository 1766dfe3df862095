"""Small worlds for the planner's tests: firms, inspectors and history from a seed, any size."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from typing import Any

import polars as pl

from config.in_force import Policy
from config.policy import load_policy
from models import records
from models.inspection import Operations, PlanInput

AS_OF = date(2026, 6, 30)
INDUSTRIES = ("food", "retail", "chemicals", "construction", "electronics")
MIX = (("A", 650), ("B", 900), ("C", 985), ("D", 1000))
SCORES = {"A": 985_000, "B": 900_000, "C": 700_000, "D": 400_000}


@cache
def policy(pack: str = "market") -> Policy:
    return load_policy(pack).at(AS_OF)


def with_rules(base: Policy, **changes: Any) -> Policy:
    """The policy with other inspection rules."""
    return replace(base, inspection_rules=replace(base.inspection, **changes))


def world(
    n: int = 300,
    inspectors: int = 12,
    seed: int = 1,
    regions: int = 3,
    musts: int = 4,
    effort: int = 50,
    **changes: Any,
) -> PlanInput:
    """n firms in so many regions; every region has inspectors with two or three of the five skills."""
    chance = random.Random(seed)
    districts = [f"11010{at}" for at in range(1, regions + 1)]
    firms = [_firm(chance, at, districts) for at in range(n)]
    ratings = [_rating(chance, firm) for firm in firms]
    people = [_inspector(chance, at, districts) for at in range(inspectors)]
    given = PlanInput(
        ratings=frame(ratings, records.RATINGS),
        enterprises=frame(firms, records.ENTERPRISES),
        visits=frame(_visits(chance, firms, people), records.VISITS),
        inspectors=frame(people, records.INSPECTORS),
        absences=frame([_absence(chance, p) for p in people[::3]], records.ABSENCES),
        conflicts=frame(_conflicts(chance, firms, people), records.CONFLICTS),
        must_visits=frame(_musts(chance, firms, musts), records.MUST_VISITS),
        policy=policy(),
        period_from=date(2026, 7, 1),
        period_to=date(2026, 9, 30),
        seed=b"committed before the draw",
        operations=Operations(effort=effort),
    )
    return replace(given, **changes)


def frame(rows: list[dict[str, Any]], schema: pl.Schema) -> pl.DataFrame:
    """Rows with missing columns null."""
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


def _firm(chance: random.Random, at: int, districts: list[str]) -> dict[str, Any]:
    return {
        "enterprise_id": f"cn:{at:06d}",
        "name": f"Firm {at}",
        "region": chance.choice(districts),
        "industry": chance.choice(INDUSTRIES),
        "size": chance.choices(("micro", "small", "medium", "large"), (5, 3, 2, 1))[0],
        "registered_on": date(2020, 1, 1) + timedelta(days=chance.randrange(1500)),
        "status": "active" if chance.random() < 0.97 else "closed",
    }


def _rating(chance: random.Random, firm: dict[str, Any]) -> dict[str, Any]:
    draw = chance.randrange(1000)
    tier = next(tier for tier, bound in MIX if draw < bound)
    score = SCORES[tier] + chance.randrange(-20, 10) * 1000
    return {"enterprise_id": firm["enterprise_id"], "region": firm["region"], "tier": tier, "score": score}


def _inspector(chance: random.Random, at: int, districts: list[str]) -> dict[str, Any]:
    home = districts[at % len(districts)]
    more = [chance.choice(districts)] if chance.random() < 0.3 else []
    skills = sorted(chance.sample(INDUSTRIES, 3)) if at % 4 else ["*"]
    return {
        "inspector_id": f"i{at:03d}", "name": f"Inspector {at}", "districts": sorted({home, *more}), "skills": skills,
        "licence_to": date(2027, 1, 1), "daily_minutes": 420 if at % 5 else 300,
    }  # fmt: skip


def _visits(chance: random.Random, firms: list[dict[str, Any]], people: list[dict[str, Any]]) -> list[dict[str, Any]]:
    seen = chance.sample(firms, len(firms) // 4)
    return [
        {
            "visit_id": f"h{at}",
            "enterprise_id": firm["enterprise_id"],
            "visit_date": AS_OF - timedelta(days=chance.randrange(1, 700)),
            "inspectors": sorted(p["inspector_id"] for p in chance.sample(people, min(2, len(people)))),
            "purpose": "random",
            "result": "no_problem",
        }
        for at, firm in enumerate(seen)
    ]


def _absence(chance: random.Random, person: dict[str, Any]) -> dict[str, Any]:
    start = date(2026, 7, 1) + timedelta(days=chance.randrange(80))
    return {"inspector_id": person["inspector_id"], "from_date": start, "to_date": start + timedelta(days=10)}


def _conflicts(
    chance: random.Random, firms: list[dict[str, Any]], people: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    return [
        {
            "inspector_id": chance.choice(people)["inspector_id"],
            "enterprise_id": chance.choice(firms)["enterprise_id"],
            "reason": "family",
        }
        for _ in range(len(firms) // 10 if people else 0)
    ]


def _musts(chance: random.Random, firms: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    start = date(2026, 7, 1)
    return [
        {"enterprise_id": firm["enterprise_id"], "reason": chance.choice(("complaint", "recheck")),
         "not_before": start, "not_after": start + timedelta(days=chance.randrange(10, 60))}
        for firm in chance.sample([f for f in firms if f["status"] == "active"], min(count, len(firms) // 2))
    ]  # fmt: skip
