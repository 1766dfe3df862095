"""Decisions that came in with the agencies' files have their clocks too, and say where they came from."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from config.settings import Settings
from flows.clocks import all_clocks, ending
from flows.intake import tables
from flows.prefect_home import short_runs
from flows.redress_commands import file_request, revoke_record
from flows.run import restored
from flows.signed import signed
from models.store import recalls
from models.store.session import open_store
from tests.flows.agency import wait
from tests.flows.finished import finished_run

pytestmark = pytest.mark.slow
DAY = date(2026, 11, 1)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return finished_run(tmp_path_factory.mktemp("clocks"), 400)


def test_every_objection_of_the_files_has_a_clock_with_its_agency(settings: Settings) -> None:
    run = restored(settings)
    given = tables(run.work / "intake")["decisions"].filter(
        (pl.col("kind") == "objection") & (pl.col("filed_on") >= run.context.book.form.pack.covers_from)
    )
    found = all_clocks(settings, "market", DAY).filter(pl.col("clock") == "decide")
    assert given.height > 0
    assert found["subject"].sort().to_list() == given["decision_id"].sort().to_list()
    assert found["came_from"].unique().to_list() == ["generated"]
    known = tables(run.work / "intake")["records"]["record_id"]
    assert found.filter(pl.col("record_id").is_in(known.implode()))["agency"].null_count() == 0
    assert set(found["state"]) <= {"done", "late", "running", "overdue"}


def test_marking_is_not_held_against_days_before_the_first_run(settings: Settings) -> None:
    found = all_clocks(settings, "market", DAY).filter(pl.col("clock").is_in(["annotate", "withdraw"]))
    assert found.filter(pl.col("started_on") < DAY).is_empty()


def test_the_daily_flow_tells_what_is_overdue_on_the_server(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
    from prefect.events.worker import EventsWorker
    from prefect.testing.utilities import prefect_test_harness

    from flows.clocks import clocks

    monkeypatch.setenv("EVENHAND_VAR", str(settings.root))
    day = date(2027, 3, 1)
    record = tables(restored(settings).work / "intake")["records"]["record_id"].sort()[5]
    file_request(settings, "objection", record, "not ours", "li.na", date(2026, 11, 2), [])
    late = all_clocks(settings, "market", day).filter(pl.col("state") == "overdue")
    assert late.height > 0
    with prefect_test_harness(server_startup_timeout=120), short_runs():
        done = clocks("market", day)
        assert done["told"] == late.height
        EventsWorker.drain_all(timeout=60)
        with get_client(sync_client=True) as client:
            body = {"filter": {"event": {"name": ["evenhand.objection.clock-ends"]}}, "limit": 50}
            # the server writes events down in batches, some seconds later
            told = wait(lambda: client.request("POST", "/events/filter", json=body).json()["events"] or None, "events")
            wanted = ArtifactFilter(key=ArtifactFilterKey(any_=["clocks"]))
            (table,) = client.read_artifacts(artifact_filter=wanted)
    assert {event["payload"]["subject"] for event in told} == set(late["subject"])
    assert all({"enterprise_id", "record_id"}.isdisjoint(event["payload"]) for event in told)
    assert "worst_days_late" in str(table.data)


def test_a_revoked_record_is_withdrawn_by_the_next_run_that_takes_it_in(settings: Settings) -> None:
    run = restored(settings)
    record = tables(run.work / "intake")["records"]["record_id"].sort()[0]
    filed = date(2026, 11, 4)
    done = revoke_record(settings, record, "court", "li.na", filed)
    assert done["withdraw_by"] == "2026-11-09"

    def clock(day: date) -> dict[str, object]:
        found = all_clocks(settings, "market", day)
        return found.filter(pl.col("subject") == done["decision_id"]).row(0, named=True)

    assert (clock(date(2026, 11, 9))["state"], clock(date(2026, 11, 9))["came_from"]) == ("running", "register")
    late = clock(date(2026, 11, 10))
    assert (late["state"], late["days_late"]) == ("overdue", 1)
    told = ending(all_clocks(settings, "market", date(2026, 11, 6)), date(2026, 11, 9))
    assert done["decision_id"] in told["subject"].to_list()
    assert {"enterprise_id", "record_id"}.isdisjoint(told.columns)
    with open_store(settings.database) as store, signed(settings, store) as unit:
        when = datetime(2026, 11, 6, 2, tzinfo=UTC)
        fresh = recalls.note_taken_in(unit, "next", date(2026, 11, 6), [done["decision_id"]], when)
        assert fresh == [done["decision_id"]]
        assert recalls.note_taken_in(unit, "after", date(2026, 11, 7), fresh, when + timedelta(days=1)) == []
    assert clock(date(2026, 11, 10))["state"] == "done"
    assert clock(date(2026, 11, 10))["done_on"] == date(2026, 11, 6)
