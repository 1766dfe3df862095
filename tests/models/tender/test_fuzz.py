"""Whatever stands in a file: it is evaluated, or refused by a deliberate error; never anything else."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from config.errors import EvenhandError
from models.tender.evaluation import evaluate
from models.tender.linter import lint
from models.tender.ocds import cases_of
from models.tender.sensitivity import sensitivity
from tests.models.tender import build

TIERS = {"a": "A", "b": "C"}
TABLE = build.table({"A": 11, "B": 8, "C": 5, "D": 3}, neutral=9)
PACKAGE = build.package(
    {"lots": {"1": 500, "2": 600}, "limit": 1, "price": {"formula": "benchmark", "mix": 0.5, "trim_from": 3}},
    [
        {"firm": "a", "lot": 1, "price": 100, "technical": [30], "business": [10]},
        {"members": {"b": 0.5, "c": 0.5}, "lot": 1, "price": 110, "technical": [31], "business": [9]},
        {"firm": "a", "lot": 2, "price": 120, "technical": [32], "business": [8], "subcontractors": ["d"]},
    ],
)

anything = st.sampled_from(
    [None, True, 0, -1, 10**30, 1e308, 0.1, "", "x", "NaN", "Infinity", "1e9", "２", "2025-09-10", [], {}, [None], [{}],
     {"id": None}, {"amount": 1}]
)  # fmt: skip


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for key, child in inner for path in [(*here, key), *paths(child, (*here, key))]]


def put(package: Any, path: tuple[Any, ...], value: Any) -> None:
    for key in path[:-1]:
        package = package[key]
    package[path[-1]] = value


@given(st.lists(st.tuples(st.sampled_from(paths(PACKAGE)), anything), min_size=1, max_size=3))
@settings(max_examples=300)
def test_a_file_is_evaluated_or_refused_deliberately(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    package = copy.deepcopy(PACKAGE)
    for path, value in changes:
        try:
            put(package, path, copy.deepcopy(value))
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    try:
        for case in cases_of(package, "fuzz.json"):
            lint(case, build.market())
            found = evaluate(case, build.ratings(TIERS), build.market(), table=TABLE, listings=build.listings([]))
            sensitivity(found, build.market())
            assert found.to_dict()["tender"] == case.id
            assert all(row.total <= 100_000 for row in found.rows)
    except EvenhandError as error:
        assert error.remedy  # noqa: PT017
