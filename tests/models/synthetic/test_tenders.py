from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from config.policy import load_policy
from models.synthetic import World, generate
from models.synthetic.tenders import PLANS, tenders
from models.tender.ocds import cases_of
from models.tender.problems import problems
from models.tender.schema import check_schema

AS_OF = date(2026, 6, 30)
SCHEMAS = Path(__file__).resolve().parents[4] / "shared/data/ocds"
VETOES = {"court_defaulters", "major_tax_cases", "procurement_serious"}


@pytest.fixture(scope="module")
def packages() -> dict[str, Any]:
    return dict(tenders(World(20_000, 1, AS_OF)))


@pytest.mark.shared
@pytest.mark.skipif(not SCHEMAS.exists(), reason="../shared/data/ocds is absent")
@pytest.mark.parametrize("n", [3, 20_000])
def test_every_package_passes_the_published_schema(n: int) -> None:
    for name, package in tenders(World(n, 1, AS_OF)):
        check_schema(package, SCHEMAS, name)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_tender_room_finds_nothing_wrong(seed: int) -> None:
    policy = load_policy("market").at(AS_OF)
    for name, package in tenders(World(20_000, seed, AS_OF)):
        for case in cases_of(package, name):
            assert problems(case, policy) == []


def test_lots_limits_and_lost_bids_are_there(packages: dict[str, Any]) -> None:
    assert [len(p["releases"][0]["tender"].get("lots", [])) for p in packages.values()] == [0, 6, 0, 3, 0]
    for plan, package in zip(PLANS, packages.values(), strict=True):
        bids = package["releases"][0]["bids"]["details"]
        lots = [bid["relatedLots"][0] if bid["relatedLots"] else "1" for bid in bids]
        assert all(lots.count(str(lot)) >= 3 for lot in range(1, plan.lots + 1))
        assert ({"withdrawn", "disqualified"} <= {bid["status"] for bid in bids}) == plan.lost


def test_some_bidders_are_listed_one_is_foreign_one_unknown_two_bid_together(packages: dict[str, Any]) -> None:
    tables = next(generate(20_000, 1, AS_OF)).tables
    known = set(tables["enterprises"]["enterprise_id"])
    in_force = tables["listings"].filter(pl.col("to_date").is_null() | (pl.col("to_date") >= AS_OF))
    listed = set(in_force.filter(pl.col("list_id").is_in(list(VETOES)))["enterprise_id"])
    bidders = {name: _bidders(package) for name, package in packages.items()}
    assert bidders["t1.json"] & listed
    assert len(bidders["t4.json"] & listed) == 2
    assert not bidders["t3.json"] & listed
    assert len(bidders["t3.json"] - known) == 2
    assert any(len(bid["tenderers"]) == 2 for bid in packages["t3.json"]["releases"][0]["bids"]["details"])


def test_two_bidders_of_one_tender_have_the_same_head(packages: dict[str, Any]) -> None:
    links = next(generate(20_000, 1, AS_OF)).tables["links"]
    heads = links.filter(pl.col("role") == "legal_representative", pl.col("to_date").is_null())
    mine = heads.filter(pl.col("enterprise_id").is_in(list(_bidders(packages["t5.json"]))))
    assert mine["person_key"].is_duplicated().any()


def _bidders(package: Any) -> set[str]:
    parties = package["releases"][0]["parties"]
    return {"cn:" + party["identifier"]["id"] for party in parties if "tenderer" in party["roles"]}
