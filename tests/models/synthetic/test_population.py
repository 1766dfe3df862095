from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from models.records import TABLES
from models.synthetic import Chunk, generate

AS_OF = date(2026, 6, 30)


def gathered(n: int = 6000, seed: int = 1, chunk: int = 50_000) -> dict[str, pl.DataFrame]:
    chunks = list(generate(n, seed, AS_OF, chunk))
    return {name: pl.concat([c.tables[name] for c in chunks if name in c.tables]) for name in TABLES}


def in_order(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.selectors.by_dtype(pl.List(pl.String)).list.join(";")).sort(pl.all())


@pytest.fixture(scope="module")
def tables() -> dict[str, pl.DataFrame]:
    return gathered()


@pytest.mark.parametrize("name", TABLES)
def test_every_table_has_the_schema_of_the_nouns(tables: dict[str, pl.DataFrame], name: str) -> None:
    assert tables[name].schema == TABLES[name]
    assert tables[name].height > 0


@pytest.mark.parametrize("chunk", [100, 777, 4096])
def test_an_enterprise_does_not_depend_on_the_chunk(chunk: int) -> None:
    whole, cut = gathered(1500), gathered(1500, chunk=chunk)
    for name in TABLES:
        assert_frame_equal(in_order(whole[name]), in_order(cut[name]))


def test_the_same_seed_tells_the_same_and_another_seed_another(tables: dict[str, pl.DataFrame]) -> None:
    assert_frame_equal(tables["records"], gathered()["records"])
    assert not tables["records"].equals(gathered(seed=2)["records"])


def test_nothing_is_known_before_it_happened_or_after_the_day(tables: dict[str, pl.DataFrame]) -> None:
    records = tables["records"].join(tables["enterprises"], on="enterprise_id")
    assert records.filter(pl.col("known_on") < pl.col("act_date")).is_empty()
    assert records.filter(pl.col("act_date") < pl.col("registered_on")).is_empty()
    for column in ("known_on", "corrected_on", "revoked_on"):
        assert records[column].drop_nulls().max() <= AS_OF
    for column in ("filed_on", "decided_on"):
        assert tables["decisions"][column].drop_nulls().max() <= AS_OF


def test_ids_are_unique_and_refer_to_something(tables: dict[str, pl.DataFrame]) -> None:
    assert tables["records"]["record_id"].is_unique().all()
    assert tables["decisions"]["decision_id"].is_unique().all()
    assert tables["enterprises"]["enterprise_id"].is_unique().all()
    about = tables["decisions"]["record_id"].drop_nulls()
    assert about.is_in(tables["records"]["record_id"].implode()).all()


def test_the_same_act_is_reported_by_two_agencies(tables: dict[str, pl.DataFrame]) -> None:
    same = tables["records"].group_by("enterprise_id", "item", "act_date").agg(pl.col("agency").n_unique())
    assert same.filter(pl.col("agency") == 2).height > 5


def test_heads_have_one_to_hundreds_of_enterprises_and_shells_stand_together() -> None:
    tables = gathered(20_000)
    heads = tables["links"].filter(pl.col("role") == "legal_representative", pl.col("to_date").is_null())
    count = heads.group_by("person_key").len()
    assert count.filter(pl.col("len") == 1).height > 5000
    assert count["len"].max() >= 100
    firms = heads.join(tables["enterprises"], on="enterprise_id").group_by("person_key")
    spread = firms.agg(
        pl.len(),
        pl.col("region").n_unique(),
        (pl.col("registered_on").max() - pl.col("registered_on").min()).alias("days"),
    )
    shells = spread.filter(pl.col("len") >= 8, pl.col("region") == 1, pl.col("days").dt.total_days() <= 31)
    assert shells.height >= 3


def test_acts_are_heavy_tailed_and_windows_of_lists_end(tables: dict[str, pl.DataFrame]) -> None:
    count = tables["records"].group_by("enterprise_id").len()["len"]
    assert count.median() <= 2
    assert count.max() >= 15
    lists = tables["listings"]
    assert lists["list_id"].n_unique() == 6
    assert lists.filter(pl.col("to_date") < AS_OF).height > 0
    assert lists["to_date"].null_count() > 0


def test_every_kind_of_decision_is_there_some_open(tables: dict[str, pl.DataFrame]) -> None:
    decisions = tables["decisions"]
    assert set(decisions["kind"]) == {"objection", "repair", "relief", "revocation"}
    assert decisions.filter(pl.col("decided_on").is_null())["outcome"].null_count() > 0
    assert set(decisions["outcome"].drop_nulls()) == {"upheld", "rejected", "granted"}


def test_inspectors_know_every_trade_in_every_district(tables: dict[str, pl.DataFrame]) -> None:
    who = tables["inspectors"].explode("districts")
    everywhere = who.filter(pl.col("skills").list.contains("*")).group_by("districts").len()
    assert set(everywhere["districts"]) == set(tables["enterprises"]["region"])
    assert everywhere["len"].min() >= 2


@pytest.mark.parametrize("wrong", [{"n": 0}, {"chunk": 0}, {"density": 0.0}])
def test_impossible_sizes_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="Expected"):
        list(generate(**({"n": 10, "seed": 1, "as_of": AS_OF} | wrong)))  # type: ignore[arg-type]


def test_truth_stays_apart() -> None:
    chunk: Chunk = next(generate(3000, 1, AS_OF))
    assert chunk.truth.columns == ["enterprise_id", "would_fail", "dishonesty"]
    assert 0.05 < float(chunk.truth["would_fail"].mean()) < 0.4  # type: ignore[arg-type]
    assert not any("dishonesty" in frame.columns or "would_fail" in frame.columns for frame in chunk.tables.values())
