"""Ratings: against a naive second telling, and what must never matter."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from config.errors import InputError
from config.pack import ObjectionEffect
from models.rating import rate
from models.records import DECISIONS, ENTERPRISES, RATINGS, RECORDS, TABLES
from tests.models.rating.oracle import naive
from tests.models.rating.worlds import AS_OF, QUICK, act, firm, frames, market, world

SEEDS = st.integers(0, 10**6)


@settings(QUICK, max_examples=25)
@given(SEEDS, st.sampled_from(ObjectionEffect))
def test_equal_to_the_naive_telling(seed: int, effect: ObjectionEffect) -> None:
    tables, policy = world(seed), market()
    policy = replace(policy, redress=replace(policy.redress, objection_effect=effect))
    found = {
        row[0]: row[1:] for row in rate(tables, policy)["enterprise_id", "score", "tier", "records_counted"].rows()
    }
    assert found == naive(tables, policy)


@QUICK
@given(SEEDS)
def test_order_of_rows_never_matters(seed: int) -> None:
    tables = world(seed)
    shuffled = {name: frame.sample(fraction=1, shuffle=True, seed=seed) for name, frame in tables.items()}
    assert_frame_equal(rate(shuffled, market()), rate(tables, market()))


@QUICK
@given(SEEDS)
def test_what_was_not_known_yet_never_matters(seed: int) -> None:
    tables, day = world(seed), AS_OF - timedelta(days=200)
    later = pl.col("decided_on") > day
    known = tables | {
        "records": tables["records"]
        .filter(pl.col("known_on") <= day)
        .with_columns(revoked_on=pl.when(pl.col("revoked_on") <= day).then("revoked_on")),
        "decisions": tables["decisions"]
        .filter(pl.col("filed_on") <= day)
        .with_columns(decided_on=pl.when(~later).then("decided_on"), outcome=pl.when(~later).then("outcome")),
        "listings": tables["listings"].filter(pl.col("from_date") <= day),
    }
    assert_frame_equal(rate(tables, market(day)), rate(known, market(day)))


@QUICK
@given(SEEDS)
def test_nothing_changes_before_next_change_on(seed: int) -> None:
    tables = world(seed)
    tables["records"] = (
        tables["records"]
        .filter(pl.col("known_on") <= AS_OF)
        .with_columns(revoked_on=pl.when(pl.col("revoked_on") <= AS_OF).then("revoked_on"))
    )
    tables["decisions"] = tables["decisions"].filter(pl.col("decided_on") <= AS_OF)
    tables["listings"] = tables["listings"].filter(pl.col("from_date") <= AS_OF)
    policy = market()
    today = rate(tables, policy)
    stable = [name for name in RATINGS if name != "next_change_on"]
    for days in (1, 30, 200, 700):
        later = rate(tables, replace(policy, as_of=AS_OF + timedelta(days=days)))
        same = pl.col("next_change_on").is_null() | (pl.col("next_change_on") > AS_OF + timedelta(days=days))
        ids = today.filter(same)["enterprise_id"].implode()
        kept = pl.col("enterprise_id").is_in(ids)
        assert_frame_equal(today.filter(kept).select(stable), later.filter(kept).select(stable))


def test_every_enterprise_gets_a_row_and_tables_may_be_missing() -> None:
    enterprises = pl.DataFrame([firm(1), firm(2)], schema=TABLES["enterprises"])
    found = rate({"enterprises": enterprises}, market())
    assert found.schema == RATINGS
    assert found["tier"].to_list() == ["A", "A"]
    assert found["next_change_on"].to_list() == [None, None]
    assert found["reasons"].to_list() == [[], []]


def test_no_enterprises_no_ratings() -> None:
    assert rate(frames(), market()).schema == RATINGS


def test_the_day_after_its_maximum_an_act_weighs_nothing() -> None:
    day = date(2026, 1, 10)  # false advertising, minor: shown for 90 days
    tables = frames(enterprises=[firm(1)], records=[act(1, "a:1", "false_advertising", day, "minor")])
    last = day + timedelta(days=90)
    assert rate(tables, market(last))["records_counted"].to_list() == [1]
    after = rate(tables, market(last + timedelta(days=1)))
    assert after.select("score", "records_counted", "tier").rows() == [(1_000_000, 0, "A")]


def test_five_reasons_heaviest_first() -> None:
    days = [date(2026, 6, n) for n in range(1, 8)]
    records = [act(1, f"a:{n}", "wage_arrears", day, "general" if n % 2 else "serious") for n, day in enumerate(days)]
    reasons = rate(frames(enterprises=[firm(1)], records=records), market())["reasons"].to_list()[0]
    assert [reason["record_id"] for reason in reasons] == ["a:0", "a:2", "a:4", "a:6", "a:1"]


def test_one_act_of_two_agencies_counts_once_and_its_repair_covers_both() -> None:
    day = date(2026, 1, 1)
    records = [act(1, "a:1", "wage_arrears", day, "general"), act(1, "b:1", "wage_arrears", day, "general", agency="b")]
    repair = {"decision_id": "d", "kind": "repair", "record_id": "b:1", "filed_on": AS_OF, "decided_on": AS_OF,
              "outcome": "granted"}  # fmt: skip
    tables = frames(enterprises=[firm(1)], records=records)
    assert rate(tables, market())["records_counted"].to_list() == [1]
    assert rate(tables | frames(decisions=[repair]) | tables | {"decisions": frames(decisions=[repair])["decisions"]},
                market())["records_counted"].to_list() == [0]  # fmt: skip


def test_bad_rows_are_named() -> None:
    with pytest.raises(InputError, match="occurs twice"):
        rate(frames(enterprises=[firm(1), firm(1)]), market())
    odd = frames(enterprises=[firm(1)], records=[act(1, "a:7", "wage_arrears", AS_OF, "grave")])
    with pytest.raises(InputError, match="'grave' of a:7"):
        rate(odd, market())


def test_a_decision_on_a_trifle_leaves_a_grave_report_of_the_same_act_standing() -> None:
    day = AS_OF - timedelta(days=100)
    firm, reports = "cn:1", (("grave", "covert_discharge", "serious"), ("trifle", "excess_emission", "minor"))
    rows = [
        {"record_id": name, "enterprise_id": firm, "item": item, "act_date": day, "known_on": day, "severity": severity}
        for name, item, severity in reports
    ]
    tables = {
        "enterprises": pl.DataFrame([{"enterprise_id": firm}], schema=ENTERPRISES),
        "records": pl.DataFrame(rows, schema=RECORDS),
    }

    def after(repaired: str) -> tuple[int, str]:
        decision = {
            "decision_id": "d1",
            "kind": "revocation",
            "record_id": repaired,
            "filed_on": day,
            "decided_on": AS_OF - timedelta(days=1),
            "outcome": "granted",
        }
        decided = tables | {"decisions": pl.DataFrame([decision], schema=DECISIONS)}
        return rate(decided, market()).select("score", "tier").row(0)

    before = rate(tables, market()).select("score", "tier").row(0)
    assert after("trifle") == before
    assert after("grave") == (market().scorecard.base, "A")  # the lighter report of the same act goes with it
