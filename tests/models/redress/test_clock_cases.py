"""Cases of the terms that run on officials, with their arithmetic (clock_cases.yaml)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from config.policy import load_policy
from config.yaml_files import read_yaml
from models.redress.clocks import clocks
from tests.models.redress.test_clocks import DECISIONS, NOTICES

CASES: list[dict[str, Any]] = read_yaml(Path(__file__).with_name("clock_cases.yaml"))
BOOK = load_policy("market")
SHOWN = {"annotate": "annotate", "decide": "decide", "withdraw": "withdraw", "notice": "waiting"}


def frame(row: dict[str, Any] | None, schema: pl.Schema, plain: dict[str, str]) -> pl.DataFrame:
    rows = [] if row is None else [{name: (plain | row).get(name) for name in schema}]
    return pl.DataFrame(rows, schema=schema)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_a_case_of_terms(case: dict[str, Any]) -> None:
    who = {"decision_id": "d1", "notice_id": "n1", "enterprise_id": "cn:1", "record_id": "tax:1", "officer": "u17"}
    decisions, notices = (
        frame(case.get("decision"), DECISIONS, who | {"agency": "tax"}),
        frame(case.get("notice"), NOTICES, who),
    )
    found = clocks(decisions, notices, lambda day: BOOK.at(day).redress, case["as_of"])
    said = {row["clock"]: row for row in found.iter_rows(named=True)}
    for clock, name in SHOWN.items():
        if name in case:
            assert {key: said[clock][key] for key in case[name]} == case[name], clock
    if not any(name in case for name in SHOWN.values()):
        assert said == {}
