"""A small source of one's own: a register and a file of penalties, in a folder a test may spoil."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from config.in_force import Policy
from config.policy import load_policy
from config.source_forms import Source
from models.intake import Intake, intake, load_source

AS_OF = date(2026, 7, 1)
SECRET = b"a secret of the tests, thirty-two bytes"
FIRMS = ("91110000600037341L", "91350100M000100Y43", "913301007996643807")

SOURCE = """
id: office
title: {en: An office, zh: 某机关}
policy: market
prefix: cn
scheme: uscc
currency: CNY
rejection_limit_per_mille: 1000
tables:
  - fills: enterprises
    files: firms.csv
    columns:
      enterprise_id: uscc
      name: name
      region: {constant: "110000"}
      industry: {constant: retail}
      size: {constant: small}
      ownership: {from: kind, default: private}
      status: {constant: active}
  - fills: records
    files: penalties*.csv
    supersedes: true
    columns:
      record_id: {template: "market:{no}"}
      enterprise_id: uscc
      item: item
      act_id: {from: no, required: true}
      act_date: decided
      known_on: {from: [published, decided]}
      severity: severity
      amount: {from: fine, money: major}
      agency: {constant: market}
  - fills: links
    files: heads.csv
    optional: true
    columns:
      person_key: {from: person, person: cn-person}
      enterprise_id: uscc
      role: {constant: legal_representative}
      from_date: from
"""
HEAD = "no,uscc,item,decided,published,fine,severity"
GOOD = f"1,{FIRMS[0]},price_fraud,2026-01-05,2026-01-09,1200.50,minor"


@pytest.fixture(scope="session")
def policy() -> Policy:
    return load_policy("market").at(AS_OF)


@pytest.fixture
def source(tmp_path: Path) -> Source:
    path = tmp_path / "office.yaml"
    path.write_text(SOURCE, encoding="utf-8")
    return load_source(path)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    rows = "".join(f"{code},Firm {number},\n" for number, code in enumerate(FIRMS))
    (folder / "firms.csv").write_text(f"uscc,name,kind\n{rows}", encoding="utf-8")
    (folder / "penalties.csv").write_text(f"{HEAD}\n{GOOD}\n", encoding="utf-8")
    return folder


@pytest.fixture
def take(source: Source, data: Path, policy: Policy) -> Callable[..., Intake]:
    """Run intake over the folder; keyword `penalties` replaces that file's rows first."""

    def run(penalties: list[str] | None = None, **change: object) -> Intake:
        if penalties is not None:
            (data / "penalties.csv").write_text("\n".join([HEAD, *penalties]) + "\n", encoding="utf-8")
        form = source.model_copy(update=change) if change else source
        return intake(form, data, secret=SECRET, policy=policy, as_of=AS_OF)

    return run
