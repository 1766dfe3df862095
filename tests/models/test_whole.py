"""Whole or absent: what a writer that dies half-way leaves behind."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from models.whole import whole_file, whole_folder, whole_path, write_text


def test_a_file_appears_when_the_block_ends_well(tmp_path: Path) -> None:
    with whole_file(tmp_path / "new" / "a.bin") as file:
        file.write(b"one")
        assert not (tmp_path / "new" / "a.bin").exists()
    assert (tmp_path / "new" / "a.bin").read_bytes() == b"one"
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.bin"]


def test_an_error_leaves_the_earlier_file(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "first\n")
    with pytest.raises(ZeroDivisionError):
        _half_a_file(tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_text() == "first\n"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_path_for_writers_that_want_a_name(tmp_path: Path) -> None:
    with whole_path(tmp_path / "a.csv") as draft:
        draft.write_text("x\n1\n")
    assert (tmp_path / "a.csv").read_text() == "x\n1\n"


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_a_private_file_is_for_its_owner_alone(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write_text(tmp_path / "key", "secret", private=True)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_a_folder_takes_the_place_of_the_earlier_one(tmp_path: Path) -> None:
    for text in ("first", "second"):
        with whole_folder(tmp_path / "plan") as draft:
            (draft / f"{text}.txt").write_text(text)
    assert [path.name for path in (tmp_path / "plan").iterdir()] == ["second.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["plan"]


def test_an_error_leaves_the_earlier_folder(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "plan") as draft:
        (draft / "a.txt").write_text("a")
    with pytest.raises(ZeroDivisionError):
        _half_a_folder(tmp_path / "plan")
    assert [path.name for path in (tmp_path / "plan").iterdir()] == ["a.txt"]


def test_a_killed_writer_leaves_the_earlier_file_and_the_next_one_writes(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "first")
    killed = """
import os, signal, sys
from pathlib import Path
from models.whole import whole_file, whole_folder
with whole_folder(Path(sys.argv[1]) / "plan") as draft, whole_file(Path(sys.argv[1]) / "a.txt") as file:
    (draft / "half.txt").write_text("half")
    file.write(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run([sys.executable, "-c", killed, str(tmp_path)], check=False)
    assert ended.returncode == -9
    assert (tmp_path / "a.txt").read_text() == "first"
    assert not (tmp_path / "plan").exists()
    with whole_folder(tmp_path / "plan") as draft:
        (draft / "whole.txt").write_text("whole")
    assert [path.name for path in (tmp_path / "plan").iterdir()] == ["whole.txt"]


def _half_a_file(path: Path) -> None:
    with whole_file(path) as file:
        file.write(b"second")
        raise ZeroDivisionError


def _half_a_folder(path: Path) -> None:
    with whole_folder(path) as draft:
        (draft / "b.txt").write_text("b")
        raise ZeroDivisionError
