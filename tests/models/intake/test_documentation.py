"""docs/sources.md says what happens; this runs its worked example."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from config.policy import load_policy
from config.source_forms import ColumnForm, TableForm
from models.intake import intake, load_source
from models.intake.contracts import REASONS

PAGE = Path(__file__).parents[3] / "docs" / "sources.md"


def blocks() -> dict[str, str]:
    """Code blocks of the page by the name after their language."""
    found = re.findall(r"^```\w+ (\S+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    return dict(found)


def test_the_worked_example(tmp_path: Path) -> None:
    text = blocks()
    for name in ("firms.csv", "penalties_2026.csv", "office.yaml"):
        (tmp_path / name).write_text(text[name], encoding="utf-8")
    policy = load_policy("market").at(date(2026, 7, 1))
    result = intake(load_source(tmp_path / "office.yaml"), tmp_path, secret=b"s", policy=policy, as_of=date(2026, 7, 1))
    assert result.tables["enterprises"].height == 2
    assert result.tables["records"].select("enterprise_id", "act_date", "amount").rows() == [
        ("cn:91110000600037341L", date(2026, 1, 5), 120050)
    ]
    said = [
        f"{row['file']} row {row['row']}: {row['rule']} {row['column']} {row['value']!r}"
        if row["column"]
        else f"{row['file']} row {row['row']}: {row['rule']}"
        for row in result.rejected.iter_rows(named=True)
    ]
    assert said == text["refused"].splitlines()


@pytest.mark.parametrize("form", [TableForm, ColumnForm])
def test_every_key_is_explained(form: type) -> None:
    page = PAGE.read_text(encoding="utf-8")
    keys = {(field.alias or name) for name, field in form.model_fields.items()} - {"columns"}  # type: ignore[attr-defined]
    assert {key for key in keys if f"`{key}" not in page} == set()


def test_every_rule_is_explained() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert {rule for rule in REASONS if f"`{rule}`" not in page} == set()
