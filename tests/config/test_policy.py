"""What loading refuses, what it only remarks, and what it never leaves open."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import PolicyError, PolicyGap
from config.policy import PACKS, SCENARIOS, load_policy, pack_names
from tests.config.small_pack import REFERENCE, write_pack

ITEM = "values:\n      2024-01-01: {value: {minor: -1, general: -10, serious: -50}"
GATE = """
gates:
  {name}:
    title: {{en: Grave, zh: 重}}
    rule: {{unit: rule, values: {{2024-01-01: {{value: {rule}, {reference}}}}}}}
"""


def gate(rule: str, name: str = "grave") -> tuple[str, str]:
    """tiers.yaml with one gate."""
    return "\ntiers:\n", GATE.format(rule=rule, name=name, reference=REFERENCE) + "tiers:\n"


def test_a_good_pack_loads_and_says_what_holds(tmp_path: Path) -> None:
    book = load_policy(write_pack(tmp_path))
    assert book.at(date(2024, 6, 1)).items["late"].points == {"minor": -1000, "general": -10_000, "serious": -50_000}
    assert book.at(date(2025, 1, 1)).items["late"].points["general"] == -20_000
    assert str(book.at(date(2025, 1, 1)).items["late"].clause) == "act 1"
    assert book.change_dates() == [date(2024, 1, 1), date(2025, 1, 1)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"pack": ("currency: CNY", "currency: CNY\ncurrency: USD")}, "duplicate key", id="duplicate key"),
        pytest.param({"pack": ("currency: CNY", "currency: CNY\nmoney: CNY")}, "money", id="unknown key"),
        pytest.param({"rates": "a: 1"}, "not a file of a policy pack", id="unknown file"),
        pytest.param({"redress": None}, "redress", id="missing file"),
        pytest.param({"pack": ("id: small", "id: large")}, "make folder and id agree", id="id and folder"),
        pytest.param(
            {"scorecard": (f"value: 100, {REFERENCE}", "value: 100, verified: true")}, "legal basis", id="no reference"
        ),
        pytest.param({"scorecard": ("instrument: act", "instrument: fact")}, "unknown instrument", id="instrument"),
        pytest.param({"catalogue": ("dimension: duty", "dimension: beauty")}, "unknown dimension", id="dimension"),
        pytest.param({"catalogue": ("2025-01-01", "2023-01-01")}, "ascending", id="dates out of order"),
        pytest.param({"catalogue": ("2025-01-01", "2024-01-01")}, "duplicate key", id="overlapping dates"),
        pytest.param({"tiers": ("value: 80", "value: 0")}, "must fall", id="bands not falling"),
        pytest.param(
            {"tiers": (f"from_points: {{unit: points, values: {{2024-01-01: {{value: 80, {REFERENCE}}}}}}}", "")},
            "no band for A",
            id="tier without band",
        ),
        pytest.param({"tiers": ("2024-01-01", "2024-06-01")}, "no band for A", id="band begins too late"),
        pytest.param({"scorecard": ("2024-01-01", "2024-06-01")}, "no value on 2024-01-01", id="gap at the start"),
        pytest.param({"tiers": gate("{when: {listed: good}, ceiling: B}")}, "unknown list", id="list"),
        pytest.param({"tiers": gate("{when: {listed: bad}, ceiling: Z}")}, "unknown tier", id="tier"),
        pytest.param({"tiers": gate("{when: {listed: bad}}")}, "exactly one of ceiling", id="gate without effect"),
        pytest.param(
            {"tiers": gate("{when: {listed: bad, points: {below: 1}}, ceiling: B}")}, "exactly one kind", id="two kinds"
        ),
        pytest.param({"tiers": gate("{when: {count: {items: [tardy]}}, ceiling: B}")}, "unknown item", id="item"),
        pytest.param(
            {"tiers": gate("{when: {indicator: {name: owner_income, below: 1}}, ceiling: B}")},
            "forbidden field 'income'",
            id="forbidden field",
        ),
        pytest.param(
            {"tiers": gate("{when: {listed: bad}, ceiling: B}", "bad")},
            "names two rules",
            id="one name, two rules",
        ),
        pytest.param(
            {
                "links": """
                same_head:
                  title: {en: Same head, zh: 同一负责人}
                  carry:
                    unit: rule
                    values:
                      2024-01-01:
                        value:
                          {enabled: true, roles: [owner], trigger_tiers: [B], ceiling: B, max_enterprises_per_person: 9}
                        verified: true
                """
            },
            "legal basis",
            id="link without clause",
        ),
    ],
)
def test_refused(tmp_path: Path, changes: dict[str, str], message: str) -> None:
    with pytest.raises(PolicyError, match=message) as refused:
        load_policy(write_pack(tmp_path, **changes))
    assert refused.value.remedy


def test_an_error_names_file_path_and_day_as_written(tmp_path: Path) -> None:
    pack = write_pack(tmp_path, scorecard=(f"value: 100, {REFERENCE}", "value: 100, verified: true"))
    with pytest.raises(PolicyError, match=r"scorecard\.base\.values\.2024-01-01\.reference"):
        load_policy(pack)


def test_not_yaml_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"pack\.yaml line 2"):
        load_policy(write_pack(tmp_path, pack="id: small\n  title: {en"))


def test_unknown_pack_names_those_there_are() -> None:
    with pytest.raises(PolicyError, match="market"):
        load_policy("no-such-pack")


def test_a_day_before_coverage_raises_and_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"no policy on 2023-12-31; the first day covered is 2024-01-01.*as_of"):
        load_policy(write_pack(tmp_path)).at(date(2023, 12, 31))


def test_a_day_after_coverage_raises(tmp_path: Path) -> None:
    pack = write_pack(tmp_path, pack=("covers_from: 2024-01-01", "covers_from: 2024-01-01\ncovers_to: 2026-01-01"))
    book = load_policy(pack)
    assert book.at(date(2025, 12, 31))
    with pytest.raises(PolicyError, match="coverage ended on 2026-01-01"):
        book.at(date(2026, 1, 1))


def test_past_its_review_day_a_value_is_remarked_not_refused(tmp_path: Path) -> None:
    reviewed = (
        "2025-01-01",
        "2024-02-01: {value: {minor: -2, general: -20, serious: -60}, " + REFERENCE + "}\n      2025-01-01",
    )
    pack = write_pack(tmp_path, catalogue=reviewed)
    text = (pack / "catalogue.yaml").read_text(encoding="utf-8")
    (pack / "catalogue.yaml").write_text(text.rstrip() + "\n    review_by: 2025-06-30\n", encoding="utf-8")
    book = load_policy(pack)
    assert [n.kind for n in book.at(date(2025, 6, 30)).notices] == []
    assert [n.kind for n in book.at(date(2025, 7, 1)).notices] == ["review_overdue"]


def test_an_unverified_value_is_remarked(tmp_path: Path) -> None:
    pack = write_pack(tmp_path, lists=("verified: true", "verified: false"))
    assert [(n.kind, n.path) for n in load_policy(pack).at(date(2024, 1, 1)).notices] == [("unverified", "lists.bad")]


def test_a_value_that_outlives_its_instrument_is_remarked(tmp_path: Path) -> None:
    pack = write_pack(
        tmp_path, instruments=("in_force_from: 2024-01-01", "in_force_from: 2024-01-01\n  in_force_to: 2024-06-01")
    )
    book = load_policy(pack)
    assert book.at(date(2024, 5, 31)).notices == ()
    assert {n.kind for n in book.at(date(2024, 6, 1)).notices} == {"outlived"}


@pytest.mark.parametrize("pack", pack_names())
def test_no_value_of_a_pack_outlives_its_instrument_and_none_is_overdue(pack: str) -> None:
    book = load_policy(pack)
    for day in [*book.change_dates(), date(2026, 11, 22)]:
        notices = book.at(day).notices
        assert [n for n in notices if n.kind in {"outlived", "review_overdue"}] == []
        assert len(notices) == len(set(notices))


def test_an_unknown_number_is_a_gap_that_is_said_and_not_filled(tmp_path: Path) -> None:
    pack = write_pack(tmp_path, tiers=gate("null"))
    policy = load_policy(pack).at(date(2024, 1, 1))
    assert policy.gates == ()
    assert [(n.kind, n.path) for n in policy.notices] == [("gap", "tiers.gates.grave")]


def test_a_number_nothing_works_without_stops(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"scorecard\.base: the value on 2024-01-01 is not known"):
        load_policy(write_pack(tmp_path, scorecard=("value: 100", "value: null")))


def test_without_inspection_rules_asking_for_them_is_a_gap(tmp_path: Path) -> None:
    policy = load_policy(write_pack(tmp_path)).at(date(2024, 1, 1))
    with pytest.raises(PolicyGap, match="nothing about inspections"):
        _ = policy.inspection
    with pytest.raises(PolicyGap, match="nothing about tenders"):
        _ = policy.tender


def test_the_digest_follows_the_content_and_the_scenario(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    same = load_policy(write_pack(tmp_path / "a")).digest
    assert load_policy(write_pack(tmp_path / "b")).digest == same
    changed = write_pack(tmp_path / "c", catalogue=("-10", "-11"))
    assert load_policy(changed).digest != same
    scenario = tmp_path / "what-if.yaml"
    scenario.write_text("scorecard: {base: {values: {2024-01-01: {value: 90}}}}\n", encoding="utf-8")
    overlaid = load_policy(tmp_path / "a" / "small", scenario)
    assert overlaid.digest != same
    assert overlaid.at(date(2024, 1, 1)).scorecard.base == 90_000
    assert load_policy(tmp_path / "a" / "small").at(date(2024, 1, 1)).scorecard.base == 100_000


def test_the_digest_does_not_depend_on_line_endings(tmp_path: Path) -> None:
    pack = write_pack(tmp_path)
    before = load_policy(pack).digest
    for path in pack.glob("*.yaml"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert load_policy(pack).digest == before


def test_a_scenario_with_a_slip_is_refused(tmp_path: Path) -> None:
    scenario = tmp_path / "slip.yaml"
    scenario.write_text("scorecard: {bass: {values: {2024-01-01: {value: 90}}}}\n", encoding="utf-8")
    with pytest.raises(PolicyError, match="bass"):
        load_policy(write_pack(tmp_path), scenario)


@pytest.mark.parametrize("scenario", sorted(SCENARIOS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_scenario_fits_the_pack_its_first_line_names(scenario: Path) -> None:
    pack = scenario.read_text(encoding="utf-8").split("# Pack ", 1)[1].split(".", 1)[0]
    plain, overlaid = load_policy(pack), load_policy(pack, scenario)
    day = max(overlaid.change_dates())
    assert overlaid.at(day) != plain.at(day)


@given(st.integers(min_value=0, max_value=2000))
def test_on_every_day_the_pack_market_has_one_answer(days: int) -> None:
    day = date(2023, 1, 1) + timedelta(days=days)
    policy = MARKET.at(day)
    assert policy == MARKET.at(day)
    bounds = [tier.from_points for tier in policy.tiers if tier.from_points is not None]
    assert bounds == sorted(bounds, reverse=True)


MARKET = load_policy("market")


def test_market_has_what_the_other_rooms_rely_on() -> None:
    policy = MARKET.at(date(2026, 11, 22))
    assert [tier.id for tier in policy.tiers] == list("ABCD")
    assert len(policy.items) >= 25
    assert len({item.dimension for item in policy.items.values()}) >= 5
    assert {"court_defaulters", "major_tax_cases", "serious_violations", "abnormal_operations"} <= set(policy.lists)
    assert all(link.carry.enabled is False for link in policy.links)
    assert {"income", "religion", "blood", "politics"} <= policy.forbidden_fields


def test_customs_tiers_come_and_go() -> None:
    book = load_policy("customs-cn")
    by_day = {day: [tier.id for tier in book.at(day).tiers] for day in book.change_dates()}
    assert [len(tiers) for tiers in by_day.values()] == [4, 4, 3, 5]
    assert "certified" not in by_day[date(2021, 11, 1)]
    gaps = {n.path for n in book.at(date(2026, 4, 1)).notices if n.kind == "gap"}
    assert {"tiers.gates.violations_to_volume", "inspection.consignment.rates"} <= gaps


def customs(folder: Path, old: str, new: str) -> Path:
    """The customs pack with one text of its inspection.yaml changed."""
    pack = folder / "customs-cn"
    shutil.copytree(PACKS / "customs-cn", pack)
    text = (pack / "inspection.yaml").read_text("utf-8")
    assert old in text
    (pack / "inspection.yaml").write_text(text.replace(old, new, 1), "utf-8")
    return pack


def test_what_an_examination_finds_proposes_an_item_by_dated_law(tmp_path: Path) -> None:
    pack = customs(tmp_path, "value: customs_undervaluation", "value: null")
    rules = load_policy(pack).at(date(2020, 6, 1)).inspection.consignment
    assert rules is not None
    assert sorted(rules.findings) == ["description", "origin", "prohibited", "quantity"]
    assert (rules.findings["origin"].item, str(rules.findings["origin"].clause)) == (
        "customs_misdeclaration",
        "customs-penalties 15",
    )
    assert "inspection.consignment.findings.value" in {
        note.path for note in load_policy(pack).at(date(2020, 6, 1)).notices if note.kind == "gap"
    }


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("value: customs_undervaluation", "value: customs_beauty", "unknown item"),
        ("value: customs_undervaluation", "value: advanced_certification", "no adverse item"),
        ("    prohibited:", "    beauty:", "beauty"),
        ("{instrument: customs-penalties", "{instrument: nobody", "unknown instrument"),
    ],
)
def test_a_finding_that_the_pack_does_not_know_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        load_policy(customs(tmp_path, old, new)).at(date(2020, 6, 1))
