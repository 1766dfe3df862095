"""What must hold for every tender: order, scale and position change nothing; a veto beats every score."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from models.tender.case import Formula, Kind, TenderCase
from models.tender.evaluation import Evaluation, evaluate
from models.tender.parametric import envelope, simplest_between
from models.tender.sensitivity import sensitivity
from tests.models.tender import build

FIRMS = ("a", "b", "c", "d", "e")
TIERS = ("A", "B", "C", "D")
TABLE = build.table({"A": 11, "B": 8.5, "C": 6, "D": 3}, neutral=9)
POLICY = build.market()


@st.composite
def tenders(draw: st.DrawFn) -> tuple[TenderCase, dict[str, str]]:
    formula = draw(st.sampled_from(Formula))
    lots = {str(k): 2000 for k in range(1, draw(st.integers(1, 3)) + 1)}
    price: dict[str, Any] = {"formula": formula.value, "mix": 0.5 if formula is Formula.benchmark else 0}
    tender: dict[str, Any] = {"lots": lots, "price": price}
    if draw(st.booleans()):
        tender["limit"] = draw(st.integers(1, 2))
        tender["lot_rule"] = draw(st.sampled_from(["points", "lot_order"]))
    firms = draw(st.lists(st.sampled_from(FIRMS), min_size=1, max_size=5, unique=True))
    tiers = {firm: draw(st.sampled_from(TIERS)) for firm in firms if draw(st.integers(0, 4))}
    points = st.integers(0, 80).map(lambda k: k / 2)
    bids = [
        {"firm": firm, "lot": lot, "price": draw(st.integers(1, 2000)), "technical": [draw(points)], "business": [10]}
        for lot in lots
        for firm in firms
    ]
    return build.case_of(tender, bids), tiers


def run(case: TenderCase, tiers: dict[str, str], **more: Any) -> Evaluation:
    ratings = build.ratings(tiers, extra={"B": 1})
    return evaluate(case, ratings, POLICY, table=TABLE, seed=b"seed", **more)


def brief(found: Evaluation) -> Any:
    return [(r.lot, r.bidder, r.total, r.rank) for r in found.rows], dict(found.awards)


@given(tenders(), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_the_order_of_bids_ratings_and_parties_changes_nothing(tender: Any, random: Any) -> None:
    case, tiers = tender
    bids, parties = list(case.bids), list(case.parties.items())
    random.shuffle(bids)
    random.shuffle(parties)
    shuffled = replace(case, bids=tuple(bids), parties=dict(parties))
    assert brief(run(shuffled, dict(reversed(tiers.items())))) == brief(run(case, tiers))


@given(tenders(), st.integers(2, 1000))
@settings(max_examples=60)
def test_scaling_all_prices_changes_no_points_ranks_or_awards(tender: Any, factor: int) -> None:
    case, tiers = tender
    scaled = replace(
        case,
        bids=tuple(replace(bid, price=(bid.price or 0) * factor) for bid in case.bids),
        lots=tuple(replace(lot, ceiling=(lot.ceiling or 0) * factor) for lot in case.lots),
    )
    assert brief(run(scaled, tiers)) == brief(run(case, tiers))


@given(tenders(), st.sampled_from(FIRMS), st.sampled_from(TIERS), st.sampled_from(TIERS))
@settings(max_examples=60)
def test_a_better_tier_never_loses_points_or_rank(tender: Any, firm: str, one: str, other: str) -> None:
    case, tiers = tender
    better, worse = sorted((one, other))
    high, low = run(case, tiers | {firm: better}), run(case, tiers | {firm: worse})
    ranks = {(row.lot, row.bidder): row for row in low.rows}
    for row in high.rows:
        if row.bidder == firm:
            before = ranks[row.lot, firm]
            assert row.by_kind[Kind.credit] >= before.by_kind[Kind.credit]
            assert row.total >= before.total
            assert row.rank <= before.rank


@given(tenders(), st.sampled_from(FIRMS))
@settings(max_examples=60)
def test_a_veto_beats_every_score(tender: Any, firm: str) -> None:
    case, tiers = tender
    perfect = tuple(
        replace(
            bid,
            price=1,
            scores=tuple(replace(s, points=40_000 if s.criterion == "technical" else 15_000) for s in bid.scores),
        )
        if bid.bidder == firm
        else bid
        for bid in case.bids
    )
    lists = build.listings([["court_defaulters", firm, date(2025, 1, 1), None]])
    found = run(replace(case, bids=perfect), tiers | {firm: "A"}, listings=lists)
    assert all(row.bidder != firm for row in found.rows)
    assert all(not bid.startswith(f"{firm}-") for bid in found.awards.values())
    without = tuple(bid for bid in case.bids if bid.bidder != firm)
    assert brief(found) == brief(run(replace(case, bids=without), tiers))


@given(st.sampled_from(TIERS), st.sampled_from(TIERS), st.integers(8_001, 40_000), st.integers(1, 900))
@settings(max_examples=40)
def test_credit_never_flips_what_the_policy_protects(good: str, poor: str, quality: int, more: int) -> None:
    """More than 8 points of quality, or more than a quarter of price above the lowest, stay decisive."""
    points = {"business": [10]}
    better = {"firm": "a", "price": 100, "technical": [quality / 1000], **points}
    cheaper = {"firm": "a", "price": 1000, "technical": [20], **points}
    for first, second in (
        (better, {"firm": "b", "price": 100, "technical": [0], **points}),
        (cheaper, {"firm": "b", "price": 1250 + more, "technical": [20], **points}),
    ):
        found = evaluate(build.case_of({}, [first, second]), build.ratings({"a": poor, "b": good}), POLICY)
        assert found.rows[0].bidder == "a"


@given(tenders())
@settings(max_examples=40)
def test_awards_keep_the_limit_and_only_ranked_bids_win(tender: Any) -> None:
    case, tiers = tender
    found = run(case, tiers)
    won = [bid.split("-")[0] for bid in found.awards.values()]
    limit = case.max_lots_per_bidder or len(case.lots)
    assert all(won.count(firm) <= limit for firm in won)
    assert set(found.awards.items()) <= {(row.lot, row.bid) for row in found.rows}


@given(tenders())
@settings(max_examples=40)
def test_sensitivity_covers_0_to_the_cap_and_agrees_with_the_award(tender: Any) -> None:
    case, tiers = tender
    evaluation = run(case, tiers)
    found = sensitivity(evaluation, POLICY)
    assert found.exact
    for lot in case.lots:
        stretches = found.of_lot(lot.id)
        assert stretches[0].low == 0
        assert stretches[-1].high == found.cap
        assert all(a.high == b.low and a.bid != b.bid for a, b in pairwise(stretches))
        here = [s.bid for s in stretches if s.low <= found.weight <= s.high]
        ties = len({r.total for r in evaluation.of_lot(lot.id)}) < len(evaluation.of_lot(lot.id))
        assert evaluation.awards.get(lot.id) in here or ties or case.max_lots_per_bidder


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=6))
def test_the_envelope_is_the_highest_line_everywhere(raw: list[tuple[int, int]]) -> None:
    lines = [(value, slope, place, str(place)) for place, (value, slope) in enumerate(raw)]
    for low, high, name in envelope(lines, Fraction(3)):
        middle = (low + high) / 2
        own = next(line for line in lines if line[3] == name)
        assert own[0] + own[1] * middle == max(line[0] + line[1] * middle for line in lines)


@given(st.fractions(0, 5), st.fractions(0, 5))
def test_the_simplest_fraction_lies_between(one: Fraction, other: Fraction) -> None:
    low, high = sorted((one, other))
    if low < high:
        assert low < simplest_between(low, high) < high


def test_the_same_case_evaluated_twice_is_the_same_value() -> None:
    case = build.case_of({}, [{"firm": firm, "technical": [30], "business": [10]} for firm in "abc"])
    first, second = run(case, {"a": "A"}), run(case, {"a": "A"})
    assert first.to_dict() == second.to_dict()
    assert first.bids().equals(second.bids())
    assert isinstance(first.bids(), pl.DataFrame)
