from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from models.synthetic.draws import Draws
from models.synthetic.identifiers import credit_codes

DISTRICTS = ["210602", "210681"]


@given(st.integers(0, 60_000_000), st.integers(0, 2**31))
def test_every_code_is_valid_to_python_stdnum(start: int, seed: int) -> None:
    index = np.arange(start, start + 40, dtype=np.int64)
    codes = credit_codes(index, DISTRICTS, index % 2, Draws(seed))
    assert [uscc.validate(code) for code in codes] == codes.to_list()


def test_codes_differ_and_carry_the_district() -> None:
    index = np.arange(200_000, dtype=np.int64)
    codes = credit_codes(index, DISTRICTS, index % 2, Draws(3))
    assert codes.n_unique() == len(index)
    assert codes.str.slice(2, 6).gather([0, 1]).to_list() == DISTRICTS


def test_the_organisation_code_has_its_own_check() -> None:
    code = credit_codes(np.array([7]), DISTRICTS, np.array([0]), Draws(1))[0]
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(weight * int(letter, 36) for weight, letter in zip(weights, code[8:16], strict=True))
    expected = (11 - total % 11) % 11
    assert code[16] == ("X" if expected == 10 else str(expected))


@pytest.mark.parametrize(("low", "high"), [(0, 0), (5, 3), (-2, 9)])
def test_whole_numbers_stay_in_their_range(low: int, high: int) -> None:
    drawn = Draws(1).whole("x", np.arange(1000), low, high)
    assert drawn.min() >= low
    assert drawn.max() <= max(low, high)
