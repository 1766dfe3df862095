"""A day's list goes out, is filled in, mistreated, and comes back."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from config.errors import InputError
from exports.consignment_forms import EXAMINATIONS
from exports.consignment_return import Collected, collect_day, named_in
from exports.consignment_sheet import write_day
from exports.outcome_form import collect_file
from exports.returned_book import kind_of
from exports.roster import write_rosters
from models.consignment import DayPlan
from tests.exports.test_other_programs import WAYS, saved_by_another_program
from tests.exports.world import make_world
from tests.models.consignment import morning
from tests.models.consignment.morning import DAY, planned

POLICY = morning.policy()
TODAY = DAY + timedelta(days=1)
HEADING = 4
BOTH = "李娜、王敏"


@pytest.fixture(scope="module")
def plan() -> DayPlan:
    return planned(morning.declarations(120, must=15), POLICY)


@pytest.fixture(scope="module")
def sent(plan: DayPlan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_day(plan, POLICY, tmp_path_factory.mktemp("sent") / "examinations.xlsx", run="r1")


def at(column: str, row: int) -> str:
    return f"{EXAMINATIONS.letters[column]}{row}"


def fill(page: Any, row: int, result: str, severity: str | None = None, officers: str | None = BOTH) -> None:
    for column, value in (("result", result), ("severity", severity), ("officers", officers)):
        page[at(column, row)] = value


def returned(sent: Path, folder: Path, change: Callable[[Any], None]) -> Path:
    workbook = openpyxl.load_workbook(sent)
    change(workbook)
    path = folder / "back.xlsx"
    workbook.save(path)
    return path


def collect(path: Path, plan: DayPlan, **options: Any) -> Collected:
    given: dict[str, Any] = {"enterprises": plan.chosen["enterprise_id"].unique()} | options
    return collect_day(path, plan, POLICY, TODAY, **given)


def four_results(book: Any) -> None:
    fill(book["o0"], 5, "未见异常 No irregularity found")
    fill(book["o0"], 6, "价格申报不实", "严重")
    fill(book["o1"], 5, "Not examined: goods gone", officers=None)
    fill(book["o2"], 5, "违禁或限制货物", "Minor", "li na; wang min")


def test_filled_rows_of_all_offices_become_results_and_proposed_records(
    sent: Path, plan: DayPlan, tmp_path: Path
) -> None:
    found = collect(returned(sent, tmp_path, four_results), plan, answer=tmp_path / "answer.xlsx")
    assert found.refused.is_empty()
    assert sorted(found.taken.results["result"]) == ["goods_gone", "no_irregularity", "prohibited", "value"]
    assert sorted(found.taken.records["item"]) == ["customs_prohibited_goods", "customs_undervaluation"]
    assert found.blank == plan.chosen.height - 4
    marked = openpyxl.load_workbook(tmp_path / "answer.xlsx")
    said = [c.value for name in ("o0", "o1", "o2") for r in marked[name].iter_rows(min_row=5) for c in r if c.value]
    told = [text for text in said if "已接收" in str(text)]
    assert len(told) == 4
    assert sum("owed" in str(text) for text in told) == 1
    assert sum("a record is proposed" in str(text) for text in told) == 2


def test_the_same_file_twice_changes_nothing(sent: Path, plan: DayPlan, tmp_path: Path) -> None:
    path = returned(sent, tmp_path, four_results)
    first = collect(path, plan)
    again = collect(path, plan, known=first.taken.results)
    assert (again.taken.results.height, again.taken.records.height, again.taken.unchanged) == (0, 0, 4)


def mistreat(book: Any) -> None:
    """Sort whole rows backwards, reverse columns, delete some; take a sheet out that nobody has filled in."""
    four_results(book)
    keep = [i for i, c in enumerate(EXAMINATIONS.columns) if c.id not in ("name", "why", "reason", "minutes")]
    for name in ("o0", "o1", "o2"):
        page = book[name]
        rows = [[cell.value for cell in row] for row in page.iter_rows(min_row=HEADING, max_row=page.max_row)]
        page.data_validations.dataValidation = []
        page.delete_rows(HEADING, page.max_row)
        for row in [rows[0], *reversed(rows[1:])]:
            page.append([None, *(row[i] for i in reversed(keep))])
    del book["Minutes" if "Minutes" in book.sheetnames else book.sheetnames[4]]


def test_sorted_moved_and_deleted_columns_come_back_the_same(sent: Path, plan: DayPlan, tmp_path: Path) -> None:
    plain = collect(returned(sent, tmp_path, four_results), plan)
    changed = collect(returned(sent, tmp_path, mistreat), plan)
    assert changed.taken.results.equals(plain.taken.results)
    assert changed.taken.records.equals(plain.taken.records)


@pytest.mark.parametrize("way", WAYS)
def test_a_list_written_anew_by_another_program_says_the_same(
    way: str, sent: Path, plan: DayPlan, tmp_path: Path
) -> None:
    path = returned(sent, tmp_path, mistreat)
    again = saved_by_another_program(path, tmp_path / "again.xlsx", way)
    told, plain = collect(again, plan, answer=tmp_path / "answer.xlsx"), collect(path, plan)
    assert (told.taken.results.height, told.refused.height) == (4, 0)
    assert told.taken.results.equals(plain.taken.results)


def test_without_the_key_column_declaration_and_importer_recognise_the_row(
    sent: Path, plan: DayPlan, tmp_path: Path
) -> None:
    def drop(book: Any) -> None:
        four_results(book)
        book["o0"].delete_cols([c.id for c in EXAMINATIONS.columns].index("key") + 1)

    found = collect(returned(sent, tmp_path, drop), plan)
    assert (found.taken.results.height, found.refused.height) == (4, 0)


def as_text(page: Any, column: str, value: str) -> None:
    page[at(column, 5)] = value
    page[at(column, 5)].data_type = "s"


BAD = [
    ("edited_key", "key", lambda p: p.__setitem__(at("key", 5), str(p[at("key", 5)].value)[:-1] + "x")),
    ("mixed_row", "declaration_id", lambda p: p.__setitem__(at("declaration_id", 5), "d9999")),
    ("other_firm", "enterprise_id", lambda p: p.__setitem__(at("enterprise_id", 5), "999")),
    ("unknown_code", "result", lambda p: p.__setitem__(at("result", 5), "未查验 价格不实")),
    ("unknown_code", "result", lambda p: as_text(p, "result", "=HYPERLINK(1)")),
    ("unknown_code", "severity", lambda p: p.__setitem__(at("severity", 5), "terrible")),
    ("required", "severity", lambda p: p.__setitem__(at("result", 5), "数量、重量不符")),
    ("contradiction", "severity", lambda p: fill(p, 5, "未查验：人手不足", "轻微", None)),
    ("required", "remark", lambda p: fill(p, 5, "未查验：其他（备注说明）", None, None)),
    ("bad_date", "examined_on", lambda p: p.__setitem__(at("examined_on", 5), "someday")),
    ("date_order", "examined_on", lambda p: p.__setitem__(at("examined_on", 5), date(2020, 5, 1))),
    ("future_date", "examined_on", lambda p: p.__setitem__(at("examined_on", 5), date(2020, 7, 1))),
    ("team_size", "officers", lambda p: p.__setitem__(at("officers", 5), "李娜")),
    ("required", "result", lambda p: p.__setitem__(at("result", 5), "=1+1")),  # a formula without a result is blank
]


@pytest.mark.parametrize(("rule", "column", "spoil"), BAD, ids=[f"{r}-{c}-{k}" for k, (r, c, _) in enumerate(BAD)])
def test_a_bad_row_is_refused_and_marked_the_good_ones_taken(
    rule: str, column: str, spoil: Callable[[Any], None], sent: Path, plan: DayPlan, tmp_path: Path
) -> None:
    def change(book: Any) -> None:
        four_results(book)
        spoil(book["o0"])

    answer = tmp_path / "answer.xlsx"
    found = collect(returned(sent, tmp_path, change), plan, answer=answer)
    assert found.taken.results.height == 3
    assert found.refused.select("sheet", "row", "rule", "column").rows() == [("o0", 5, rule, column)]
    marked = openpyxl.load_workbook(answer)
    assert found.refused["remedy"][0] in marked["o0"][at(column, 5)].comment.text
    assert marked.worksheets[0]["A2"].value == "o0"
    assert marked.worksheets[0]["B2"].value == at(column, 5)
    assert not any(c.data_type == "f" for line in marked.worksheets[0].iter_rows() for c in line)


def test_a_row_of_another_office_pasted_twice_is_taken_once(sent: Path, plan: DayPlan, tmp_path: Path) -> None:
    def paste(book: Any) -> None:
        four_results(book)
        for column in EXAMINATIONS.letters:
            book["o1"][at(column, 5)] = book["o0"][at(column, 6)].value

    found = collect(returned(sent, tmp_path, paste), plan)
    assert found.refused.select("sheet", "rule").rows() == [("o1", "duplicate_id")]
    assert found.taken.results.height == 3


def test_an_added_row_is_refused_with_its_remedy(sent: Path, plan: DayPlan, tmp_path: Path) -> None:
    found = collect(returned(sent, tmp_path, lambda book: fill(book["o0"], 200, "未见异常")), plan)
    assert found.refused.select("rule", "row").rows() == [("added_row", 200)]
    assert "open a case" in found.refused["remedy"][0]


def test_a_list_of_another_day_or_draw_is_refused(sent: Path, plan: DayPlan) -> None:
    rows = morning.declarations(120, must=15)
    with pytest.raises(InputError, match="it is the list of 2020-06-01"):
        collect(sent, planned(rows, POLICY, day=TODAY))
    for other in (planned(rows, POLICY, seed=b"another run"), planned(morning.declarations(90, must=15), POLICY)):
        with pytest.raises(InputError, match="another one now; this is of run r1"):
            collect(sent, other)


def test_workbooks_are_told_apart_by_their_hidden_facts(sent: Path, plan: DayPlan, tmp_path: Path) -> None:
    world = make_world(12, 1)
    roster = write_rosters(world.plan, world.enterprises, world.inspectors, world.policy, world.facts, tmp_path)[0]
    assert (kind_of(sent), kind_of(roster)) == ("consignments", "roster")
    assert (named_in(sent).run, named_in(sent).day) == ("r1", DAY)
    with pytest.raises(InputError, match="a roster, not a list"):
        collect(roster, plan)
    with pytest.raises(InputError, match="a list of examinations, not a roster"):
        collect_file(sent, world.plan.visits, world.policy, TODAY)
    openpyxl.Workbook().save(tmp_path / "foreign.xlsx")
    with pytest.raises(InputError, match="hidden facts are missing"):
        kind_of(tmp_path / "foreign.xlsx")


def test_facts_that_say_nothing_and_headings_that_are_gone_are_named(sent: Path, plan: DayPlan, tmp_path: Path) -> None:
    def no_day(book: Any) -> None:
        for row in book["_evenhand"].iter_rows():
            row[1].value = "soon" if row[0].value == "evenhand_day" else row[1].value

    def no_headings(book: Any) -> None:
        for name in ("o0", "o1", "o2"):
            book[name].delete_rows(HEADING)

    with pytest.raises(InputError, match="which run and day"):
        collect(returned(sent, tmp_path, no_day), plan)
    with pytest.raises(InputError, match="headings"):
        collect(returned(sent, tmp_path, no_headings), plan)


def test_a_very_long_workbook_is_answered_with_the_list_alone(
    sent: Path, plan: DayPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(book: Any) -> None:
        four_results(book)
        book["o0"][at("officers", 5)] = None

    monkeypatch.setattr("exports.consignment_return.WHOLE", 10)
    collect(returned(sent, tmp_path, change), plan, answer=tmp_path / "answer.xlsx")
    rows = list(openpyxl.load_workbook(tmp_path / "answer.xlsx").worksheets[0].iter_rows(values_only=True))
    assert rows[1][:3] == ("o0", "5", "查验人员 Officers")
    assert sum("a record is proposed" in str(row[4]) for row in rows) == 2
    assert sum("owed" in str(row[4]) for row in rows) == 1


def test_round_trip_through_libreoffice(sent: Path, plan: DayPlan, tmp_path: Path) -> None:
    if not shutil.which("soffice"):
        pytest.skip("LibreOffice is not installed")
    path = returned(sent, tmp_path, mistreat)
    home = f"-env:UserInstallation=file://{tmp_path}/home"
    convert = ["soffice", home, "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir"]
    subprocess.run([*convert, str(tmp_path / "out"), str(path)], check=True, capture_output=True, timeout=120)
    back, plain = collect(tmp_path / "out" / "back.xlsx", plan), collect(path, plan)
    assert back.taken.results.equals(plain.taken.results)
    assert back.taken.records.equals(plain.taken.records)
    assert isinstance(back.refused, pl.DataFrame)
