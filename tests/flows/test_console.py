"""Paths that cannot be used are told in one line with a remedy; a bug stays a traceback."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app


def test_a_folder_that_is_a_file_is_named_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    env = {"EVENHAND_VAR": str(tmp_path / "var"), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    command = ["-m", "flows.cli", "generate", "--enterprises", "3", "--out", str(tmp_path / "file" / "registers")]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 8, done.stderr
    assert str(tmp_path / "file") in done.stderr
    assert "Remedy" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.EPERM])
def test_a_path_that_may_not_be_written_is_named(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, "not allowed", "/data/registers")

    monkeypatch.setattr("exports.registers.write_registers", refuse)
    done = CliRunner().invoke(app, ["generate", "--out", "x"])
    assert done.exit_code == 8
    assert "/data/registers: not allowed. Remedy: name another path" in done.stderr


def test_a_file_that_is_missing_inside_the_program_stays_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file", "templates/x.html")

    monkeypatch.setattr("exports.registers.write_registers", broken)
    done = CliRunner().invoke(app, ["generate", "--out", "x"])
    assert isinstance(done.exception, FileNotFoundError)
