"""A past run done again: reproduced when newer things have come, named where older ones were touched."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from config.policy import load_policy
from config.settings import Settings
from exports.register_nights import write_delta
from exports.registers import write_registers
from flows.again import differences_of_run, steps
from flows.intake import input_hashes, take_in
from flows.publish import publish
from flows.rate import rate_all
from flows.register import register
from flows.run import RunContext, saved_runs
from flows.steps import write_json
from models.store import events, reads
from models.store.session import open_store

AS_OF = date(2026, 11, 1)
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def _night(settings: Settings, data: Path, as_of: date, *, whole: bool = False) -> str:
    """Take in, rate, publish and register, without plan and tenders unless `whole`; the id of the run."""
    context = RunContext(
        settings=settings,
        source="generated",
        data=data,
        pack="market",
        as_of=as_of,
        seed=1,
        period=(date(2026, 12, 1), date(2027, 2, 28)),
        out=settings.root / "out",
    )
    run_id = context.run_id(input_hashes(context))
    work = context.work(run_id)
    if whole:
        steps(context, run_id, work)
    else:
        take_in.fn(context, work / "intake")
        rate_all.fn(context, work / "intake", work / "ratings")
        publish.fn(context, run_id, work, work / "published")
        register.fn(context, run_id, work, work / "published")
    saved_runs(settings).mkdir(exist_ok=True)
    write_json(saved_runs(settings) / f"{run_id}.json", context.arguments(run_id))
    return run_id


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Path, str]:
    """A register with one night of 80 enterprises, in which an objection was known."""
    root = tmp_path_factory.mktemp("again")
    settings = Settings(var=root / "var")
    write_registers(root / "data", 80, 1, AS_OF)
    for tender in (root / "data" / "tenders").glob("*.json"):
        tender.unlink()
    with open_store(settings.database) as store, store.unit_of_work() as unit:
        events.record_decision(unit, _objection(root / "data"), recorded_by="u1", at=NOON)
        why = {"officer": "u3", "name": "Wang", "reason": "seen on site"}
        events.record_override(unit, run_id="r0", subject="enterprise:e", before="A", after="D", at=NOON, **why)
        unit.commit()
    return settings, root / "data", _night(settings, root / "data", AS_OF)


def _objection(data: Path) -> dict[str, object]:
    return {"decision_id": "new-1", "kind": "objection", "record_id": "tax:1", "filed_on": AS_OF, "officer": "u1"}


@pytest.fixture
def copy(finished: tuple[Settings, Path, str], tmp_path: Path) -> tuple[Settings, Path, str]:
    settings, data, run_id = finished
    shutil.copytree(settings.root, tmp_path / "var")
    return Settings(var=tmp_path / "var"), data, run_id


def _plan_is_missing(lines: list[str]) -> list[str]:
    """The night of these tests makes no plan and the repetition does; that it says so is not what is tested."""
    return [line for line in lines if not line.startswith(("planned_visits", "left_out", "plans", "draws", "exports"))]


@pytest.mark.slow
def test_what_came_later_does_not_touch_a_past_night(copy: tuple[Settings, Path, str], tmp_path: Path) -> None:
    """Files of the next day, a decision on the objection, and a work folder tidied away."""
    settings, data, run_id = copy
    later = tmp_path / "data"
    shutil.copytree(data, later)
    write_delta(later, date(2026, 11, 2))
    decided = _objection(data) | {"decided_on": AS_OF, "outcome": "upheld"}
    with open_store(settings.database) as store, store.unit_of_work() as unit:
        events.record_decision(unit, decided, recorded_by="u2", at=datetime.now(UTC))
        unit.commit()
    noted = saved_runs(settings) / f"{run_id}.json"
    noted.write_text(noted.read_text("utf-8").replace(str(data), str(later)), "utf-8")
    shutil.rmtree(settings.root / "work")
    assert _plan_is_missing(differences_of_run(settings, run_id)) == []
    assert list(settings.root.glob(".again-*")) == []


@pytest.mark.slow
def test_a_night_that_looked_back_on_another_is_reproduced(copy: tuple[Settings, Path, str]) -> None:
    """To the last byte of the register of moves, which names where each enterprise stood the night before."""
    settings, data, first = copy
    second = _night(settings, data, date(2026, 11, 2), whole=True)
    assert second != first
    assert differences_of_run(settings, second) == []


def test_the_feedback_of_the_night_stands_among_its_inputs(finished: tuple[Settings, Path, str]) -> None:
    settings, _, run_id = finished
    with open_store(settings.database) as store, store.snapshot() as snapshot:
        names = reads.inputs(snapshot, run_id)["name"].to_list()
    assert {"register:decisions", "register:overrides", "source:generated", "enterprises.csv"} <= set(names)


def test_a_file_that_was_changed_is_named(copy: tuple[Settings, Path, str], tmp_path: Path) -> None:
    settings, data, run_id = copy
    changed = tmp_path / "data"
    shutil.copytree(data, changed)
    with open(changed / "lists.csv", "a", encoding="utf-8") as file:
        file.write("\n")
    (changed / "indicators.csv").unlink()
    noted = saved_runs(settings) / f"{run_id}.json"
    noted.write_text(noted.read_text("utf-8").replace(str(data), str(changed)), "utf-8")
    said = " ".join(differences_of_run(settings, run_id))
    assert "input indicators.csv is no longer in" in said
    shutil.copyfile(data / "indicators.csv", changed / "indicators.csv")
    said = " ".join(differences_of_run(settings, run_id))
    assert "run_inputs lists.csv: sha256 was" in said
    assert "ratings" not in said  # nothing was done again: the difference would be the file's


@pytest.mark.slow
def test_a_row_that_was_changed_is_named(copy: tuple[Settings, Path, str]) -> None:
    settings, _, run_id = copy
    with open_store(settings.database) as store, store.unit_of_work() as unit:
        change = "update ratings set tier = 'Z' where enterprise_id = (select min(enterprise_id) from ratings)"
        unit.connection.execute(text(change))
        unit.commit()
    lines = _plan_is_missing(differences_of_run(settings, run_id))
    assert len(lines) == 2
    assert lines[0].startswith(f"rows ratings of run {run_id}: the ledger says")
    assert "tier was Z, is now" in lines[1]


@pytest.mark.slow
def test_a_policy_that_was_changed_is_named(copy: tuple[Settings, Path, str], tmp_path: Path) -> None:
    settings, _, run_id = copy
    pack = tmp_path / "market"
    shutil.copytree(Path(load_policy.__code__.co_filename).parent / "policy" / "market", pack)
    (pack / "pack.yaml").write_text((pack / "pack.yaml").read_text("utf-8") + "\n# looked at again\n", "utf-8")
    noted = saved_runs(settings) / f"{run_id}.json"
    noted.write_text(noted.read_text("utf-8").replace('"pack": "market"', f'"pack": "{pack}"'), "utf-8")
    assert any("has changed since" in line for line in differences_of_run(settings, run_id))
