"""Files of the house are its owner's alone; what is handed out follows the user's umask."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import Settings
from flows.prefect_home import prepare
from flows.private import handed_out, private
from flows.steps import deliver
from models.store.session import open_store


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_within_private_files_are_the_owners_and_what_is_handed_out_the_users(tmp_path: Path) -> None:
    made = tmp_path / "made"
    with private():
        (made / "rosters").mkdir(parents=True)
        (made / "rosters" / "a.xlsx").write_text("a")
        with private(), handed_out():
            (tmp_path / "other").write_text("b")
        deliver(made, tmp_path / "out")
        child = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text('c')"
        subprocess.run([sys.executable, "-c", child, str(tmp_path / "child")], check=True)
    assert [_mode(path) for path in (made, made / "rosters" / "a.xlsx", tmp_path / "child")] == [0o700, 0o600, 0o600]
    assert [_mode(tmp_path / name) for name in ("other", "out", "out/rosters/a.xlsx")] == [0o644, 0o755, 0o644]
    assert os.umask(0o022) == 0o022


def test_the_umask_comes_back_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="x"), private(), handed_out():
        raise ValueError("x")
    assert os.umask(0o022) == 0o022


def test_register_and_folder_are_made_private_whoever_makes_them(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path / "var")
    with open_store(settings.database):
        assert {_mode(path) for path in settings.root.iterdir()} == {0o600}
    assert _mode(settings.root) == 0o700
    prepare(tmp_path / "second")
    assert (_mode(tmp_path / "second"), _mode(tmp_path / "second" / "prefect")) == (0o700, 0o700)
    third = Settings(var=tmp_path / "third")
    third.secret()
    assert (_mode(third.root), _mode(third.person_secret_at)) == (0o700, 0o600)
