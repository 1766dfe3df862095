"""Rosters: complete, protected, printable, true to the plan, and safe whatever the firms are called."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from exports.facts import Approval
from exports.layout import PLAN, ROSTER, SUMMARY, WHY_NOT
from exports.left_out_words import LEFT_OUT, left_out_text, why_text
from exports.roster import write_rosters
from exports.roster_rows import why_not_rows
from exports.words import clause_text
from tests.exports.world import World, make_world


def write(world: World, folder: Path, **options: Any) -> list[Path]:
    return write_rosters(world.plan, world.enterprises, world.inspectors, world.policy, world.facts, folder, **options)


@pytest.fixture(scope="module")
def world() -> World:
    return make_world()


@pytest.fixture(scope="module")
def book(world: World, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return openpyxl.load_workbook(write(world, tmp_path_factory.mktemp("r"))[0])


def values(page: Any, letter: str, first: int = 5) -> list[Any]:
    return [page[f"{letter}{row}"].value for row in range(first, page.max_row + 1)]


def test_one_workbook_per_inspectorate_with_every_visit_and_every_firm_left_out(world: World, tmp_path: Path) -> None:
    paths = write(world, tmp_path)
    assert [p.name for p in paths] == ["roster-430101.xlsx", "roster-430102.xlsx"]
    visits, firms = [], []
    for path in paths:
        found = openpyxl.load_workbook(path)
        visits += values(found[ROSTER.title("both")], ROSTER.letters["visit_id"])
        firms += values(found[WHY_NOT.title("both")], WHY_NOT.letters["firm_code"])
    assert sorted(visits) == sorted(world.plan.visits["visit_id"])
    assert sorted(f"cn:{f}" for f in firms) == sorted(world.plan.left_out["enterprise_id"])


def test_team_sheets_hold_each_visit_once_and_end_with_signatures(world: World, book: Any) -> None:
    pages = [page for page in book.worksheets if page.title.startswith("检查组")]
    seen = [v for page in pages for v in values(page, "C") if v]
    here = world.plan.visits.filter(region="430101")
    assert sorted(f"cn:{v}" for v in seen) == sorted(here["enterprise_id"])
    for page in pages:
        assert len([v for v in values(page, "A") if isinstance(v, str) and "签字" in v]) == 4


def test_the_head_names_run_rules_and_standing_on_every_visible_sheet(world: World, book: Any) -> None:
    for page in book.worksheets:
        if page.sheet_state == "visible":
            assert world.facts.run in page["A2"].value
            assert "SCREENING AID" in page["A3"].value
            assert "SCREENING AID" in page.oddFooter.left.text
            assert page.page_setup.paperSize == 9
            assert page.print_title_rows == "$1:$4"
            assert page.freeze_panes in ("A5", "F5")


def test_an_approval_replaces_the_banner_everywhere(world: World, tmp_path: Path) -> None:
    approval = Approval("王主任", "reviewed", date(2026, 5, 3))
    path = write(world, tmp_path, approval=approval)[0]
    for page in openpyxl.load_workbook(path).worksheets:
        texts = [str(c.value) for row in page.iter_rows(max_row=3) for c in row if c.value]
        assert not any("SCREENING" in text for text in texts)
        assert page.sheet_state != "visible" or any("王主任" in text for text in texts)


def test_an_approval_needs_name_and_reason() -> None:
    with pytest.raises(ValueError, match="name and a reason"):
        Approval("x", " ", date(2026, 1, 1))


def test_results_have_drop_downs_dates_are_checked_facts_guarded(book: Any) -> None:
    page = book[ROSTER.title("both")]
    checks = {(check.type, str(check.sqref).split(":")[0]) for check in page.data_validations.dataValidation}
    assert {("list", f"{ROSTER.letters[c]}5") for c in ("result", "follow_up", "item", "severity")} <= checks
    assert {("date", f"{ROSTER.letters[c]}5") for c in ("visited_on", "corrected_on", "entered_on")} <= checks
    assert ("custom", f"{ROSTER.letters['visit_id']}5") in checks
    assert all(check.error and check.errorTitle for check in page.data_validations.dataValidation)
    lists = book["_lists"]
    assert lists.sheet_state == "hidden"
    offered = {column[0].value: [cell.value for cell in column[1:] if cell.value] for column in lists.iter_cols()}
    assert "未发现问题 No problem found" in offered["Result"]
    assert len(offered["Carried out by (1)"]) == 4


def test_keys_are_hidden_facts_very_hidden_summary_protected(book: Any) -> None:
    page = book[ROSTER.title("both")]
    assert page.column_dimensions[ROSTER.letters["key"]].hidden
    assert book["_evenhand"].sheet_state == "veryHidden"
    assert book.worksheets[0].protection.sheet
    assert len(set(values(page, ROSTER.letters["key"]))) == page.max_row - 4


def test_the_summary_adds_up(world: World, book: Any) -> None:
    page = book.worksheets[0]
    quota = world.plan.quota.filter(region="430101")
    assert sum(page[f"B{r}"].value for r in range(5, 9)) == quota["enterprises"].sum()
    assert sum(page[f"D{r}"].value for r in range(5, 9)) == quota["planned"].sum()
    assert page["D9"].value == "=SUM(D5:D8)"
    assert book[PLAN.title("both")]["L5"].value == quota.filter(tier="A")["planned"][0]


def test_the_summary_names_what_is_missing_and_why(book: Any) -> None:
    lines = [str(row[0].value) for row in book[SUMMARY.title("both")].iter_rows() if row[0].value]
    assert [line for line in lines if "short of 2" in line and "(Food) 1.5" in line and line.startswith("C ·")]
    assert not [line for line in lines if line.startswith("A ·")]


def test_only_formulas_of_this_project_stand_in_the_workbook(tmp_path: Path) -> None:
    for path in write(make_world(nasty=True), tmp_path):
        for page in openpyxl.load_workbook(path).worksheets:
            for row in page.iter_rows():
                for cell in row:
                    if cell.data_type == "f":
                        assert cell.value.startswith((f"=IF({ROSTER.letters['result']}", "=COUNTIFS('抽查", "=SUM("))
                    assert cell.data_type != "e"


def test_twice_the_same_bytes_and_no_person_but_names(world: World, tmp_path: Path) -> None:
    first, second = write(world, tmp_path / "a"), write(world, tmp_path / "b")
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]
    texts = {str(c.value) for page in openpyxl.load_workbook(first[0]).worksheets for row in page for c in row}
    assert not texts & set(world.inspectors["inspector_id"])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_one_language_only(language: str, world: World, tmp_path: Path) -> None:
    path = write(world, tmp_path, language=language, regions=["430102"])
    assert len(path) == 1
    page = openpyxl.load_workbook(path[0]).worksheets[3]
    assert page["D4"].value == ("Registration code" if language == "en" else "统一代码/注册号")


def test_facts_of_another_plan_are_refused(world: World, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="facts of this plan"):
        write(replace(world, facts=replace(world.facts, plan="0" * 64)), tmp_path)


def test_an_inspectorate_without_visits_still_gets_its_workbook(world: World, tmp_path: Path) -> None:
    bare = replace(world.plan, visits=world.plan.visits.filter(pl_region() != "430101"))
    from exports.facts import facts_of

    paths = write(replace(world, plan=bare, facts=facts_of(world.policy, "r", bare.visits)), tmp_path)
    assert len(paths) == 2
    assert openpyxl.load_workbook(paths[0])[ROSTER.title("both")].max_row == 4


def pl_region() -> Any:
    import polars as pl

    return pl.col("region")


@pytest.mark.parametrize("code", LEFT_OUT)
def test_every_reason_has_words_in_both_languages(code: str) -> None:
    detail = '{"last_visit": "2026-01-02", "number": 0.5, "probability": 0.25, "skill": "food", "district": "430101"}'
    zh, en = left_out_text(code, detail, "zh"), left_out_text(code, detail, "en")
    assert zh != en
    assert "2026-01-02" in zh
    assert "25.00%" in en


def test_why_a_firm_is_visited_in_words() -> None:
    assert "0.2500" in why_text('{"code": "drawn", "number": 0.25, "probability": 0.5}', "en")
    assert "投诉" in why_text('{"code": "must", "reasons": "complaint"}', "zh")
    assert why_text("not json", "en") == "not json"


def test_the_worst_tiers_left_out_stand_first_and_each_language_on_its_own_line(world: World, tmp_path: Path) -> None:
    left = world.plan.left_out.with_columns(detail=pl.lit('{"number": 0.25, "probability": 0.5}'))
    rows = why_not_rows(left, world.enterprises, world.policy.tiers, "both")
    ranks = [world.policy.tier(tier).rank for tier in rows["tier"]]
    assert ranks == sorted(ranks, reverse=True)
    told = left_out_text("not_drawn", left["detail"][0], "both").splitlines()
    assert told == [
        "随机抽取未中（号码 0.2500，中签概率 50.00%）",
        "in the draw, not drawn (number 0.2500, chance 50.00%)",
    ]


def test_a_clause_is_cited_in_the_readers_language(world: World) -> None:
    assert clause_text("demo-rubric note 9", world.policy, "zh") == "本项目示范评分标准 说明 9"
    assert clause_text("annual-report-rules 17", world.policy, "zh").endswith(" 第17条")
    assert clause_text("demo-rubric note 9", world.policy, "en").endswith(", note 9")
    assert clause_text("no such instrument", world.policy, "zh") == "no such instrument"


def test_visits_outside_the_rate_are_counted_apart(world: World, tmp_path: Path) -> None:
    first = pl.int_range(pl.len()) < 3
    visits = world.plan.visits.with_columns(purpose=pl.when(first).then(pl.lit("complaint")).otherwise("purpose"))
    changed = replace(world, plan=replace(world.plan, visits=visits))
    counted = {row["tier"]: row["len"] for row in visits.head(3).group_by("tier").len().iter_rows(named=True)}
    found: dict[str, int] = {}
    for path in write(changed, tmp_path, language="en"):
        page = openpyxl.load_workbook(path)["Summary"]
        for row in range(5, 5 + len(world.policy.tiers)):
            tier, must = page[f"A{row}"].value, page[f"{SUMMARY.letters['must']}{row}"].value
            found[tier] = found.get(tier, 0) + must
    assert {tier: count for tier, count in found.items() if count} == counted
