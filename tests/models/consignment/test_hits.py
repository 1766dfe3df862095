"""How often an examination found something: counts by office, tier and why, an honest interval for the drawn."""

from __future__ import annotations

import numpy as np
import polars as pl

from models.consignment.hits import ALL, HITS, hits
from models.consignment.results import TOLD
from tests.models.consignment import morning
from tests.models.consignment.morning import DAY

POLICY = morning.policy()


def planned(count: int, why: str = "random", tier: str = "regular", office: str = "o0") -> pl.DataFrame:
    rows = [(DAY, f"{office}{why}{k}", office, tier, why, why == "random") for k in range(count)]
    columns = ["day", "declaration_id", "office", "tier", "why", "drawn"]
    return pl.DataFrame(rows, schema={name: TOLD[name] for name in columns}, orient="row")


def told(planned: pl.DataFrame, results: list[str]) -> pl.DataFrame:
    back = planned.head(len(results)).with_columns(pl.Series("result", results))
    missing = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in TOLD.items() if name not in back.columns]
    return back.with_columns(missing).select(TOLD.names())


def test_counts_by_office_and_for_all_of_them() -> None:
    one, other = planned(5), planned(3, "risk", office="o1")
    back = pl.concat(
        [told(one, ["value", "no_irregularity", "no_staff", "no_irregularity"]), told(other, ["prohibited"])]
    )
    found = hits(pl.concat([one, other]), back, POLICY)
    assert found.schema == HITS
    assert found.select("office", "why").rows() == [(ALL, "random"), (ALL, "risk"), ("o0", "random"), ("o1", "risk")]
    first = found.row(2, named=True)
    counts = [first[name] for name in ("planned", "examined", "not_examined", "open", "found")]
    assert counts == [5, 3, 1, 1, 1]
    assert first["low"] < first["rate"] == 333_333 < first["high"]


def test_nobody_examined_says_nothing_about_the_rate() -> None:
    rows = planned(4)
    found = hits(rows, told(rows, ["no_staff"] * 2), POLICY).row(0, named=True)
    assert (found["rate"], found["low"], found["high"]) == (None, None, None)
    assert (found["not_examined"], found["open"]) == (2, 2)


def test_one_that_was_drawn_and_had_to_be_examined_counts_in_both_rows() -> None:
    rows = planned(2, "must").with_columns(drawn=pl.Series([True, False]))
    found = hits(rows, told(rows, ["value", "no_irregularity"]), POLICY).filter(pl.col("office") == ALL)
    assert found.select("why", "examined", "found").rows() == [("random", 1, 1), ("must", 2, 1)]


def test_the_interval_of_the_drawn_covers_the_truth() -> None:
    luck, truth = np.random.default_rng(5), 0.2
    rows = planned(80)
    covered = 0
    for _ in range(100):
        results = ["value" if wrong else "no_irregularity" for wrong in luck.random(80) < truth]
        row = hits(rows, told(rows, results), POLICY).row(0, named=True)
        covered += row["low"] <= truth * 1_000_000 <= row["high"]
    assert covered >= 90
