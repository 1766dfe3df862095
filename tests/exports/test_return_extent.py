"""A returned roster with a stray cell at the far corner is refused before a reader makes room for all of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import openpyxl
import pytest

from config.errors import InputError
from config.policy import load_policy
from exports.outcome_form import read_roster
from models.records import PLAN_VISITS, empty


def test_a_stray_cell_takes_no_memory(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD100000"] = "a", "z"
    book.save(tmp_path / "roster.xlsx")
    with pytest.raises(InputError, match="reaches to row 100,000"):
        read_roster(tmp_path / "roster.xlsx", empty(PLAN_VISITS), load_policy("market").at(date(2026, 11, 1)))
