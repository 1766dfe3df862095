"""The Prometheus text file: read back by Prometheus' own parser; a refused night takes no figure away."""

from __future__ import annotations

import json
import re
import stat
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

from config.settings import Settings
from flows.cli import app
from flows.metrics import RunFigures, hours_by_region, known, remember, rows_by_delivery, write_metrics
from models.intake import load_source
from models.store import heads
from models.store.session import open_store
from tests.conftest import PROJECT
from tests.models.store.world import NOON, save_events, save_results

Sample = dict[tuple[str, frozenset[tuple[str, str]]], float]
GOOD = RunFigures(
    "generated", "market", "finished", 100.0, 130.5, steps={"intake": 1.5, "plan": 2.0}, run_id="r1",
    rows=[("tax/penalties_*.csv", 10, 8, 2)], tiers={"A": 5, "B": 0}, overdue_values=3,
    plan={"visits": 4, "left_out": 1, "violations": 0, "objective": 90, "bound": 100},
    hours=[("210602", 120, 600)],
)  # fmt: skip
BAD = RunFigures("generated", "market", "refused", 200.0, 201.0, steps={"intake": 0.5})


def read(path: Path) -> Sample:
    families = list(text_string_to_metric_families(path.read_text("utf-8")))
    assert all(family.documentation for family in families)
    found = [
        (s.name.removeprefix("evenhand_"), frozenset(s.labels.items()), s.value) for f in families for s in f.samples
    ]
    assert len({(name, labels) for name, labels, _ in found}) == len(found)
    return {(name, labels): value for name, labels, value in found}


def labelled(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(var=tmp_path / "var")
    with open_store(settings.database) as store, store.unit_of_work() as unit:
        save_results(unit)
        save_events(unit)
        heads.sign_heads(unit, heads.signing_key(settings.root / "ledger.key"), NOON)
        unit.commit()
    return settings


def test_a_finished_run_in_figures(settings: Settings) -> None:
    state = remember(settings.root / "metrics", GOOD)
    path = write_metrics(settings, state, NOON)
    found, source = read(path), {"source": "generated"}
    assert found[labelled("run_started_timestamp_seconds", **source)] == 100
    assert found[labelled("run_ended_timestamp_seconds", **source)] == 130.5
    assert found[labelled("run_succeeded", **source)] == 1
    assert found[labelled("step_seconds", step="plan", **source)] == 2
    rows = {
        o: found[labelled("rows", delivery="tax/penalties_*.csv", outcome=o, **source)] for o in ("read", "rejected")
    }
    assert rows == {"read": 10, "rejected": 2}
    assert found[labelled("enterprises", tier="B", **source)] == 0
    assert found[labelled("plan_visits", **source)] == 4
    assert found[labelled("plan_violations", **source)] == 0
    assert found[labelled("plan_gap_ratio", **source)] == pytest.approx(0.1)
    assert found[labelled("inspection_minutes_available", region="210602", **source)] == 600
    assert found[labelled("policy_values_overdue", pack="market")] == 3
    assert found[labelled("runs_total", outcome="finished", **source)] == 1
    assert found[labelled("disk_free_bytes")] > 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_refused_night_takes_no_figure_of_the_last_good_one_away(settings: Settings) -> None:
    for run in (GOOD, BAD, BAD):
        state = remember(settings.root / "metrics", run)
    found, source = read(write_metrics(settings, state, NOON)), {"source": "generated"}
    assert found[labelled("run_succeeded", **source)] == 0
    assert found[labelled("run_ended_timestamp_seconds", **source)] == 201
    assert found[labelled("enterprises", tier="A", **source)] == 5
    assert found[labelled("runs_total", outcome="refused", **source)] == 2
    assert labelled("step_seconds", step="plan", **source) not in found


def test_approvals_awaited_and_clocks_overdue_as_they_stand_now(settings: Settings) -> None:
    """The world's run r1 is approved; its objection is overdue in July (see test_register_commands)."""
    state = remember(settings.root / "metrics", GOOD)
    late = read(write_metrics(settings, state, datetime.fromisoformat("2026-07-01T00:00:00+00:00")))
    assert late[labelled("clocks_overdue", pack="market")] == 1
    assert late[labelled("approvals_awaited", source="generated")] == 0
    state["generated"]["run_id"] = "r2"
    early = read(write_metrics(settings, state, datetime.fromisoformat("2026-05-06T00:00:00+00:00")))
    assert early[labelled("clocks_overdue", pack="market")] == 0
    assert early[labelled("approvals_awaited", source="generated")] == 1


def test_what_cannot_be_looked_at_is_absent_and_the_rest_stands(settings: Settings) -> None:
    (settings.root / "evenhand.sqlite").write_bytes(b"not a database" * 100)
    found = read(write_metrics(settings, {"generated": vars(GOOD)}, NOON))
    assert labelled("clocks_overdue", pack="market") not in found
    assert labelled("disk_free_bytes") in found


def test_a_damaged_state_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{")
    assert known(tmp_path) == {}
    assert remember(tmp_path, BAD)["generated"]["runs"]["refused"] == 1


def test_rows_are_counted_by_the_patterns_of_the_source() -> None:
    files = [
        {"name": name, "rows": 3, "accepted": 2, "rejected": 1}
        for name in ("tax/penalties_1.csv", "tax/penalties_2.csv", "source:generated", "tenders/t1.json")
    ]
    found = {name: counts for name, *counts in rows_by_delivery(load_source("generated"), files)}
    assert found["tax/penalties_*.csv"] == [6, 4, 2]
    assert found["other"] == [6, 4, 2]
    assert sum(read for read, *_ in found.values()) == 12


def test_a_source_that_reads_one_file_twice_counts_its_rows_once() -> None:
    source = load_source("chicago")
    file = {"name": str(source.tables[0].files).replace("*", "x"), "rows": 3, "accepted": 2, "rejected": 1}
    assert sum(read for _, read, *_ in rows_by_delivery(source, [file])) == 3


def test_hours_by_region() -> None:
    quota = pl.DataFrame({"region": ["1", "1", "2"], "minutes_planned": [1, 2, 3], "minutes_capacity": [9, 9, None]})
    assert hours_by_region(quota) == [("1", 3, 9), ("2", 3, 0)]


def test_the_file_is_written_again_between_nights_where_the_collector_looks(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember(settings.root / "metrics", GOOD)
    monkeypatch.setenv("EVENHAND_VAR", str(settings.root))
    monkeypatch.setenv("EVENHAND_METRICS_FILE", str(tmp_path / "textfile" / "evenhand.prom"))
    done = CliRunner().invoke(app, ["register", "metrics"])
    assert done.exit_code == 0, done.output
    assert labelled("approvals_awaited", source="generated") in read(tmp_path / "textfile" / "evenhand.prom")
    assert json.loads((settings.root / "metrics" / "state.json").read_text())["generated"]["run_id"] == "r1"


def test_the_runbook_and_its_alerts_name_only_what_is_written(settings: Settings) -> None:
    text = (PROJECT / "docs" / "operations.md").read_text("utf-8")
    named = set(re.findall(r"\bevenhand_[a-z_]+[a-z]\b", text[text.index("## Metrics") : text.index("## Secrets")]))
    written = {name for name, _ in read(write_metrics(settings, remember(settings.root / "metrics", GOOD), NOON))}
    assert len(named) >= 15
    assert {name.removeprefix("evenhand_") for name in named} <= written
    (rules,) = [
        yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "alert:" in block
    ]
    assert len(rules["groups"][0]["rules"]) >= 3
