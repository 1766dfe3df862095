"""Links: one hop, in office, begun after the trigger, attenuated, capped, guarded; and the officers' report."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from models.links.groups import groups, offices_on, placeholder_persons
from models.rating import explain, rate, remember
from models.records import LINKS
from tests.models.rating.worlds import AS_OF, act, firm, frames, market, with_links

TRIGGER = date(2026, 3, 1)
EVASION = [act(1, f"a:{n}", "tax_evasion", TRIGGER.replace(day=n + 1)) for n in range(3)]  # firm 1 is D


def office(number: int, person: str = "p", since: date = date(2026, 5, 1), **changes: Any) -> dict[str, Any]:
    return {"person_key": person, "enterprise_id": f"cn:{number:04d}", "role": "legal_representative",
            "from_date": since} | changes  # fmt: skip


def carried(links: list[dict[str, Any]], **rule: Any) -> dict[str, int]:
    numbers = {int(link["enterprise_id"][3:]) for link in links} | {1}
    tables = frames(enterprises=[firm(n) for n in sorted(numbers)], records=EVASION, links=links)
    found = rate(tables, with_links(market(), **rule))
    return dict(found.select("enterprise_id", "linked_points").rows())


BEFORE = date(2020, 1, 1)


def test_a_representative_of_a_firm_in_d_takes_points_along() -> None:
    # 3 × −300 capped at −400, 300 ‰ of it, capped at −120
    assert carried([office(1, since=BEFORE), office(2)]) == {"cn:0001": 0, "cn:0002": -120_000}
    assert carried([office(1, since=BEFORE), office(2)], worst=Decimal("-50.5"))["cn:0002"] == -50_500
    assert carried([office(1, since=BEFORE), office(2)], points_share_per_mille=100)["cn:0002"] == -40_000


@pytest.mark.parametrize(
    ("link", "why"),
    [
        (office(2, since=TRIGGER), "began before the trigger was complete"),
        (office(2, to_date=date(2026, 6, 1)), "no longer in office"),
        (office(2, since=date(2026, 7, 1)), "not yet in office"),
        (office(2, role="customs_head"), "a role the rule does not name"),
        (office(2, person="q"), "another person"),
    ],
)
def test_nothing_is_carried(link: dict[str, Any], why: str) -> None:
    assert carried([office(1, since=BEFORE), link])["cn:0002"] == 0, why


def test_one_hop_only_and_off_by_default() -> None:
    chain = [office(1, since=BEFORE), office(2), office(2, "q"), office(3, "q")]
    assert carried(chain) == {"cn:0001": 0, "cn:0002": -120_000, "cn:0003": 0}
    assert carried(chain, enabled=False) == {"cn:0001": 0, "cn:0002": 0, "cn:0003": 0}


def test_leaving_the_firm_after_the_trigger_does_not_help() -> None:
    assert carried([office(1, since=BEFORE, to_date=date(2026, 4, 1)), office(2)])["cn:0002"] == -120_000
    assert carried([office(1, since=BEFORE, to_date=date(2026, 2, 1)), office(2)])["cn:0002"] == 0


def test_placeholder_persons_carry_nothing() -> None:
    many = [office(n) for n in range(2, 8)]
    assert carried([office(1, since=BEFORE), *many], max_enterprises_per_person=7)["cn:0002"] == -120_000
    assert carried([office(1, since=BEFORE), *many], max_enterprises_per_person=6)["cn:0002"] == 0


def test_a_ceiling_over_a_link_is_named_among_the_gates() -> None:
    tables = frames(enterprises=[firm(1), firm(2)], records=EVASION, links=[office(1, since=BEFORE), office(2)])
    found = rate(tables, with_links(market(), points_share_per_mille=0, ceiling="C")).row(1, named=True)
    assert (found["tier"], found["band_tier"], found["gates"]) == ("C", "A", [market().links[0].id])


def test_the_trigger_day_comes_from_earlier_ratings_where_there_are_any() -> None:
    tables = frames(enterprises=[firm(1), firm(2)], records=EVASION,
                    links=[office(1, since=BEFORE), office(2, since=date(2026, 3, 2))])  # fmt: skip
    policy = with_links(market())
    assert rate(tables, policy)["linked_points"].to_list() == [0, 0]
    past = remember(rate(tables, market(date(2026, 3, 1))), "market", date(2026, 3, 1))
    assert rate(tables, policy, history=past)["linked_points"].to_list() == [0, -120_000]


def test_the_explanation_names_the_other_enterprise_and_the_clause() -> None:
    tables = frames(enterprises=[firm(1), firm(2)], records=EVASION, links=[office(1, since=BEFORE), office(2)])
    found = explain("cn:0002", tables, with_links(market()))
    assert [(link.source, link.points) for link in found.links] == [("cn:0001", -120_000)]
    assert any("cn:0001" in line and "note 8" in line for line in found.lines("en"))
    assert any("cn:0001" in line and "说明 8" in line for line in found.lines("zh"))


def table(*rows: tuple[str, int]) -> pl.DataFrame:
    return offices_on(pl.DataFrame([office(n, person, BEFORE) for person, n in rows], schema=LINKS), AS_OF)


def test_groups_under_common_representatives() -> None:
    found = groups(table(("a", 1), ("a", 2), ("b", 2), ("b", 3), ("c", 8), ("c", 9), ("d", 5)), 50)
    assert found.rows() == [("cn:0001", "cn:0001", 3), ("cn:0002", "cn:0001", 3), ("cn:0003", "cn:0001", 3),
                            ("cn:0008", "cn:0008", 2), ("cn:0009", "cn:0008", 2)]  # fmt: skip


def test_a_placeholder_joins_no_group_and_is_reported() -> None:
    offices = table(*[("x", n) for n in range(10)], ("a", 1), ("a", 2))
    assert placeholder_persons(offices, 9).rows() == [("x", 10)]
    assert groups(offices, 9)["enterprise_id"].to_list() == ["cn:0001", "cn:0002"]
    assert groups(table(("a", 1)), 9).is_empty()
