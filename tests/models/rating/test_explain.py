"""Explanations agree with ratings, and the recourse they show works and is the shortest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import combinations, permutations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.errors import InputError
from config.in_force import Item, Listing, Policy
from models.rating import Explanation, explain, explain_many, rate, remember
from models.rating.neighbourhood import Near
from models.rating.ways import Thing
from models.redress.known import as_known
from models.redress.status import Status
from tests.models.rating.worlds import AS_OF, QUICK, act, firm, frames, market, with_links, world

SEEDS = st.integers(0, 10**6)
Tables = dict[str, pl.DataFrame]


def brought_about(tables: Tables, enterprise_id: str, things: Sequence[Thing]) -> Tables:
    """The tables after these things; a repair that is possible later only is granted as a revocation is, at once."""
    left = [thing.id for thing in things if thing.kind == "leave_list"]
    corrected = [name for thing in things if thing.kind == "correct" for name in (thing.id, *thing.also)]
    decided = [
        {"decision_id": f"x{n}", "kind": "repair" if thing.possible_from <= AS_OF else "revocation",
         "record_id": thing.id, "filed_on": AS_OF, "decided_on": AS_OF, "outcome": "granted"}
        for n, thing in enumerate(things) if thing.kind == "repair"
    ]  # fmt: skip
    mine = pl.col("list_id").is_in(left) & (pl.col("enterprise_id") == enterprise_id)
    put_right = pl.col("record_id").is_in(corrected)
    return tables | {
        "records": tables["records"].with_columns(
            corrected_on=pl.when(put_right).then(pl.lit(AS_OF)).otherwise("corrected_on")
        ),
        "listings": tables["listings"].with_columns(
            to_date=pl.when(mine).then(pl.lit(AS_OF - timedelta(days=1))).otherwise("to_date")
        ),
        "decisions": pl.concat([tables["decisions"], pl.DataFrame(decided, schema=tables["decisions"].schema)]),
    }


def correctable(policy: Policy) -> Policy:
    """The pack with some items whose term ends with the correction, and some that cannot be repaired."""

    def changed(place: int, item: Item) -> Item:
        display = {
            severity: form.model_copy(update={"until_corrected": place % 3 == 0, "repairable": place % 4 != 0})
            for severity, form in item.display.items()
        }
        return replace(item, display=display)

    return replace(policy, items={name: changed(n, item) for n, (name, item) in enumerate(policy.items.items())})


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
@given(SEEDS, st.booleans())
def test_the_recourse_moves_the_tier_as_promised_and_nothing_shorter_does(seed: int, some: bool) -> None:
    policy = correctable(market()) if some else market()
    tables = as_known(world(seed, firms=4, policy=policy), AS_OF)
    for enterprise_id in ("cn:0000", "cn:0001"):
        found = explain(enterprise_id, tables, policy)
        before = policy.tier(found.tier).rank
        steps = possible(found, policy)
        if found.recourse is None:
            assert rank(brought_about(tables, enterprise_id, steps), policy, enterprise_id) >= before
            continue
        after = brought_about(tables, enterprise_id, found.recourse.things)
        assert rank(after, policy, enterprise_id) == policy.tier(found.recourse.tier).rank < before
        assert found.recourse.proven_shortest
        now = [step for step in steps if step.possible_from <= AS_OF]
        chosen = now if found.recourse.possible_from <= AS_OF else steps
        for fewer in combinations(chosen, len(found.recourse.things) - 1):
            if len(found.recourse.things) <= 3:
                assert rank(brought_about(tables, enterprise_id, fewer), policy, enterprise_id) >= before


def possible(found: Explanation, policy: Policy) -> list[Thing]:
    """Every single step, read from the explanation's own lines; all reports of an item and day are put right at once,
    at most as many as the engine takes for one act."""
    standing = [line for line in found.records if line.status in (Status.counts, Status.duplicate)]
    clause = next(iter(policy.items.values())).clause
    repairs = [
        Thing("repair", line.record_id, max(line.open_for_repair_on, AS_OF), (), clause)
        for line in standing
        if line.open_for_repair_on is not None
    ]
    wrong = [line.record_id for line in standing if line.until_corrected and line.corrected_on is None]
    leave = [
        Thing("leave_list", entry.id, AS_OF, (), clause)
        for entry in found.lists
        if entry.kind != "red" and _can_be_left(policy.lists[entry.id])
    ]
    return repairs + [Thing("correct", name, AS_OF, (), clause) for name in wrong] + leave


def _can_be_left(listing: Listing) -> bool:
    early = listing.effect.early_removal_days is not None or listing.effect.term_days is None
    return early or listing.ends_when is not None


def test_a_court_defaulter_is_told_to_perform_the_judgment() -> None:
    entry = {"list_id": "court_defaulters", "enterprise_id": "cn:0001", "from_date": AS_OF - timedelta(days=30)}
    tables = frames(enterprises=[firm(1)], listings=[entry])
    found = explain("cn:0001", tables, market())
    assert found.recourse is not None
    assert [(thing.kind, thing.id) for thing in found.recourse.things] == [("leave_list", "court_defaulters")]
    assert found.recourse.tier == "A"
    assert "judgment performed" in found.text("en")
    assert "履行" in found.text("zh")
    assert "court_defaulters" not in found.text("zh").replace("cn:0001", "")


def test_putting_an_act_right_tells_what_a_lighter_report_still_costs() -> None:
    policy, day = correctable(market()), AS_OF - timedelta(days=20)
    plain, ended = _one_class(policy)
    reports = [act(1, "a:1", ended, day, "serious"), act(1, "b:1", plain, day, "serious", agency="b")]
    heavy, light = (abs(policy.items[name].points["serious"]) for name in (ended, plain))
    tables = frames(enterprises=[firm(1)], records=reports)
    found = explain("cn:0001", tables, policy)
    assert [line.status for line in found.records] == [Status.counts, Status.duplicate]
    assert heavy > light
    after = brought_about(tables, "cn:0001", [Thing("correct", "a:1", AS_OF, (), found.records[0].clause)])
    assert rate(after, policy)["score"][0] == 1_000_000 - light
    assert found.recourse is not None
    promised = rank(brought_about(tables, "cn:0001", found.recourse.things), policy, "cn:0001")
    assert promised == policy.tier(found.recourse.tier).rank


def _one_class(policy: Policy) -> tuple[str, str]:
    """Two items of one class: one whose term the correction does not end, and a heavier one whose term it does."""
    for plain, ended in permutations(policy.items.values(), 2):
        lighter = abs(plain.points.get("serious", 0)) < abs(ended.points.get("serious", 0))
        terms = plain.display["serious"].until_corrected, ended.display["serious"].until_corrected
        if plain.act_class == ended.act_class and lighter and terms == (False, True):
            return plain.code, ended.code
    raise AssertionError("the pack has no such class")


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


@QUICK
@given(SEEDS, st.booleans())
def test_a_neighbourhood_looked_up_explains_like_the_whole(seed: int, linked: bool) -> None:
    tables = world(seed)
    policy = with_links(market(), begun_after_trigger=False) if linked else market()
    days = [AS_OF - timedelta(days=30 * n) for n in (2, 1)]
    history = pl.concat([remember(rate(tables, policy), policy.pack, day) for day in days])
    near = Near(tables, history)
    for ids in (["cn:0003"], ["cn:0005", "cn:0000", "cn:0003", "cn:0003"]):
        few, past = near.around(ids)
        found = [one.to_dict() for one in explain_many(ids, few, policy, history=past)]
        assert found == [explain(name, tables, policy, history=history).to_dict() for name in ids]
        assert past is not None
        assert past.height <= history.height
    with pytest.raises(InputError, match="cn:none"):
        explain("cn:none", near.around(["cn:none"])[0], policy)


def test_a_firm_on_a_list_is_told_the_list_its_end_and_its_clause() -> None:
    listed = [{"list_id": "serious_violations", "enterprise_id": "cn:0001", "from_date": AS_OF - timedelta(days=400)}]
    found = explain("cn:0001", frames(enterprises=[firm(1)], listings=listed), market())
    clause = market().lists["serious_violations"].clause.article
    line = next(line for line in found.lines("en") if line.startswith("On the list"))
    assert clause in line
    assert str(AS_OF + timedelta(days=1095 - 400)) in line
    assert any(
        "列入" in line and "严重违法失信名单管理办法（总局令第44号） 期限与提前移出" in line
        for line in found.lines("zh")
    )
    assert found.recourse is not None
    assert [(thing.kind, thing.id) for thing in found.recourse.things] == [("leave_list", "serious_violations")]
    assert found.moves_by_itself is not None
    assert found.moves_by_itself.on == AS_OF + timedelta(days=1096 - 400)
