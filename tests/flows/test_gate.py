"""The gate on a real server with a real worker: a night awaits a named officer, in Prefect's page or by the command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from exports.registers import write_registers
from models.store import events
from models.store.session import open_store
from tests.flows.agency import Agency, running, wait

pytestmark = pytest.mark.slow
DAY = date(2026, 11, 1)
WHO = {"officer": "u17", "name": "Li Wei", "reason": "checked against the register"}
BANNER = "screening aid"


@pytest.fixture(scope="module")
def agency(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agency]:
    folder = tmp_path_factory.mktemp("agency")
    write_registers(folder / "registers", 80, 3, DAY)
    with running(folder) as started:
        yield started


def night(agency: Agency, seed: int) -> tuple[str, str, Path]:
    """A night by its deployment: the run's id, the flow run that waits for its officer, the delivered exports."""
    out = agency.var / "out" / f"night-{seed}"
    given = {"source": "generated", "data": str(agency.var.parent / "registers"), "out": str(out)}
    flow_run = agency.start("night/night", **given, as_of=DAY.isoformat(), seed=seed)
    agency.until(flow_run, "Completed")
    told = wait(lambda: _told(agency, flow_run), "the event of a run that awaits approval")
    (waiting,) = wait(lambda: agency.named(f"hand-out-{told['run_id']}") or None, "the hand-out")
    agency.until(waiting["id"], "Suspended")
    return told["run_id"], waiting["id"], out


def _told(agency: Agency, flow_run: str) -> dict[str, Any] | None:
    """Payload of the event that came out of this flow run."""
    for event in agency.events("evenhand.run.awaiting-approval"):
        if any(flow_run in related["prefect.resource.id"] for related in event["related"]):
            return dict(event["payload"])
        children = agency.post("/flow_runs/filter", {"flow_runs": {"parent_flow_run_id": {"any_": [flow_run]}}})
        if any(run["id"] in related["prefect.resource.id"] for run in children for related in event["related"]):
            return dict(event["payload"])
    return None


def is_aid(out: Path) -> bool:
    return BANNER in (out / "report.html").read_text("utf-8").lower()


def approvals(agency: Agency, run_id: str) -> pl.DataFrame:
    with open_store(f"sqlite:///{agency.var / 'evenhand.sqlite'}", migrate=False) as store, store.snapshot() as now:
        return events.approvals(now, run_id)


def test_a_run_waits_and_goes_on_when_an_officer_approves_by_the_command(agency: Agency) -> None:
    run_id, waiting, out = night(agency, 1)
    assert is_aid(out)
    nobody = agency.command("evenhand", "approve", "--run", run_id, "--officer", "u17", "--name", " ", "--reason", "x")
    assert nobody.returncode == 7
    assert agency.state(waiting) == "Suspended"
    words = [word for name, value in WHO.items() for word in (f"--{name}", value)]
    done = agency.command("evenhand", "approve", "--run", run_id, *words, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["resumed"] == 1
    agency.until(waiting, "Completed")
    assert not is_aid(out)
    assert approvals(agency, run_id)["name"].to_list() == ["Li Wei"]
    shown = agency.artifacts("table")
    assert {"tiers-generated", "rates-generated", "rejected-generated"} <= shown.keys()
    tiers = json.loads(shown["tiers-generated"]["data"])
    assert sum(int(row["enterprises"]) for row in tiers) > 0
    assert float(agency.artifacts("progress")["progress"]["data"]) == 100.0
    assert "report.html" in agency.artifacts("markdown")["exports-generated"]["data"]


def test_a_run_waits_and_goes_on_when_an_officer_fills_in_the_page(agency: Agency) -> None:
    run_id, waiting, out = night(agency, 2)
    for missing in ({"officer": "u17"}, WHO | {"name": " "}, WHO | {"officer": ""}, WHO | {"outcome": "maybe"}):
        said = agency.post(f"/flow_runs/{waiting}/resume", {"run_input": missing})
        assert said["status"] == "REJECT", missing
    assert agency.state(waiting) == "Suspended"
    accepted = agency.post(f"/flow_runs/{waiting}/resume", {"run_input": WHO})
    assert accepted["status"] == "ACCEPT"
    agency.until(waiting, "Completed")
    assert not is_aid(out)
    assert approvals(agency, run_id).select("officer", "name", "reason", "outcome").rows() == [
        (*WHO.values(), "approved")
    ]


def test_who_may_not_decide_is_asked_again_and_a_refusal_stays_an_aid(agency: Agency) -> None:
    run_id, waiting, out = night(agency, 3)
    for login, name, role in (("w1", "Wang Min", "viewer"), ("a1", "An Jing", "approver")):
        environment = agency.environment | {"EVENHAND_DESK_PASSWORD": "long enough to be one"}
        made = Agency(agency.var, agency.url, environment).command(
            "evenhand", "desk-user", login, "--name", name, "--role", role
        )
        assert made.returncode == 0, made.stderr
    first = {"officer": "w1", "name": "Wang Min", "reason": "looks right"}
    agency.post(f"/flow_runs/{waiting}/resume", {"run_input": first})
    agency.until(waiting, "Running", "Completed")
    agency.until(waiting, "Suspended")
    assert approvals(agency, run_id).is_empty()
    second = {"officer": "a1", "name": "An Jing", "reason": "hours are wrong", "outcome": "refused"}
    agency.post(f"/flow_runs/{waiting}/resume", {"run_input": second})
    agency.until(waiting, "Completed")
    assert approvals(agency, run_id).select("name", "outcome").rows() == [("An Jing", "refused")]
    assert is_aid(out)
    (agency.var / "desk-users.json").unlink()


def test_a_night_that_refuses_its_input_says_so_by_an_event(agency: Agency) -> None:
    flow_run = agency.start("night/night", source="generated", data=str(agency.var), out="x", as_of=DAY.isoformat())
    wait(lambda: agency.state(flow_run) in ("Failed", "Crashed") or None, "the refusal")
    (told,) = wait(lambda: agency.events("evenhand.run.refused") or None, "the event")
    assert told["payload"]["exit_code"] == 3
    assert told["resource"]["prefect.resource.id"] == "evenhand.source.generated"


def test_terms_that_end_are_told_by_events_and_a_table(agency: Agency) -> None:
    if not list(agency.var.glob("runs/*.json")):
        night(agency, 4)
    intake = max(agency.var.glob("work/*/intake/records.parquet"), key=lambda path: path.stat().st_mtime_ns)
    record = pl.read_parquet(intake)["record_id"].sort()[0]
    words = ("--reason", "not ours", "--officer", "u17", "--on", "2026-11-02")
    filed = agency.command("evenhand", "objection", "file", record, *words)
    assert filed.returncode == 0, filed.stdout + filed.stderr
    decision = json.loads(filed.stdout)["decision_id"]
    flow_run = agency.start("clocks/clocks", policy="market", as_of="2026-12-31")
    agency.until(flow_run, "Completed")

    def told() -> list[dict[str, Any]] | None:
        found = [event["payload"] for event in agency.events("evenhand.objection.clock-ends")]
        return [row for row in found if row["subject"] == decision] or None

    (row,) = wait(told, "the event of an overdue decision")
    assert (row["clock"], row["state"], row["due_on"], row["came_from"]) == (
        "decide",
        "overdue",
        "2026-11-30",
        "register",
    )
    assert {"enterprise_id", "record_id"}.isdisjoint(row)
    officials = json.loads(agency.artifacts("table")["clocks"]["data"])
    assert any(line["officer"] == "u17" and int(line["overdue"]) >= 1 for line in officials)


def test_a_schedule_puts_its_runs_into_the_queue(agency: Agency) -> None:
    """Prefect's own scheduler does it, in the server; nothing else of the night would miss it."""
    found = agency.get("/deployments/name/clocks/clocks")
    asked = {"deployments": {"id": {"any_": [found["id"]]}}, "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
    queued = wait(lambda: agency.post("/flow_runs/filter", asked) or None, "a scheduled run")
    assert {run["auto_scheduled"] for run in queued} == {True}
