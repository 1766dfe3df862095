"""OCDS out and in, offices' sheets out and in, letters: what leaves comes back unchanged."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from docx import Document

from config.errors import InputError
from exports.bid_files import safe_name, write_evaluation
from exports.bid_list import write_bid_list
from exports.bid_notice import write_notices
from exports.tender_ocds import write_ocds
from models.tender.case import TenderCase
from models.tender.evaluation import evaluate
from models.tender.ocds import read_json, read_ocds
from models.tender.ocds_out import read_evaluations, release_package
from models.tender.problems import problems
from models.tender.schema import check_schema
from models.tender.sheet import read_tenders
from tests.exports.test_bid_sheet import evaluation
from tests.models.tender import build

PUBLISHED = datetime(2025, 9, 12, tzinfo=UTC)


def test_the_release_comes_back_unchanged(tmp_path: Path) -> None:
    before = evaluation()
    path = write_ocds([before], tmp_path / "o.json", published=PUBLISHED)
    (case,) = read_ocds(path)
    assert case == before.case
    assert read_evaluations(read_json(path)) == [before.to_dict()]
    again = evaluate(
        case,
        build.ratings({"a": "A", "b": "B", "listed": "A"}),
        build.market(),
        listings=build.listings([["court_defaulters", "listed", date(2025, 1, 1), None, "法院", "=1+1"]]),
        table=before.table,
        seed=b"s",
    )
    second = write_ocds([again], tmp_path / "again.json", published=PUBLISHED)
    assert second.read_bytes() == path.read_bytes()


def test_awards_are_proposed_not_made() -> None:
    release = release_package([evaluation()], PUBLISHED)["releases"][0]
    assert {award["status"] for award in release["awards"]} == {"pending"}
    assert len(release["awards"]) == 2
    assert [bid["status"] for bid in release["bids"]["details"]].count("valid") == 7  # nobody's status was touched
    assert all(("rank" in bid) == bid["hasRank"] for bid in release["bids"]["details"])


@pytest.mark.shared
def test_the_release_passes_the_published_schema(shared_data: Path, tmp_path: Path) -> None:
    path = write_ocds([evaluation()], tmp_path / "o.json", published=PUBLISHED, schemas=shared_data / "ocds")
    check_schema(read_json(path), shared_data / "ocds")
    record = {"version": "1.1", "records": [{"ocid": "x", "compiledRelease": read_json(path)["releases"][0]}]}
    check_schema(record, shared_data / "ocds")


@pytest.mark.shared
def test_a_release_that_breaks_the_schema_is_not_written(shared_data: Path, tmp_path: Path) -> None:
    broken = evaluation()
    broken.case.release["bids"]["details"][0]["status"] = "charming"
    with pytest.raises(InputError, match=r"releases/0/bids/details/0/status.*charming") as caught:
        write_ocds([broken], tmp_path / "o.json", published=PUBLISHED, schemas=shared_data / "ocds")
    assert caught.value.remedy
    assert list(tmp_path.iterdir()) == []


@pytest.mark.shared
def test_reading_with_the_schema_names_every_place(shared_data: Path, tmp_path: Path) -> None:
    package = build.package({}, [{"firm": "a"}])
    package["releases"][0]["bids"]["details"][0]["value"]["amount"] = "a lot"
    del package["releases"][0]["ocid"]
    (tmp_path / "p.json").write_text(json.dumps(package), encoding="utf-8")
    with pytest.raises(InputError, match=r"'ocid' is a required property") as caught:
        read_ocds(tmp_path / "p.json", schemas=shared_data / "ocds")
    assert "releases/0/bids/details/0/value/amount" in str(caught.value)


def plain(case: TenderCase) -> TenderCase:
    """A case without what only says where it stood."""
    return replace(case, bids=tuple(replace(bid, path="") for bid in case.bids))


def office_case() -> TenderCase:
    """A tender as an office's sheet can hold it: party ids are scheme and code."""
    bids = [
        {"firm": "PL-NIP-A", "price": 99.5, "technical": [30, 31.5], "business": [10, 10]},
        {"members": {"PL-NIP-B": 0.6, "PL-NIP-C": 0.4}, "price": 101, "technical": [33, 34], "business": [9, 9]},
        {"firm": "PL-NIP-D", "price": 90, "technical": [1, 2], "business": [3, 4], "subcontractors": ["PL-NIP-E"],
         "status": "withdrawn"},
    ]  # fmt: skip
    codes = {f"PL-NIP-{c}": {"name": f"企业{c}", "identifier": {"scheme": "PL-NIP", "id": c}} for c in "ABCDE"}
    tender = {
        "parties": codes,
        "lots": {"1": 150},
        "price": {"formula": "benchmark", "mix": 0.25, "coefficient": 0.9, "deduct_above": 2, "trim_from": 5},
        "technical": {"trimJudgesFrom": 5, "reads": ["experience"], "description": "方案"},
        "limit": 1,
        "ties": ["technical", "draw"],
    }
    package = build.package(tender, bids)
    for bid in package["releases"][0]["bids"]["details"]:
        for firm in (
            *bid["tenderers"],
            *(s["subcontractor"] for s in bid.get("subcontracting", {}).get("subcontracts", [])),
        ):
            firm["name"] = codes[firm["id"]]["name"]
    from models.tender.ocds import cases_of

    return cases_of(package, "test")[0]


@pytest.mark.parametrize("name", ["tender.xlsx", "bids.csv"])
def test_an_office_s_sheet_comes_back_as_the_same_case(tmp_path: Path, name: str) -> None:
    case = office_case()
    (found,) = read_tenders(write_bid_list(case, tmp_path / name))
    assert plain(found) == plain(case)
    assert found.bids[1].path == "投标一览 row 3"


def test_a_sheet_in_gb18030_with_chinese_words_is_read(tmp_path: Path) -> None:
    (tmp_path / "criteria.csv").write_text("编号,类别,分值\n报价,价格,60\n技术,技术标,40\n", encoding="gb18030")
    text = '标段,投标人,投标报价,状态,技术@甲,技术@乙\n1,企业一,"1,200.50",有效,30,32\n\n1,企业二,1300,已撤回,31,33\n'
    (tmp_path / "bids.csv").write_text(text, encoding="gb18030")
    (tmp_path / "tender.csv").write_text("项目,内容\nOpening,2025-09-10T09:30:00+08:00\n", encoding="gb18030")
    (case,) = read_tenders(tmp_path / "bids.csv")
    assert [(bid.price, bid.status, bid.path) for bid in case.bids] == [
        (120_050, "valid", "投标一览 row 2"),
        (130_000, "withdrawn", "投标一览 row 4"),
    ]
    assert [(s.judge, s.points) for s in case.bids[0].scores] == [("乙", 32_000), ("甲", 30_000)]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("投标报价", "many", r"row 3.*column price: expected a number"),
        ("递交时间", "yesterday", r"row 3.*column received.*2025-09-01T09:00"),
        ("技术@甲", "x", r"row 3.*column 技术@甲"),
        ("联合体成员及份额", "lonely", r"row 3.*'lonely' is not 'code name share'"),
    ],
)
def test_a_bad_cell_is_named_by_row_and_column(tmp_path: Path, column: str, value: str, message: str) -> None:
    (tmp_path / "criteria.csv").write_text("编号,类别,分值\n报价,价格,60\n技术,技术,40\n", encoding="utf-8")
    (tmp_path / "bids.csv").write_text(f"投标人,{column}\n企业一,\n企业二,{value}\n", encoding="utf-8")
    with pytest.raises(InputError, match=message) as caught:
        read_tenders(tmp_path / "bids.csv")
    assert caught.value.remedy


def test_times_without_a_zone_are_those_of_the_deadline(tmp_path: Path) -> None:
    (tmp_path / "criteria.csv").write_text("编号,类别,分值\n报价,价格,100\n", encoding="utf-8")
    (tmp_path / "tender.csv").write_text("项目,内容\nDeadline,2025-09-10T09:00:00+08:00\n", encoding="utf-8")
    (tmp_path / "bids.csv").write_text(
        "投标人,投标报价,递交时间\n甲,1,2025-09-10 08:59\n乙,1,2025-09-10 09:01\n", encoding="utf-8"
    )
    (case,) = read_tenders(tmp_path / "bids.csv")
    late = [problem.path for problem in problems(case) if problem.rule == "late"]
    assert late == ["投标一览 row 3/date"]
    (tmp_path / "tender.csv").write_text("项目,内容\nDeadline,soon\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"deadline: .*soon"):
        read_tenders(tmp_path / "bids.csv")


def test_missing_sheets_and_columns_are_named(tmp_path: Path) -> None:
    (tmp_path / "bids.csv").write_text("投标人\n企业一\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"criteria\.csv.*no such file"):
        read_tenders(tmp_path / "bids.csv")
    (tmp_path / "criteria.csv").write_text("编号,类别\n报价,价格\n", encoding="utf-8")
    with pytest.raises(InputError, match="lacks the column 分值"):
        read_tenders(tmp_path / "bids.csv")
    (tmp_path / "x.xlsx").write_bytes(b"no workbook")
    with pytest.raises(InputError, match="not a readable workbook"):
        read_tenders(tmp_path / "x.xlsx")


def text_of(path: Path) -> str:
    document = Document(str(path))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def test_every_bidder_gets_a_letter_with_points_reasons_and_how_to_object(tmp_path: Path) -> None:
    found = evaluation()
    paths = write_notices(found, tmp_path, build.market(), build.ratings({"a": "A", "b": "B"}))
    assert len(paths) == 5
    texts = {path.stem: text_of(path) for path in paths}
    ranked, listed = texts["notice-a-1"], texts["notice-listed-1"]
    assert "SCREENING AID" in ranked
    assert "Credit 11 points, by test 1" in ranked
    assert "Low risk" in ranked
    row = next(row for row in found.rows if row.bid == "a-1")
    assert f"{row.total / 1000:g}" in ranked
    assert "within 30 days" in ranked
    assert "within 20 working days" in ranked
    assert "Court judgment defaulter" in listed
    assert "queried 2025-09-10 09:30" in listed
    assert "listed" not in ranked  # nobody learns of another bidder's veto


def test_letters_are_the_same_bytes_twice(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_notices(evaluation(), tmp_path / name, build.market(), build.ratings({"a": "A"}))
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_all_files_of_an_evaluation_at_once(tmp_path: Path) -> None:
    paths = write_evaluation(evaluation(), tmp_path, build.market(), build.ratings({"a": "A"}), None)
    names = [path.relative_to(tmp_path).as_posix() for path in paths]
    assert names[:3] == ["bid-evaluation-T.xlsx", "ocds-T.json", "bids-T.xlsx"]
    assert len(names) == 8
    assert all(path.is_file() for path in paths)
    assert not list(tmp_path.rglob("*.part"))
    assert safe_name("../T 1/采购") == "T-1-采购"
