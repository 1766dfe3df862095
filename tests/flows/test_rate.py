"""The rating step goes through the lake and gives the same bytes for any number of shards and workers."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from config.errors import UsageError
from config.settings import Settings
from exports.registers import write_registers
from flows.prefect_home import prepare
from flows.run import RunContext, next_quarter, restored
from models.inspection import load_plan
from models.intake.bucket import Bucket
from tests.flows.finished import finished_run

DAY = date(2026, 11, 1)


def rated(var: Path, data: Path, **settings: object) -> bytes:
    """The bytes of the ratings under these settings."""
    from flows.intake import take_in
    from flows.rate import rate_all

    context = RunContext(
        Settings(var=var, **settings),  # type: ignore[arg-type]
        "generated", data, "market", DAY, 3, next_quarter(DAY), var / "out",
    )  # fmt: skip
    take_in.fn(context, var / "intake")
    counts = rate_all.fn(context, var / "intake", var / "ratings")
    assert sum(counts.values()) > 0
    assert [path.name for path in (var / "ratings").glob("*.parquet")] == ["ratings.parquet"]
    return (var / "ratings" / "ratings.parquet").read_bytes()


def test_same_bytes_for_any_shards_and_workers(tmp_path: Path) -> None:
    prepare(tmp_path)
    write_registers(tmp_path / "data", 150, 3, DAY)
    one = rated(tmp_path / "a", tmp_path / "data", shards=1, workers=1)
    assert rated(tmp_path / "b", tmp_path / "data", shards=5, workers=3) == one


def test_same_bytes_with_the_lake_in_an_object_store(tmp_path: Path) -> None:
    prepare(tmp_path)
    write_registers(tmp_path / "data", 150, 3, DAY)
    one = rated(tmp_path / "a", tmp_path / "data")
    assert rated(tmp_path / "b", tmp_path / "data", lake_url="memory://bucket/lake") == one
    left = {name.split("/")[1] for name in Bucket("memory://bucket/lake").sizes()}
    assert {"CURRENT"} < left
    assert len(left) == 2  # and one generation; no rated files
    assert not (tmp_path / "b" / "lake").exists()


def test_a_lake_in_a_store_nobody_knows_is_refused_with_a_remedy(tmp_path: Path) -> None:
    prepare(tmp_path)
    write_registers(tmp_path / "data", 150, 3, DAY)
    with pytest.raises(UsageError, match="s3://bucket/prefix"):
        rated(tmp_path / "a", tmp_path / "data", lake_url="nonsense://bucket/lake")


def context(var: Path, day: date, **changes: object) -> RunContext:
    given = {"settings": Settings(var=var), "source": "generated", "data": var / "data", "pack": "market",
             "as_of": day, "seed": 3, "period": next_quarter(day), "out": var / "out"} | changes  # fmt: skip
    return RunContext(**given)  # type: ignore[arg-type]


def test_earlier_runs_of_the_same_sort_are_looked_back_on(tmp_path: Path) -> None:
    from flows.earlier import earlier_runs, history, named, previous

    settings = finished_run(tmp_path)
    done = restored(settings)
    later = context(tmp_path, DAY + timedelta(days=30))
    assert [run.run_id for run in earlier_runs(later)] == [done.run_id]
    assert named(later) == {f"earlier run of {DAY}": done.run_id}
    looked_back, before = history(later), previous(later)
    assert looked_back is not None
    assert before is not None
    assert looked_back.height == before.height > 0
    assert looked_back["as_of"].unique().to_list() == [DAY]
    for other in (
        done.context,  # the same command given again
        context(tmp_path, DAY - timedelta(days=1)),
        context(tmp_path, later.as_of, pack="tax-cn"),
        context(tmp_path, later.as_of, data=tmp_path / "other"),
    ):
        assert earlier_runs(other) == []
        assert history(other) is None
        assert previous(other) is None


def test_rates_of_violation_come_from_the_last_plan_that_has_begun(tmp_path: Path) -> None:
    from flows.earlier import seen_rates
    from models.records import VISITS

    done = restored(finished_run(tmp_path))
    plan = load_plan(done.work / "plan" / "plan")
    drawn = plan.draw.pool.filter("drawn")["enterprise_id"].unique().sort()
    visits = pl.DataFrame(
        [
            {"visit_id": f"v{n}", "enterprise_id": firm, "visit_date": plan.period_from, "result": result}
            for n, (firm, result) in enumerate(zip(drawn, ["problem", *["no_problem"] * drawn.len()], strict=False))
        ],
        schema=VISITS,
    )
    later = context(tmp_path, plan.period_from + timedelta(days=14))
    found = seen_rates(later, visits)
    assert found is not None
    assert (found["drawn"].sum(), found["seen"].sum(), found["found"].sum()) == (drawn.len(), drawn.len(), 1)
    assert seen_rates(later, visits.clear()) is None
    assert seen_rates(context(tmp_path, plan.period_from - timedelta(days=1)), visits) is None
    assert seen_rates(done.context, visits) is None


def test_a_gate_looks_at_the_tier_another_pack_has_given(tmp_path: Path) -> None:
    from flows.earlier import history, named, runs_elsewhere
    from flows.intake import take_in
    from flows.rate import rate_all
    from flows.run import saved_runs
    from flows.steps import write_json

    prepare(tmp_path)
    write_registers(tmp_path / "data", 300, 3, DAY)
    scenario = Path(__file__).parents[2] / "config" / "scenarios" / "tax-d-carries.yaml"
    market = context(tmp_path, DAY, pack="market-cn", scenario=scenario)
    assert (runs_elsewhere(market), history(market)) == ([], None)
    tax = context(tmp_path, DAY, pack="tax-cn")
    work = tax.work("t1")
    take_in.fn(tax, work / "intake")
    rate_all.fn(tax, work / "intake", work / "ratings")
    saved_runs(tax.settings).mkdir(exist_ok=True)
    write_json(saved_runs(tax.settings) / "t1.json", tax.arguments("t1"))
    assert named(market) == {f"rated by tax-cn on {DAY}": "t1"}
    assert named(context(tmp_path, DAY, pack="market-cn")) == {}  # no gate asks
    assert named(context(tmp_path, DAY - timedelta(days=1), pack="market-cn", scenario=scenario)) == {}
    rate_all.fn(market, work / "intake", tmp_path / "market" / "ratings")
    found = pl.read_parquet(tmp_path / "market" / "ratings" / "ratings.parquet")
    bad = pl.read_parquet(work / "ratings" / "ratings.parquet").filter(pl.col("tier") == "D")["enterprise_id"]
    capped = found.filter(pl.col("gates").list.contains("tax_class_d"))
    assert sorted(capped["enterprise_id"]) == sorted(bad)
    assert bad.len() > 0
    assert set(capped["tier"]) <= {"C", "D"}
