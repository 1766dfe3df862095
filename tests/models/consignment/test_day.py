from __future__ import annotations

import json
from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from config.errors import InputError, PolicyGap
from config.policy import load_policy
from models.consignment import OFFICES, day_seed, examine, violations
from models.consignment.terms import BALANCE, CHOSEN, LEFT_OUT, OVERLOAD, USE
from tests.models.consignment import morning
from tests.models.consignment.morning import DAY, SEED, planned

KEY = day_seed(SEED, DAY)


@settings(max_examples=20, deadline=None)
@given(
    count=st.integers(0, 150),
    minutes=st.integers(0, 3000),
    must=st.integers(0, 6),
    seed=st.binary(min_size=1, max_size=8),
)
def test_whatever_the_day_no_rule_is_broken(count: int, minutes: int, must: int, seed: bytes) -> None:
    policy, rows, offices = morning.policy(), morning.declarations(count, must=must), morning.offices(minutes)
    plan = examine(DAY, rows, morning.tiers(), policy, None, offices, seed)
    assert violations(plan, rows, morning.tiers(), policy, None, offices, day_seed(seed, DAY)) == []
    schemas = {"chosen": CHOSEN, "left_out": LEFT_OUT, "balance": BALANCE, "use": USE, "overload": OVERLOAD}
    assert {name: getattr(plan, name).schema for name in schemas} == schemas


def test_the_order_of_the_file_and_the_names_of_importers_change_nothing() -> None:
    rows, policy = morning.declarations(300, must=40), morning.policy()
    one = examine(DAY, rows, morning.tiers(), policy, None, morning.offices(900), SEED)
    two = examine(
        DAY,
        rows.reverse(),
        morning.tiers().sample(fraction=1, shuffle=True, seed=1),
        policy,
        None,
        morning.offices(900),
        SEED,
    )
    assert_frame_equal(one.chosen, two.chosen)
    assert_frame_equal(one.left_out, two.left_out)
    assert_frame_equal(one.balance, two.balance)
    assert one.publication == two.publication


def test_another_seed_draws_others() -> None:
    rows, policy = morning.declarations(600, risk=False), morning.policy()
    drawn = [set(planned(rows, policy, seed=seed).chosen["declaration_id"]) for seed in (b"one", b"two")]
    assert drawn[0] != drawn[1]


def test_within_a_tier_the_riskiest_go_first_after_the_drawn() -> None:
    policy = morning.policy()
    rows = morning.declarations(900)
    plan = planned(rows, policy)
    some = plan.chosen.filter(pl.col("why") == "risk", pl.col("tier") == "regular").join(rows, on="declaration_id")
    rest = plan.left_out.filter(pl.col("tier") == "regular").join(rows, on="declaration_id")
    for office in ("o0", "o1", "o2"):
        inside, outside = (frame.filter(pl.col("office") == office)["risk"] for frame in (some, rest))
        assert inside.min() >= outside.max()  # type: ignore[operator]
    assert set(plan.chosen["why"]) == {"random", "risk"}


def test_what_must_be_examined_is_and_the_rate_pays_for_it() -> None:
    policy = morning.policy({"advanced": 0, "certified": 0, "regular": 100, "dishonest": 0})
    rows = morning.declarations(400, must=8)
    plan = planned(rows, policy)
    assert set(rows.filter(pl.col("must").is_not_null())["declaration_id"]) <= set(plan.chosen["declaration_id"])
    regular = plan.balance.filter(pl.col("tier") == "regular")
    assert (regular["examined"] <= regular["must"] + regular["random"] + regular["declared"] // 10 + 1).all()
    ahead = plan.balance.filter(pl.col("tier") == "certified", pl.col("must") > 0)
    assert (ahead["account"] < 0).all()


def test_too_few_minutes_are_named_and_carried_and_never_exceeded() -> None:
    policy, rows = morning.policy(), morning.declarations(400, must=10)
    plan = planned(rows, policy, morning.offices(240))
    assert (plan.use["used"] <= plan.use["minutes"]).all()
    assert set(plan.overload["rule"]) >= {"must", "rate"}
    assert plan.left_out.filter(pl.col("reason") == "no_minutes").height > 0
    behind = plan.balance.filter(pl.col("tier") == "dishonest")
    assert (behind["account"] > 1000).all()
    later = examine(
        DAY + timedelta(days=1),
        morning.declarations(400, start=1000),
        morning.tiers(),
        policy,
        plan.balance,
        morning.offices(),
        SEED,
    )
    caught_up = later.balance.filter(pl.col("tier") == "dishonest")
    assert (caught_up["account"] < behind["account"]).all()


def test_when_minutes_are_short_the_worst_tier_goes_first() -> None:
    policy, rows = morning.policy(floor=dict.fromkeys(morning.FLOOR, 0)), morning.declarations(400)
    plan = planned(rows, policy, morning.offices(600))
    assert set(plan.chosen["tier"]) == {"dishonest"}


def test_types_with_people_of_their_own_have_their_own_minutes() -> None:
    rows = [("o0", "scan", 90), ("o0", None, 200), ("o1", None, 10_000), ("o2", "full", 0), ("o2", None, 10_000)]
    offices = pl.DataFrame(rows, schema=OFFICES, orient="row")
    day, policy = morning.declarations(500), morning.policy()
    plan = planned(day, policy, offices)
    assert violations(plan, day, morning.tiers(), policy, None, offices, KEY) == []
    assert plan.chosen.filter(office="o2", examination="full").is_empty()
    assert plan.chosen.filter(office="o1", examination="full").height > 0
    assert plan.use.filter(office="o0", examination="scan")["used"].item() in (60, 90)


def test_unrated_importers_get_the_default_tier_and_unknown_rates_only_the_floor() -> None:
    policy = morning.policy({"advanced": 5, "certified": 50, "regular": None, "dishonest": 980})
    rows = morning.declarations(600)
    plan = planned(rows, policy, rated=morning.tiers().head(0))
    assert set(plan.chosen["tier"]) == {"regular"}
    assert set(plan.chosen["why"]) == {"random"}
    assert set(plan.left_out["reason"]) == {"no_rate"}


def test_reasons_are_json_and_say_what_was_due() -> None:
    plan = examine(
        DAY, morning.declarations(500, must=50), morning.tiers(), morning.policy(), None, morning.offices(), SEED
    )
    details = {row["why"]: json.loads(row["detail"]) for row in plan.chosen.iter_rows(named=True)}
    assert details["must"] == {"must": "referral"}
    assert set(details["random"]) == {"floor_per_mille", "due"}
    assert set(details["risk"]) == {"rate_per_mille", "due", "risk"}
    assert all(json.loads(text) for text in plan.left_out["detail"])


def test_an_empty_day_is_a_plan_without_visits() -> None:
    first = examine(DAY, morning.declarations(50), morning.tiers(), morning.policy(), None, morning.offices(), SEED)
    plan = examine(
        DAY + timedelta(days=1),
        morning.declarations(0),
        morning.tiers(),
        morning.policy(),
        first.balance,
        morning.offices(),
        SEED,
    )
    assert plan.chosen.is_empty()
    assert_frame_equal(plan.balance, first.balance)


def test_a_pack_without_consignments_says_so() -> None:
    with pytest.raises(PolicyGap):
        examine(
            DAY,
            morning.declarations(5),
            morning.tiers(),
            load_policy("tax-cn").at(DAY.replace(year=2026)),
            None,
            morning.offices(),
            SEED,
        )


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"office": pl.lit("nowhere")}, "unknown_office"),
        ({"examination": pl.lit("x-ray")}, "unknown_examination"),
        ({"declaration_id": pl.lit("d1")}, "duplicate_id"),
        ({"office": pl.lit(None, dtype=pl.String)}, "required"),
    ],
)
def test_unusable_declarations_stop_the_day(change: dict[str, pl.Expr], rule: str) -> None:
    rows = morning.declarations(5).with_columns(**change)
    with pytest.raises(InputError) as error:
        planned(rows)
    assert error.value.rule == rule
    assert error.value.remedy


def test_a_tier_of_another_pack_stops_the_day() -> None:
    wrong = morning.tiers().with_columns(tier=pl.lit("A"))
    with pytest.raises(InputError, match="'A'"):
        planned(morning.declarations(5), rated=wrong)


@pytest.mark.parametrize("rows", [[("o0", None, -1)], [("o0", None, 5), ("o0", None, 7)]])
def test_unusable_offices_stop_the_day(rows: list[tuple[str, None, int]]) -> None:
    offices = pl.DataFrame(rows, schema=OFFICES, orient="row")
    with pytest.raises(InputError) as error:
        planned(morning.declarations(5, offices=1), minutes=offices)
    assert error.value.rule == "offices"
