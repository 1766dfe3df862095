"""The digest is of the values: not of chunks, widths, order of rows or columns; and every value counts."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.store.canonical import canonical_json, instant, json_digest
from models.store.digest import frame_digest
from tests.models.store.world import NOON, ratings

TEXT = st.one_of(st.none(), st.text(max_size=4))
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.integers(0, 10_000),
            "n": st.one_of(st.none(), st.integers(-(2**62), 2**62)),
            "t": TEXT,
            "f": st.one_of(st.none(), st.floats(allow_nan=True)),
            "d": st.one_of(st.none(), st.dates(date(1900, 1, 1), date(2100, 1, 1))),
            "l": st.one_of(st.none(), st.lists(TEXT, max_size=3)),
            "s": st.one_of(st.none(), st.lists(st.fixed_dictionaries({"a": st.integers(0, 9), "b": TEXT}), max_size=2)),
        }
    ),
    max_size=6,
    unique_by=lambda row: row["id"],
)
SCHEMA = pl.Schema(
    {
        "id": pl.Int64(),
        "n": pl.Int64(),
        "t": pl.String(),
        "f": pl.Float64(),
        "d": pl.Date(),
        "l": pl.List(pl.String()),
        "s": pl.List(pl.Struct({"a": pl.Int64(), "b": pl.String()})),
    }
)


@settings(max_examples=40)
@given(ROWS, st.randoms())
def test_order_of_rows_columns_and_chunks_do_not_matter(rows: list[dict[str, Any]], random: Any) -> None:
    first = pl.DataFrame(rows, schema=SCHEMA)
    random.shuffle(rows)
    columns = random.sample(list(SCHEMA), len(SCHEMA))
    pieces = [pl.DataFrame([row], schema=SCHEMA) for row in rows] or [first]
    second = pl.concat(pieces, rechunk=False).select(columns)
    assert frame_digest(first, ["id"]) == frame_digest(second, ["id"])
    assert frame_digest(first) == frame_digest(second)


@settings(max_examples=40)
@given(ROWS, ROWS)
def test_different_values_have_different_digests(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> None:
    first, second = (pl.DataFrame(rows, schema=SCHEMA).sort("id") for rows in (one, other))
    same = frame_digest(first, ["id"]) == frame_digest(second, ["id"])
    assert same == first.equals(second)


def test_widths_and_categories_do_not_matter() -> None:
    wide = pl.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    narrow = wide.cast({"a": pl.UInt8, "b": pl.Enum(["y", "x"])})
    assert frame_digest(wide) == frame_digest(narrow) == frame_digest(wide.cast({"b": pl.Categorical}))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": ["ab", "c"]}, {"a": ["a", "bc"]}),
        ({"a": [None]}, {"a": [""]}),
        ({"a": [["x", "y"], ["z"]]}, {"a": [["x"], ["y", "z"]]}),
        ({"a": [[]]}, {"a": [None]}),
        ({"a": [0]}, {"a": [None]}),
        ({"a": [1]}, {"b": [1]}),
        ({"a": [1], "b": [2]}, {"a": [2], "b": [1]}),
        ({"a": [1]}, {"a": ["1"]}),
    ],
)
def test_near_misses_differ(one: dict[str, Any], other: dict[str, Any]) -> None:
    as_text = {"strict": False}
    assert frame_digest(pl.DataFrame(one, **as_text)) != frame_digest(pl.DataFrame(other, **as_text))


def test_the_digest_stays_what_it_was() -> None:
    """Digests are published: a change of this value breaks every ledger, so it needs a new version of the form."""
    assert frame_digest(ratings(), ["enterprise_id"]) == KNOWN


KNOWN = "f7a2880605424bbc15a7185a483b498742f98b811de7e85f739aef3104af2443"


def test_a_key_that_repeats_is_refused() -> None:
    with pytest.raises(ValueError, match="Expected a to be unique"):
        frame_digest(pl.DataFrame({"a": [1, 1]}), ["a"])


def test_canonical_json_has_one_form() -> None:
    assert canonical_json({"b": date(2026, 5, 1), "a": [1, None, "é"]}) == '{"a":[1,null,"é"],"b":"2026-05-01"}'
    assert json_digest({"a": 1, "b": 2}) == json_digest({"b": 2, "a": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(float("nan"))
    with pytest.raises(TypeError, match="got set"):
        canonical_json({1})


def test_a_moment_needs_its_zone() -> None:
    assert instant(NOON) == "2026-05-01T12:00:00.000000Z"
    with pytest.raises(ValueError, match="naive"):
        instant(NOON.replace(tzinfo=None))
