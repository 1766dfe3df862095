"""An approval tells the firms: notices on record with their day of effect, exports without the banner."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from config.settings import Settings
from flows.approve import approve
from flows.rate import ratings
from flows.run import restored
from models.store import events
from models.store.session import open_store
from tests.flows.finished import finished_run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return finished_run(tmp_path_factory.mktemp("approve"), 80)


def calendars(folder: Path) -> list[str]:
    return [path.read_text("utf-8") for path in sorted((folder / "calendars").glob("*.ics"))]


def test_every_firm_below_the_best_tier_is_told_once_and_calendars_are_updated(settings: Settings) -> None:
    run = restored(settings)
    before = calendars(run.context.out)
    assert before
    assert all("SEQUENCE:0" in text and "SCREENING AID" in text for text in before)
    who = {"officer": "u17", "name": "Li Wei", "reason": "checked"}
    done = approve(settings, run.run_id, **who)
    rated = ratings(run.work / "ratings").filter(pl.col("tier") != run.context.policy.tiers[0].id)
    with open_store(settings.database) as store, store.snapshot() as snapshot:
        told = events.notices(snapshot)
    assert done["notices"] == told.height == rated.height > 0
    assert told["enterprise_id"].sort().to_list() == rated["enterprise_id"].sort().to_list()
    wait = timedelta(days=run.context.policy.redress.notice_wait_days)
    assert told.select(same=(pl.col("effect_on") - pl.col("sent_on")) == wait)["same"].all()
    assert told["officer"].unique().to_list() == ["u17"]
    after = calendars(run.context.out)
    assert len(after) == len(before)
    assert all("SEQUENCE:1" in text and "SCREENING AID" not in text for text in after)
