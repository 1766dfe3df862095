"""The main job from the command line: a stranger's path, twice, with what it leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

SMALL = ("run", "--enterprises", "600", "--seed", "3")


def evenhand(var: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """The real command in a process of its own, with a folder of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("EVENHAND_", "PREFECT_"))}
    environment |= {"EVENHAND_VAR": str(var), "COLUMNS": "200"}
    command = [sys.executable, "-m", "flows.cli", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=var, check=False)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    var = tmp_path_factory.mktemp("var")
    return var, json.loads(evenhand(var, *SMALL, "--json").stdout)


def test_every_enterprise_is_rated_and_the_plan_breaks_no_rule(ran: tuple[Path, dict[str, Any]]) -> None:
    var, result = ran
    ratings = pl.read_csv(Path(result["out"]) / "ratings.csv")
    assert ratings.columns == ["enterprise_id", "score", "tier"]
    assert ratings.height == ratings["enterprise_id"].n_unique() == result["rows"]["enterprises"]
    assert sum(result["tiers"].values()) == ratings.height
    assert result["plan"]["violations"] == 0
    assert result["plan"]["visits"] > 0
    assert evenhand(var, "check").stdout.strip() == "violations = 0"


def test_the_same_command_again_gives_the_same_files_and_head(ran: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    var, first = ran
    again = json.loads(evenhand(var, *SMALL, "--json").stdout)
    elsewhere = json.loads(evenhand(tmp_path, *SMALL, "--json").stdout)
    assert again["ledger_head"] == first["ledger_head"] == elsewhere["ledger_head"]
    for name in first["files"]:
        assert (Path(first["out"]) / name).read_bytes() == (Path(elsewhere["out"]) / name).read_bytes(), name


def test_another_seed_is_another_run(ran: tuple[Path, dict[str, Any]]) -> None:
    var, first = ran
    data = next((var / "demo").iterdir())
    other = json.loads(
        evenhand(
            var,
            "run",
            "--data",
            str(data),
            "--as-of",
            "2026-11-01",
            "--seed",
            "4",
            "--out",
            str(var / "other"),
            "--json",
        ).stdout
    )
    assert other["run_id"] != first["run_id"]
    assert other["tiers"] == first["tiers"]


def test_past_runs_ledger_and_draw_verify(ran: tuple[Path, dict[str, Any]]) -> None:
    var, first = ran
    assert "nothing differs" in evenhand(var, "verify", "ledger").stdout
    assert "nothing differs" in evenhand(var, "verify", "run", first["run_id"]).stdout
    published = ("verify", "draw", str(Path(first["out"]) / "plan"), "--run", first["run_id"])
    assert "nothing differs" in evenhand(var, *published).stdout


def test_an_altered_draw_is_found(ran: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    var, first = ran
    for name in ("draw.json", "strata.csv", "pool.csv"):
        (tmp_path / name).write_bytes((Path(first["out"]) / "plan" / name).read_bytes())
    text = (tmp_path / "pool.csv").read_text("utf-8").replace("true", "TRUE0").replace("TRUE0", "false", 1)
    (tmp_path / "pool.csv").write_text(text.replace("TRUE0", "true"), "utf-8")
    assert evenhand(var, "verify", "draw", str(tmp_path), check=False).returncode == 6


def test_explain_says_records_clauses_and_the_way_up(ran: tuple[Path, dict[str, Any]]) -> None:
    var, first = ran
    worst = pl.read_csv(Path(first["out"]) / "ratings.csv").sort("score")["enterprise_id"][0]
    explained = json.loads(evenhand(var, "explain", worst, "--json").stdout)
    assert explained["enterprise_id"] == worst
    assert explained["records"]
    english, chinese = (evenhand(var, "explain", worst, "--lang", lang).stdout for lang in ("en", "zh"))
    assert "Screening aid" in english
    assert "仅供筛查" in chinese


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("run", "--source", "chicago"), 2, "needs --data"),
        (("run", "--as-of", "yesterday"), 2, "not a day"),
        (("run", "--data", "nowhere", "--as-of", "2026-11-01"), 3, "Remedy"),
        (("run", "--as-of", "1999-01-01"), 4, "no policy on 1999-01-01"),
        (("run", "--policy", "nonsense"), 4, "no such policy pack"),
        (("explain", "cn:1"), 2, "finished run"),
    ],
)
def test_errors_name_the_remedy_and_write_nothing(
    tmp_path: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    done = evenhand(tmp_path, *arguments, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert says in done.stderr
    assert not (tmp_path / "out").exists()
