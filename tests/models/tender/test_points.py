"""Points by tier under a whole policy: methods, neutrality, clauses, populations, equal treatment."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pandas as pd
import polars as pl
import pytest

from config.errors import InputError, PolicyError
from config.in_force import Policy
from config.pack import BidMethod
from config.policy import load_policy
from models.records import ENTERPRISES, RECORDS
from models.tender.bid_points import points_by_tier
from models.tender.equal_treatment import equal_treatment
from models.tender.evaluation import evaluate
from models.tender.live import live_lost
from models.tender.population import population
from tests.models.tender import build

DANDONG = {"A": 311, "B": 120, "C": 37, "D": 7}
ONE_BID = [{"firm": "a", "technical": [30], "business": [10]}]


def with_bid(**changes: Any) -> Policy:
    """The market pack with other bid rules."""
    policy = build.market()
    assert policy.tender_rules is not None
    bid = policy.tender.bid.model_copy(update=changes)
    return replace(policy, tender_rules=replace(policy.tender_rules, bid=bid))


def people(policy: Policy, mix: dict[str, int] = DANDONG) -> Any:
    return population(build.ratings({}, extra=mix), policy)


def test_the_market_pack_gives_a_table_that_keeps_its_own_rules() -> None:
    policy = build.market()
    case = build.case_of({}, ONE_BID)
    table = points_by_tier(policy, people(policy), case)
    bid = policy.tender.bid
    totals = [table.of_tier(tier) for tier in "ABCD"]
    gaps = [a - b for a, b in itertools.pairwise(totals)]
    assert all(gap >= 500 for gap in gaps)
    assert bid.never_flips_quality is not None
    assert table.spread <= bid.never_flips_quality * 1000
    assert table.spread <= 30_000 * Fraction(1, 5)  # a quarter dearer than the lowest: 30 × 0.25/1.25 points
    assert table.mean is not None
    assert abs(table.mean - 10_000) <= 500
    assert table.neutral_total == round(table.mean / 500) * 500
    assert len(table.stages) == 4


@pytest.mark.parametrize(
    "mix", [{"A": 1}, {"D": 1}, {"A": 1, "B": 1, "C": 1, "D": 97}, {"A": 97, "B": 1, "C": 1, "D": 1}]
)
def test_any_population_finds_a_neutral_table(mix: dict[str, int]) -> None:
    policy = build.market()
    table = points_by_tier(policy, people(policy, mix))
    assert table.mean is not None
    assert abs(table.mean - 10_000) <= 500


def test_half_the_weight_halves_gaps_and_mean_but_not_what_may_flip() -> None:
    policy = build.market()
    weights = {"price": 37.5, "technical": 40, "business": 15, "credit": 7.5}
    table = points_by_tier(policy, people(policy), build.case_of({"weights": weights}, ONE_BID))
    assert table.mean is not None
    assert abs(table.mean - 5_000) <= 250
    assert table.spread <= 3 * 2_000  # gap_max 4 × half


def test_two_credit_criteria_share_the_cap() -> None:
    policy = build.market()
    weights = {"price": 30, "technical": 40, "business": 15, "credit_a": 10, "credit_b": 5}
    table = points_by_tier(policy, people(policy), build.case_of({"weights": weights}, ONE_BID))
    assert set(table.points) == {"credit_a", "credit_b"}
    assert all(table.points["credit_a"][t] >= table.points["credit_b"][t] for t in "ABCD")
    assert table.mean is not None
    assert abs(table.mean - 10_000) <= 500


def test_rules_that_contradict_each_other_name_their_clauses_and_the_change() -> None:
    policy = with_bid(gap_min=6, gap_max=8)
    with pytest.raises(PolicyError, match="demo-rubric note 16") as caught:
        points_by_tier(policy, people(policy))
    assert "gap_min 6 → " in str(caught.value.remedy)
    assert caught.value.exit_code == 4


def test_the_plain_table_shrinks_with_the_weight_and_rounds_to_half_points() -> None:
    policy = with_bid(method=BidMethod.table)
    weights = {"price": 40, "technical": 40, "business": 15, "credit": 5}
    table = points_by_tier(policy, people(policy), build.case_of({"weights": weights}, ONE_BID))
    assert table.points == {"credit": {"A": 4_000, "B": 3_500, "C": 2_500, "D": 2_000}}  # 12, 10, 8, 6 of 15, a third


def test_a_table_without_a_tier_is_refused() -> None:
    policy = with_bid(method=BidMethod.table, table={"A": 5})
    with pytest.raises(PolicyError, match="no points for tier B, C, D"):
        points_by_tier(policy, people(policy))


def test_weight_times_score_over_maximum() -> None:
    policy = with_bid(method=BidMethod.proportional)
    highest = policy.scorecard.highest // 1000
    found = evaluate(
        build.case_of({}, [*ONE_BID, {"firm": "b", "technical": [30], "business": [10]}]),
        build.ratings({"a": "A", "b": "D"}, {"a": highest / 2, "b": 0}),
        policy,
    )
    assert {row.bidder: row.credit.total for row in found.rows} == {"a": 7_500, "b": 0}  # 15 × 1/2, 15 × 0


def test_five_annual_and_ten_live() -> None:
    policy = with_bid(
        method=BidMethod.annual_and_live, table={"A": 5, "B": 3, "C": 1, "D": 0}, live_per_point=Fraction(1, 10)
    )
    day = date(2025, 9, 1)
    late = policy.items["late_annual_report"].points
    severity = min(late, key=lambda name: late[name])
    act = {"record_id": "r", "enterprise_id": "pl:A", "item": "late_annual_report", "act_id": "1", "act_date": day,
           "known_on": day, "severity": str(severity), "agency": "x"}  # fmt: skip
    records = pl.DataFrame([act, act | {"record_id": "r2", "agency": "y"}], schema=RECORDS)
    lost = live_lost(records, policy, build.OPENING)
    assert lost == {"pl:A": -late[severity] // 10}  # one act, reported twice, counts once
    bids = [*ONE_BID, {"firm": "b", "technical": [30], "business": [10]}]
    found = evaluate(build.case_of({}, bids), build.ratings({"a": "A", "b": "A"}), policy, records=records)
    points = {row.bidder: row.credit.total for row in found.rows}
    assert points["b"] == 15_000
    assert points["a"] == 5_000 + round((10_000 - lost["pl:A"]) / 500) * 500
    old = records.with_columns(pl.lit(date(2024, 9, 1)).alias("act_date"))
    assert live_lost(old, policy, build.OPENING) == {}
    told_late = pl.DataFrame(
        [act | {"record_id": "s", "act_date": day + timedelta(days=1), "known_on": day + timedelta(days=1)}],
        schema=records.schema,
    )
    assert live_lost(pl.concat([records, told_late]), policy, build.OPENING) == lost
    other = told_late.with_columns(act_id=pl.lit("2"))
    assert live_lost(pl.concat([records, other]), policy, build.OPENING)["pl:A"] == 2 * lost["pl:A"]
    with pytest.raises(InputError, match="no records were given"):
        evaluate(build.case_of({}, ONE_BID), build.ratings({"a": "A"}), policy)


def test_the_tender_pack_of_china_gives_fifteen_as_five_and_ten() -> None:
    policy = load_policy("tender-cn").at(build.OPENING)
    assert policy.tender.bid.method is BidMethod.annual_and_live
    tiers = [tier.id for tier in policy.tiers]
    mix = dict.fromkeys(tiers, 10)
    found = evaluate(
        build.case_of({}, ONE_BID),
        build.ratings({"a": tiers[0]}, extra=mix),
        policy,
        records=pl.DataFrame(schema=RECORDS),
    )
    assert found.rows[0].credit.total == 15_000


def test_ratings_of_another_pack_are_refused() -> None:
    with pytest.raises(InputError, match="tiers that pack market does not know: green"):
        population(build.ratings({"a": "green"}), build.market())
    with pytest.raises(InputError, match="no bidder population"):
        population(build.ratings({}), build.market())


def firms(rows: list[tuple[str, str, str | None, str | None]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(id, tier, region, ownership) → ratings, enterprises."""
    ratings = build.ratings({row[0]: row[1] for row in rows})
    known = [{"enterprise_id": f"pl:{r[0].upper()}", "region": r[2], "ownership": r[3]} for r in rows]
    return ratings, pl.DataFrame(known, schema=ENTERPRISES)


TABLE = build.table({"A": 10, "B": 6, "C": 3, "D": 0}, neutral=6)


def test_equal_treatment_agrees_with_fairlearn() -> None:
    from fairlearn.metrics import MetricFrame

    rows = [(f"f{k}", "ABCD"[(k * k) % 4], f"r{k % 3}", "state" if k % 2 else "private") for k in range(60)]
    ratings, enterprises = firms(rows)
    found = equal_treatment(ratings, enterprises, TABLE)
    points = pd.Series([TABLE.of_tier(row[1]) / 1000 for row in rows])
    for attribute, place in (("region", 2), ("ownership", 3)):
        groups = pd.Series([row[place] for row in rows])
        frame = MetricFrame(
            metrics=lambda _, predicted: float(predicted.mean()),
            y_true=points, y_pred=points, sensitive_features=groups,
        )  # fmt: skip
        ours = {r["group"]: r["mean"] for r in found.filter(pl.col("attribute") == attribute).iter_rows(named=True)}
        assert ours == pytest.approx(frame.by_group.to_dict())


def test_a_tilted_population_is_seen_and_a_level_one_is_not() -> None:
    level = [(f"f{k}", "AB"[k % 2], f"r{k // 2 % 2}", None) for k in range(400)]
    tilted = [(f"f{k}", "A" if k % 4 else "D", f"r{k % 4 // 3}", None) for k in range(400)]
    for rows, seen in ((level, False), (tilted, True)):
        found = equal_treatment(*firms(rows), TABLE)
        assert found["attribute"].unique().to_list() == ["region"]
        assert (found["p_value"].min() < 0.05) is seen
        assert found["within_tier"].max() == 0


def test_points_that_look_past_the_tier_show_within_the_tier() -> None:
    ratings, enterprises = firms([(f"f{k}", "A", f"r{k % 2}", None) for k in range(20)])
    biased = ratings.select("enterprise_id", points=pl.int_range(pl.len()) % 2 * 1000)
    found = equal_treatment(ratings, enterprises, TABLE, points=biased)
    assert found["within_tier"].to_list() == [0.5, 0.5]


@pytest.mark.shared
def test_the_polish_contractors_as_bidders(shared_data: Any) -> None:
    from tests.bench.tender import polish_population

    table, treatment = polish_population(shared_data / "procurement/pl_contractors_3plus_wins.csv.gz")
    assert table.population.total == 15_099
    assert table.mean is not None
    assert abs(table.mean - 10_000) <= 500
    assert treatment.filter(pl.col("attribute") == "region").height == 16
    assert treatment["within_tier"].max() == 0
    assert treatment["p_value"].min() > 0.05  # tiers were drawn without looking at the province
