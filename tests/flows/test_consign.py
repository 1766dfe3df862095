"""Mornings from the command line, on the ratings of a run that has ended (laid out here without running it)."""

from __future__ import annotations

import io
import json
import shutil
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

import polars as pl
import pytest
from rich.console import Console

from config.policy import load_policy
from config.settings import Settings
from exports.register_declarations import write_first_days
from flows import console
from flows.cli import app
from flows.run import RunContext, saved_runs
from flows.steps import write_json
from models.rating import rate
from models.synthetic import World, generate

AS_OF = date(2026, 11, 1)
N = 3000


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A var folder with a finished run of the market pack and a week of declarations."""
    root = tmp_path_factory.mktemp("consign")
    write_first_days(root / "data", World(N, 1, AS_OF))
    settings = Settings(var=root / "var")
    context = RunContext(settings, "generated", root / "data", "market", AS_OF, 1, (AS_OF, AS_OF), root / "out")
    work = settings.root / "work" / "r1"
    tables = next(generate(N, 1, AS_OF)).tables
    (work / "intake").mkdir(parents=True)
    (work / "ratings").mkdir()
    tables["enterprises"].write_parquet(work / "intake" / "enterprises.parquet")
    rate(tables, load_policy("market").at(AS_OF)).write_parquet(work / "ratings" / "ratings.parquet")
    saved_runs(settings).mkdir(parents=True)
    write_json(saved_runs(settings) / "r1.json", context.arguments("r1") | {"work": str(work)})
    return root


@pytest.fixture
def root(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of its own for each test."""
    shutil.copytree(base, tmp_path / "copy")
    run = tmp_path / "copy/var/runs/r1.json"
    run.write_text(run.read_text("utf-8").replace(str(base), str(tmp_path / "copy")), "utf-8")
    monkeypatch.setenv("EVENHAND_VAR", str(tmp_path / "copy/var"))
    return tmp_path / "copy"


@dataclass(frozen=True)
class Printed:
    """What a command wrote."""

    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        return self.stdout + self.stderr


def evenhand(*arguments: str, code: int = 0) -> Printed:
    """The command in this process; its exit code must be `code`.

    sys.stderr stays what it is: when Prefect sets up logging, absl (of OR-Tools) closes the one it once saw.
    """
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), patch.object(console, "err", Console(file=err, highlight=False, soft_wrap=True)):
        status = app(list(arguments), standalone_mode=False)
    assert (status or 0) == code, out.getvalue() + err.getvalue()
    return Printed(out.getvalue(), err.getvalue())


def consigned(*arguments: str) -> dict[str, Any]:
    return dict(json.loads(evenhand("consign", *arguments, "--json").stdout))


def test_a_week_is_examined_and_published(root: Path) -> None:
    done = consigned()
    assert [day["day"] for day in done["days"]] == [f"2026-11-0{k}" for k in range(2, 7)]
    assert all(day["violations"] == 0 and day["minutes_used"] <= day["minutes"] for day in done["days"])
    assert sum(row["declared"] for row in done["rates"]) == sum(day["declared"] for day in done["days"])
    for day in done["days"]:
        names = {path.name for path in (Path(done["out"]) / day["day"]).iterdir()}
        assert names >= {"examinations.xlsx", "draw.json", "pool.csv", "chosen.csv", "summary.json"}
        assert "seed.txt" not in names


def test_day_by_day_is_the_same_as_the_week_at_once(root: Path, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = consigned()
    shutil.rmtree(root / "var/consign")
    for day in range(2, 7):
        single = consigned(f"2026-11-0{day}")
    assert single["rates"] == whole["rates"]


def test_a_day_given_twice_is_the_same_and_a_changed_one_is_refused_once_others_build_on_it(root: Path) -> None:
    first = consigned()
    again = consigned("2026-11-03")
    assert again["days"][0] == first["days"][1]
    offices = root / "data/declarations/offices.csv"
    frame = pl.read_csv(offices)
    frame.with_columns(minutes=pl.col("minutes") // 10).write_csv(offices)
    assert "builds on" in evenhand("consign", "2026-11-03", code=2).output
    assert consigned("2026-11-06")["days"][0]["minutes"] < first["days"][4]["minutes"]


def test_in_the_evening_anyone_can_replay_the_draw(root: Path) -> None:
    folder = Path(consigned("2026-11-02")["out"]) / "2026-11-02"
    assert "not published" in evenhand("verify", "consign", str(folder), code=3).output
    evenhand("consign", "2026-11-02", "--reveal")
    assert "nothing differs" in evenhand("verify", "consign", str(folder)).output
    chosen = pl.read_csv(folder / "chosen.csv", infer_schema=False)
    chosen.filter(pl.col("why") != "random").write_csv(folder / "chosen.csv")
    pool = (folder / "pool.csv").read_text("utf-8").replace(",A\n", ",B\n", 1)
    (folder / "pool.csv").write_text(pool, "utf-8")
    assert "the pool is not the one" in evenhand("verify", "consign", str(folder), code=6).output


def test_the_commitment_stands_in_a_ledger_that_verifies(root: Path) -> None:
    consigned("2026-11-02")
    assert "nothing differs" in evenhand("verify", "ledger").output


def test_the_table_names_offices_and_states(root: Path) -> None:
    shown = evenhand("consign", "2026-11-02").output
    assert "DDG" in shown
    assert "kept" in shown


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("2027-01-01",), 2, "no declarations of these days"),
        (("soon",), 2, "not a day"),
        (("--data", "nowhere"), 2, "no declarations there"),
        (("--reveal",), 2, "needs the day"),
        (("2026-11-02", "--run", "r9"), 2, "no run r9"),
    ],
)
def test_errors_say_what_to_do(root: Path, arguments: tuple[str, ...], code: int, says: str) -> None:
    result = evenhand("consign", *arguments, code=code)
    assert says in result.output.replace("\n", " ")
    assert not (root / "var/consign").exists()


def test_a_broken_file_stops_the_day_and_writes_nothing(root: Path) -> None:
    path = root / "data/declarations/20261103.csv"
    path.write_text(path.read_text("utf-8").replace(",scan,", ",x-ray,", 1), "utf-8")
    assert "x-ray" in evenhand("consign", "2026-11-03", code=3).output
    assert not list((root / "var").glob("consign/*/*/2026-11-03"))
