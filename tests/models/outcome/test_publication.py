"""What is published names nobody, shows no small count, and cannot be added up to one."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.outcome.publication import COUNTS, publishable

LEAST = 5
counts = st.integers(0, 30)


def _approvals(*rows: tuple[str, int, int, int]) -> pl.DataFrame:
    schema = ["officer", "decided", "refused", "unopened"]
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.with_columns(unopened_per_mille=pl.lit(100), median_seconds_looked=pl.lit(60))


def _told(**figures: pl.DataFrame) -> dict[str, pl.DataFrame]:
    return publishable(figures, LEAST)


def test_officers_become_numbers_in_the_order_of_what_they_decided() -> None:
    found = _told(approvals=_approvals(("li.na", 10, 0, 6), ("u17", 90, 8, 7), ("wang", 10, 6, 9)))["approvals"]
    assert found["officer"].to_list() == ["1", "2", "3"]
    assert found["decided"].to_list() == [90, 10, 10]
    assert "li.na" not in str(found.rows())


def test_a_small_count_goes_with_its_share_and_with_one_that_protects_it() -> None:
    found = _told(approvals=_approvals(("a", 90, 30, 2), ("b", 80, 20, 7), ("c", 70, 10, 9), ("d", 60, 0, 0)))
    assert found["approvals"]["unopened"].to_list() == [None, None, 9, 0]
    assert found["approvals"]["unopened_per_mille"].to_list() == [None, None, 100, 100]
    assert found["approvals"]["refused"].to_list() == [30, 20, 10, 0]


def test_with_the_first_count_hidden_the_whole_row_is() -> None:
    found = _told(approvals=_approvals(("a", 90, 30, 20), ("b", 80, 20, 10), ("c", 3, 0, 0)))["approvals"]
    assert found.filter(pl.col("officer") == "3").row(0)[1:] == (None, None, None, None, None)
    assert found["decided"].to_list() == [90, None, None]


@given(st.lists(st.tuples(counts, counts, counts), min_size=1, max_size=8), st.integers(3, 12))
def test_no_small_count_and_none_that_follows_from_the_total(rows: list[tuple[int, int, int]], least: int) -> None:
    given_rows = [(f"u{n}", *row) for n, row in enumerate(rows)]
    found = publishable({"approvals": _approvals(*given_rows)}, least)["approvals"]
    for name in COUNTS["approvals"]:
        shown = found[name].drop_nulls()
        assert not ((shown > 0) & (shown < least)).any()
        if found[name].null_count() == 1:  # then nothing else in the column counts anybody
            assert shown.sum() == 0 or found["decided"].null_count() > 0


def test_every_figure_of_the_report_is_known_and_a_new_one_is_not_published_by_oversight() -> None:
    groups = {"group": ["1", "2"], "firms": [10, 20], "chosen": [6, 7], "expected": [5000, 6000]}
    rates: dict[str, Any] = {"rate_per_mille": [1, 2], "ratio_to_highest": [1, 2], "ratio_to_expected": [1, 2]}
    frame = pl.DataFrame(groups | rates)
    assert _told(equal_treatment_region=frame)["equal_treatment_region"].equals(frame)
    rejections = pl.DataFrame({"source": ["s"], "rows": [2], "rejected": [1]})
    assert _told(rejections=rejections)["rejections"].equals(rejections)  # rows of files, nobody's
    with pytest.raises(ValueError, match="got salaries"):
        _told(salaries=frame)
    with pytest.raises(ValueError, match="3 or more"):
        publishable({}, 2)
