"""What came back of a day's list: what is taken, what is refused and why, what is proposed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from config.in_force import Policy
from models.consignment import DayPlan
from models.consignment.results import RETURNED
from models.consignment.take import Taken, take
from models.records import RECORDS
from tests.models.consignment import morning
from tests.models.consignment.morning import DAY, planned

POLICY = morning.policy()
TODAY = DAY + timedelta(days=1)
BOTH = ["李娜", "王敏"]


@pytest.fixture(scope="module")
def plan() -> DayPlan:
    return planned(morning.declarations(300, must=20), POLICY)


def row(plan: DayPlan, at: int = 0, **said: Any) -> dict[str, Any]:
    """A filled row of the `at`-th declaration of the list: nothing found, by two officers."""
    one = plan.chosen.row(at, named=True)
    told = {"file": "f", "sheet": "o0", "row": at + 5} | {k: one[k] for k in ("declaration_id", "enterprise_id")}
    filled = {"result": "no_irregularity", "severity": None, "examined_on": None, "officers": BOTH, "remark": None}
    return told | filled | said


def taken(plan: DayPlan, *rows: dict[str, Any], policy: Policy = POLICY, **more: Any) -> Taken:
    given = {"enterprises": plan.chosen["enterprise_id"].unique()} | more
    return take(pl.DataFrame(list(rows), schema=RETURNED), plan, policy, given.pop("today", TODAY), **given)


@pytest.mark.parametrize(
    ("code", "item"),
    [
        ("description", "customs_misdeclaration"),
        ("quantity", "customs_misdeclaration"),
        ("value", "customs_undervaluation"),
        ("origin", "customs_misdeclaration"),
        ("prohibited", "customs_prohibited_goods"),
    ],
)
def test_a_finding_proposes_the_item_that_the_policy_names(plan: DayPlan, code: str, item: str) -> None:
    found = taken(plan, row(plan, result=code, severity="serious"), row(plan, 1))
    one = plan.chosen.row(0, named=True)
    (record,) = found.records.to_dicts()
    assert found.records.schema == RECORDS
    assert (record["item"], record["enterprise_id"], record["severity"]) == (item, one["enterprise_id"], "serious")
    assert (record["act_id"], record["act_date"], record["known_on"]) == (one["declaration_id"], DAY, TODAY)
    assert found.notes["note"].to_list() == ["proposed", "clean"]
    assert found.refused.is_empty()


def test_where_the_pack_is_silent_a_finding_counts_and_proposes_nothing(plan: DayPlan) -> None:
    rules = POLICY.inspection.consignment
    assert rules is not None
    silent = replace(rules, findings={code: at for code, at in rules.findings.items() if code != "origin"})
    policy = replace(POLICY, inspection_rules=replace(POLICY.inspection, consignment=silent))
    found = taken(plan, row(plan, result="origin", severity="minor"), policy=policy)
    assert (found.results["result"].to_list(), found.records.height) == (["origin"], 0)
    assert found.notes["note"].to_list() == ["silent"]


def test_nobody_but_a_rated_enterprise_gets_a_record(plan: DayPlan) -> None:
    """A person is never one, so never gets one."""
    rated = pl.Series(["cn:another"])
    found = taken(plan, row(plan, result="value", severity="minor"), enterprises=rated)
    assert (found.results.height, found.records.height) == (1, 0)
    assert found.notes["note"].to_list() == ["unrated"]


@pytest.mark.parametrize("code", ["goods_gone", "no_staff", "not_examined"])
def test_what_was_not_examined_goes_back_onto_the_accounts(plan: DayPlan, code: str) -> None:
    for why, column in (("random", "floor_account"), ("risk", "account")):
        at = plan.chosen["why"].to_list().index(why)
        found = taken(plan, row(plan, at, result=code, officers=[], remark="the ship had left"))
        (told,) = found.results.to_dicts()
        assert {name: told[name] for name in ("account", "floor_account")} == {
            "account": 0,
            "floor_account": 0,
            column: 1000,
        }
        assert told["examined_on"] is None
        assert (found.records.height, found.notes["note"].to_list()) == (0, ["owed"])


def test_the_same_again_is_known_another_word_is_refused(plan: DayPlan) -> None:
    rows = [row(plan, result="value", severity="minor"), row(plan, 1), row(plan, 2, result="no_staff", officers=[])]
    first = taken(plan, *rows)
    again = taken(plan, *rows, known=first.results)
    assert (again.results.height, again.records.height, again.unchanged, again.refused.height) == (0, 0, 3, 0)
    turned = [rows[0] | {"officers": BOTH[::-1]}, rows[1] | {"result": "no_staff", "officers": []}]
    other = taken(plan, *turned, rows[2] | {"result": "no_irregularity", "officers": BOTH}, known=first.results)
    assert other.unchanged == 1
    assert other.refused["rule"].to_list() == ["contradiction", "contradiction"]
    assert other.results.is_empty()


BAD = [
    ("required", "result", {"result": None, "remark": "?"}),
    ("unknown_code", "result", {"result": "fine"}),
    ("required", "severity", {"result": "value"}),
    ("unknown_code", "severity", {"result": "value", "severity": "huge"}),
    ("contradiction", "severity", {"severity": "minor"}),
    ("contradiction", "severity", {"result": "goods_gone", "severity": "minor"}),
    ("contradiction", "examined_on", {"result": "no_staff", "examined_on": DAY}),
    ("required", "remark", {"result": "not_examined"}),
    ("date_order", "examined_on", {"examined_on": DAY - timedelta(days=1)}),
    ("future_date", "examined_on", {"examined_on": TODAY + timedelta(days=1)}),
    ("team_size", "officers", {"officers": ["李娜"]}),
    ("team_size", "officers", {"officers": ["李娜", "李娜"]}),
    ("team_size", "officers", {"officers": []}),
    ("unknown_declaration", "declaration_id", {"declaration_id": "another"}),
    ("other_firm", "enterprise_id", {"enterprise_id": "kr:another"}),
]


@pytest.mark.parametrize(("rule", "column", "said"), BAD, ids=[f"{r}-{c}-{k}" for k, (r, c, _) in enumerate(BAD)])
def test_a_bad_row_is_refused_by_its_rule_the_good_one_taken(
    plan: DayPlan, rule: str, column: str, said: dict[str, Any]
) -> None:
    found = taken(plan, row(plan, **said), row(plan, 1))
    assert found.refused.select("rule", "column", "row").rows() == [(rule, column, 5)]
    assert found.refused["remedy"][0]
    assert found.results["declaration_id"].to_list() == [plan.chosen["declaration_id"][1]]


def test_a_declaration_twice_is_taken_once(plan: DayPlan) -> None:
    found = taken(plan, row(plan), row(plan, row=9, result="no_staff", officers=[]))
    assert found.refused["rule"].to_list() == ["duplicate_id"]
    assert found.results["result"].to_list() == ["no_irregularity"]


def test_a_list_of_a_day_to_come_is_refused(plan: DayPlan) -> None:
    found = taken(plan, row(plan), today=DAY - timedelta(days=3))
    assert found.refused["rule"].to_list() == ["future_date"]


def test_an_examination_on_a_later_day_has_that_day(plan: DayPlan) -> None:
    later = row(plan, result="value", severity="general", examined_on=TODAY)
    found = taken(plan, later, today=date(2020, 6, 10))
    assert found.results["examined_on"].to_list() == found.records["act_date"].to_list() == [TODAY]
