"""A row that cannot be used is refused by itself: with its row number, rule, column, value and reason."""

from __future__ import annotations

import pytest

from config.errors import RejectionLimitExceeded
from models.records import RECORDS, REJECTED
from tests.models.intake.conftest import FIRMS, GOOD, HEAD

A = FIRMS[0]
CASES = {
    "check character": (f"2,{A[:-1]}M,price_fraud,2026-01-05,,,minor", "identifier", "enterprise_id"),
    "too short": (f"2,{A[:-1]},price_fraud,2026-01-05,,,minor", "identifier", "enterprise_id"),
    "identity number": ("2,11010519491231002X,price_fraud,2026-01-05,,,minor", "person_as_subject", "enterprise_id"),
    "no identifier": ("2,,price_fraud,2026-01-05,,,minor", "required", "enterprise_id"),
    "unknown item": (f"2,{A},bad_luck,2026-01-05,,,minor", "unknown_item", "item"),
    "no item": (f"2,{A},,2026-01-05,,,minor", "required", "item"),
    "future": (f"2,{A},price_fraud,2026-07-02,,,minor", "future_date", "act_date"),
    "impossible day": (f"2,{A},price_fraud,2026-02-30,,,minor", "date", "act_date"),
    "no day": (f"2,{A},price_fraud,,2026-01-05,,minor", "required", "act_date"),
    "year 0202": (f"2,{A},price_fraud,0202-01-05,,,minor", "date", "act_date"),
    "negative": (f"2,{A},price_fraud,2026-01-05,,-500.00,minor", "negative_amount", "amount"),
    "three decimals": (f"2,{A},price_fraud,2026-01-05,,5.005,minor", "number", "amount"),
    "words for money": (f"2,{A},price_fraud,2026-01-05,,a lot,minor", "number", "amount"),
    "unknown severity": (f"2,{A},price_fraud,2026-01-05,,,terrible", "unknown_code", "severity"),
    "error value": (f"2,{A},price_fraud,#N/A,,,minor", "error_value", "act_date"),
    "no act number": (f",{A},price_fraud,2026-01-05,,,minor", "required", "act_id"),
    "same number again": (f"1,{A},price_fraud,2026-01-06,,,minor", "duplicate_id", "record_id"),
    "not in the register": ("2,91110108343243870J,price_fraud,2026-01-05,,,minor", "unknown_enterprise", None),
    "too few fields": (f"2,{A},price_fraud", "field_count", None),
    "too many fields": (f"2,{A},price_fraud,2026-01-05,,,minor,,", "field_count", None),
    "total line": ("合计,,,,,1200.50,", "total_line", None),
    "English total": ("Total: 1,,,,,1200.50,", "total_line", None),
    "open quote": (f'2,{A},price_fraud,2026-01-05,,"12,minor', "quotes", None),
}


@pytest.mark.parametrize(("row", "rule", "column"), CASES.values(), ids=CASES.keys())
def test_row_is_refused_and_the_others_stay(take, row: str, rule: str, column: str | None) -> None:
    result = take([GOOD, row])
    assert result.tables["records"]["act_id"].to_list() == ["1"]
    refused = result.rejected.row(0, named=True)
    assert result.rejected.height == 1
    assert (refused["file"], refused["row"], refused["rule"]) == ("penalties.csv", 3, rule)
    assert column is None or refused["column"] == column
    assert refused["reason"]


MENDED = {
    "lower case, blanks": f"2, {A[:9].lower()} {A[9:].lower()} ,price_fraud,2026-01-05,,1200.5,minor",
    "full-width": f"2,{A[:2].translate({ord(c): ord(c) + 0xFEE0 for c in '0123456789'})}{A[2:]},price_fraud,"
    "２０２６-０１-０５,,１２００.５,minor",
    "slashes": f"2,{A},price_fraud,2026/1/5,,1200.5,minor",
    "Chinese date": f"2,{A},price_fraud,2026年1月5日,,1200.50,minor",
    "no separators": f"2,{A},price_fraud,20260105,,1200.500,minor",
    "midnight": f"2,{A},price_fraud,2026-01-05 00:00:00,,1200.5,minor",
    "time of day": f"2,{A},price_fraud,2026/1/5 13:45,,1200.5,minor",
    "thousands": f'2,{A},price_fraud,2026-01-05,,"1,200.50",minor',
    "quoted": f'"2","{A}","price_fraud","2026-01-05","","1200.50","minor"',
}


@pytest.mark.parametrize("row", MENDED.values(), ids=MENDED.keys())
def test_what_can_be_mended_is_accepted(take, row: str) -> None:
    result = take([GOOD, row])
    assert result.rejected.is_empty()
    first, second = result.tables["records"].sort("act_id").drop("record_id", "act_id", "known_on").rows()
    assert (second[0], second[2], second[4]) == (first[0], first[2], 120050)


def test_blank_lines_count_as_rows_but_are_no_rows(take) -> None:
    result = take([GOOD, "", "  ,,,,,,", f"2,{A},price_fraud,never,,,minor"])
    assert result.rejected["row"].to_list() == [5]
    assert next(file.rows for file in result.files if file.name == "penalties.csv") == 2


def test_a_quoted_line_break_keeps_the_record_and_the_numbering(take, data) -> None:
    (data / "firms.csv").write_text(f'uscc,name,kind\n{A},"Two\nlines",\n{FIRMS[1]},"say ""hi""",\nx,bad,\n', "utf-8")
    result = take()
    assert result.tables["enterprises"]["name"].to_list() == ["Two\nlines", 'say "hi"']
    assert result.rejected.select("row", "rule").rows() == [(5, "identifier")]


def test_a_stray_byte_refuses_its_line_only(take, data) -> None:
    rows = [f"{number},{A},price_fraud,2026-01-05,,,minor".encode() for number in range(2, 30)]
    rows[3] = rows[3].replace(b"price", b"pri\xffce")
    (data / "penalties.csv").write_bytes(b"\n".join([b"no,uscc,item,decided,published,fine,severity", *rows]))
    result = take()
    assert result.tables["records"].height == 27
    assert result.rejected.select("row", "rule").rows() == [(5, "encoding")]


@pytest.mark.parametrize("kind", ["个体工商户", "sole_trader", "Natural_Person"])
def test_a_sole_trader_is_never_a_subject(take, data, kind: str) -> None:
    (data / "firms.csv").write_text(f"uscc,name,kind\n{A},Firm,\n{FIRMS[1]},Somebody,{kind}\n", encoding="utf-8")
    result = take()
    assert result.tables["enterprises"]["name"].to_list() == ["Firm"]
    assert result.rejected.select("rule", "column").rows() == [("person_as_subject", "ownership")]


def test_a_sole_traders_code_is_never_a_subject(take, data) -> None:
    from stdnum.cn import uscc

    code = "92110000600037341"
    code += uscc.calc_check_digit(code)
    (data / "firms.csv").write_text(f"uscc,name,kind\n{A},Firm,\n{code},Somebody,\n", encoding="utf-8")
    assert take().rejected["rule"].to_list() == ["person_as_subject"]


def test_schemas_are_exactly_those_of_the_nouns(take) -> None:
    result = take([GOOD, "x"])
    assert result.tables["records"].schema == RECORDS
    assert result.rejected.schema == REJECTED


def test_too_many_refusals_stop_the_run_and_say_why(take) -> None:
    bad = [f"{number},{A},bad_luck,2026-01-05,,,minor" for number in range(2, 6)]
    with pytest.raises(RejectionLimitExceeded, match=r"limit 100 \(unknown_item 4\).*csv row 3: unknown_item"):
        take([GOOD, *bad], rejection_limit_per_mille=100)


def test_a_later_file_supersedes_and_a_second_row_in_one_file_does_not(take, data) -> None:
    (data / "penalties_2.csv").write_text(
        (data / "penalties.csv").read_text("utf-8").replace("1200.50", "800")
        + f"1,{A},price_fraud,2026-01-05,,9,minor\n",
        encoding="utf-8",
    )
    result = take()
    assert result.tables["records"]["amount"].to_list() == [80000]
    assert result.rejected.select("file", "row", "rule").rows() == [("penalties_2.csv", 3, "duplicate_id")]
    assert [file.set_aside for file in result.files if file.name == "penalties.csv"] == [1]


def test_where_each_file_is_everything_the_last_one_counts(take, data, source) -> None:
    """A full snapshot: what the last delivery no longer has is withdrawn."""
    from config.source_forms import Delivery

    (data / "penalties_2.csv").write_text(f"{HEAD}\n2,{A},price_fraud,2026-01-05,,9,minor\n", encoding="utf-8")
    full = tuple(table.model_copy(update={"delivery": Delivery.latest}) for table in source.tables)
    assert take().tables["records"]["act_id"].to_list() == ["1", "2"]
    assert take(tables=full).tables["records"]["act_id"].to_list() == ["2"]


def test_a_firm_may_be_called_total(take, data) -> None:
    rows = [f"Total Wine,{A},", f"Total,{FIRMS[1]},", "Total,,", "合计: 3,,"]
    (data / "firms.csv").write_text("\n".join(["name,uscc,kind", *rows]), encoding="utf-8")
    result = take()
    assert result.tables["enterprises"]["name"].to_list() == ["Total Wine", "Total"]
    assert result.rejected.select("row", "rule").rows() == [(4, "total_line"), (5, "total_line")]


def test_a_title_above_the_headings(take, data, source) -> None:
    (data / "penalties.csv").write_text(f"行政处罚信息公示表,,,,,,\n制表日期 2026-06-30\n{HEAD}\n{GOOD}\nx\n", "utf-8")
    below = tuple(
        table.model_copy(update={"headings_at": 3 if table.fills == "records" else 1}) for table in source.tables
    )
    result = take(tables=below)
    assert result.tables["records"].height == 1
    assert result.rejected.select("row", "rule").rows() == [(5, "field_count")]


@pytest.mark.parametrize(
    ("unit", "written", "fen"),
    [
        ("major", "12.3", 1230),
        ("major", "+12", 1200),
        ("minor", "1230", 1230),
        ("ten_thousand", "1.25", 1_250_000),
        ("ten_thousand", "0.000001", 1),
        ("major", "9999999999999.99", 999_999_999_999_999),
    ],
)
def test_money_is_exact(take, source, unit: str, written: str, fen: int) -> None:
    records = source.tables[1]
    columns = records.columns | {"amount": records.columns["amount"].model_copy(update={"money": unit})}
    forms = (source.tables[0], records.model_copy(update={"columns": columns}), source.tables[2])
    result = take([f"1,{A},price_fraud,2026-01-05,,{written},minor"], tables=forms)
    assert result.tables["records"]["amount"].to_list() == [fen]
