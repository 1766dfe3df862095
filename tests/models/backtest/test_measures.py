"""Measures against counting by hand and by brute force."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.backtest.measures import at_budget, auc, days_gained, days_gained_within, interval, untied

ROWS = st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.integers(1, 5)), min_size=1, max_size=12)


def _arrays(rows: list[tuple[int, bool, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    risk, found, weight = zip(*rows, strict=True)
    return np.array(risk, dtype=float), np.array(found, dtype=bool), np.array(weight, dtype=float)


@given(ROWS)
def test_auc_is_the_share_of_pairs_in_the_right_order(rows: list[tuple[int, bool, int]]) -> None:
    risk, found, weights = _arrays(rows)
    won = total = 0.0
    for bad, good in product(np.flatnonzero(found), np.flatnonzero(~found)):
        pair = weights[bad] * weights[good]
        total += pair
        won += pair * (1.0 if risk[bad] > risk[good] else 0.5 if risk[bad] == risk[good] else 0.0)
    if total == 0:
        assert np.isnan(auc(risk, found, weights))
    else:
        assert auc(risk, found, weights) == pytest.approx(won / total)


@given(ROWS)
def test_weights_act_as_copies(rows: list[tuple[int, bool, int]]) -> None:
    risk, found, weights = _arrays(rows)
    copies = weights.astype(int)
    assert auc(risk, found, weights) == pytest.approx(
        auc(np.repeat(risk, copies), np.repeat(found, copies)), nan_ok=True
    )


def test_at_budget_by_hand() -> None:
    risk = np.array([5.0, 4.0, 3.0, 2.0, 1.0, 0.0])
    found = np.array([True, False, True, False, False, True])
    half = at_budget(risk, found, 0.5)
    assert (half.visits, half.precision, half.recall) == (3, pytest.approx(2 / 3), pytest.approx(2 / 3))


def test_days_gained_by_hand() -> None:
    risk, days = np.array([1.0, 3.0, 2.0]), np.array([0, 10, 20])
    found = np.array([False, False, True])
    random, actual = days_gained(risk, days, found)  # the second visit comes first, the third second
    assert random.tolist() == [0.0]  # mean day 10, new day 10
    assert actual.tolist() == [10.0]


@given(st.lists(st.integers(0, 30), min_size=2, max_size=5), st.data())
def test_the_mean_over_all_orders_gains_nothing_on_random(days: list[int], data: st.DataObject) -> None:
    found = np.array(data.draw(st.lists(st.booleans(), min_size=len(days), max_size=len(days))))
    gains = [
        days_gained(np.array(order, dtype=float), np.array(days), found)[0] for order in permutations(range(len(days)))
    ]
    assert np.mean(gains, axis=0).tolist() == pytest.approx([0.0] * int(found.sum()), abs=1e-9)


def test_within_groups_every_group_keeps_its_days() -> None:
    days, risk = np.array([0, 10, 100, 110]), np.array([0.0, 1.0, 0.0, 1.0])
    groups = np.array(["a", "a", "b", "b"], dtype=object)
    assert days_gained_within(risk, days, groups).tolist() == [-5.0, 5.0, -5.0, 5.0]


def test_untied_keeps_the_order_and_breaks_ties_by_the_hash() -> None:
    ranks = untied(np.array([1.0, 0.0, 1.0]), np.array([9, 5, 2], dtype=np.uint64))
    assert ranks.tolist() == [2.0, 0.0, 1.0]


def test_an_interval_of_nothing_is_unknown() -> None:
    assert all(np.isnan(interval(np.array([]))))
    assert interval(np.array([1.0, np.nan, 1.0])) == (1.0, 1.0)
