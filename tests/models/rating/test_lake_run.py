"""The same ratings from memory and from the lake, for any number of shards and workers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from config.conditions import Condition
from config.errors import StoreError, UsageError
from config.in_force import Gate, Policy
from config.policy import load_policy
from models.intake.generation import write_lake
from models.intake.lake import open_lake
from models.rating import explain, rate
from models.rating.lake_run import rate_lake
from models.rating.rated_files import open_run, read_run
from tests.models.rating.worlds import QUICK, firm, frames, market, with_links, world


def from_lake(tables: dict[str, pl.DataFrame], policy: Policy, shards: int, workers: int, root: Path) -> pl.DataFrame:
    lake = write_lake(tables, root / "lake", shards)
    run = rate_lake(lake, policy, root / "out", workers=workers)
    return pl.concat(read_run(run, lake, policy)).sort("enterprise_id")


@settings(QUICK, max_examples=5)
@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(1, 3))
def test_any_sharding_gives_the_same_ratings(seed: int, shards: int, workers: int) -> None:
    tables, policy = world(seed), with_links(market(), begun_after_trigger=seed % 2 == 0)
    with TemporaryDirectory() as folder:
        assert_frame_equal(from_lake(tables, policy, shards, workers, Path(folder)), rate(tables, policy))


@settings(QUICK, max_examples=4)
@given(st.integers(0, 10**6))
def test_a_gate_on_the_total_sees_what_links_carry(seed: int) -> None:
    policy = with_links(market(), begun_after_trigger=False)
    low = policy.gates[0]
    gate = Gate("low", low.title, Condition.model_validate({"points": {"below": 990}}), "C", None, None, low.clause)
    policy = replace(policy, gates=(*policy.gates, gate))
    with TemporaryDirectory() as folder:
        assert_frame_equal(from_lake(world(seed), policy, 3, 1, Path(folder)), rate(world(seed), policy))


def test_links_do_carry_in_these_worlds() -> None:
    policy = with_links(market(), begun_after_trigger=False)
    carried = [rate(world(seed), policy)["linked_points"].min() for seed in range(5)]
    assert min(carried) < 0


def test_a_truncated_shard_is_named_and_nothing_replaced(tmp_path: Path) -> None:
    lake = write_lake(world(1), tmp_path / "lake", 3)
    rate_lake(lake, market(), tmp_path / "out")
    before = sorted((p.name, p.stat().st_mtime_ns) for p in (tmp_path / "out").iterdir())
    victim = lake.path(1, "records")
    victim.write_bytes(victim.read_bytes()[:-7])
    with pytest.raises(StoreError, match=r"shard-00001/records\.parquet .*truncated"):
        rate_lake(lake, market(), tmp_path / "out")
    assert sorted((p.name, p.stat().st_mtime_ns) for p in (tmp_path / "out").iterdir()) == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["lake", "out"]


def test_some_shards_only_without_links(tmp_path: Path) -> None:
    lake = write_lake(world(2), tmp_path / "lake", 4)
    run = rate_lake(lake, market(), tmp_path / "out", shards=[2])
    assert pl.concat(read_run(run, lake, market())).height == lake.size(2)
    with pytest.raises(UsageError, match="links"):
        rate_lake(lake, with_links(market()), tmp_path / "out", shards=[2])


def test_a_run_of_another_policy_is_not_read(tmp_path: Path) -> None:
    lake = write_lake(world(2), tmp_path / "lake", 2)
    rate_lake(lake, market(), tmp_path / "out")
    with pytest.raises(StoreError, match="another lake, day or policy"):
        next(read_run(open_run(tmp_path / "out"), open_lake(tmp_path / "lake"), replace(market(), digest="x")))


def test_figures_weigh_the_same_from_the_lake_and_in_explanations(tmp_path: Path) -> None:
    policy = load_policy("food-chicago").at(date(2014, 6, 1))
    firms = [firm(n) for n in range(8)]
    indicators = [{"enterprise_id": one["enterprise_id"], "name": "risk_class", "period_end": date(2014, 1, 1),
                   "value": n % 3 + 1} for n, one in enumerate(firms)]  # fmt: skip
    visits = [{"visit_id": f"v{n}", "enterprise_id": one["enterprise_id"], "visit_date": date(2013, 1 + n, 1),
               "inspectors": [], "purpose": "random", "result": "problem"} for n, one in enumerate(firms)]  # fmt: skip
    tables = frames(enterprises=firms, indicators=indicators, visits=visits)
    found = rate(tables, policy)
    assert found["score"].n_unique() > 1
    assert any(r["record_id"].startswith("figure:") for row in found["reasons"].to_list() for r in row)
    assert_frame_equal(from_lake(tables, policy, 3, 1, tmp_path), found)
    for row in found.iter_rows(named=True):
        told = explain(row["enterprise_id"], tables, policy)
        assert told.score == row["score"]
        assert sum(d.before for d in told.dimensions) == sum(figure.points for figure in told.figures)
