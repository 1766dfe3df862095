from __future__ import annotations

from datetime import date
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from exports.consignment_forms import BALANCE, EXAMINATIONS, RESULTS
from exports.consignment_sheet import because, write_day
from exports.facts import Approval
from models.consignment import DayPlan
from models.consignment.debt import DEBTS
from models.consignment.results import RESULTS as OUTCOMES
from tests.models.consignment import morning
from tests.models.consignment.morning import DAY, planned

POLICY = morning.policy()


@pytest.fixture(scope="module")
def plan() -> DayPlan:
    return planned(morning.declarations(500, must=50), POLICY, morning.offices(900))


def rows_of(path: Path, sheet: str) -> list[tuple[object, ...]]:
    """Rows under the headings."""
    page = openpyxl.load_workbook(path, read_only=True)[sheet]
    return [row for row in page.iter_rows(min_row=5, values_only=True) if any(cell is not None for cell in row)]


def test_every_declaration_of_the_day_stands_in_the_workbook(plan: DayPlan, tmp_path: Path) -> None:
    path = write_day(plan, POLICY, tmp_path / "day.xlsx", language="en")
    names = openpyxl.load_workbook(path, read_only=True).sheetnames
    seen = ["Rates", "o0", "o1", "o2", "Minutes", "Beyond the minutes", "Not examined"]
    assert names == [*seen, "_lists", "_evenhand"]
    listed = [row[1] for office in ("o0", "o1", "o2") for row in rows_of(path, office)]
    assert sorted(listed) == sorted(plan.chosen["declaration_id"])  # type: ignore[type-var]
    assert len(rows_of(path, "Not examined")) == plan.left_out.height
    rates = [row for row in rows_of(path, "Rates") if len(row) > 1 and row[1]]  # what to do next stands below
    assert sum(row[2] for row in rates) == 500  # type: ignore[misc]
    assert sum(row[3] for row in rates) == plan.chosen.height  # type: ignore[misc]
    assert all(row[3] == row[4] + row[5] + row[6] for row in rates)  # type: ignore[operator]


def test_what_comes_back_is_offered_checked_and_known_by_hidden_facts(plan: DayPlan, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write_day(plan, POLICY, tmp_path / "day.xlsx", run="r1", language="zh"))
    page, at = book["o0"], EXAMINATIONS.letters
    assert page.column_dimensions[at["key"]].hidden
    assert (book["_lists"].sheet_state, book["_evenhand"].sheet_state) == ("hidden", "veryHidden")
    facts = {row[0].value: row[1].value for row in book["_evenhand"].iter_rows()}
    assert (facts["evenhand_kind"], facts["evenhand_run"]) == ("consignments", "r1")
    assert facts["evenhand_day"] == plan.day.isoformat()
    checks = {str(check.sqref).rstrip("0123456789:")[0]: check for check in page.data_validations.dataValidation}
    offered = [cell.value for row in book["_lists"][checks[at["result"]].formula1.split("!")[1]] for cell in row]
    assert offered == [term.zh for term in RESULTS]
    assert checks[at["examined_on"]].formula1 == f"DATE({plan.day:%Y,%-m,%-d})"
    assert checks[at["declaration_id"]].formula1 == "FALSE"


def test_codes_of_the_sheet_are_those_of_the_register() -> None:
    assert {term.code for term in RESULTS} == set(OUTCOMES)


def test_what_is_owed_stands_beside_the_rates(plan: DayPlan, tmp_path: Path) -> None:
    one = plan.chosen.row(0, named=True)
    owed = [(date(2020, 5, 29), "x", one["office"], one["tier"], 0, 0, 1000, 0)]
    carried = pl.DataFrame(owed, schema=DEBTS, orient="row")
    path = write_day(plan, POLICY, tmp_path / "day.xlsx", carried=carried, language="en")
    at = [column.id for column in BALANCE.columns].index("owed")
    told = {row[:2]: row[at] for row in rows_of(path, "Rates") if len(row) > 1 and row[1]}
    assert {key for key, number in told.items() if number} == {(one["office"], one["tier"])}


@pytest.mark.parametrize("language", ["zh", "en", "both"])
def test_names_and_reasons_are_words(plan: DayPlan, tmp_path: Path, language: str) -> None:
    names = morning.tiers().select("enterprise_id", name=pl.format("=firm {}", "enterprise_id"))
    path = write_day(plan, POLICY, tmp_path / "day.xlsx", names=names, language=language)  # type: ignore[arg-type]
    cells = [str(cell) for row in rows_of(path, "o0") for cell in row if cell is not None]
    assert any(cell.startswith("=firm kr:") for cell in cells)
    assert not any(cell.startswith("{") for cell in cells)
    sheet = openpyxl.load_workbook(path)["o0"]
    assert all(cell.data_type != "f" for row in sheet.iter_rows(min_row=5) for cell in row)


def test_until_an_officer_has_approved_it_is_a_screening_aid(plan: DayPlan, tmp_path: Path) -> None:
    approval = Approval("孙晓", "checked against the manifest", DAY)
    for given, says in ((None, "SCREENING AID"), (approval, "Approved by 孙晓")):
        path = write_day(plan, POLICY, tmp_path / "day.xlsx", approval=given, language="en")
        assert says in str(openpyxl.load_workbook(path)["o0"]["A3"].value)


def test_the_same_day_gives_the_same_bytes(plan: DayPlan, tmp_path: Path) -> None:
    paths = [write_day(plan, POLICY, tmp_path / name) for name in ("a.xlsx", "b.xlsx")]
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize(
    ("why", "detail", "text"),
    [
        ("must", {"must": "referral"}, "referral"),
        ("random", {"floor_per_mille": 2, "due": 1}, "random floor 0.2%, 1 due today"),
        ("risk", {"rate_per_mille": 980, "due": 7, "risk": 61}, "rate 98%, 7 due today, risk 61"),
        ("risk", {"rate_per_mille": 5, "due": 1, "risk": None}, "rate 0.5%, 1 due today"),
    ],
)
def test_reasons_in_words(why: str, detail: dict[str, object], text: str) -> None:
    assert because(why, detail, "en") == text
