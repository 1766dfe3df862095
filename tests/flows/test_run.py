"""The main job from the command line: a stranger's path, twice, with what it leaves behind."""

from __future__ import annotations

import json
import os
import shutil
import stat
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


def test_neither_log_nor_metrics_nor_prefect_keep_who_is_meant(ran: tuple[Path, dict[str, Any]]) -> None:
    """The registers hold dirty rows of every kind; whatever names a person, a firm or a secret is looked for."""
    var, first = ran
    data = next((var / "demo").iterdir())
    log = (var / "logs" / f"{first['run_id']}.jsonl").read_text("utf-8")
    events = {json.loads(line)["event"] for line in log.splitlines()}
    assert {"run_started", "step_started", "step_finished", "file_read", "rows_refused", "rated", "planned"} <= events
    assert found_in(var, secrets_of(data, var)) == []


def test_what_the_house_keeps_is_its_owners_alone_and_what_goes_out_is_not(
    ran: tuple[Path, dict[str, Any]],
) -> None:
    var, _ = ran
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in var.rglob("*")}
    public = ("out", "other", "metrics", "policies")  # the law is; figures without names for another user's collector
    kept = [path for path in modes if path.relative_to(var).parts[0] not in public]
    assert [str(path) for path in kept if modes[path] & 0o077] == []
    names = {path.name for path in kept}
    assert {"evenhand.sqlite", "person.secret", "ledger.key", "links.parquet", "prefect.db", "CURRENT"} <= names
    assert {modes[path] for path in modes if path.suffix == ".xlsx" and "out" in path.parts} == {0o666 & ~_umask()}


def _umask() -> int:
    given = os.umask(0o077)
    os.umask(given)
    return given


@pytest.mark.slow
def test_neither_does_a_night_that_is_refused(ran: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    """The person's number in the firm's column: every row is refused, and the message shows some."""
    data = tmp_path / "data"
    shutil.copytree(next((ran[0] / "demo").iterdir()), data)
    heading, *rows = (data / "representatives.csv").read_text("utf-8").splitlines()
    swapped = [",".join((person, firm, *rest)) for firm, person, *rest in (row.split(",") for row in rows)]
    (data / "representatives.csv").write_text("\n".join([heading, *swapped]), "utf-8")
    done = evenhand(tmp_path, "run", "--data", str(data), "--as-of", "2026-11-01", check=False)
    assert done.returncode == 3
    assert "rows refused" in done.stderr
    assert '"event": "run_refused"' in "".join(path.read_text("utf-8") for path in (tmp_path / "logs").iterdir())
    assert found_in(tmp_path, secrets_of(data, tmp_path)) == []


def secrets_of(data: Path, var: Path) -> set[str]:
    """Identifiers and names of the registers, refused cells, keys of persons, and the secrets of the house."""
    text = {"encoding": "utf-8", "infer_schema": False, "truncate_ragged_lines": True}
    persons = pl.read_csv(data / "representatives.csv", **text)  # type: ignore[arg-type]
    firms = pl.read_csv(data / "enterprises.csv", **text)  # type: ignore[arg-type]
    inspectors = pl.read_csv(data / "inspectors.csv", **text)  # type: ignore[arg-type]
    found = {*persons["证件标识"], *persons["统一社会信用代码"], *firms["统一社会信用代码"], *firms["企业名称"]}
    found |= {*inspectors["name"]} | {(var / name).read_text("ascii") for name in ("person.secret", "ledger.key")}
    for path in (var / "work").rglob("intake/*.parquet"):
        frame = pl.read_parquet(path)
        found |= {*frame["value"]} if path.stem == "rejected" else set()
        found |= {*frame["person_key"]} if path.stem == "links" else set()
    return {word.strip() for word in found if word and len(word.strip()) >= 6}


def found_in(var: Path, words: set[str]) -> list[str]:
    """Which of the words stand in anything the house keeps of a run beside its results."""
    assert len(words) > 500
    kept = [path for name in ("logs", "metrics", "prefect") for path in (var / name).rglob("*") if path.is_file()]
    assert len(kept) >= 4
    told = b"\n".join(path.read_bytes() for path in kept)
    return sorted(word for word in words if word.encode() in told)
