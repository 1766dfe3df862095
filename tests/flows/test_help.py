"""Every command says what it does, shows an example, and stands in the README."""

from __future__ import annotations

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
