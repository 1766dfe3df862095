"""Identifiers against python-stdnum; keys of persons that say nothing without the secret."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from models.identity import USCC_ALPHABET, normalised, person_keys, rekeyed, uscc_valid

bodies = st.builds(
    lambda digits, rest: digits + rest,
    st.text("0123456789", min_size=8, max_size=8),
    st.text(USCC_ALPHABET, min_size=9, max_size=9),
)
whole = bodies.map(lambda body: body + uscc.calc_check_digit(body))
near = st.builds(lambda code, at, new: code[:at] + new + code[at + 1 :], whole, st.integers(0, 17), st.characters())
anything = st.one_of(whole, near, st.text(max_size=20), st.text(USCC_ALPHABET, min_size=18, max_size=18), st.none())


@given(st.lists(anything, max_size=30))
def test_agrees_with_python_stdnum(codes: list[str | None]) -> None:
    plain = pl.DataFrame({"code": pl.Series(codes, dtype=pl.String)}).select(normalised(pl.col("code"))).to_series()
    expected = [code is not None and len(code) == 18 and "-" not in code and uscc.is_valid(code) for code in plain]
    assert uscc_valid(plain).to_list() == expected


@given(whole, st.integers(0, 17), st.sampled_from(USCC_ALPHABET))
def test_every_wrong_character_is_noticed(code: str, at: int, other: str) -> None:
    spoiled = code[:at] + other + code[at + 1 :]
    assert uscc_valid(pl.Series([spoiled])).to_list() == [spoiled == code or uscc.is_valid(spoiled)]


FULL_WIDTH = "９１１１００００６０００３７３４１Ｌ"


@pytest.mark.parametrize(
    "written", ["91110000600037341l", " 9111 0000 6000 3734 1L", FULL_WIDTH, FULL_WIDTH + "\u3000"]
)
def test_normalised_as_registers_compare(written: str) -> None:
    frame = pl.DataFrame({"code": [written]}).select(normalised(pl.col("code")))
    assert frame.item() == "91110000600037341L"


def test_keys_depend_on_person_secret_and_namespace_only() -> None:
    raw = pl.Series(["a", "b", None, "a"])
    keys = person_keys(raw, b"secret", "cn")
    assert keys[0] == keys[3] != keys[1]
    assert keys[2] is None
    assert len(keys[0]) == 32
    assert person_keys(raw, b"other", "cn")[0] != keys[0]
    assert person_keys(raw, b"secret", "us")[0] != keys[0]
    assert person_keys(raw.reverse(), b"secret", "cn")[0] == keys[0]


def test_no_secret_no_key() -> None:
    with pytest.raises(ValueError, match="secret"):
        person_keys(pl.Series(["a"]), b"", "cn")


def test_rotation_joins_old_and_new_keys() -> None:
    table = rekeyed(["a", "b", "a"], b"old", b"new", "cn")
    assert table.height == 2
    assert table["old_key"].to_list() == person_keys(pl.Series(["a", "b"]), b"old", "cn").to_list()
    assert table["new_key"].to_list() == person_keys(pl.Series(["a", "b"]), b"new", "cn").to_list()
