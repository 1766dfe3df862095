"""Every kind of condition, and how floors, exact gates, ceilings and bands meet."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from config.conditions import Condition
from config.errors import PolicyError
from config.in_force import Gate, Policy
from models.rating import rate, remember
from models.rating.history import HISTORY
from models.rating.tier import rules
from tests.models.rating.worlds import AS_OF, act, firm, frames, market

YEAR_AGO = AS_OF - timedelta(days=365)
TWO = [
    act(1, "a:1", "wage_arrears", AS_OF - timedelta(days=10), "general", amount=600),
    act(1, "a:2", "tax_evasion", YEAR_AGO, "minor", amount=500),
    act(1, "a:3", "tax_evasion", YEAR_AGO - timedelta(days=1), "serious", amount=None),
    act(1, "a:4", "tax_honour", AS_OF - timedelta(days=5), "general"),
]
SHOWN = ("a:1", "a:3", "a:4")  # the minor act of a year ago is past its 90 days
FIGURES = [{"enterprise_id": "cn:0001", "name": "documents_filed", "period_end": YEAR_AGO, "value": 1000},
           {"enterprise_id": "cn:0001", "name": "documents_filed", "period_end": AS_OF + timedelta(days=1),
            "value": 1}]  # fmt: skip


def gated(when: dict[str, Any], *more: Gate, **effect: str) -> Policy:
    """The market pack with this one gate (and `more`), and lists without effect."""
    policy = market()
    effects = {"ceiling": None, "floor": None, "exactly": None} | effect
    gate = Gate("it", policy.title, Condition.model_validate(when), **effects, clause=policy.scorecard.clause)  # type: ignore[arg-type]
    return replace(policy, gates=(gate, *more))


def holds(when: dict[str, Any], history: Any = None, **more: Any) -> bool:
    listed = [{"list_id": "abnormal_operations", "enterprise_id": "cn:0001", "from_date": YEAR_AGO}]
    tables = frames(enterprises=[firm(1)], records=TWO, indicators=FIGURES, listings=listed)
    found = rate(tables | more, gated(when, ceiling="D"), history=history)
    return "it" in found["gates"][0]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({"listed": "abnormal_operations"}, True),
        ({"listed": "court_defaulters"}, False),
        ({"count": {"at_least": 2}}, True),  # the bonus and the expired act are left out
        ({"count": {"at_least": 3}}, False),
        ({"count": {"items": ["tax_honour"]}}, True),  # named, so it counts
        ({"count": {"dimensions": ["tax"], "severities": ["serious"]}}, True),
        ({"count": {"dimensions": ["tax"], "severities": ["serious"], "within_days": 365}}, False),
        ({"count": {"dimensions": ["tax"], "severities": ["serious"], "within_days": 366}}, True),
        ({"count": {"within_days": 10}}, True),
        ({"count": {"within_days": 9}}, False),
        ({"amount": {"over": 599}}, True),
        ({"amount": {"over": 600}}, False),
        ({"amount": {"over": 599, "each": True}}, True),
        ({"amount": {"over": 599, "each": True, "at_least": 2}}, False),
        ({"ratio": {"per": "documents_filed", "over_per_million": 1999}}, True),  # 2 of 1,000
        ({"ratio": {"per": "documents_filed", "over_per_million": 2000}}, False),
        ({"ratio": {"per": "unknown", "over_per_million": 1}}, False),
        ({"ratio": {"per": "unknown", "over_per_million": 1, "without_indicator": True}}, True),
        ({"indicator": {"name": "documents_filed", "at_least": 1000}}, True),  # the later period has not ended
        ({"indicator": {"name": "documents_filed", "over": 1000}}, False),
        ({"indicator": {"name": "documents_filed", "below": 1001, "over": 999}}, True),
        ({"indicator": {"name": "unknown", "below": 5}}, False),
        ({"age": {"at_least_days": 365}}, True),
        ({"age": {"below_days": 365}}, False),
        ({"points": {"below": 960}}, True),
        ({"points": {"at_least": 960}}, False),
        ({"points": {"dimension": "tax", "below": 0}}, True),
        ({"points": {"dimension": "customs", "at_least": 0}}, True),
        ({"all": [{"listed": "abnormal_operations"}, {"count": {"at_least": 2}}]}, True),
        ({"all": [{"listed": "abnormal_operations"}, {"count": {"at_least": 3}}]}, False),
        ({"any": [{"listed": "court_defaulters"}, {"count": {"at_least": 2}}]}, True),
        ({"none": [{"listed": "court_defaulters"}, {"count": {"at_least": 3}}]}, True),
        ({"none": [{"count": {"at_least": 2}}]}, False),
    ],
)  # fmt: skip
def test_conditions(when: dict[str, Any], expected: bool) -> None:
    assert holds(when) is expected


def past(pack: str, day: date, tier: str, gates: list[str]) -> Any:
    return HISTORY.to_frame().vstack(
        rate(frames(enterprises=[firm(1)]), market())
        .pipe(remember, pack, day)
        .with_columns(tier=HISTORY.to_frame()["tier"].extend_constant(tier, 1), gates=_lists(gates))
        .cast(HISTORY)
    )


def _lists(gates: list[str]) -> Any:
    return pl.Series([gates], dtype=pl.List(pl.String))


@pytest.mark.parametrize(
    ("when", "history", "expected"),
    [
        ({"tier_of": {"pack": "tax", "tiers": ["D"]}}, ("tax", AS_OF, "D", []), True),
        ({"tier_of": {"pack": "tax", "tiers": ["A"]}}, ("tax", AS_OF, "D", []), False),
        ({"tier_of": {"pack": "customs", "tiers": ["D"]}}, ("tax", AS_OF, "D", []), False),
        ({"held": {"tiers": ["D"], "within_days": 365}}, ("market", YEAR_AGO, "D", []), True),
        ({"held": {"tiers": ["D"], "within_days": 364}}, ("market", YEAR_AGO, "D", []), False),
        ({"held": {"tiers": ["D"], "within_days": 365}}, ("market", AS_OF, "D", []), False),  # today is not earlier
        ({"held": {"tiers": ["D"], "within_days": 365}}, ("tax", YEAR_AGO, "D", []), False),
        (
            {"held": {"tiers": ["D"], "within_days": 365, "by_gates": ["x"]}},
            ("market", YEAR_AGO, "D", ["x", "y"]),
            True,
        ),
        ({"held": {"tiers": ["D"], "within_days": 365, "by_gates": ["z"]}}, ("market", YEAR_AGO, "D", ["x"]), False),
    ],
)
def test_conditions_on_earlier_and_other_ratings(when: dict[str, Any], history: Any, expected: bool) -> None:
    assert holds(when, past(*history)) is expected
    assert holds(when) is False


ALWAYS = {"age": {"at_least_days": 1}}


def tier(*effects: tuple[str, str], records: Any = ()) -> str:
    policy = market()
    none = {"ceiling": None, "floor": None, "exactly": None}
    when, clause = Condition.model_validate(ALWAYS), policy.scorecard.clause
    gates = tuple(
        Gate(f"g{n}", policy.title, when, clause=clause, **(none | {effect: name}))  # type: ignore[arg-type]
        for n, (effect, name) in enumerate(effects)
    )
    tables = frames(enterprises=[firm(1)], records=records)
    return str(rate(tables, replace(policy, gates=gates))["tier"][0])


WORST = [act(1, f"a:{n}", item, AS_OF) for n, item in enumerate(["tax_evasion", "false_invoice", "wage_arrears"])]


def test_floor_then_exactly_then_ceiling() -> None:
    assert tier() == "A"
    assert tier(records=WORST) == "D"
    assert tier(("floor", "B"), records=WORST) == "B"
    assert tier(("floor", "B"), ("floor", "C"), records=WORST) == "B"  # the best floor
    assert tier(("floor", "B")) == "A"  # a floor never lowers
    assert tier(("ceiling", "B"), ("ceiling", "C")) == "C"  # the worst ceiling
    assert tier(("ceiling", "B"), records=WORST) == "D"  # a ceiling never raises
    assert tier(("floor", "A"), ("ceiling", "C"), records=WORST) == "C"  # the adverse rule has the last word
    assert tier(("exactly", "C")) == "C"
    assert tier(("exactly", "C"), records=WORST) == "C"
    assert tier(("exactly", "D"), ("floor", "A")) == "D"
    assert tier(("exactly", "B"), ("exactly", "C")) == "C"
    assert tier(("exactly", "B"), ("ceiling", "D")) == "D"


def test_gates_stand_in_the_order_in_which_they_are_applied() -> None:
    listed = [{"list_id": "red_honours", "enterprise_id": "cn:0001", "from_date": YEAR_AGO}]
    found = rate(frames(enterprises=[firm(1)], listings=listed), gated(ALWAYS, ceiling="C"))
    assert found["gates"].to_list() == [["red_honours", "it"]]


def test_a_list_lasts_its_term_and_its_last_day_counts() -> None:
    policy, since = market(), AS_OF - timedelta(days=730)  # court defaulters: 730 days
    listing = {"list_id": "court_defaulters", "enterprise_id": "cn:0001"}
    for first, tier_then in ((since, "D"), (since - timedelta(days=1), "A")):
        found = rate(frames(enterprises=[firm(1)], listings=[listing | {"from_date": first}]), policy)
        assert found["tier"].to_list() == [tier_then]
    found = rate(frames(enterprises=[firm(1)], listings=[listing | {"from_date": since}]), policy)
    assert found["next_change_on"].to_list() == [AS_OF + timedelta(days=1)]


def test_names_that_collide_are_refused() -> None:
    policy = market()
    twin = replace(policy.gates[0], id="court_defaulters")
    with pytest.raises(PolicyError, match="court_defaulters"):
        rules(replace(policy, gates=(twin,)))
    with pytest.raises(PolicyError, match="'E', which does not exist"):
        rules(replace(policy, gates=(replace(policy.gates[0], ceiling="E"),)))


def test_the_last_band_or_the_default() -> None:
    policy = market()
    low = tuple(replace(t, from_points=10_000_000 + t.rank) for t in policy.tiers)
    assert rate(frames(enterprises=[firm(1)]), replace(policy, tiers=low))["tier"].to_list() == ["D"]
    some = tuple(replace(t, from_points=None if t.id in ("C", "D") else 10_000_000) for t in policy.tiers)
    found = rate(frames(enterprises=[firm(1)]), replace(policy, tiers=some, default_tier="C"))
    assert found["tier"].to_list() == ["C"]
