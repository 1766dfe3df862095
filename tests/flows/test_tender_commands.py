"""`evenhand tender …` as a user calls it: output, files, exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from flows.cli import app
from tests.models.tender import build


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    bids = [
        {"firm": "a", "price": 100, "technical": [30, 31], "business": [10, 10]},
        {"firm": "b", "price": 101, "technical": [32, 34], "business": [10, 11]},
        {"firm": "c", "price": 90, "technical": [35, 34], "business": [10, 11]},
    ]
    tender = tmp_path / "tender.json"
    tender.write_text(json.dumps(build.package({}, bids)), encoding="utf-8")
    ratings = tmp_path / "ratings.csv"
    frame = build.ratings({"a": "A", "b": "C", "c": "A"}, extra={"A": 6, "B": 2, "C": 1})
    frame.with_columns(pl.col("score") / 1000).write_csv(ratings)
    lists = tmp_path / "lists.csv"
    lists.write_text(
        "list_id,enterprise_id,from_date,to_date,agency,reference\ncourt_defaulters,pl:C,2025-01-01,,court,no. 1\n",
        encoding="utf-8",
    )
    return {"tender": str(tender), "ratings": str(ratings), "lists": str(lists), "out": str(tmp_path / "out")}


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["tender", *arguments])


def test_points(files: dict[str, str]) -> None:
    done = run("points", files["tender"], "--ratings", files["ratings"], "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    points = [float(value) for value in found["points"]["credit"].values()]
    assert points == sorted(points, reverse=True)
    assert abs(found["mean"] - 10) <= 0.5
    assert "proven optimal" in run("points", files["tender"], "--ratings", files["ratings"]).output


def test_evaluate_names_the_refused_and_writes_the_files(files: dict[str, str]) -> None:
    options = ("--ratings", files["ratings"], "--lists", files["lists"], "--out", files["out"])
    done = run("evaluate", files["tender"], *options)
    assert done.exit_code == 0, done.output
    assert "REFUSE lot 1 c: Court judgment defaulter (procurement-125 lists named; court no. 1" in done.output
    names = sorted(
        path.relative_to(files["out"]).as_posix() for path in Path(files["out"]).rglob("*") if path.is_file()
    )
    assert names == ["bid-evaluation-T.xlsx", "bids-T.xlsx", "notices-T/notice-a-1.docx", "notices-T/notice-b-1.docx",
                     "notices-T/notice-c-1.docx", "ocds-T.json"]  # fmt: skip


def test_a_list_with_a_day_that_is_none_is_refused(files: dict[str, str]) -> None:
    Path(files["lists"]).write_text(
        "list_id,enterprise_id,from_date,to_date,agency,reference\nx,pl:C,01/02/2025,,court,1\n", encoding="utf-8"
    )
    done = run("evaluate", files["tender"], "--ratings", files["ratings"], "--lists", files["lists"])
    assert done.exit_code == 3
    assert "write dates as 2025-09-01" in done.output


def test_without_lists_it_says_that_nobody_was_checked(files: dict[str, str]) -> None:
    done = run("evaluate", files["tender"], "--ratings", files["ratings"])
    assert "No lists were given: nobody was checked for vetoes." in done.output


def test_sensitivity(files: dict[str, str]) -> None:
    done = run("sensitivity", files["tender"], "--ratings", files["ratings"], "--lists", files["lists"], "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert found["exact"] is True
    assert found["stretches"][0]["from"] == "0"
    assert {s["winner"] for s in found["stretches"]} <= {"a-1", "b-1"}


def test_lint_is_silent_about_a_fair_tender_and_fails_on_another(files: dict[str, str], tmp_path: Path) -> None:
    assert run("lint", files["tender"]).exit_code == 0
    criteria = [
        {"id": "price", "kind": "price", "weight": 90},
        {"id": "t", "title": "本地业绩", "kind": "technical", "weight": 9},
    ]
    unfair = tmp_path / "unfair.json"
    unfair.write_text(json.dumps(build.package({"criteria": criteria}, [])), encoding="utf-8")
    done = run("lint", str(unfair), "--json")
    assert done.exit_code == 6
    found = json.loads(done.stdout)
    assert [(item["rule"], item["attribute"]) for item in found] == [
        ("forbidden_attribute", "track_record_region"),
        ("weights", ""),
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("evaluate", "{tender}"), 2, "neither --data nor --ratings"),
        (("evaluate", "none.json", "--ratings", "{ratings}"), 3, "no such file"),
        (("evaluate", "{tender}", "--ratings", "none.csv"), 3, "no such file"),
        (("points", "{tender}", "--ratings", "{ratings}", "--as-of", "soon"), 2, "'soon' is not a day"),
        (("points", "{tender}", "--ratings", "{lists}"), 3, "lacks the column tier, score"),
        (("points", "{tender}", "--ratings", "{ratings}", "--policy", "charm"), 4, "no such policy pack"),
    ],
)
def test_errors_have_a_remedy_and_a_code(files: dict[str, str], arguments: Any, code: int, message: str) -> None:
    done = run(*(argument.format(**files) for argument in arguments))
    assert done.exit_code == code
    assert message in " ".join(done.output.split())
    assert "Remedy:" in done.output


def test_a_bad_tender_is_evaluated_in_no_part(files: dict[str, str], tmp_path: Path) -> None:
    bids = [{"firm": "a", "price": -1, "technical": [50], "business": [10], "currency": "EUR"}]
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps(build.package({}, bids)), encoding="utf-8")
    done = run("evaluate", str(bad), "--ratings", files["ratings"], "--out", files["out"])
    assert done.exit_code == 3
    text = " ".join(done.output.split())
    for rule in ("currency", "price", "score_range"):
        assert f"[{rule}] /releases/0/bids/details/0/" in text
    assert not Path(files["out"]).exists()
