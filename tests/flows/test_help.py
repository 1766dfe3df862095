"""Every command says what it does, shows an example, and stands in the README."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from flows.cli import app
from tests.conftest import PROJECT

ROOT = get_command(app)
NAMES = sorted(ROOT.list_commands(typer.Context(ROOT)))  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", NAMES)
def test_every_command_is_described_and_in_the_readme(name: str) -> None:
    command = ROOT.get_command(typer.Context(ROOT), name)  # type: ignore[attr-defined]
    assert command.help
    assert f"evenhand {name}" in (README := (PROJECT / "README.md").read_text("utf-8")) or f"`{name}`" in README


def leaves(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command that does something, with its words."""
    for name in group.list_commands(typer.Context(group)):
        command = group.get_command(typer.Context(group), name)
        if hasattr(command, "list_commands"):
            yield from leaves(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


LEAVES = dict(leaves(ROOT))


@pytest.mark.parametrize("name", LEAVES)
def test_every_command_shows_an_example_of_itself(name: str) -> None:
    assert f"evenhand {name}" in (LEAVES[name].help or "")


def test_no_colours_when_piped_and_completion_finds_commands(tmp_path: Path) -> None:
    evenhand = str(Path(sys.executable).parent / "evenhand")
    here = {k: v for k, v in os.environ.items() if not k.startswith("EVENHAND_")} | {"EVENHAND_VAR": str(tmp_path)}
    wrong = subprocess.run([evenhand, "explain", "cn:x", "--run", "none"], capture_output=True, text=True, env=here)
    assert wrong.returncode not in (0, 1)
    assert "error:" in wrong.stderr
    assert "\x1b" not in wrong.stdout + wrong.stderr
    asked = here | {"_EVENHAND_COMPLETE": "complete_bash", "COMP_WORDS": "evenhand cal", "COMP_CWORD": "1"}
    assert subprocess.run([evenhand], capture_output=True, text=True, env=asked).stdout.strip() == "calendars"
