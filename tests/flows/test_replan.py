"""`evenhand replan` on a finished run: an inspector falls ill, an emergency arrives, everything else stands."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from config.settings import Settings
from flows.cli import app
from flows.run import restored
from models import records
from models.inspection import Plan, keyed, load_plan
from tests.flows.finished import finished_run


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return finished_run(tmp_path_factory.mktemp("replan"), 600)


@pytest.fixture(scope="module")
def before(settings: Settings) -> Plan:
    return load_plan(restored(settings).work / "plan" / "plan")


@pytest.fixture(scope="module")
def today(before: Plan) -> date:
    """A day in the middle: visits have taken place before it and lie ahead of it."""
    days = before.visits["visit_date"].sort()
    return days[len(days) // 2]


@pytest.fixture(scope="module")
def ill(before: Plan, today: date) -> str:
    """Whoever has most visits ahead."""
    ahead = before.visits.filter(pl.col("visit_date") >= today)
    return str(ahead["inspectors"].explode().mode().sort()[0])


@pytest.fixture(scope="module")
def firm(before: Plan) -> str:
    return str(before.left_out.filter(pl.col("reason") == "not_drawn").sort("enterprise_id")["enterprise_id"][0])


@pytest.fixture(scope="module")
def paths(settings: Settings, today: date, ill: str, firm: str) -> tuple[Path, Path]:
    """What the planner writes by hand: sick.csv and urgent.csv."""
    away = {"inspector_id": ill, "from_date": today, "to_date": today + timedelta(days=21)}
    soon = {"enterprise_id": firm, "reason": "emergency", "not_before": today, "not_after": today + timedelta(days=4)}
    sick, urgent = settings.root / "sick.csv", settings.root / "urgent.csv"
    _frame(away, records.ABSENCES).write_csv(sick)
    _frame(soon, records.MUST_VISITS).write_csv(urgent)
    return sick, urgent


@pytest.fixture(scope="module")
def after(settings: Settings, today: date, paths: tuple[Path, Path]) -> tuple[str, Plan]:
    """What the command printed, and the plan it wrote."""
    sick, urgent = paths
    out = settings.root / "replanned"
    done = _evenhand(settings, "replan", "--today", today.isoformat(), "--absences", str(sick),
                     "--must-visits", str(urgent), "--out", str(out))  # fmt: skip
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split()), load_plan(out)


def _frame(row: dict[str, object], schema: pl.Schema) -> pl.DataFrame:
    return pl.DataFrame([{name: row.get(name) for name in schema}], schema=schema)


def _evenhand(settings: Settings, *given: str) -> Result:
    return CliRunner().invoke(app, list(given), env={"EVENHAND_VAR": str(settings.root)})


def test_the_new_plan_breaks_no_rule(after: tuple[str, Plan]) -> None:
    printed, plan = after
    assert f"{plan.visits.height} visits" in printed
    assert "violations = 0" in printed


def test_the_sick_inspector_goes_nowhere_and_the_emergency_is_seen(
    after: tuple[str, Plan], today: date, ill: str, firm: str
) -> None:
    _, plan = after
    away = pl.col("visit_date").is_between(today, today + timedelta(days=21))
    assert plan.visits.filter(away & pl.col("inspectors").list.contains(ill)).is_empty()
    visit = plan.visits.filter(pl.col("enterprise_id") == firm)
    assert visit["purpose"].to_list() == ["emergency"]
    assert today <= visit["visit_date"][0] <= today + timedelta(days=4)
    assert ill not in visit["inspectors"][0]


def test_whatever_neither_touches_stands_with_day_people_and_id(
    after: tuple[str, Plan], before: Plan, today: date, ill: str
) -> None:
    """Every visit of others, and every one that has taken place, except the few that give way to what is worthier."""
    _, plan = after
    away = pl.col("visit_date").is_between(today, today + timedelta(days=21))
    hit = before.visits.filter(away & pl.col("inspectors").list.contains(ill))["visit_id"]
    key = ["visit_id", "enterprise_id", "visit_date", "inspectors", "purpose", "why_firm"]
    untouched = before.visits.filter(~pl.col("visit_id").is_in(hit.implode())).select(key)
    standing = untouched.join(plan.visits.select(key), on=key, how="semi")
    assert len(hit) > 0
    assert untouched.height - standing.height == 0
    past = pl.col("visit_date") < today
    assert plan.visits.filter(past).equals(before.visits.filter(past))


def test_ids_are_stable(after: tuple[str, Plan], before: Plan) -> None:
    """A visit moved is the same visit; only the emergency is new; an id follows from period, firm and count."""
    _, plan = after
    firms = dict(before.visits.select("visit_id", "enterprise_id").iter_rows())
    now = dict(plan.visits.select("visit_id", "enterprise_id").iter_rows())
    assert all(now[one] == firms[one] for one in firms.keys() & now.keys())
    period = f"{plan.period_from}..{plan.period_to}"
    assert {one for one in now if one not in firms} == {
        keyed.visit_id(period, firm, 1) for firm in set(now.values()) - set(firms.values())
    }


def test_again_is_the_same_to_the_byte(
    settings: Settings, today: date, paths: tuple[Path, Path], after: tuple[str, Plan]
) -> None:
    sick, urgent = paths
    out = settings.root / "again"
    done = _evenhand(settings, "replan", "--today", today.isoformat(), "--absences", str(sick),
                     "--must-visits", str(urgent), "--out", str(out))  # fmt: skip
    assert done.exit_code == 0, done.output
    for path in sorted((settings.root / "replanned").iterdir()):
        assert (out / path.name).read_bytes() == path.read_bytes(), path.name


def test_a_table_that_is_none_is_refused_and_nothing_is_written(settings: Settings, today: date) -> None:
    wrong, out = settings.root / "wrong.csv", settings.root / "never"
    wrong.write_text("who,when\ni1,tomorrow\n", encoding="utf-8")
    done = _evenhand(settings, "replan", "--today", today.isoformat(), "--absences", str(wrong), "--out", str(out))
    assert done.exit_code != 0
    assert "wrong.csv" in f"{done.output} {done.exception}"
    assert not out.exists()
