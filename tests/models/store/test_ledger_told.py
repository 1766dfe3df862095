"""docs/ledger.md tells outsiders how to check the ledger without evenhand: what stands there works."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from models.store import ledger
from models.store.session import open_store
from tests.models.store.world import fill

TOLD = Path(__file__).parents[3] / "docs" / "ledger.md"


def test_the_program_of_the_page_finds_the_root(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", TOLD.read_text("utf-8"), re.DOTALL)
    assert "evenhand." not in code.replace("var/evenhand.sqlite", "")
    (tmp_path / "var").mkdir()
    with open_store(f"sqlite:///{tmp_path / 'var' / 'evenhand.sqlite'}") as store:
        fill(store)
        with store.snapshot() as snapshot:
            head = ledger.head(snapshot)
    said = subprocess.run([sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert said.stdout == f"{head.size} {head.root}\n"


def test_the_program_of_the_page_finds_a_change(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", TOLD.read_text("utf-8"), re.DOTALL)
    (tmp_path / "var").mkdir()
    with open_store(f"sqlite:///{tmp_path / 'var' / 'evenhand.sqlite'}") as store:
        fill(store)
        with store.unit_of_work() as unit:
            unit.connection.exec_driver_sql("update ledger set body = '{}' where log = 'results' and position = 4")
            unit.commit()
    said = subprocess.run([sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert said.returncode == 1
    assert "AssertionError" in said.stderr
