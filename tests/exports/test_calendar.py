"""Calendars: stable UIDs; a moved visit counts up, a vanished one is cancelled, an unchanged one stays."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
from icalendar import Calendar, Event

from exports.calendar import write_calendars
from tests.exports.world import World, make_world


def write(world: World, visits: pl.DataFrame, folder: Path) -> dict[str, Event]:
    paths = write_calendars(visits, world.enterprises, world.inspectors, world.facts, folder)
    events = [event for path in paths for event in Calendar.from_ical(path.read_bytes()).walk("VEVENT")]
    assert len({str(e["uid"]) for e in events}) == len(events)
    return {str(e["uid"]): e for e in events}


def test_every_visit_once_and_the_same_plan_the_same_bytes(tmp_path: Path) -> None:
    world = make_world(nasty=True)
    first = write(world, world.plan.visits, tmp_path)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    again = write(world, world.plan.visits, tmp_path)
    assert len(first) == world.plan.visits.height
    assert list(again) == list(first)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before
    assert all(int(e["sequence"]) == 0 for e in first.values())


def test_moved_counts_up_vanished_is_cancelled_once_unchanged_stays(tmp_path: Path) -> None:
    world = make_world()
    visits = world.plan.visits.sort("visit_id")
    write(world, visits, tmp_path)
    moved, gone = visits["visit_id"][0], visits["visit_id"][1]
    day = pl.when(pl.col("visit_id") == moved).then(pl.lit(date(2026, 6, 20))).otherwise("visit_date")
    changed = visits.filter(pl.col("visit_id") != gone).with_columns(visit_date=day)
    for _ in range(2):
        events = write(world, changed, tmp_path)
        state = {uid.rsplit("-", 1)[0]: (int(e["sequence"]), str(e["status"])) for uid, e in events.items()}
        assert state.pop(moved) == (1, "CONFIRMED")
        assert state.pop(gone) == (1, "CANCELLED")
        assert set(state.values()) == {(0, "CONFIRMED")}
        state[moved] = state[gone] = (0, "")


def test_a_visit_that_changes_team_is_cancelled_there_and_new_here(tmp_path: Path) -> None:
    world = make_world()
    write(world, world.plan.visits, tmp_path)
    one = world.plan.visits["visit_id"][0]
    team = pl.when(pl.col("visit_id") == one).then(pl.lit(["i03", "i02"])).otherwise("inspectors")
    events = write(world, world.plan.visits.with_columns(inspectors=team), tmp_path)
    of_one = sorted(str(e["status"]) for uid, e in events.items() if uid.startswith(one))
    assert of_one == ["CANCELLED", "CONFIRMED"]
