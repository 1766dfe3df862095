"""The log: one JSON line per event, codes and counts only, whole lines whatever happened before."""

from __future__ import annotations

import json
import stat
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.logs import COUNTS, EventLog, opened, place_of
from tests.conftest import PROJECT


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_what_is_told_before_the_run_has_its_name_stands_in_its_log(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        log.event("run_started", source="generated", as_of=date(2026, 11, 1))
        assert list(tmp_path.iterdir()) == []
        log.bind("abc")
        log.event("step_finished", step="intake", seconds=1.23456)
    first, second = lines(tmp_path / "abc.jsonl")
    assert (first["event"], first["as_of"], first["run_id"]) == ("run_started", "2026-11-01", "abc")
    assert (second["seconds"], second["level"]) == (1.235, "info")
    assert datetime.fromisoformat(first["time"]).tzinfo is not None
    assert stat.S_IMODE((tmp_path / "abc.jsonl").stat().st_mode) == 0o600


def test_a_run_refused_before_it_had_a_name_is_told_all_the_same(tmp_path: Path) -> None:
    with opened(tmp_path) as log:
        log.event("run_refused", "error", error="StoreError", exit_code=8)
    (line,) = lines(tmp_path / "refused.jsonl")
    assert (line["level"], line["exit_code"], "run_id" in line) == ("error", 8, False)


def test_a_line_cut_off_by_a_crash_does_not_spoil_the_next(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text('{"event": "step_sta')
    with opened(tmp_path) as log:
        log.bind("r")
        log.event("run_started", seed=1)
    assert json.loads((tmp_path / "r.jsonl").read_text().splitlines()[1])["seed"] == 1


def test_stderr_has_the_same_lines_where_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with opened(tmp_path, stderr=True) as log:
        log.bind("r")
        log.event("rated", tier="A", enterprises=3)
    assert capsys.readouterr().err == (tmp_path / "r.jsonl").read_text("utf-8")


def test_a_field_that_is_not_on_the_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="got name"):
        EventLog(tmp_path).event("rated", name="甲公司")  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["Li Wei", "11010519491231002X", "a, b", "13812345678", "x" * 121, "甲 公司", ""])
def test_a_text_that_is_no_code_is_not_logged(tmp_path: Path, text: str) -> None:
    with opened(tmp_path) as log:
        log.bind("r")
        log.event("rows_refused", rule=text, file=text)
    assert {lines(tmp_path / "r.jsonl")[0][name] for name in ("rule", "file")} == {"?"}


@given(st.sampled_from(COUNTS), st.text())
def test_a_count_is_never_a_text(tmp_path_factory: pytest.TempPathFactory, name: str, text: str) -> None:
    folder = tmp_path_factory.mktemp("logs")
    with opened(folder) as log:
        log.bind("r")
        log.event("planned", **{name: text})  # type: ignore[arg-type]
    assert lines(folder / "r.jsonl")[0][name] == "?"


def test_the_place_of_an_error_is_ours_and_says_nothing_else() -> None:
    from config.dated import Dated

    try:
        Dated.at(object(), date(2026, 1, 1))  # type: ignore[arg-type]
    except Exception as error:
        place = place_of(error.__traceback__, PROJECT)
    assert place is not None
    assert place.startswith("config/dated.py:")
