"""Explanations agree with ratings, and the recourse they show works and is the shortest."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from itertools import combinations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.errors import InputError
from config.in_force import Policy
from models.rating import Explanation, explain, explain_many, rate
from models.rating.case import Thing
from models.redress.known import as_known
from models.redress.status import Status
from tests.models.rating.worlds import AS_OF, QUICK, firm, frames, market, with_links, world

SEEDS = st.integers(0, 10**6)
Tables = dict[str, pl.DataFrame]


def without(tables: Tables, enterprise_id: str, things: list[Thing]) -> Tables:
    """The tables as if these things had come about."""
    left = [thing.id for thing in things if thing.kind == "leave_list"]
    gone = tables["records"].filter(pl.col("record_id").is_in([t.id for t in things if t.kind != "leave_list"]))
    keys = gone.select("enterprise_id", "item", "act_date")
    return tables | {
        "records": tables["records"].join(keys, on=keys.columns, how="anti"),
        "listings": tables["listings"].filter(
            ~(pl.col("list_id").is_in(left) & (pl.col("enterprise_id") == enterprise_id))
        ),
    }


def rank(tables: Tables, policy: Policy, enterprise_id: str) -> int:
    found = rate(tables, policy).filter(pl.col("enterprise_id") == enterprise_id)["tier"][0]
    return policy.tier(found).rank


@settings(QUICK, max_examples=6)
@given(SEEDS, st.booleans())
def test_an_explanation_agrees_with_the_rating(seed: int, linked: bool) -> None:
    tables = world(seed)
    policy = with_links(market(), begun_after_trigger=False) if linked else market()
    for row in rate(tables, policy).head(5).iter_rows(named=True):
        found = explain(row["enterprise_id"], tables, policy)
        assert (found.score, found.tier, found.band_tier) == (row["score"], row["tier"], row["band_tier"])
        assert [rule.id for rule in found.rules] == row["gates"]
        assert sum(link.points for link in found.links) == row["linked_points"]
        assert found.next_change_on == row["next_change_on"]
        counting = [line for line in found.records if line.status is Status.counts]
        assert len(counting) == row["records_counted"]
        assert {d.id: d.after for d in found.dimensions} == {d["dimension"]: d["points"] for d in row["dimensions"]}
        assert sum(line.capped for line in found.records) == sum(d.after for d in found.dimensions)
        json.dumps(found.to_dict(), ensure_ascii=False)
        assert len(found.lines("en")) == len(found.lines("zh"))


@settings(QUICK, max_examples=12)
@given(SEEDS)
def test_the_recourse_moves_the_tier_and_nothing_shorter_does(seed: int) -> None:
    tables, policy = world(seed, firms=4), market()
    for enterprise_id in ("cn:0000", "cn:0001"):
        found = explain(enterprise_id, tables, policy)
        if found.recourse is None:
            continue
        before = policy.tier(found.tier).rank
        things = list(found.recourse.things)
        assert rank(without(tables, enterprise_id, things), policy, enterprise_id) < before
        assert (
            rank(without(tables, enterprise_id, things), policy, enterprise_id) == policy.tier(found.recourse.tier).rank
        )
        assert found.recourse.proven_shortest
        for fewer in combinations(possible(found), len(things) - 1):
            if len(things) <= 3:
                assert rank(without(tables, enterprise_id, list(fewer)), policy, enterprise_id) == before


def possible(found: Explanation) -> list[Thing]:
    """Things as the recourse's own kind: everything if it needs waiting, else what is possible now."""
    assert found.recourse is not None
    limit = found.recourse.possible_from
    clause = found.recourse.things[0].clause
    acts = [
        Thing("repair", line.record_id, line.open_for_repair_on, (), clause, line.row, line.points, 0)
        for line in found.records
        if line.status is Status.counts and line.points <= 0 and line.open_for_repair_on is not None
    ]
    return [thing for thing in acts if thing.possible_from <= max(limit, AS_OF)]


@settings(QUICK, max_examples=8)
@given(SEEDS)
def test_granted_repairs_move_the_tier(seed: int) -> None:
    tables, policy = world(seed, firms=4), market()
    found = explain("cn:0000", tables, policy)
    if found.recourse is None or any(thing.kind != "repair" for thing in found.recourse.things):
        return
    if found.recourse.possible_from > AS_OF:
        return
    granted = [
        {"decision_id": f"x{n}", "kind": "repair", "record_id": thing.id, "filed_on": AS_OF, "decided_on": AS_OF,
         "outcome": "granted"}
        for n, thing in enumerate(found.recourse.things)
    ]  # fmt: skip
    more = pl.DataFrame(granted, schema=tables["decisions"].schema)
    after = tables | {"decisions": pl.concat([tables["decisions"], more])}
    assert rank(after, policy, "cn:0000") < policy.tier(found.tier).rank


@settings(QUICK, max_examples=5)
@given(SEEDS)
def test_the_day_it_moves_by_itself_is_the_first(seed: int) -> None:
    tables, policy = world(seed, firms=4), market()
    found = explain("cn:0000", tables, policy)
    before, tables = policy.tier(found.tier).rank, as_known(tables, AS_OF)
    if found.moves_by_itself is None:
        assert rank(tables, replace(policy, as_of=AS_OF + timedelta(days=20_000)), "cn:0000") >= before
        return
    on = found.moves_by_itself.on
    assert rank(tables, replace(policy, as_of=on), "cn:0000") == policy.tier(found.moves_by_itself.tier).rank < before
    for days in (1, 7, 40):
        if on - timedelta(days=days) > AS_OF:
            assert rank(tables, replace(policy, as_of=on - timedelta(days=days)), "cn:0000") >= before


def test_an_unknown_enterprise_is_named() -> None:
    with pytest.raises(InputError, match="'cn:none'"):
        explain("cn:none", world(1), market())


@settings(QUICK, max_examples=2)
@given(SEEDS, st.booleans())
def test_many_explanations_equal_one_after_the_other(seed: int, linked: bool) -> None:
    tables = world(seed)
    policy = with_links(market(), begun_after_trigger=False) if linked else market()
    ids = ["cn:0003", "cn:0000", "cn:0005"]
    found = [one.to_dict() for one in explain_many(ids, tables, policy)]
    assert found == [explain(name, tables, policy).to_dict() for name in ids]


def test_a_firm_on_a_list_is_told_the_list_its_end_and_its_clause() -> None:
    listed = [{"list_id": "serious_violations", "enterprise_id": "cn:0001", "from_date": AS_OF - timedelta(days=400)}]
    found = explain("cn:0001", frames(enterprises=[firm(1)], listings=listed), market())
    clause = market().lists["serious_violations"].clause.article
    line = next(line for line in found.lines("en") if line.startswith("On the list"))
    assert clause in line
    assert str(AS_OF + timedelta(days=1095 - 400)) in line
    assert any("列入" in line and clause in line for line in found.lines("zh"))
    assert found.recourse is not None
    assert [(thing.kind, thing.id) for thing in found.recourse.things] == [("leave_list", "serious_violations")]
    assert found.moves_by_itself is not None
    assert found.moves_by_itself.on == AS_OF + timedelta(days=1096 - 400)
