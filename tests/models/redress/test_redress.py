"""Redress: what takes a record's weight away, from when, until when, and by which clause it says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from config.in_force import Policy
from config.pack import ObjectionEffect, TermForm
from models.rating import explain, rate
from models.redress.known import as_known
from models.redress.status import Status
from tests.models.rating.worlds import AS_OF, act, firm, frames, market

DAY = date(2026, 2, 1)
RECORD = act(1, "a:1", "wage_arrears", DAY, "general")


def decision(kind: str, outcome: str | None = "granted", **changes: Any) -> dict[str, Any]:
    return {"decision_id": "d1", "kind": kind, "record_id": "a:1", "filed_on": date(2026, 6, 1),
            "decided_on": None if outcome is None else date(2026, 6, 10), "outcome": outcome} | changes  # fmt: skip


def relief(**changes: Any) -> dict[str, Any]:
    return decision("relief", record_id=None, from_date=DAY, to_date=DAY) | changes


def status(*decisions: dict[str, Any], policy: Policy | None = None, **changes: Any) -> Status:
    """Status of the one record, by the explanation, which must agree with the rating."""
    policy = policy or market()
    tables = frames(enterprises=[firm(1)], records=[RECORD | changes], decisions=decisions)
    counted = rate(tables, policy)["records_counted"][0]
    found = explain("cn:0001", tables, policy).records[0].status
    assert counted == int(found is Status.counts)
    return found


def suspending() -> Policy:
    policy = market()
    return replace(policy, redress=replace(policy.redress, objection_effect=ObjectionEffect.suspend))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], Status.counts),
        ([decision("repair")], Status.repaired),
        ([decision("repair", "rejected")], Status.counts),
        ([decision("repair", None)], Status.counts),
        ([decision("repair", decided_on=AS_OF + timedelta(days=1))], Status.counts),
        ([decision("repair", from_date=AS_OF + timedelta(days=1))], Status.counts),
        ([decision("repair", to_date=AS_OF)], Status.repaired),  # a temporary suspension, its last day
        ([decision("repair", to_date=AS_OF - timedelta(days=1))], Status.counts),
        ([decision("revocation")], Status.revoked),
        ([decision("objection", None)], Status.counts),  # annotated only
        ([decision("objection", "upheld")], Status.withdrawn),
        ([decision("objection", "rejected")], Status.counts),
        ([relief(region=firm(1)["region"])], Status.relieved),
        ([relief(region="elsewhere")], Status.counts),
        ([relief(industry=firm(1)["industry"], item="wage_arrears")], Status.relieved),
        ([relief(item="tax_evasion")], Status.counts),
        ([relief(from_date=DAY + timedelta(days=1), to_date=AS_OF)], Status.counts),
        ([relief(outcome="rejected")], Status.counts),
    ],
)
def test_decisions(given: list[dict[str, Any]], expected: Status) -> None:
    assert status(*given) is expected


def test_an_open_objection_suspends_where_the_policy_says_so() -> None:
    assert status(decision("objection", None), policy=suspending()) is Status.suspended
    assert status(decision("objection", "rejected"), policy=suspending()) is Status.counts


def test_relief_needs_the_policy() -> None:
    policy = market()
    without = replace(policy, redress=replace(policy.redress, relief=False))
    assert status(relief(), policy=without) is Status.counts


def test_repair_waits_for_the_minimum_and_next_change_says_so() -> None:
    late = act(1, "a:1", "wage_arrears", date(2026, 5, 1), "general")  # general: 90 days at least
    tables = frames(enterprises=[firm(1)], records=[late], decisions=[decision("repair")])
    found = rate(tables, market())
    assert found.select("records_counted", "next_change_on").rows() == [(1, date(2026, 7, 30))]
    policy = replace(market(), as_of=date(2026, 7, 30))
    assert rate(tables, policy)["records_counted"].to_list() == [0]


def test_what_is_not_open_for_repair_stays() -> None:
    assert with_term(TermForm(max_days=1095, repairable=False), decision("repair")) is Status.counts


def with_term(term: TermForm, *decisions: dict[str, Any], **changes: Any) -> Status:
    policy = market()
    item = replace(policy.items["wage_arrears"], display=dict.fromkeys(policy.items["wage_arrears"].points, term))
    return status(*decisions, policy=replace(policy, items={**policy.items, "wage_arrears": item}), **changes)


@pytest.mark.parametrize(
    ("term", "changes", "expected"),
    [
        (TermForm(hidden=True), {}, Status.hidden),
        (TermForm(max_days=(AS_OF - DAY).days), {}, Status.counts),  # the last day
        (TermForm(max_days=(AS_OF - DAY).days - 1), {}, Status.expired),
        (TermForm(), {}, Status.counts),  # as long as the measure lasts: no end known
        (TermForm(), {"ends_on": AS_OF}, Status.counts),
        (TermForm(), {"ends_on": AS_OF - timedelta(days=1)}, Status.expired),
        (TermForm(max_days=30, longer_with_measure=True), {"ends_on": AS_OF}, Status.counts),
        (TermForm(max_days=30, longer_with_measure=True), {"ends_on": DAY}, Status.expired),
        (TermForm(max_days=1000, longer_with_measure=True), {"ends_on": DAY}, Status.counts),
        (TermForm(max_days=1000, until_corrected=True), {"corrected_on": AS_OF}, Status.corrected),
        (TermForm(max_days=1000, until_corrected=True), {"corrected_on": AS_OF + timedelta(days=1)}, Status.counts),
        (TermForm(max_days=30, until_corrected=True), {}, Status.expired),
    ],
)
def test_terms(term: TermForm, changes: dict[str, Any], expected: Status) -> None:
    assert with_term(term, **changes) is expected


def test_revoked_by_the_record_itself_and_not_before() -> None:
    assert status(revoked_on=AS_OF) is Status.revoked
    assert status(revoked_on=AS_OF + timedelta(days=1)) is Status.counts


def test_not_known_yet_and_not_in_the_catalogue() -> None:
    assert status(known_on=AS_OF + timedelta(days=1)) is Status.not_yet_known
    assert status(item="parking") is Status.not_in_catalogue


@pytest.mark.parametrize(
    ("given", "policy", "words", "zh"),
    [
        (decision("repair"), market(), "repaired", "已修复"),
        (decision("revocation"), market(), "revoked", "已撤销"),
        (decision("objection", None), market(), "annotated", "已作标注"),
        (decision("objection", None), suspending(), "suspended", "暂停计分"),
        (relief(), market(), "relief", "减免"),
    ],
)
def test_each_says_so_with_its_clause(given: dict[str, Any], policy: Policy, words: str, zh: str) -> None:
    tables = frames(enterprises=[firm(1)], records=[RECORD], decisions=[given])
    found = explain("cn:0001", tables, policy)
    line = next(line for line in found.lines("en") if words in line and "a:1" in line)
    assert "no clause" not in line
    assert line.rstrip(").").count("(") >= 1
    assert any(zh in line and "a:1" in line for line in found.lines("zh"))


def test_repaired_yesterday_is_gone_today() -> None:
    yesterday = decision("repair", decided_on=AS_OF - timedelta(days=1))
    tables = frames(enterprises=[firm(1)], records=[RECORD], decisions=[yesterday])
    found = rate(tables, market()).row(0, named=True)
    assert (found["score"], found["reasons"], found["records_counted"]) == (1_000_000, [], 0)


def test_as_known_hides_what_came_later() -> None:
    tables = frames(enterprises=[firm(1)], records=[RECORD | {"revoked_on": AS_OF}],
                    decisions=[decision("repair"), relief(decision_id="d2", filed_on=AS_OF)])  # fmt: skip
    found = as_known(tables, date(2026, 6, 5))
    assert found["records"]["revoked_on"].to_list() == [None]
    assert found["decisions"].select("decision_id", "decided_on", "outcome").rows() == [("d1", None, None)]
