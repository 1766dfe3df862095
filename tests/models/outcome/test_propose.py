"""Returned rows become proposed visits and records; what cannot be taken is named with its cell and remedy."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from config.in_force import Policy
from config.policy import load_policy
from models.outcome import REFUSED, RESULTS, RETURNED, Proposed, propose
from models.records import PLAN_VISITS, RECORDS, VISITS

AS_OF = date(2026, 9, 1)
DAY = date(2026, 8, 3)


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy("market").at(AS_OF)


def plan() -> pl.DataFrame:
    rows = [
        {"visit_id": f"v{n}", "enterprise_id": f"cn:{n}", "purpose": "random", "inspectors": ["I1", "I2"]}
        for n in range(4)
    ]
    return pl.DataFrame([{name: row.get(name) for name in PLAN_VISITS} for row in rows], schema=PLAN_VISITS)


def back(*rows: dict[str, Any]) -> pl.DataFrame:
    base = {"file": "a.xlsx", "sheet": "roster", "visited_on": DAY, "result": "no_problem", "entered_on": DAY}
    whole = [
        {name: (base | {"row": number} | row).get(name) for name in RETURNED} for number, row in enumerate(rows, 5)
    ]
    return pl.DataFrame(whole, schema=RETURNED)


CLEAN = {"visit_id": "v0", "enterprise_id": "cn:0"}
PROBLEM = {"visit_id": "v1", "enterprise_id": "cn:1", "result": "problem", "item": "price_fraud", "severity": "general"}


def run(policy: Policy, *rows: dict[str, Any], known: pl.DataFrame | None = None) -> Proposed:
    return propose(back(*rows), plan(), policy, AS_OF, known=known)


def test_a_clean_visit_is_a_visit_and_a_problem_is_a_record_too(policy: Policy) -> None:
    found = run(policy, CLEAN, PROBLEM | {"corrected_on": date(2026, 8, 20)})
    assert found.refused.is_empty()
    assert found.visits.schema == VISITS
    assert found.visits.select("visit_id", "visit_date", "inspectors", "purpose", "result").rows() == [
        ("v0", DAY, ["I1", "I2"], "random", "no_problem"),
        ("v1", DAY, ["I1", "I2"], "random", "problem"),
    ]
    assert found.records.schema == RECORDS
    record = found.records.row(0, named=True)
    assert record["record_id"] == "inspection:v1:price_fraud"
    assert (record["act_date"], record["known_on"], record["severity"]) == (DAY, DAY, "general")
    assert record["corrected_on"] == date(2026, 8, 20)


def test_nobody_knows_a_record_before_it_was_entered(policy: Policy) -> None:
    late = run(policy, PROBLEM | {"entered_on": date(2026, 8, 10)}).records
    assert late["known_on"].to_list() == [date(2026, 8, 10)]
    assert run(policy, PROBLEM | {"entered_on": None}).records["known_on"].to_list() == [AS_OF]


BROKEN = {
    "unknown visit": (CLEAN | {"visit_id": "v9"}, "unknown_visit", "visit_id"),
    "another firm": (CLEAN | {"enterprise_id": "cn:1"}, "other_firm", "enterprise_id"),
    "no day": (CLEAN | {"visited_on": None}, "required", "visited_on"),
    "future": (CLEAN | {"visited_on": date(2026, 9, 2)}, "future_date", "visited_on"),
    "no result": (CLEAN | {"result": None}, "required", "result"),
    "odd result": (CLEAN | {"result": "fine"}, "unknown_code", "result"),
    "no item": (PROBLEM | {"item": None}, "required", "item"),
    "odd item": (PROBLEM | {"item": "bad_luck"}, "unknown_item", "item"),
    "good conduct as a problem": (PROBLEM | {"item": "tax_honour"}, "unknown_item", "item"),
    "item without problem": (PROBLEM | {"result": "no_problem"}, "contradiction", "item"),
    "no severity": (PROBLEM | {"severity": None}, "required", "severity"),
    "odd severity": (PROBLEM | {"severity": "grim"}, "unknown_code", "severity"),
    "corrected before": (PROBLEM | {"corrected_on": date(2026, 8, 2)}, "date_order", "corrected_on"),
    "alone": (PROBLEM | {"inspectors": ["I1"]}, "team_size", "inspectors"),
    "one twice": (PROBLEM | {"inspectors": ["I1", "I1"]}, "team_size", "inspectors"),
}


@pytest.mark.parametrize(("row", "rule", "column"), BROKEN.values(), ids=BROKEN.keys())
def test_refused_with_cell_and_remedy(policy: Policy, row: dict[str, Any], rule: str, column: str) -> None:
    other = {"visit_id": "v3", "enterprise_id": "cn:3"}
    found = run(policy, row, other)
    assert found.refused.schema == REFUSED
    assert found.refused.select("row", "rule", "column").rows() == [(5, rule, column)]
    assert found.refused["remedy"].null_count() == 0
    assert found.visits["visit_id"].to_list() == ["v3"]


def test_one_visit_twice_in_a_file(policy: Policy) -> None:
    found = run(policy, CLEAN, CLEAN)
    assert found.visits.height == 1
    assert found.refused.select("row", "rule").rows() == [(6, "duplicate_id")]


def test_the_same_file_twice_proposes_nothing_and_another_result_is_refused(policy: Policy) -> None:
    first = run(policy, CLEAN, PROBLEM)
    again = run(policy, CLEAN, PROBLEM, known=first.visits)
    assert (again.visits.height, again.records.height, again.refused.height, again.unchanged) == (0, 0, 0, 2)
    changed = run(policy, CLEAN | {"result": "refused"}, known=first.visits)
    assert changed.refused["rule"].to_list() == ["contradiction"]


def test_every_result_of_the_roster_has_an_outcome() -> None:
    from exports.words import RESULTS as WORDS

    assert {term.code: term.outcome for term in WORDS} == RESULTS
