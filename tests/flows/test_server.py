"""The agency's server: absent, nothing happens; away, the decision stands all the same."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from config.settings import Settings
from flows import server
from flows.prefect_home import prepare

WHO = {"officer": "u17", "name": "Li Wei", "reason": "checked", "outcome": "approved"}


def test_without_a_server_nothing_is_told_and_nothing_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    prepare(tmp_path)
    assert not server.stays()
    server.tell("run.approved", "run.x", run_id="x")
    assert server.release("x", WHO) == 0
    with server.slot(Settings(var=tmp_path)):
        pass


def test_a_server_that_is_away_does_not_undo_a_decision(tmp_path: Path) -> None:
    prepare(tmp_path)
    from prefect.settings import PREFECT_API_URL, temporary_settings

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}/api"
    with temporary_settings({PREFECT_API_URL: nobody}):
        assert server.stays()
        assert server.release("x", WHO) is None


def test_a_register_has_one_slot_whatever_the_folder(tmp_path: Path) -> None:
    one = Settings(var=tmp_path / "a", database_url="postgresql://reader@host/evenhand")
    same = Settings(var=tmp_path / "b", database_url="postgresql://reader@host/evenhand")
    assert server.slot_name(one) == server.slot_name(same) != server.slot_name(Settings(var=tmp_path / "a"))
    assert server.slot_name(one).removeprefix("evenhand-").isalnum()
