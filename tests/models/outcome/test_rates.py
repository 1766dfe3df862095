"""Rates by tier from a draw with known probabilities: unbiased, honest about their precision."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.inspection.draw import pareto, targets
from models.outcome import RATES, SAMPLE, Limits, drawn_sample, ordering, propose_rates, rates
from models.outcome.rates import MILLION, hajek, hajek_variance
from models.records import VISITS

chances = st.lists(st.tuples(st.integers(20_000, MILLION), st.booleans()), min_size=1, max_size=40)


def sample(pairs: list[tuple[int, bool | None]], tier: str = "A") -> pl.DataFrame:
    rows = [(f"e{n}", tier, chance, found) for n, (chance, found) in enumerate(pairs)]
    return pl.DataFrame(rows, schema=SAMPLE, orient="row")


@given(chances)
def test_interval_holds_the_rate_and_bounds_hold_the_interval_of_ignorance(pairs: list[tuple[int, bool]]) -> None:
    row = rates(sample(pairs), ["A"]).row(0, named=True)
    assert 0 <= row["low"] <= row["rate"] <= row["high"] <= MILLION
    assert row["low_if_unseen_clean"] == row["rate"] == row["high_if_unseen_found"]


@given(chances, st.randoms())
def test_order_and_equal_weights_do_not_matter(pairs: list[tuple[int, bool]], random) -> None:
    mixed = list(pairs)
    random.shuffle(mixed)
    one, two = rates(sample(pairs), ["A"]).row(0, named=True), rates(sample(mixed), ["A"]).row(0, named=True)
    assert abs(one["rate"] - two["rate"]) <= 1
    even = rates(sample([(400_000, found) for _, found in pairs]), ["A"])["rate"][0]
    assert even == round(sum(found for _, found in pairs) / len(pairs) * MILLION)


@given(st.lists(st.booleans(), min_size=1, max_size=30))
def test_a_census_is_exact(found: list[bool]) -> None:
    row = rates(sample([(MILLION, one) for one in found]), ["A"]).row(0, named=True)
    assert row["low"] == row["rate"] == row["high"] == round(sum(found) / len(found) * MILLION)


def test_a_worked_example() -> None:
    """Two firms at 1/2 (one found), one at 1/4 (found): (2 + 4) / (2 + 2 + 4) = 3/4."""
    row = rates(sample([(500_000, True), (500_000, False), (250_000, True)]), ["A"]).row(0, named=True)
    assert (row["rate"], row["seen"], row["found"]) == (750_000, 3, 2)


def test_unseen_firms_are_counted_and_bounded() -> None:
    """Seen 1 found of 2 at 1/2, unseen one at 1/4: between 2/8 and 6/8."""
    row = rates(sample([(500_000, True), (500_000, False), (250_000, None)]), ["A"]).row(0, named=True)
    assert (row["drawn"], row["seen"], row["rate"]) == (3, 2, 500_000)
    assert (row["low_if_unseen_clean"], row["high_if_unseen_found"]) == (250_000, 750_000)


def test_nothing_seen_is_no_rate() -> None:
    frame = rates(sample([(500_000, None)]), ["A", "B"])
    assert frame.schema == RATES
    assert frame["rate"].to_list() == [None, None]
    assert ordering(frame)["verdict"].to_list() == ["unknown"]


def test_no_problem_among_few_is_no_proof_of_none() -> None:
    row = rates(sample([(100_000, False)] * 20), ["A"]).row(0, named=True)
    assert row["rate"] == 0
    assert row["high"] > 130_000  # the exact bound of 20 out of many is 16.8%


def test_impossible_probabilities_are_refused() -> None:
    with pytest.raises(ValueError, match="inclusion probabilities"):
        rates(sample([(0, True)]), ["A"])


def draws(firms: int, n: int, rate: float, times: int, seed: int) -> tuple[float, np.ndarray]:
    """True rate of a population whose riskier firms are likelier drawn, and (rate, low, high) of each draw."""
    random = np.random.default_rng(seed)
    measure = random.lognormal(0, 0.7, firms)
    wrong = random.random(firms) < np.clip(rate * measure / measure.mean(), 0, 1)
    chance = targets(measure, n)
    names = [f"e{number:05}" for number in range(firms)]
    found = []
    for _ in range(times):
        drawn = pareto(random.random(firms), measure, n, names)
        pairs = zip((chance[drawn] * MILLION).round().astype(int).tolist(), wrong[drawn].tolist(), strict=True)
        found.append(rates(sample(list(pairs)), ["A"]).select("rate", "low", "high").row(0))
    return wrong.mean() * MILLION, np.array(found, dtype=float)


@pytest.mark.parametrize(("n", "rate"), [(60, 0.3), (200, 0.08), (40, 0.05)])
def test_intervals_cover_and_the_rate_is_unbiased(n: int, rate: float) -> None:
    truth, found = draws(800, n, rate, 500, seed=n)
    covered = ((found[:, 1] <= truth) & (truth <= found[:, 2])).mean()
    assert covered >= 0.93
    standard_error = found[:, 0].std() / np.sqrt(len(found))
    assert abs(found[:, 0].mean() - truth) < 4 * standard_error + 0.02 * truth


def test_the_variance_is_that_of_repeated_draws() -> None:
    random = np.random.default_rng(3)
    measure = random.lognormal(0, 0.6, 600)
    wrong = (random.random(600) < 0.25).astype(float)
    chance, names = targets(measure, 120), [f"e{number:05}" for number in range(600)]
    rate, variance = [], []
    for _ in range(800):
        drawn = pareto(random.random(600), measure, 120, names)
        rate.append(hajek(wrong[drawn], chance[drawn]))
        variance.append(hajek_variance(wrong[drawn], chance[drawn]))
    assert 0.85 < np.mean(variance) / np.var(rate) < 1.2


def test_ordering_says_only_what_the_draw_shows() -> None:
    frame = pl.concat(
        [
            sample([(500_000, n < 3) for n in range(300)], "A"),
            sample([(500_000, n < 8) for n in range(300)], "B"),
            sample([(500_000, n < 150) for n in range(300)], "C"),
            sample([(500_000, n < 15) for n in range(300)], "D"),
        ]
    )
    assert ordering(rates(frame, ["A", "B", "C", "D"]))["verdict"].to_list() == ["not_shown", "ordered", "reversed"]


def test_drawn_sample_takes_the_drawn_and_no_directed_visit() -> None:
    pool = pl.DataFrame(
        {
            "enterprise_id": ["a", "b", "c", "d"],
            "stratum": ["A|r|food|1", "A|r|food|1", "B|r|food|1", "B|r|food|1"],
            "per_million": [300_000, 300_000, 1_000_000, 10_000],
            "drawn": [True, True, True, False],
        }
    )
    day = date(2026, 8, 3)
    rows = [("1", "a", "problem"), ("2", "b", "unreachable"), ("3", "d", "problem"), ("4", "c", "no_problem")]
    visits = pl.DataFrame([(v, e, day, ["I"], "random", r) for v, e, r in rows], schema=VISITS, orient="row")
    found = drawn_sample(pool, visits, date(2026, 7, 1), date(2026, 9, 30))
    assert found.rows() == [("a", "A", 300_000, True), ("b", "A", 300_000, None), ("c", "B", 1_000_000, False)]
    assert drawn_sample(pool, visits, date(2025, 7, 1), date(2025, 9, 30))["found"].null_count() == 3


def known(**shares: float | None) -> pl.DataFrame:
    rows = [{"tier": tier, "rate": None if share is None else round(share * MILLION)} for tier, share in shares.items()]
    return pl.DataFrame([{name: row.get(name) for name in RATES} for row in rows], schema=RATES)


FIRMS = {"A": 6000, "B": 3000, "C": 800, "D": 200}
LIMITS = {tier: Limits(floor=10, cap=1000, now=now) for tier, now in zip("ABCD", (20, 50, 200, 500), strict=True)}


def test_proposal_moves_visits_where_more_is_found() -> None:
    now = sum(FIRMS[tier] * LIMITS[tier].now // 1000 for tier in FIRMS)
    rate = known(A=0.02, B=0.05, C=0.25, D=0.6)
    table = propose_rates(rate, FIRMS, LIMITS, visits=now, explore_per_mille=100, step_per_mille=500)
    assert table["visits_proposed"].sum() <= now
    assert table["found_expected"].sum() > table["found_expected_now"].sum()
    assert table.filter(pl.col("tier") == "D")["rate_proposed"].item() == 750


@given(
    st.tuples(*[st.one_of(st.none(), st.floats(0, 1)) for _ in "ABCD"]),
    st.integers(0, 3000),
    st.integers(0, 1000),
    st.integers(0, 2000),
)
def test_proposal_keeps_every_limit(shares: tuple[float | None, ...], visits: int, explore: int, step: int) -> None:
    rate = known(**dict(zip("ABCD", shares, strict=True)))
    table = propose_rates(rate, FIRMS, LIMITS, visits=visits, explore_per_mille=explore, step_per_mille=step)
    planned = dict(zip(table["tier"], table["visits_proposed"], strict=True))
    least = {}
    for tier, share in zip(FIRMS, shares, strict=True):  # an unknown tier is visited no less than now
        kept = 1000 if share is None else max(1000 - step, 0)
        least[tier] = -(-FIRMS[tier] * max(10, LIMITS[tier].now * kept // 1000) // 1000)
    for better, worse in pairwise(FIRMS):
        least[worse] = max(least[worse], -(-least[better] * FIRMS[worse] // FIRMS[better]))
    assert sum(planned.values()) <= max(visits, sum(least.values()))
    for tier, count in planned.items():
        assert FIRMS[tier] * LIMITS[tier].floor <= 1000 * count <= FIRMS[tier] * LIMITS[tier].cap
        assert count >= least[tier]
    shares_planned = [planned[tier] / FIRMS[tier] for tier in FIRMS]
    assert all(worse >= better - 2 / 200 for better, worse in pairwise(shares_planned))


@pytest.mark.parametrize("bad", [{"explore_per_mille": 1001}, {"visits": -1}, {"step_per_mille": -1}])
def test_proposal_refuses_nonsense(bad: dict[str, int]) -> None:
    plain = {"visits": 10, "explore_per_mille": 100, "step_per_mille": 500}
    with pytest.raises(ValueError, match="Expected"):
        propose_rates(known(A=0.1), FIRMS, LIMITS, **(plain | bad))
    with pytest.raises(ValueError, match="floor"):
        Limits(floor=20, cap=10, now=0)
