"""The formula in words gives the points that the formula gives."""

from __future__ import annotations

import re
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from models.tender.amounts import rounded
from models.tender.case import Criterion, Formula, Kind, PriceRule
from models.tender.price import benchmark, points
from models.tender.told import judges_told, price_told, thresholds_told, weight_told

PRICES = st.lists(st.integers(1_000_00, 9_000_000_00), min_size=1, max_size=9)


@given(PRICES, st.sampled_from([Formula.average, Formula.benchmark]), st.integers(1, 4), st.integers(0, 3))
def test_the_words_alone_give_the_points(prices: list[int], formula: Formula, above: int, below: int) -> None:
    rule = PriceRule(formula, above * 500, below * 500)
    full, dear, cheap = (
        float(n) for n in re.findall(r"points = (\S+) − (\S+) .*− (\S+) for", price_told(rule, 30_000).en)[0]
    )
    target = benchmark(prices, rule)
    for price in prices:
        per_cent = (price - target) * 100 / target
        lost = per_cent * Fraction(dear) if per_cent > 0 else -per_cent * Fraction(cheap)
        assert rounded(points(price, target, 30_000, rule)) == rounded(max(Fraction(0), Fraction(full) - lost) * 1000)


def test_every_parameter_of_a_benchmark_is_said() -> None:
    rule = PriceRule(Formula.benchmark, 1000, 500, Fraction(19, 20), Fraction(2, 5), 5)
    for text in (price_told(rule, 30_000).en, price_told(rule, 30_000).zh):
        for figure in ("0.4", "0.95", "0.6", "5", "30", "1"):
            assert figure in text
    assert "1/3" in price_told(PriceRule(Formula.benchmark, mix=Fraction(1, 3)), 30_000).en


def test_judges_and_weights() -> None:
    plain = Criterion("t", "Technical", Kind.technical, 40_000)
    assert judges_told(plain).en == "mean of all judges' points"
    assert "5" in judges_told(Criterion("t", "Technical", Kind.technical, 40_000, trim_judges_from=5)).zh
    assert weight_told(15_000).zh.endswith("÷ 15")


def test_thresholds_say_how_exact_they_are() -> None:
    assert "half a point" in thresholds_told(exact=False).en
    assert "exact" in thresholds_told(exact=True).en
