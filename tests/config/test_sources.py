"""Source files: closed keys, sensible origins, and each one that ships loads."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import InputError
from models.intake import load_source, source_names

PLAIN = """
id: office
title: {en: An office, zh: 某机关}
policy: market
prefix: cn
scheme: uscc
currency: CNY
rejection_limit_per_mille: 10
tables:
  - fills: enterprises
    files: firms.csv
    columns: {enterprise_id: uscc, name: name}
"""


def load(folder: Path, text: str) -> object:
    path = folder / "office.yaml"
    path.write_text(text, encoding="utf-8")
    return load_source(path)


@pytest.mark.parametrize("name", source_names())
def test_shipped_sources_load(name: str) -> None:
    assert load_source(name).id == name


def test_a_plain_string_is_a_heading(tmp_path: Path) -> None:
    source = load(tmp_path, PLAIN)
    assert source.tables[0].columns["name"].from_ == ("name",)  # type: ignore[attr-defined]


SPOILED = {
    "unknown key": (PLAIN + "colour: red\n", "colour"),
    "duplicate key": (PLAIN + "id: office\n", "duplicate key"),
    "no register": (PLAIN.replace("fills: enterprises", "fills: visits"), "fills enterprises"),
    "unknown table": (PLAIN + "  - {fills: people, files: p.csv, columns: {name: n}}\n", "no table 'people'"),
    "unknown column": (PLAIN.replace("name: name", "nickname: name"), "no column nickname"),
    "two origins": (PLAIN.replace("name: name", "name: {from: a, constant: b}"), "exactly one of"),
    "query without sql": (PLAIN.replace("files: firms.csv", "query: select 1"), "expected files"),
    "limit over 1000": (PLAIN.replace("per_mille: 10", "per_mille: 1001"), "rejection_limit"),
    "raw person": (
        PLAIN + "  - {fills: links, files: l.csv, columns: {person_key: id, enterprise_id: uscc}}\n",
        "person_key",
    ),
    "not YAML": ("a: [", "office.yaml"),
}


@pytest.mark.parametrize(("text", "words"), SPOILED.values(), ids=SPOILED.keys())
def test_spoiled_sources_are_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        load(tmp_path, text)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"no source 'atlantis'.*generated"):
        load_source("atlantis")


def test_a_heading_may_be_called_no(tmp_path: Path) -> None:
    source = load(tmp_path, PLAIN.replace("name: name", "name: no"))
    assert source.tables[0].columns["name"].from_ == ("no",)  # type: ignore[attr-defined]
