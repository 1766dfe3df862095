"""Notices and calendars of a finished run, approved or not, and rosters collected from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from typer.testing import CliRunner

from config.settings import Settings
from exports.layout import ROSTER
from flows.cli import app
from flows.rate import ratings
from flows.run import restored
from flows.schedule import planned
from tests.flows.finished import finished_run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return finished_run(tmp_path_factory.mktemp("handout"))


def evenhand(settings: Settings, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(arguments), env={"EVENHAND_VAR": str(settings.root), "EVENHAND_WORKERS": "2"})
    return done.exit_code, done.output


def test_a_notice_for_every_firm_of_the_tiers_asked_for(settings: Settings, tmp_path: Path) -> None:
    code, said = evenhand(settings, "notices", "--tier", "C", "--tier", "D", "--out", str(tmp_path))
    assert code == 0, said
    assert "screening aid" in said
    rated = ratings(restored(settings).work / "ratings").filter(pl.col("tier").is_in(["C", "D"]))
    lines = [json.loads(line) for path in tmp_path.glob("*/notices.jsonl") for line in path.open(encoding="utf-8")]
    assert sorted(line["enterprise_id"] for line in lines) == rated["enterprise_id"].sort().to_list()
    assert {line["tier"] for line in lines} == {"C", "D"}
    assert len(list(tmp_path.glob("*/*.docx"))) == len(lines)
    assert evenhand(settings, "notices", "--tier", "Z")[0] == 2
    code, said = evenhand(settings, "notices", "--tier", "D", "--out", str(tmp_path), "--json")
    assert json.loads(said) == {"notices": sum(rated["tier"] == "D"), "approved": False, "folder": str(tmp_path)}


def test_calendars_twice_are_the_same(settings: Settings, tmp_path: Path) -> None:
    for _ in range(2):
        code, said = evenhand(settings, "calendars", "--out", str(tmp_path))
        assert code == 0, said
    files = sorted(tmp_path.glob("*.ics"))
    said = evenhand(settings, "calendars", "--out", str(tmp_path), "--json")[1]
    assert sorted(json.loads(said)["calendars"]) == [str(path) for path in files]
    delivered = restored(settings).context.out / "calendars"
    assert [(p.name, p.read_bytes()) for p in sorted(delivered.iterdir())] == [(p.name, p.read_bytes()) for p in files]
    visits = planned(restored(settings).work / "plan").visits
    assert sum(path.read_text("utf-8").count("BEGIN:VEVENT") for path in files) == visits.height
    assert all("SEQUENCE:0" in path.read_text("utf-8") for path in files)


def test_collecting_says_what_was_refused_with_its_exit_code(settings: Settings, tmp_path: Path) -> None:
    run = restored(settings)
    region = planned(run.work / "plan").visits["region"][0]
    workbook = openpyxl.load_workbook(run.context.out / "rosters" / f"roster-{region}.xlsx")
    page = workbook[ROSTER.title("both")]
    page[f"{ROSTER.letters['visited_on']}5"], page[f"{ROSTER.letters['result']}5"] = "2026-11-05", "未发现问题"
    workbook.save(tmp_path / "good.xlsx")
    page[f"{ROSTER.letters['result']}5"] = "perhaps"
    workbook.save(tmp_path / "bad.xlsx")
    code, said = evenhand(settings, "collect", str(tmp_path / "good.xlsx"), "--officer", "li", "--json")
    assert code == 0, said
    assert json.loads(said)[0]["visits"] == 1
    code, said = evenhand(settings, "collect", str(tmp_path / "bad.xlsx"), "--officer", "li")
    assert code == 6
    assert (tmp_path / "bad-answer.xlsx").exists()
    (tmp_path / "picture.xlsx").write_bytes(b"\x89PNG")
    code, said = evenhand(settings, "collect", str(tmp_path / "picture.xlsx"), "--officer", "li")
    assert code == 3
