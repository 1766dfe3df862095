"""Small made-up worlds for tests: every kind of record, list, link and decision, from one number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Any

import polars as pl
from hypothesis import Phase, settings

from config.in_force import Policy
from config.policy import load_policy
from models.records import TABLES, empty

AS_OF = date(2026, 6, 30)
QUICK = settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate])  # shrinking takes minutes
REGIONS, INDUSTRIES = ("110101", "310115"), ("food", "chemicals")


@cache
def market(day: date = AS_OF) -> Policy:
    """The pack most tests rate by."""
    return load_policy("market").at(day)


def with_links(policy: Policy, **changes: Any) -> Policy:
    """The pack's links switched on."""
    changes = {"enabled": True} | changes
    links = tuple(replace(link, carry=link.carry.model_copy(update=changes)) for link in policy.links)
    return replace(policy, links=links)


def frames(**rows: Sequence[Mapping[str, Any]]) -> dict[str, pl.DataFrame]:
    """Tables from rows with only the columns that matter; every other table is empty."""
    given = {name: pl.DataFrame(list(found), schema=TABLES[name]) for name, found in rows.items()}
    return {name: empty(schema) for name, schema in TABLES.items()} | given


def firm(number: int, **changes: Any) -> dict[str, Any]:
    return {"enterprise_id": f"cn:{number:04d}", "name": f"firm {number}", "region": REGIONS[number % 2],
            "industry": INDUSTRIES[number // 2 % 2], "size": "small", "registered_on": date(2015, 1, 1),
            "status": "active"} | changes  # fmt: skip


def act(number: int, record_id: str, item: str, day: date, severity: str = "serious", **changes: Any) -> dict[str, Any]:
    return {"record_id": record_id, "enterprise_id": f"cn:{number:04d}", "item": item, "act_id": record_id,
            "act_date": day, "known_on": day, "severity": severity, "agency": "a"} | changes  # fmt: skip


def world(seed: int, firms: int = 12, policy: Policy | None = None) -> dict[str, pl.DataFrame]:
    """A world of everything at once; the same number gives the same world."""
    random, policy = Random(seed), policy or market()
    enterprises = [firm(n, registered_on=_before(random, 2000)) for n in range(firms)]
    records = [_record(random, firms, n, policy) for n in range(random.randrange(1, 6 * firms))]
    records += [_again(random, row) for row in random.sample(records, len(records) // 3)]
    people = [f"p{n}" for n in range(max(2, firms // 2))]
    links = [_link(random, firms, people) for _ in range(2 * firms)]
    listings = [_listing(random, firms, policy) for _ in range(firms // 3)]
    decisions = [_decision(random, n, records, firms) for n in range(len(records) // 3 + 2)]
    indicators = [_indicator(random, firms) for _ in range(firms)]
    return frames(enterprises=enterprises, records=records, links=links, listings=listings, indicators=indicators,
                  decisions=decisions)  # fmt: skip


SEVERITIES = ("minor", "general", "serious")


def _before(random: Random, days: int) -> date:
    return AS_OF - timedelta(days=random.randrange(days))


def _maybe(random: Random, day: date, share: float, days: int = 400) -> date | None:
    return day + timedelta(days=random.randrange(days)) if random.random() < share else None


def _record(random: Random, firms: int, number: int, policy: Policy) -> dict[str, Any]:
    day = _before(random, 1200)
    item = random.choice([*policy.items, "not_in_the_catalogue"])
    owner = min(int(random.paretovariate(0.7)) - 1, firms - 1)
    return act(owner, f"a:{number:04d}", item, day, random.choice(SEVERITIES),
               act_id=random.choice([None, f"{number}", f"{number % 9}"]), agency=random.choice(["a", "b"]),
               known_on=day + timedelta(days=random.randrange(40)), amount=random.choice([None, 10**6, 10**8]),
               corrected_on=_maybe(random, day, 0.3), ends_on=_maybe(random, day, 0.2, 1500),
               revoked_on=_maybe(random, day, 0.1))  # fmt: skip


def _again(random: Random, row: dict[str, Any]) -> dict[str, Any]:
    """The same act reported again, or another of the same day: by this agency or another, under which number, when."""
    late = timedelta(days=random.choice([0, 0, 0, 1, 2, 40]))
    number = random.choice([row["act_id"], row["act_id"], f"again:{row['record_id']}", None])
    return row | {"record_id": f"{random.choice('0z')}:{row['record_id']}", "severity": random.choice(SEVERITIES),
                  "act_id": number, "agency": random.choice(["a", "a", "b", None]),
                  "act_date": row["act_date"] + late, "known_on": row["known_on"] + late}  # fmt: skip


def _link(random: Random, firms: int, people: list[str]) -> dict[str, Any]:
    begun = _before(random, 900)
    return {"person_key": random.choice(people), "enterprise_id": f"cn:{random.randrange(firms):04d}",
            "role": random.choice(["legal_representative", "owner", "finance_head", "customs_head"]),
            "from_date": begun, "to_date": _maybe(random, begun, 0.3, 800)}  # fmt: skip


def _listing(random: Random, firms: int, policy: Policy) -> dict[str, Any]:
    begun = _before(random, 1500)
    return {"list_id": random.choice(list(policy.lists)), "enterprise_id": f"cn:{random.randrange(firms):04d}",
            "from_date": begun, "to_date": _maybe(random, begun, 0.4, 1500)}  # fmt: skip


def _indicator(random: Random, firms: int) -> dict[str, Any]:
    return {"enterprise_id": f"cn:{random.randrange(firms):04d}", "name": "tax_unpaid_days",
            "period_end": _before(random, 700), "value": random.randrange(150)}  # fmt: skip


def _decision(random: Random, number: int, records: list[dict[str, Any]], firms: int) -> dict[str, Any]:
    kind = random.choice(["objection", "repair", "revocation", "relief"])
    filed = _before(random, 300)
    decided = _maybe(random, filed, 0.7, 60)
    outcome = None if decided is None else random.choice(["granted", "upheld", "rejected"])
    common = {
        "decision_id": f"d{number:03d}",
        "kind": kind,
        "filed_on": filed,
        "decided_on": decided,
        "outcome": outcome,
    }
    if kind != "relief":
        return common | {"record_id": random.choice(records)["record_id"], "to_date": _maybe(random, filed, 0.1)}
    who = random.choice([{"region": REGIONS[0]}, {"industry": INDUSTRIES[1]}, {"enterprise_id": "cn:0000"}])
    start = _before(random, 900)
    return common | who | {"from_date": start, "to_date": start + timedelta(days=60),
                           "item": random.choice([None, random.choice(records)["item"]])}  # fmt: skip
