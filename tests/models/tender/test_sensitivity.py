"""Weights at which the winner changes, also under a limit of lots; single records left out; notes on ties of people."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import polars as pl
import pytest

from models.rating import rate
from models.records import ENTERPRISES, LINKS, RECORDS, TABLES, empty
from models.tender.evaluation import evaluate
from models.tender.leave_out import leave_out
from models.tender.sensitivity import sensitivity
from tests.models.tender import build

TABLE = build.table({"A": 12, "B": 8, "C": 4, "D": 0})
LEVEL = {"weights": {"technical": 85, "credit": 15}}


def evaluated(tender: dict[str, Any], bids: list[dict[str, Any]], tiers: dict[str, str], **more: Any) -> Any:
    case = build.case_of(LEVEL | tender, bids)
    return evaluate(case, build.ratings(tiers), build.market(), table=TABLE, seed=b"s", **more)


def test_the_threshold_under_a_limit_is_exact() -> None:
    bids = [
        {"firm": "a", "lot": 1, "technical": [70]},
        {"firm": "b", "lot": 1, "technical": [69]},
        {"firm": "a", "lot": 2, "technical": [70]},
        {"firm": "b", "lot": 2, "technical": [65]},
        {"firm": "c", "lot": 2, "technical": [66]},
    ]
    found = evaluated({"lots": {1: None, 2: None}, "limit": 1}, bids, {"a": "A", "b": "A", "c": "D"})
    by_weight = sensitivity(found, build.market())
    # lot 1 b + lot 2 a: 69 + 70 without credit, 24 credit; lot 1 a + lot 2 c: 70 + 66, 12 credit: never better;
    # so one award at every weight
    assert by_weight.exact
    assert {s.bid for s in by_weight.stretches} == {"b-1", "a-2"}
    bids[4]["technical"] = [72]
    found = evaluated({"lots": {1: None, 2: None}, "limit": 1}, bids, {"a": "A", "b": "A", "c": "D"})
    by_weight = sensitivity(found, build.market())
    # a + c: 142 + 12t; b + a: 139 + 24t; equal at t = 1/4, that is 3.75 points of 15
    assert by_weight.thresholds("1") == by_weight.thresholds("2") == [Fraction(3750)]
    assert by_weight.without_credit == {"1": "a-1", "2": "c-2"}
    assert dict(found.awards) == {"1": "b-1", "2": "a-2"}


@pytest.mark.parametrize("rule", ["points", "lot_order"])
def test_between_the_thresholds_the_award_is_the_one_stated(rule: str) -> None:
    bids = [
        {"firm": firm, "lot": lot, "technical": [70 + (3 * place * lot) % 7]}
        for lot in (1, 2, 3)
        for place, firm in enumerate("abcd")
    ]
    tiers = {"a": "A", "b": "B", "c": "C", "d": "D"}
    tender = {"lots": {1: None, 2: None, 3: None}, "limit": 1, "lot_rule": rule}
    by_weight = sensitivity(evaluated(tender, bids, tiers), build.market())
    for stretch in by_weight.stretches:
        weight = (stretch.low + stretch.high) / 2
        scaled = {tier: float(TABLE.of_tier(tier) * weight / 15_000) / 1000 for tier in "ABCD"}
        table = build.table({tier: round(points, 3) for tier, points in scaled.items()})
        case = build.case_of(LEVEL | tender, bids)
        again = evaluate(case, build.ratings(tiers), build.market(), table=table, seed=b"s")
        assert again.awards.get(stretch.lot) == stretch.bid


def test_a_tender_without_credit_has_nothing_to_change() -> None:
    case = build.case_of({"weights": {"technical": 100}}, [{"firm": "a", "technical": [70]}])
    found = evaluate(case, build.ratings({"a": "A"}), build.market(), table=build.table({"A": 1}, caps={}))
    assert [s.bid for s in sensitivity(found, build.market()).stretches] == ["a-1"]


def world() -> dict[str, pl.DataFrame]:
    """Two firms, one of them with two adverse acts, the other with one."""
    firms = [{"enterprise_id": f"pl:{f}", "name": f, "region": "r", "industry": "food", "size": "small",
              "registered_on": date(2010, 1, 1), "status": "active"} for f in "AB"]  # fmt: skip
    acts = [("pl:A", "r1", "wage_arrears"), ("pl:A", "r2", "tax_evasion"), ("pl:B", "r3", "late_annual_report")]
    day = date(2025, 8, 1)
    records = [
        {"record_id": record, "enterprise_id": firm, "item": item, "act_id": record, "act_date": day, "known_on": day,
         "severity": "serious", "amount": 1_000_000, "agency": "x"}
        for firm, record, item in acts
    ]  # fmt: skip
    return {name: empty(schema) for name, schema in TABLES.items()} | {
        "enterprises": pl.DataFrame(firms, schema=ENTERPRISES),
        "records": pl.DataFrame(records, schema=RECORDS),
    }


def test_leaving_one_record_out_equals_rating_without_it() -> None:
    tables, policy = world(), build.market()
    ratings = rate(tables, policy)
    case = build.case_of({}, [{"firm": f, "technical": [30], "business": [10]} for f in "ab"])
    found = evaluate(case, ratings, policy, table=TABLE)
    left = leave_out(found, tables, ratings, policy)
    assert [(item.party, item.record_id) for item in left].count(("a", "r1")) == 1
    assert len(left) == 3
    for item in left:
        fewer = tables | {"records": tables["records"].filter(pl.col("record_id") != item.record_id)}
        again = rate(fewer, policy)
        tier = again.filter(pl.col("enterprise_id") == f"pl:{item.party.upper()}")["tier"][0]
        assert item.tier_after == tier
        assert item.points_after == TABLE.of_tier(tier)
        whole = evaluate(case, again, policy, table=TABLE)
        assert item.winner_after == whole.awards["1"]
        assert item.changes == (whole.awards["1"] != found.awards["1"])


def test_the_same_head_behind_two_bidders_is_a_note_and_no_penalty() -> None:
    def link(person: str, firm: str, begun: date, ended: date | None) -> tuple[Any, ...]:
        return (person, firm, "legal_representative", begun, ended)

    links = pl.DataFrame(
        [
            link("p1", "pl:A", date(2020, 1, 1), None),
            link("p1", "pl:B", date(2020, 1, 1), date(2025, 9, 10)),
            link("p1", "pl:C", date(2020, 1, 1), date(2025, 9, 9)),  # left the day before
            link("p1", "pl:D", date(2025, 9, 11), None),  # came the day after
        ],
        schema=LINKS,
        orient="row",
    )
    bids = [{"firm": firm, "technical": [70 + place]} for place, firm in enumerate("abcd")]
    plain = evaluated({}, bids, {"a": "A"})
    noted = evaluated({}, bids, {"a": "A"}, links=links)
    notes = [flag for flag in noted.flags if flag.kind == "same_representative"]
    assert [(flag.first, flag.second) for flag in notes] == [("a-1", "b-1")]
    assert notes[0].detail == "a (legal_representative) – b (legal_representative)"
    assert "p1" not in str(noted.to_dict())  # no person leaves the room
    assert noted.rows == plain.rows


def test_identical_prices_and_a_rival_as_subcontractor_are_notes() -> None:
    bids = [
        {"firm": "a", "price": 100, "technical": [30], "business": [10], "subcontractors": ["b"]},
        {"firm": "b", "price": 100, "technical": [30], "business": [10]},
        {"firm": "c", "price": 101, "technical": [30], "business": [10]},
    ]
    found = evaluate(build.case_of({}, bids), build.ratings({"a": "A"}), build.market(), table=TABLE)
    assert [(f.first, f.second, f.kind) for f in found.flags] == [
        ("a-1", "b-1", "bidder_and_subcontractor"),
        ("a-1", "b-1", "same_price"),
    ]


def test_beyond_many_bids_the_thresholds_are_bracketed_by_half_points(monkeypatch: pytest.MonkeyPatch) -> None:
    bids = [
        {"firm": firm, "lot": lot, "technical": [70 + (5 * place * lot) % 7]}
        for lot in (1, 2, 3)
        for place, firm in enumerate("abcd")
    ]
    tender = {"lots": {1: None, 2: None, 3: None}, "limit": 1}
    found = evaluated(tender, bids, {"a": "A", "b": "B", "c": "C", "d": "D"})
    exact = sensitivity(found, build.market())
    monkeypatch.setattr("models.tender.sensitivity.EXACT_OFFERS", 0)
    coarse = sensitivity(found, build.market())
    assert exact.exact
    assert not coarse.exact
    assert exact.without_credit == coarse.without_credit
    assert any(exact.thresholds(lot.id) for lot in found.case.lots)
    for lot in found.case.lots:
        near = coarse.thresholds(lot.id)
        assert all(threshold % 500 == 0 for threshold in near)
        assert all(any(abs(a - b) <= 500 for b in exact.thresholds(lot.id)) for a in near)
