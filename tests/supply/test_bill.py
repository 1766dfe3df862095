"""What a run is made of is locked, hashed, licensed and told; the checks themselves find what is amiss."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PROJECT
from tests.supply.bill import bill, installed, invalid, licences_of, locked, not_allowed, terms


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    return bill(locked(), installed())


@pytest.mark.parametrize("lock", ["run.txt", "dev.txt", "cluster.txt", "cluster-dev.txt"])
def test_every_locked_package_has_one_version_and_hashes(lock: str) -> None:
    found = locked(PROJECT / "requirements" / lock)
    assert len(found) > 50
    assert [one.name for one in found if not one.hashes or any(len(digest) != 64 for digest in one.hashes)] == []


def test_the_bill_names_what_is_locked_and_nothing_else(made: dict[str, Any]) -> None:
    wanted = {(one.name, one.version) for one in locked() if one.wanted}
    told = {
        tuple(part["externalReferences"][-1]["url"].removeprefix("pkg:pypi/").split("@")) for part in made["components"]
    }
    assert told == wanted
    assert "hypothesis" not in {name for name, _ in wanted}
    assert all(part["externalReferences"][-1]["hashes"] for part in made["components"])


def test_the_graph_of_the_bill_is_closed(made: dict[str, Any]) -> None:
    refs = {part["bom-ref"] for part in made["components"]} | {made["metadata"]["component"]["bom-ref"]}
    assert {ref for edge in made["dependencies"] for ref in (edge["ref"], *edge["dependsOn"])} <= refs
    assert sum(len(edge["dependsOn"]) for edge in made["dependencies"]) > 100


@pytest.mark.slow  # `make sbom` looks at it every time
def test_the_bill_is_valid_and_a_spoilt_one_is_not(made: dict[str, Any]) -> None:
    assert invalid(made) is None
    spoilt = copy.deepcopy(made)
    spoilt["components"][0]["type"] = "thing"
    assert "thing" in str(invalid(spoilt))


def test_every_licence_is_allowed_and_every_exception_is_needed(made: dict[str, Any]) -> None:
    assert not_allowed(made, terms()) == []
    strict = terms() | {"looked_at": {}}
    assert {line.split(":")[0].lower() for line in not_allowed(made, strict)} == set(terms()["looked_at"])


@pytest.mark.parametrize(
    ("declared", "fine"),
    [
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("BSD-2-Clause AND Apache-2.0 WITH LLVM-exception", True),
        ("MPL-2.0 AND (Apache-2.0 OR GPL-2.0-only)", True),
        ("AGPL-3.0-only", False),
    ],
)
def test_of_a_choice_one_side_is_enough(declared: str, fine: bool) -> None:
    part = {"name": "x", "licenses": [{"expression": declared}]}
    assert (not_allowed({"components": [part]}, terms()) == []) == fine
    assert licences_of(part) == [declared]


def test_a_package_without_a_licence_or_not_as_locked_is_named(made: dict[str, Any]) -> None:
    assert not_allowed({"components": [{"name": "x"}]}, terms()) == ["x: none declared"]
    fewer = made | {"components": [part for part in made["components"] if part["name"] != "polars"]}
    with pytest.raises(ValueError, match="polars"):
        bill(locked(), fewer)


def test_a_version_that_is_not_exact_is_no_lock(tmp_path: Path) -> None:
    (tmp_path / "lock.txt").write_text("polars>=2\n")
    with pytest.raises(ValueError, match="exact version"):
        locked(tmp_path / "lock.txt")
