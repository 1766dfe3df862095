"""Every YAML case: prices, totals, vetoes, points by tier, smallest changes, lots, sensitivity, linter, bad input."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from config.errors import InputError, PolicyError
from config.pack import ConsortiumRule
from config.units import milli, points_text
from config.yaml_files import read_yaml
from models.records import DECISIONS
from models.tender.bid_points import optimised
from models.tender.case import PriceRule
from models.tender.evaluation import evaluate
from models.tender.linter import lint
from models.tender.lots import Offer, assign, in_lot_order
from models.tender.mend import infeasible, single_changes, smallest_changes
from models.tender.parametric import envelope
from models.tender.price import price_points
from models.tender.problems import problems
from tests.models.tender import build

FOLDER = Path(__file__).parent / "cases"


def cases(name: str) -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in read_yaml(FOLDER / f"{name}.yaml")]


def test_there_are_at_least_forty_cases() -> None:
    assert sum(len(read_yaml(path)) for path in FOLDER.glob("*.yaml")) >= 40


@pytest.mark.parametrize("case", cases("price"))
def test_price(case: dict[str, Any]) -> None:
    raw = {
        key: case[key]
        for key in ("formula", "deduct_above", "deduct_below", "coefficient", "mix", "trim_from")
        if key in case
    }
    tender = build.case_of({"price": raw, "lots": {"1": case.get("ceiling")}}, [{"firm": "a"}])
    rule = tender.criteria[0].price
    assert isinstance(rule, PriceRule)
    ceiling = case["ceiling"] * 100 if "ceiling" in case else None
    found = price_points({firm: price * 100 for firm, price in case["prices"].items()}, 30_000, rule, ceiling)
    assert found == {firm: milli(points) for firm, points in case["points"].items()}


def _evaluated(case: dict[str, Any]) -> Any:
    policy = build.market()
    if "consortium" in case:
        bid = policy.tender.bid.model_copy(update={"consortium": ConsortiumRule(case["consortium"])})
        assert policy.tender_rules is not None
        policy = replace(policy, tender_rules=replace(policy.tender_rules, bid=bid))
    return evaluate(
        build.case_of(case.get("tender", {}), case["bids"]),
        build.ratings(case["tiers"]),
        policy,
        listings=build.listings(case.get("lists", [])),
        table=build.table({"A": 10, "B": 6, "C": 3, "D": 0}, neutral=7),
        seed=b"s",
    )


@pytest.mark.parametrize("case", cases("totals"))
def test_totals(case: dict[str, Any]) -> None:
    found = _evaluated(case)
    assert {row.bidder: row.total for row in found.rows} == {k: milli(v) for k, v in case["totals"].items()}
    if "ranks" in case:
        assert [row.bidder for row in found.rows] == case["ranks"]
    assert {aside.name: aside.reason for aside in found.set_aside} == case.get("set_aside", {})


@pytest.mark.parametrize("case", cases("veto"))
def test_veto(case: dict[str, Any]) -> None:
    own = {"members": case["members"]} if "members" in case else {"firm": "a"}
    more = {"subcontractors": case["subcontractors"]} if "subcontractors" in case else {}
    repaired = [_repair(*row) for row in case.get("repaired", [])]
    found = evaluate(
        build.case_of({}, [{**own, **more, "technical": [30], "business": [10]}]),
        build.ratings({"a": "A", "b": "A", "s": "A"}),
        build.market(),
        listings=build.listings(case["lists"]),
        decisions=pl.DataFrame(repaired, schema=DECISIONS),
        table=build.table({"A": 10, "B": 6, "C": 3, "D": 0}),
    )
    assert {hit.party: hit.veto for hit in found.vetoes} == case["refused"]
    assert bool(found.rows) != bool(case["refused"])


@pytest.mark.parametrize(("begun", "refused"), [(date(2025, 8, 12), True), (date(2025, 8, 11), False)])
def test_an_exclusion_ends_with_its_own_term(begun: date, refused: bool) -> None:
    """Thirty days, the first and the last included; the list itself stays open."""
    policy = build.market()
    assert policy.tender_rules is not None
    vetoes = {name: replace(veto, term_days=30) for name, veto in policy.tender.vetoes.items()}
    short = replace(policy, tender_rules=replace(policy.tender_rules, vetoes=vetoes))
    lists = build.listings([["court_defaulters", "a", begun, None]])
    case = build.case_of({}, [{"firm": "a", "technical": [30], "business": [10]}])
    found = evaluate(case, build.ratings({"a": "A"}), short, listings=lists)
    assert bool(found.vetoes) is refused
    assert all(hit.to_date == date(2025, 9, 10) for hit in found.vetoes)


def _repair(firm: str, reference: str, on: date) -> dict[str, Any]:
    return {
        "decision_id": f"d-{firm}-{reference}",
        "kind": "repair",
        "record_id": reference,
        "enterprise_id": f"pl:{firm.upper()}",
        "filed_on": on,
        "decided_on": on,
        "outcome": "granted",
    }


@pytest.mark.parametrize("case", cases("points"))
def test_points(case: dict[str, Any]) -> None:
    rules = build.rules(
        case["count"], caps=case.get("caps"), step=case.get("step", 0.5), small=case.get("small"), **case["rules"]
    )
    found, stages = optimised(rules)
    wanted = case.get("criteria") or {"credit": case["points"]}
    assert found == {c: {t: milli(p) for t, p in by_tier.items()} for c, by_tier in wanted.items()}
    assert stages[0].optimum == max(sum(c[t] for c in found.values()) for t in case["count"]) - min(
        sum(c[t] for c in found.values()) for t in case["count"]
    )


@pytest.mark.parametrize("case", cases("mend"))
def test_smallest_change(case: dict[str, Any]) -> None:
    rules = build.rules(case["count"], caps=case.get("caps"), **case["rules"])
    with pytest.raises(PolicyError) as caught:
        optimised(rules)
    changes = [_brief(change) for change in smallest_changes(rules)]
    either = [_brief(change) for change in single_changes(rules)]
    assert changes == case["changes"]
    assert set(case.get("either", [])) <= set(either)
    assert str(caught.value) == str(infeasible(rules))
    assert "test 1" in str(caught.value)  # the clause


def _brief(change: Any) -> str:
    return f"{change.rule} {points_text(round(change.old))} → {points_text(round(change.new))}"


@pytest.mark.parametrize("case", cases("lots"))
def test_lots(case: dict[str, Any]) -> None:
    by_price = case.get("lot_rule") == "price"
    offers = []
    for lot, totals in case["totals"].items():
        for rank, (bidder, total) in enumerate(sorted(totals.items(), key=lambda pair: -pair[1]), start=1):
            cost = case["prices"][lot][bidder] if by_price else -milli(total)
            offers.append(Offer(f"{bidder}", str(lot), tuple(bidder.split("+")), cost, rank, 0))
    limit = case.get("limit")
    if case.get("lot_rule") == "lot_order":
        found = in_lot_order(offers, [str(lot) for lot in case["totals"]], limit)
    else:
        found = assign(offers, limit)
        assert found.objective == found.bound
    assert dict(found.awards) == {str(lot): bidder for lot, bidder in case["awards"].items()}


@pytest.mark.parametrize("case", cases("sensitivity"))
def test_sensitivity(case: dict[str, Any]) -> None:
    lines = [
        (milli(own), milli(credit), place, name) for place, (name, (own, credit)) in enumerate(case["bidders"].items())
    ]
    found = [(low * 15, high * 15, name) for low, high, name in envelope(lines, Fraction(1))]
    assert found == [(Fraction(str(low)), Fraction(str(high)), name) for low, high, name in case["stretches"]]


@pytest.mark.parametrize("case", cases("linter"))
def test_linter(case: dict[str, Any]) -> None:
    tender = build.case_of({"criteria": case["criteria"], "more": case.get("more", {})}, [])
    found = [finding for finding in lint(tender, build.market()) if finding.rule == "forbidden_attribute"]
    assert sorted(finding.attribute for finding in found) == sorted(case["found"])
    assert all(finding.clause == "tender-fairness-2024 7, 9" and finding.remedy for finding in found)


@pytest.mark.parametrize("case", cases("problems"))
def test_bad_input_is_named_with_place_and_remedy(case: dict[str, Any]) -> None:
    tender = build.case_of(case.get("tender", {}), case["bids"])
    found = problems(tender, build.market())
    assert {problem.rule: problem.path for problem in found} == case["rules"]
    assert all(problem.remedy and problem.message for problem in found)
    arguments = (tender, build.ratings({"a": "A", "b": "B", "c": "C", "d": "D"}), build.market())
    if found:
        with pytest.raises(InputError, match="nothing was evaluated") as caught:
            evaluate(*arguments)
        assert all(rule in str(caught.value) and path in str(caught.value) for rule, path in case["rules"].items())
    else:
        assert evaluate(*arguments, table=build.table({"A": 9, "B": 6, "C": 3, "D": 0})).case is tender
