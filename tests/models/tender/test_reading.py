"""OCDS in: release and record packages, merging, and files that are not what they should be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from config.errors import InputError
from models.tender.identifiers import enterprise_of, well_formed
from models.tender.merge import merge
from models.tender.ocds import cases_of, read_ocds
from tests.models.tender import build

BIDS = [{"firm": "a", "technical": [30], "business": [10]}]


def package(**tender: Any) -> dict[str, Any]:
    return build.package(tender, BIDS)


def test_a_record_package_is_read_like_a_release_package() -> None:
    whole = package()
    release = whole["releases"][0]
    compiled = {"version": "1.1", "records": [{"ocid": release["ocid"], "compiledRelease": release}]}
    listed = {"version": "1.1", "records": [{"ocid": release["ocid"], "releases": [release]}]}
    (plain,), (one,), (other,) = cases_of(whole, "f"), cases_of(compiled, "f"), cases_of(listed, "f")
    assert one.bids[0].path == "/records/0/compiledRelease/bids/details/0"
    assert plain.criteria == one.criteria == other.criteria
    assert plain.lots == one.lots == other.lots


def test_releases_of_one_process_are_merged_in_time() -> None:
    release = package()["releases"][0]
    tender = {key: value for key, value in release.items() if key != "bids"} | {"date": "2025-09-01T00:00:00Z"}
    first = {"ocid": release["ocid"], "id": "2", "date": "2025-09-11T00:00:00Z", "bids": release["bids"]}
    bid = release["bids"]["details"][0]
    late = {
        "ocid": release["ocid"],
        "id": "3",
        "date": "2025-09-12T00:00:00Z",
        "bids": {"details": [{"id": bid["id"], "status": "withdrawn"}]},
    }
    (case,) = cases_of({"version": "1.1", "releases": [late, first, tender]}, "f")
    assert [(b.id, b.status.value, b.price) for b in case.bids] == [(bid["id"], "withdrawn", 10_000)]


def test_merging_follows_the_standard() -> None:
    old = {"a": 1, "b": {"c": 1, "d": 2}, "items": [{"id": "1", "x": 1}], "codes": ["a"]}
    new = {"a": None, "b": {"c": 3}, "items": [{"id": "1", "y": 2}, {"id": "2"}], "codes": ["b"]}
    assert merge(old, new) == {
        "b": {"c": 3, "d": 2},
        "items": [{"id": "1", "x": 1, "y": 2}, {"id": "2"}],
        "codes": ["b"],
    }
    assert old["a"] == 1
    odd = {"items": [{"id": {"no": "name"}, "x": 2}]}
    assert merge({"items": [{"id": {"no": "name"}, "x": 1}]}, odd) == odd  # no id by the standard: replaced


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p["releases"][0].pop("tender"), r"/releases/0/tender.*no tender"),
        (lambda p: p["releases"][0]["tender"]["value"].pop("currency"), r"value/currency.*no currency"),
        (lambda p: p["releases"][0]["tender"]["criteria"][0].update(kind="charm"), r"criteria/0/kind.*'charm'.*price"),
        (lambda p: p["releases"][0]["tender"]["criteria"][0].update(formula="dice"), r"criteria/0/formula.*'dice'"),
        (lambda p: p["releases"][0]["tender"]["criteria"][0].update(weight="30.0001"), r"criteria/0/weight"),
        (lambda p: p["releases"][0]["bids"]["details"][0].update(relatedLots=["1", "2"]), r"names 2 lots"),
        (lambda p: p["releases"][0]["bids"]["details"][0].update(status="gone"), r"details/0/status.*gone"),
        (lambda p: p["releases"][0]["bids"]["details"][0]["value"].update(amount=1.234), r"at most 2 decimals in CNY"),
        (lambda p: p["releases"][0]["bids"]["details"][0]["value"].update(amount="NaN"), r"finite number"),
        (lambda p: p["releases"][0]["bids"]["details"][0].update(date="someday"), r"details/0/date"),
        (lambda p: p["releases"][0]["bids"]["details"][0]["tenderers"][0].pop("id"), r"a firm without id"),
        (lambda p: p["releases"][0]["bids"]["details"].append("a bid"), r"bids/details/1.*expected an object"),
        (lambda p: p["releases"][0]["bids"].update(details={}), r"bids/details.*expected a list"),
        (lambda p: p["releases"][0]["tender"].update(title=["x"]), r"tender/title.*expected a text"),
        (lambda p: p.update(releases=[3]), r"#/releases/0.*expected an object"),
        (lambda p: p.update(releases=3), r"#/releases.*expected an object"),
        (lambda p: p.pop("releases"), r"neither a release package nor a record package"),
    ],
)
def test_a_broken_package_is_refused_with_place_and_remedy(change: Any, message: str) -> None:
    broken = package()
    change(broken)
    with pytest.raises(InputError, match=message) as caught:
        cases_of(broken, "f.json")
    assert caught.value.remedy
    assert "f.json" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"{", "not JSON"), (b"[]", "JSON object"), (b"\xff\xfe", "not UTF-8"), (b"", "not JSON")],
)
def test_a_file_that_is_no_package(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_ocds(tmp_path / "x.json")


def test_a_missing_file_and_a_missing_schema(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_ocds(tmp_path / "none.json")
    (tmp_path / "x.json").write_text(json.dumps(package()), encoding="utf-8")
    with pytest.raises(InputError, match="cannot read the schema"):
        read_ocds(tmp_path / "x.json", schemas=tmp_path)


def test_an_amount_without_minor_units_is_exact() -> None:
    yen = build.package({"currency": "JPY"}, [{"firm": "a", "price": 120, "currency": "JPY"}])
    (case,) = cases_of(yen, "f")
    assert case.bids[0].price == 120


def test_an_undivided_tender_has_one_lot() -> None:
    whole = package()
    del whole["releases"][0]["tender"]["lots"]
    del whole["releases"][0]["bids"]["details"][0]["relatedLots"]
    (case,) = cases_of(whole, "f")
    assert [lot.id for lot in case.lots] == ["1"]
    assert case.lots[0].ceiling == 100_000_000
    assert case.bids[0].lot == "1"


@pytest.mark.parametrize(
    ("scheme", "number", "enterprise", "valid"),
    [
        ("CN-USCC", " 91110000600037341l ", "cn:91110000600037341L", True),
        ("CN-USCC", "９１１１００００６０００３７３４１Ｌ", "cn:91110000600037341L", True),
        ("CN-USCC", "91110000600037341A", "cn:91110000600037341A", False),
        ("PL-NIP", "634-012-27-09", "pl:6340122709", True),
        ("GB-COH", "123", None, True),
        (None, None, None, True),
        ("CN-USCC", None, None, True),
    ],
)
def test_identifiers(scheme: str | None, number: str | None, enterprise: str | None, valid: bool) -> None:
    assert enterprise_of(scheme, number) == enterprise
    assert well_formed(scheme, number) is valid
