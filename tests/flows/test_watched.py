"""A run is watched from outside: what it raises is told by kind and place, never quoted, and raised again."""

from __future__ import annotations

import json
import pickle
import traceback
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from config.errors import InputError, PlanError, StoreError
from config.settings import Settings
from flows import discreet as discretion
from flows.discreet import Withheld, discreet, kind_of, told, withhold
from flows.metrics import known
from flows.prefect_home import prepare
from flows.run import RunContext, next_quarter

CELL = "11010519491231002X"


@pytest.fixture
def context(tmp_path: Path) -> RunContext:
    settings, day = Settings(var=tmp_path), date(2026, 11, 1)
    prepare(settings.root)
    return RunContext(settings, "generated", tmp_path, "market", day, 1, next_quarter(day), tmp_path / "out")


def _events(context: RunContext, name: str) -> list[dict[str, Any]]:
    text = (context.settings.root / "logs" / f"{name}.jsonl").read_text("utf-8")
    assert CELL not in text
    return [json.loads(line) for line in text.splitlines()]


def _disturb(context: RunContext, error: Exception, *, named: bool = True) -> None:
    from flows.watched import watched

    with pytest.raises(type(error)) as raised, watched(context) as watch:  # noqa: PT012
        if named:
            watch.named("r1")
        with watch.step("intake"):
            raise error
    assert raised.value is error


def test_a_refused_run_is_told_by_file_row_and_rule(context: RunContext) -> None:
    _disturb(context, InputError(f"no such item {CELL}.", file="tax/a.csv", row=17, rule="item", remedy="mend it"))
    started, step, refused = _events(context, "r1")
    assert (started["event"], started["source"], started["as_of"]) == ("run_started", "generated", "2026-11-01")
    assert (step["event"], step["step"]) == ("step_started", "intake")
    assert refused["event"] == "run_refused"
    assert (refused["exit_code"], refused["step"], refused["error"]) == (3, "intake", "InputError")
    assert (refused["file"], refused["first_rows"], refused["rule"]) == ("a.csv", [17], "item")
    figures = known(context.settings.root / "metrics")["generated"]
    assert (figures["outcome"], figures["runs"]["refused"], list(figures["steps"])) == ("refused", 1, ["intake"])


def test_a_failed_run_is_told_by_the_place_in_the_program(context: RunContext) -> None:
    _disturb(context, KeyError(CELL))
    failed = _events(context, "r1")[-1]
    assert (failed["event"], failed["error"]) == ("run_failed", "KeyError")
    assert failed["place"].startswith("tests/flows/test_watched.py:")


def test_a_run_refused_before_it_had_a_name(context: RunContext) -> None:
    _disturb(context, StoreError(f"no {CELL}"), named=False)
    assert _events(context, "refused")[-1]["exit_code"] == 8


def test_metrics_that_cannot_be_written_do_not_make_a_run_fail(
    context: RunContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows import watched

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(watched, "write_metrics", full)
    _disturb(context, PlanError("none"))
    assert _events(context, "r1")[-1]["event"] == "metrics_not_written"


@pytest.mark.parametrize("kind", [ValueError, PlanError, InputError])
def test_under_prefect_what_an_error_says_is_withheld(kind: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discretion, "_under_prefect", lambda: True)

    @discreet
    def step() -> None:
        try:
            raise KeyError(CELL)
        except KeyError as error:
            raise kind(f"a cell: {CELL}") from error

    with pytest.raises(kind) as raised:
        step()
    error = raised.value
    assert CELL not in str(error) + repr(error) + str(error.__cause__)
    assert told(error) == f"a cell: {CELL}"
    again = pickle.loads(pickle.dumps(error))  # it may come from another process
    assert CELL not in str(again) + repr(again)
    assert told(again) == f"a cell: {CELL}"


def _by_pydantic() -> None:
    Settings(shards=CELL)  # type: ignore[arg-type]  # what is tested


def _by_sqlalchemy() -> None:
    with sqlalchemy.create_engine("sqlite://").connect() as connection:
        connection.execute(sqlalchemy.text("select * from nowhere where id = :id"), {"id": CELL})


@pytest.mark.parametrize(("breaks", "kind"), [(_by_pydantic, "ValidationError"), (_by_sqlalchemy, "OperationalError")])
def test_an_error_that_makes_its_text_anew_is_replaced(
    breaks: Callable[[], None], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discretion, "_under_prefect", lambda: True)

    @discreet
    def step(wrapped: bool) -> None:
        try:
            breaks()
        except Exception as error:
            if wrapped:
                raise StoreError("the register is away") from error
            raise

    for wrapped in (False, True):
        with pytest.raises((Withheld, StoreError)) as raised:
            step(wrapped)
        error = raised.value
        assert CELL not in "".join(traceback.format_exception(error))
        shown = error.__cause__ if wrapped else error
        assert kind_of(shown) == kind
        assert CELL in told(shown)
        assert CELL not in str(pickle.loads(pickle.dumps(shown)))


def test_file_row_and_rule_stay(tmp_path: Path) -> None:
    error = InputError(f"{CELL} is odd.", file="a.csv", row=3, rule="identifier", remedy="ask")
    withhold(error)
    withhold(error)
    assert str(error) == "a.csv, row 3, rule identifier, the rest is told on the console only"
    assert told(error) == f"a.csv, row 3, rule identifier: {CELL} is odd. Remedy: ask"


def test_an_error_of_the_system_stays_as_it_is() -> None:
    error = OSError(28, "No space left on device")
    withhold(error)
    assert error.errno == 28
    assert "No space" in str(error)


def test_without_prefect_nothing_is_withheld() -> None:
    @discreet
    def step() -> None:
        raise InputError(CELL)

    with pytest.raises(InputError, match=CELL):
        step()


def test_prefect_never_gets_a_password_of_the_settings(tmp_path: Path) -> None:
    url = "postgresql+psycopg://nightly:pa$s@db.example/evenhand"
    settings = Settings(var=tmp_path, database_url=url, lake_url="s3://key:hush@store/lake", person_secret="c" * 40)
    kept = settings.model_dump_json()
    assert not any(secret in kept for secret in ("pa$s", "hush", "cccc"))
    assert "nightly:***@db.example" in kept
    assert settings.database == url
