"""The rating step goes through the lake and gives the same bytes for any number of shards and workers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from config.errors import UsageError
from config.settings import Settings
from exports.registers import write_registers
from flows.prefect_home import prepare
from flows.run import RunContext, next_quarter, restored, saved_runs
from flows.steps import read_json, write_json
from models.inspection import load_plan
from models.intake.bucket import Bucket
from tests.flows.finished import finished_run

DAY = date(2026, 11, 1)
LINKS_ON = Path(__file__).parents[2] / "config" / "scenarios" / "links-on.yaml"


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
    plain = context(tmp_path, DAY + timedelta(days=30))
    assert history(plain) is None  # the pack looks back on nothing; the register of moves does
    assert previous(plain) is not None
    note = saved_runs(settings) / f"{done.run_id}.json"
    write_json(note, read_json(note) | {"scenario": str(LINKS_ON)})
    assert named(plain) == {}
    later = context(tmp_path, DAY + timedelta(days=30), scenario=LINKS_ON)
    assert [run.run_id for run in earlier_runs(later)] == [done.run_id]
    assert named(later) == {f"earlier run of {DAY}": done.run_id}
    looked_back, before = history(later), previous(later)
    assert looked_back is not None
    assert before is not None
    assert looked_back.height == before.height > 0
    assert looked_back["as_of"].unique().to_list() == [DAY]
    for other in (
        done.context,  # the same command given again
        context(tmp_path, DAY - timedelta(days=1), scenario=LINKS_ON),
        context(tmp_path, later.as_of, pack="tax-cn"),
        context(tmp_path, later.as_of, data=tmp_path / "other", scenario=LINKS_ON),
    ):
        assert earlier_runs(other) == []
        assert history(other) is None
        assert previous(other) is None


def test_a_night_goes_by_the_same_runs_after_years(tmp_path: Path) -> None:
    from flows.earlier import earlier_runs

    settings = finished_run(tmp_path)
    done = restored(settings)
    given = read_json(saved_runs(settings) / f"{done.run_id}.json")
    for number in range(1, 1200, 30):
        day = DAY + timedelta(days=number)
        later = given | {"as_of": day.isoformat(), "period": [d.isoformat() for d in next_quarter(day)]}
        write_json(saved_runs(settings) / f"{number:04}.json", later)
    now = DAY + timedelta(days=1180)  # in the middle of a month: the latest plan has not begun
    found = [run.run_id for run in earlier_runs(context(tmp_path, now))]
    begun = max(n for n in range(1, 1200, 30) if next_quarter(DAY + timedelta(days=n))[0] <= now)
    assert found == [f"{begun:04}", "1171"]
    for note in saved_runs(settings).glob("*.json"):
        write_json(note, read_json(note) | {"pack": "tax-cn"})
    tax = context(tmp_path, now, pack="tax-cn")
    alone = replace(tax.policy, links=())
    assert len(earlier_runs(tax, alone)) == len([n for n in range(1, 1200, 30) if 1180 > n >= 1180 - 1095])
    assert len(earlier_runs(tax)) == 41  # links ask since when a tier has been held


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
