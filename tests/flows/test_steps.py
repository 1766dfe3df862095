"""A step is whole or absent; a delivery touches only what it brought."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.steps import deliver, once, read_json, write_json


def test_a_step_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def broken(draft: Path) -> None:
        (draft / "half.txt").write_text("half")
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        once(tmp_path / "step", broken)
    assert list(tmp_path.iterdir()) == []


def test_a_finished_step_is_not_made_again(tmp_path: Path) -> None:
    assert once(tmp_path / "step", lambda draft: write_json(draft / "a.json", {"a": 1}))
    assert not once(tmp_path / "step", lambda draft: write_json(draft / "a.json", {"a": 2}))
    assert read_json(tmp_path / "step" / "a.json") == {"a": 1}


def test_a_draft_left_by_a_killed_process_is_discarded(tmp_path: Path) -> None:
    stale = tmp_path / ".step.tmp"
    stale.mkdir()
    (stale / "old.txt").write_text("old")
    once(tmp_path / "step", lambda draft: write_json(draft / "new.json", 1))
    assert [p.name for p in (tmp_path / "step").iterdir()] == ["new.json"]


def test_delivery_replaces_its_own_files_and_leaves_the_users(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    for made, name in (("first", "a.txt"), ("second", "b.txt")):
        (tmp_path / made / "sub").mkdir(parents=True)
        (tmp_path / made / "sub" / name).write_text(name)
        deliver(tmp_path / made, out)
    assert sorted(p.name for p in out.rglob("*") if p.is_file()) == [".evenhand.json", "b.txt", "mine.txt"]
