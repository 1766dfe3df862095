"""`evenhand policy diff` and `whatif` on made-up registers: who moves, what is not known, what is refused."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from exports.registers import write_registers
from flows import console
from flows.cli import app

DAYS = ("2026-03-31", "2026-04-01")


@pytest.fixture(scope="module")
def registers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("registers") / "data"
    write_registers(folder, 1500, 7, date(2026, 11, 1))
    return folder


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENHAND_VAR", str(tmp_path / "var"))


def test_diff_names_who_moves_and_what_is_not_known(registers: Path, tmp_path: Path) -> None:
    out = tmp_path / "movers.csv"
    given = ["policy", "diff", "customs-cn", *DAYS, "--data", str(registers), "--json", "--out", str(out)]
    result = CliRunner().invoke(app, given)
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert said["moved"] > 0
    flows = {(flow["tier_a"], flow["tier_b"]) for flow in said["flows"]}
    assert ("dishonest", "regular") in flows  # the ratio grounds of Order 251 are gone, those of 282 not known
    assert flows <= {("dishonest", "regular"), ("regular", "certified"), ("dishonest", "certified")}
    assert sum(flow["enterprises"] for flow in said["flows"]) == said["moved"] == len(said["movers"])
    assert all(row["gates_gone"] or row["gates_new"] for row in said["movers"])
    assert ["gap", "tiers.gates.violations_to_volume"] in [notice[:2] for notice in said["notices"]]
    assert pl.read_csv(out).height == said["moved"]


def test_with_the_grounds_carried_on_fewer_move(registers: Path) -> None:
    given = ["policy", "diff", "customs-cn", *DAYS, "--data", str(registers), "--json"]
    plain = json.loads(CliRunner().invoke(app, given).stdout)
    carried = json.loads(CliRunner().invoke(app, [*given, "--scenario", "customs-282-as-251"]).stdout)
    assert carried["moved"] < plain["moved"]


def test_diff_of_a_day_with_itself_moves_nobody(registers: Path) -> None:
    given = ["policy", "diff", "market", "2026-10-01", "2026-10-01", "--data", str(registers)]
    result = CliRunner().invoke(app, given)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("0 of ")


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        (["policy", "diff", "market", "2026-13-01", "2026-01-01"], 2, "not a day"),
        (["policy", "diff", "market", "2020-01-01", "2026-01-01"], 4, "the first day covered is 2023-01-01"),
        (["policy", "diff", "no-such", *DAYS], 4, "no such policy pack"),
        (["policy", "diff", "market", *DAYS], 2, "evenhand run"),
        (["policy", "diff", "market", *DAYS, "--scenario", "no-such"], 4, "no such scenario"),
        (["whatif", "--scenario", "links-on"], 2, "evenhand run"),
        (["policy", "check", "market", "--as-of", "yesterday"], 2, "not a day"),
    ],
)
def test_a_slip_is_said_with_its_remedy(given: list[str], code: int, message: str) -> None:
    result = CliRunner().invoke(app, given)
    assert result.exit_code == code
    assert message in " ".join(result.stderr.split())


def test_check_by_name_says_every_remark_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console.out, "width", 200)
    result = CliRunner().invoke(app, ["policy", "check", "customs-cn", "--as-of", "2026-11-22"])
    assert result.exit_code == 0
    assert "violations_to_volume" in result.stdout.replace("\n", "")
