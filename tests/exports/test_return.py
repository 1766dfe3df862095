"""A roster goes out, is filled in, mistreated, and comes back."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from config.errors import InputError
from exports.layout import ROSTER
from exports.outcome_form import Collected, collect_file
from exports.roster import write_rosters
from models.outcome import Staff
from models.records import INSPECTORS
from tests.exports.world import World, make_world

TODAY = date(2026, 7, 1)
HEADING = 4


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(60, 1)


@pytest.fixture(scope="module")
def sent(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sent")
    return write_rosters(world.plan, world.enterprises, world.inspectors, world.policy, world.facts, folder)[0]


def roster_of(workbook: Any) -> Any:
    return workbook[ROSTER.title("both")]


def at(column: str, row: int) -> str:
    return f"{ROSTER.letters[column]}{row}"


def fill(page: Any, row: int, result: str, item: str | None = None, day: Any = date(2026, 5, 12)) -> None:
    page[at("visited_on", row)] = day
    page[at("result", row)] = result
    if item:
        page[at("item", row)] = item
        page[at("severity", row)] = "一般"


def returned(sent: Path, folder: Path, change: Callable[[Any], None]) -> Path:
    workbook = openpyxl.load_workbook(sent)
    change(roster_of(workbook))
    path = folder / "back.xlsx"
    workbook.save(path)
    return path


def collect(path: Path, world: World, **options: Any) -> Collected:
    return collect_file(path, world.plan.visits, world.policy, TODAY, **options)


def two_results(page: Any) -> None:
    fill(page, 5, "未发现问题 No problem found")
    fill(page, 6, "发现问题待后续处理", "欠缴税款 Tax arrears")


def test_filled_rows_become_visits_and_proposed_records(sent: Path, world: World, tmp_path: Path) -> None:
    found = collect(returned(sent, tmp_path, two_results), world)
    assert found.refused.is_empty()
    assert found.proposed.visits["result"].sort().to_list() == ["no_problem", "problem"]
    assert found.proposed.records["item"].to_list() == ["tax_arrears"]
    assert all(len(team) == 2 for team in found.proposed.visits["inspectors"])
    assert found.returned.blank == world.plan.visits.height - 2


def test_the_same_file_twice_changes_nothing(sent: Path, world: World, tmp_path: Path) -> None:
    path = returned(sent, tmp_path, two_results)
    first = collect(path, world).proposed
    again = collect(path, world, known=first.visits).proposed
    assert again.visits.is_empty()
    assert again.records.is_empty()
    assert again.unchanged == 2


def mistreat(page: Any) -> None:
    """Sort whole rows backwards, move columns, delete some, add an empty and a strange row."""
    two_results(page)
    rows = [[cell.value for cell in row] for row in page.iter_rows(min_row=HEADING, max_row=page.max_row)]
    heading, body = rows[0], [row for row in rows[1:] if row[ROSTER_KEY]]
    keep = [i for i, c in enumerate(ROSTER.columns) if c.id not in ("agency", "registry", "why", "state")]
    page.data_validations.dataValidation = []
    page.delete_rows(HEADING, page.max_row)
    for row in [heading, *reversed(body)]:
        page.append([None, *(row[i] for i in reversed(keep))])


ROSTER_KEY = [c.id for c in ROSTER.columns].index("key")


def test_sorted_moved_and_deleted_columns_come_back_the_same(sent: Path, world: World, tmp_path: Path) -> None:
    plain = collect(returned(sent, tmp_path, two_results), world).proposed
    changed = collect(returned(sent, tmp_path, mistreat), world).proposed
    assert changed.visits.equals(plain.visits)
    assert changed.records.equals(plain.records)


def test_without_the_key_column_task_number_and_firm_recognise_the_row(
    sent: Path, world: World, tmp_path: Path
) -> None:
    def drop_key(page: Any) -> None:
        two_results(page)
        page.delete_cols(ROSTER_KEY + 1)

    found = collect(returned(sent, tmp_path, drop_key), world)
    assert found.proposed.visits.height == 2


BAD = [
    ("edited_key", "key", lambda p: p.__setitem__(at("key", 5), str(p[at("key", 5)].value)[:-1] + "x")),
    ("bad_date", "visited_on", lambda p: p.__setitem__(at("visited_on", 5), "someday")),
    ("unknown_code", "result", lambda p: p.__setitem__(at("result", 5), "=cmd|' /C calc'!A0 fine")),
    ("other_firm", "firm_code", lambda p: p.__setitem__(at("firm_code", 5), p[at("firm_code", 6)].value)),
    ("mixed_row", "visit_id", lambda p: p.__setitem__(at("visit_id", 5), p[at("visit_id", 6)].value)),
    ("future_date", "visited_on", lambda p: p.__setitem__(at("visited_on", 5), date(2027, 1, 1))),
    ("required", "visited_on", lambda p: p.__setitem__(at("visited_on", 5), None)),
    ("required", "item", lambda p: p.__setitem__(at("item", 6), None)),
]


@pytest.mark.parametrize(("rule", "column", "spoil"), BAD, ids=[f"{r}-{c}" for r, c, _ in BAD])
def test_a_bad_row_is_refused_and_marked_the_good_one_taken(
    rule: str, column: str, spoil: Callable[[Any], None], sent: Path, world: World, tmp_path: Path
) -> None:
    def change(page: Any) -> None:
        two_results(page)
        spoil(page)

    answer = tmp_path / "answer.xlsx"
    path = returned(sent, tmp_path, change)
    if rule == "unknown_code":  # typed as text, as a person would
        workbook = openpyxl.load_workbook(path)
        roster_of(workbook)[at("result", 5)].data_type = "s"
        workbook.save(path)
    found = collect(path, world, answer=answer)
    assert found.proposed.visits.height == 1
    assert found.refused.select("rule", "column").row(0) == (rule, column)
    marked = openpyxl.load_workbook(answer)
    row = found.refused["row"][0]
    cell = roster_of(marked)[at(column, row)]
    assert found.refused["remedy"][0] in cell.comment.text
    assert marked.worksheets[0]["B2"].value == cell.coordinate
    assert not any(c.data_type == "f" for line in marked.worksheets[0].iter_rows() for c in line)


def test_a_very_long_workbook_is_answered_with_the_list_alone(
    sent: Path, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(page: Any) -> None:
        two_results(page)
        page[at("visited_on", 5)] = "someday"

    monkeypatch.setattr("exports.outcome_form.WHOLE", 10)
    collect(returned(sent, tmp_path, change), world, answer=tmp_path / "answer.xlsx")
    book = openpyxl.load_workbook(tmp_path / "answer.xlsx")
    assert [c.value for c in book.worksheets[0][2]][1:4] == ["5", "检查日期 Inspected on", "someday"]
    assert ROSTER.title("both") not in book.sheetnames


def test_an_added_row_is_refused_with_its_remedy(sent: Path, world: World, tmp_path: Path) -> None:
    def add(page: Any) -> None:
        last = HEADING + world.plan.visits.height + 1
        fill(page, last, "未发现问题")

    found = collect(returned(sent, tmp_path, add), world)
    assert found.refused["rule"].to_list() == ["added_row"]


def test_a_roster_of_another_plan_is_refused(sent: Path, tmp_path: Path) -> None:
    other = make_world(60, 1, visit_every=5)
    with pytest.raises(InputError, match="another plan"):
        collect_file(sent, other.plan.visits, other.policy, TODAY)


def _zip(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def _raw(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


OLE = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600
FILES: dict[str, Callable[[Path], Path]] = {
    "old .xls": lambda p: _raw(p, OLE),
    "encrypted": lambda p: _raw(p, OLE + "EncryptedPackage".encode("utf-16-le")),
    "PNG picture": lambda p: _raw(p, b"\x89PNG\r\n\x1a\n" + b"x" * 100),
    "not a workbook": lambda p: _raw(p, b"hello"),
    "macros": lambda p: _zip(p, {"xl/workbook.xml": b"<a/>", "xl/vbaProject.bin": b"x"}),
    "no Excel workbook": lambda p: _zip(p, {"a.txt": b"x"}),
    "more than 256 MB": lambda p: _zip(p, {"xl/workbook.xml": b"<a/>", "xl/x.xml": b"\0" * (257 << 20)}),
    "more than 200,000 rows": lambda p: _zip(
        p, {"xl/workbook.xml": b"<a/>", "xl/worksheets/sheet1.xml": b"<row r='1'/>" * 1_048_576}
    ),
    "with more than 200,000 rows": lambda p: _zip(
        p, {"xl/workbook.xml": b"<a/>", "xl/worksheets/sheet1.xml": b"<x:row>" * 1_048_576}
    ),
    "entities": lambda p: _zip(p, {"xl/workbook.xml": b"<!DOCTYPE x [<!ENTITY a 'b'>]><x/>"}),
    "parts": lambda p: _zip(p, {f"xl/{i}": b"" for i in range(2_001)}),
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    for told, make in FILES.items():
        make(folder / f"{told}.xlsx")
    return folder


@pytest.mark.parametrize("told", FILES)
def test_a_file_that_is_no_plain_roster_is_refused_by_name(told: str, world: World, hostile: Path) -> None:
    with pytest.raises(InputError, match=told) as caught:
        collect(hostile / f"{told}.xlsx", world)
    assert caught.value.remedy


CHECKED = """
import json, resource, sys, time
from pathlib import Path
import exports.outcome_form
from config.errors import InputError
from tests.exports.world import make_world
world, began, before = make_world(6, 1), time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
refused = 0
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        exports.outcome_form.read_roster(path, world.plan.visits, world.policy)
    except InputError:
        refused += 1
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps([refused, grown / 1024, time.process_time() - began]))
"""


def test_hostile_files_cost_little_time_and_memory(hostile: Path) -> None:
    command = [sys.executable, "-c", CHECKED, str(hostile)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    refused, grown_mb, seconds = json.loads(done.stdout.splitlines()[-1])
    assert refused == len(FILES)
    assert grown_mb < 40
    assert seconds < 10  # of this process's own work: 257 MB are unpacked on the way


def test_missing_damaged_and_foreign_files_are_refused(sent: Path, world: World, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        collect(tmp_path / "none.xlsx", world)
    with pytest.raises(InputError, match="damaged"):
        collect(_raw(tmp_path / "half.xlsx", sent.read_bytes()[: len(sent.read_bytes()) // 2]), world)
    foreign = openpyxl.Workbook()
    foreign.save(tmp_path / "foreign.xlsx")
    with pytest.raises(InputError, match="not a roster made by evenhand"):
        collect(tmp_path / "foreign.xlsx", world)


def test_round_trip_through_libreoffice(sent: Path, world: World, tmp_path: Path) -> None:
    if not shutil.which("soffice"):
        pytest.skip("LibreOffice is not installed")
    path = returned(sent, tmp_path, mistreat)
    plain = collect(path, world).proposed
    home = f"-env:UserInstallation=file://{tmp_path}/home"
    convert = ["soffice", home, "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir"]
    subprocess.run([*convert, str(tmp_path / "out"), str(path)], check=True, capture_output=True, timeout=120)
    back = collect(tmp_path / "out" / "back.xlsx", world).proposed
    assert back.visits.equals(plain.visits)
    assert back.records.equals(plain.records)
    assert isinstance(back.visits, pl.DataFrame)


def named(world: World, *names: str) -> Callable[[Any], None]:
    def change(page: Any) -> None:
        fill(page, 5, "未发现问题 No problem found")
        for column, name in zip(("present_1", "present_2"), names, strict=False):
            page[at(column, 5)] = name

    return change


def staff(world: World, **changes: Any) -> Staff:
    """Two more inspectors than the plan's: one may stand in, `changes` are made to the other."""
    row = world.inspectors.row(0, named=True)
    spare = [row | {"inspector_id": "s1", "name": "赵检"}, row | {"inspector_id": "s2", "name": "孙检"} | changes]
    people = pl.concat([world.inspectors, pl.DataFrame(spare, schema=INSPECTORS)])
    firm = world.plan.visits.sort("visit_date", "visit_id")["enterprise_id"].to_list()
    conflicts = pl.DataFrame({"inspector_id": ["s9"] * len(firm), "enterprise_id": firm, "reason": ["kin"] * len(firm)})
    return Staff(people, conflicts, world.enterprises)


def test_others_than_planned_may_have_gone_and_stand_in_the_visit(sent: Path, world: World, tmp_path: Path) -> None:
    given = staff(world)
    back = returned(sent, tmp_path, named(world, "赵检", "孙检"))
    found = collect(back, world, staff=given)
    assert (found.refused.height, found.proposed.visits["inspectors"].to_list()) == (0, [["s1", "s2"]])
    again = collect(back, world, staff=given, known=found.proposed.visits)
    assert (again.proposed.visits.height, again.proposed.unchanged) == (0, 1)
    planned = collect(returned(sent, tmp_path, named(world)), world, staff=given, known=found.proposed.visits)
    assert planned.refused["rule"].to_list() == ["contradiction"]


@pytest.mark.parametrize(
    ("names", "changes", "rule"),
    [
        (("赵检",), {}, "team_size"),
        (("赵检", "赵检"), {}, "team_size"),
        (("赵检", "无名氏"), {}, "unknown_code"),
        (("赵检", "孙检"), {"licence_to": date(2026, 5, 11)}, "licence"),
        (("赵检", "孙检"), {"licence_to": None}, "licence"),
        (("赵检", "孙检"), {"skills": ["chemicals"]}, "skill"),
        (("赵检", "孙检"), {"districts": ["999999"]}, "district"),
        (("赵检", "孙检"), {"inspector_id": "s9"}, "conflict"),
        (("赵检", "孙检"), {"name": "赵检"}, "unknown_code"),  # two of that name: which one?
    ],
)
def test_who_may_not_have_gone_is_refused_in_the_cell(
    names: tuple[str, ...], changes: dict[str, Any], rule: str, sent: Path, world: World, tmp_path: Path
) -> None:
    found = collect(returned(sent, tmp_path, named(world, *names)), world, staff=staff(world, **changes))
    assert found.refused["rule"].to_list() == [rule]
    assert found.refused["column"][0] in ("present_1", "present_2")
    assert found.proposed.visits.is_empty()


def test_the_drop_down_offers_those_who_serve_the_inspectorate(world: World, tmp_path: Path) -> None:
    given = staff(world, districts=["999999"])
    path = write_rosters(world.plan, world.enterprises, given.inspectors, world.policy, world.facts, tmp_path)[0]
    workbook = openpyxl.load_workbook(path)
    checks = roster_of(workbook).data_validations.dataValidation
    source = next(
        c.formula1 for c in checks if at("present_1", 5).rstrip("5") == str(c.sqref).rstrip("0123456789:")[:1]
    )
    offered = [cell.value for row in workbook["_lists"][source.split("!")[1]] for cell in row]
    assert "赵检" in offered
    assert "孙检" not in offered
