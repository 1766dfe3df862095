"""Small true frames for every table of the register."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from models import records
from models.store import events, heads, writes
from models.store.session import Store, UnitOfWork
from models.store.writes import RunRow

AS_OF = date(2026, 5, 1)
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = heads.public_key(KEY)


@dataclass(frozen=True)
class File:
    name: str
    sha256: str
    rows: int
    accepted: int
    rejected: int


FILES = (File("tax/penalties_1.csv", "a" * 64, 12, 10, 2), File("enterprises.csv", "b" * 64, 5, 5, 0))


def frame(schema: pl.Schema, *rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


def ratings(count: int = 3) -> pl.DataFrame:
    rows = (
        {
            "enterprise_id": f"cn:{number:06d}",
            "region": "340100",
            "score": 1_000_000 - 1000 * number,
            "band_tier": "A",
            "tier": "AB"[number % 2],
            "gates": [] if number % 2 == 0 else ["tax_veto", "court_defaulters"],
            "dimensions": [{"dimension": "tax", "points": -500 * number}],
            "reasons": [{"record_id": f"tax:{number}", "item": "tax_evasion", "points": -500}],
            "records_counted": number,
            "linked_points": 0,
            "next_change_on": None if number == 0 else AS_OF + timedelta(days=number),
        }
        for number in range(count)
    )
    return frame(records.RATINGS, *rows)


def visits() -> pl.DataFrame:
    rows = (
        {
            "visit_id": f"v{number}",
            "enterprise_id": f"cn:{number:06d}",
            "region": "340100",
            "tier": "B",
            "purpose": "random",
            "visit_date": AS_OF + timedelta(days=number),
            "inspectors": ["i1", f"i{2 + number}"],
            "minutes": 90,
            "why_firm": '{"code":"drawn"}',
            "why_day": "{}",
            "why_team": "{}",
        }
        for number in range(2)
    )
    return frame(records.PLAN_VISITS, *rows)


REJECTED = frame(
    records.REJECTED,
    {"file": "tax/penalties_1.csv", "row": 17, "rule": "uscc_checksum", "column": "uscc", "value": "X", "reason": "r"},
    {"file": "tax/penalties_1.csv", "row": 3, "rule": "future_date", "column": None, "value": "", "reason": "late"},
)
LEFT_OUT = frame(
    records.PLAN_LEFT_OUT,
    {"enterprise_id": "cn:000002", "region": "340100", "tier": "A", "reason": "not_drawn", "detail": "{}"},
    {"enterprise_id": "cn:000003", "region": "340100", "tier": "A", "reason": "capacity", "detail": '{"minutes":90}'},
)
BIDS = pl.DataFrame(
    {
        "tender_id": ["t1", "t1"],
        "lot": ["l1", "l1"],
        "bid_id": ["b1", "b2"],
        "enterprise_id": ["cn:000000", "cn:000001"],
        "tier": ["A", "B"],
        "credit_points": [4000, 2500],
        "total_points": [91_000, 89_500],
        "rank": [1, 2],
        "detail": ["{}", "{}"],
    }
)


def run_row(run_id: str = "r1", **changes: Any) -> RunRow:
    plain: dict[str, Any] = {
        "command": "run",
        "source": "generated",
        "pack": "market",
        "policy_digest": "p" * 64,
        "as_of": AS_OF,
        "seed": "7",
        "period_from": date(2026, 6, 1),
        "period_to": date(2026, 8, 31),
        "program": "c0de",
    }
    return RunRow(run_id, **(plain | changes))


def save_results(unit: UnitOfWork, run_id: str = "r1") -> None:
    """Everything that follows from inputs, policy and seed."""
    writes.save_run(unit, run_row(run_id))
    writes.save_inputs(unit, run_id, "generated", FILES)
    writes.save_rejected(unit, run_id, REJECTED)
    writes.save_ratings(unit, run_id, ratings())
    period = (date(2026, 6, 1), date(2026, 8, 31))
    figures = {"quota": [{"tier": "A", "wanted": 2, "planned": 2}]}
    writes.save_plan(
        unit, run_id, period=period, visits=visits(), left_out=LEFT_OUT, objective=10, bound=12, figures=figures
    )
    writes.save_draws(unit, run_id, {"340100": {"pool": "f" * 64, "drawn": ["cn:000000"]}, "340200": {"drawn": []}})
    writes.save_tenders(unit, run_id, {"t1": {"opened": "2026-04-01"}, "t2": {}}, BIDS)
    writes.save_exports(unit, run_id, {"rosters/340100.xlsx": "1" * 64, "report.html": "2" * 64})


DECISION = {
    "decision_id": "d1",
    "kind": "objection",
    "record_id": "tax:1",
    "enterprise_id": "cn:000001",
    "filed_on": AS_OF,
    "officer": "u17",
    "reason": "wrong firm",
    "agency": "tax",
}


def _who(officer: str = "u17") -> dict[str, str]:
    return {"officer": officer, "name": "Chen Wei", "reason": "quota and draw checked"}


def save_events(unit: UnitOfWork, run_id: str = "r1") -> None:
    """Everything that somebody did at some time."""
    events.record_decision(unit, DECISION, recorded_by="u17", at=NOON)
    events.record_decision(unit, DECISION | {"annotated_on": AS_OF}, recorded_by="u17", at=NOON)
    for hour, officer in enumerate(("u17", "u18")):
        at = NOON + timedelta(hours=hour)
        what = {"run_id": run_id, "subject": "plan", "subject_digest": "d" * 64}
        events.record_view(unit, **what, officer=officer, at=at)
        events.record_approval(unit, **what, outcome="approved", **_who(officer), at=at)
        change = {"subject": "visit:v1", "before": "2026-05-02", "after": "2026-05-04"}
        events.record_override(unit, run_id=run_id, **change, **_who(officer), at=at)
    events.record_notices(unit, notices(run_id), NOON)
    proposed = frame(pl.Schema(dict(records.RECORDS) | {"visit_id": pl.String()}), *PROPOSED)
    events.propose_records(unit, proposed, run_id=run_id, form_sha256="e" * 64, officer="u17", at=NOON)
    events.log_event(unit, "run_finished", run_id, NOON, host="here")


def notices(run_id: str, count: int = 2) -> pl.DataFrame:
    firms = pl.DataFrame({"enterprise_id": [f"cn:{number:06d}" for number in range(1, count + 1)]})
    days = {"sent_on": pl.lit(AS_OF), "effect_on": pl.lit(date(2026, 5, 31))}
    return firms.with_columns(run_id=pl.lit(run_id), kind=pl.lit("tier"), **days, officer=pl.lit("u17"))


PROPOSED = tuple(
    {
        "record_id": f"visit:v{number}",
        "enterprise_id": f"cn:{number:06d}",
        "item": "unsafe_food",
        "act_date": AS_OF,
        "known_on": AS_OF,
        "severity": "general",
        "amount": 100_00,
        "agency": "market",
        "visit_id": f"v{number}",
    }
    for number in range(2)
)


def fill(store: Store, run_id: str = "r1", also: Callable[[UnitOfWork], None] | None = None) -> None:
    """Results and events of one run, sealed and signed in one unit of work."""
    with store.unit_of_work() as unit:
        save_results(unit, run_id)
        save_events(unit, run_id)
        if also is not None:
            also(unit)
        heads.sign_heads(unit, KEY, NOON)
        unit.commit()
