"""A file that cannot be used stops the delivery before anything is accepted, and says what to do."""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from pathlib import Path

import openpyxl
import pytest

from config.errors import InputError
from models.intake import file_hashes, load_source
from tests.models.intake.conftest import FIRMS, GOOD, HEAD, SOURCE


def refusal(take) -> InputError:
    with pytest.raises(InputError) as caught:
        take()
    assert caught.value.remedy or caught.value.rule
    return caught.value


def test_missing_folder_and_file(take, data) -> None:
    (data / "penalties.csv").unlink()
    error = refusal(take)
    assert error.rule == "missing_file"
    assert "penalties*.csv" in str(error)


@pytest.mark.parametrize("content", ["", " \n\n", "\ufeff", ",,,\n"])
def test_empty_file(take, data, content: str) -> None:
    (data / "penalties.csv").write_text(content, encoding="utf-8")
    error = refusal(take)
    assert (error.file, error.rule) == ("penalties.csv", "empty_file")


def test_headings_without_rows_are_no_error(take) -> None:
    assert take([]).tables["records"].is_empty()


def test_wrong_encoding(take, data) -> None:
    rows = "\n".join(f"{number},{FIRMS[0]},价格欺诈,2026-01-05,,,minor" for number in range(9))
    (data / "penalties.csv").write_bytes(f"{HEAD}\n{rows}\n".encode("gb18030"))
    error = refusal(take)
    assert error.rule == "encoding"
    assert "GB18030" in (error.remedy or "")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_text_in_sixteen_bits(take, data, encoding: str) -> None:
    (data / "penalties.csv").write_bytes(f"{HEAD}\n{GOOD}\n".encode(encoding))
    assert refusal(take).rule == "encoding"


def test_missing_column_names_it_and_what_is_there(take, data) -> None:
    (data / "penalties.csv").write_text(f"{HEAD.replace('decided', 'day')}\n{GOOD}\n", encoding="utf-8")
    error = refusal(take)
    assert (error.rule, error.file) == ("missing_column", "penalties.csv")
    assert "no column decided; it has no, uscc, item, day" in str(error)


ENGLISH = (
    *(
        "monthly_income",
        "familyIncome",
        "deposits",
        "bank_balance",
        "Religion",
        "faith",
        "genes",
        "DNA",
        "ｉｎｃｏｍｅ",
    ),
    *("ｉｎｃｏｍｅ", "fingerprint-hash", "blood_type", "illness", "medical_history", "politics", "political_party"),
)
CHINESE = ("月收入", "家庭收入", "收入", "存款余额", "宗教信仰", "基因", "指纹", "血型", "疾病", "病史", "政治面貌")


@pytest.mark.parametrize("heading", ENGLISH + CHINESE)
def test_forbidden_fields_are_refused_at_the_door(take, data, heading: str) -> None:
    """Even where the source does not map them: nobody may send them."""
    (data / "penalties.csv").write_text(f"{HEAD},{heading}\n{GOOD},1\n", encoding="utf-8")
    error = refusal(take)
    assert error.rule == "forbidden_field"
    assert heading in str(error)


def test_what_only_sounds_alike_is_let_in(take, data) -> None:
    (data / "penalties.csv").write_text(f"{HEAD},营业收入,incoming,generated,health_permit\n{GOOD},1,2,3,4\n", "utf-8")
    assert take().tables["records"].height == 1


def test_fields_that_the_policy_forbids(take, data, policy) -> None:
    from dataclasses import replace

    from models.intake import intake

    (data / "penalties.csv").write_text(f"{HEAD},Native Place\n{GOOD},x\n", encoding="utf-8")
    strict = replace(policy, forbidden_fields=frozenset({"native_place"}))
    form = load_source(data.parent / "office.yaml")
    with pytest.raises(InputError, match="Native Place"):
        intake(form, data, secret=b"s", policy=strict, as_of=policy.as_of)


def as_excel(data: Path) -> None:
    """Let the office deliver its penalties as a workbook."""
    text = SOURCE.replace("files: penalties*.csv", "files: penalties*.xlsx\n    format: excel")
    (data.parent / "office.yaml").write_text(text, encoding="utf-8")
    (data / "penalties.csv").unlink()


@pytest.fixture
def excel(data, policy):
    """Write bytes as the workbook, run intake, and give back the refusal."""
    from models.intake import intake

    as_excel(data)

    def run(content: bytes):
        (data / "penalties.xlsx").write_bytes(content)
        form = load_source(data.parent / "office.yaml")
        return intake(form, data, secret=b"s", policy=policy, as_of=policy.as_of)

    return run


def workbook(rows: list[list[object]], blank_above: int = 0) -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    for number, row in enumerate(rows, start=1 + blank_above):
        for column, value in enumerate(row, start=1):
            page.cell(number, column, value)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_workbook_with_dates_numbers_and_rows_above(excel) -> None:
    from datetime import date

    good = ["1", FIRMS[0], "price_fraud", date(2026, 1, 5), None, 1200.5, "minor"]
    bad = ["2", FIRMS[0], "price_fraud", "#N/A", None, 1, "minor"]
    result = excel(
        workbook([HEAD.split(","), good, [None], bad, ["总计", None, None, None, None, 1201.5]], blank_above=3)
    )
    assert result.tables["records"].select("act_date", "amount").rows() == [(date(2026, 1, 5), 120050)]
    assert result.rejected.select("row", "rule").rows() == [(7, "error_value"), (8, "total_line")]


NOISY = (18128328.699999999, 0.1 + 0.2, 1.1, 123456789012.3)


def test_a_number_is_what_the_spreadsheet_shows(excel) -> None:
    """A cell that shows 18128328.7 is stored with the noise of a binary fraction."""
    rows = [[str(n), FIRMS[0], "price_fraud", "2026-01-05", None, fine, "minor"] for n, fine in enumerate(NOISY)]
    result = excel(workbook([HEAD.split(","), *rows]))
    assert result.rejected.is_empty()
    assert result.tables["records"]["amount"].to_list() == [1812832870, 30, 110, 12345678901230]


def bomb() -> bytes:
    """A workbook whose directory promises two gigabytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 1000)
    data = bytearray(buffer.getvalue())
    entry = data.rindex(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = (2 << 30).to_bytes(4, "little")
    return bytes(data)


def encrypted() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(512)


def macros() -> bytes:
    buffer = io.BytesIO(workbook([HEAD.split(",")]))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    return buffer.getvalue()


SPOILED = {
    "picture": (b"\x89PNG\r\n\x1a\n" + os.urandom(500), "not a workbook"),
    "old xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "old .xls"),
    "encrypted": (encrypted(), "encrypted"),
    "macros": (macros(), "macros"),
    "zip of something": (b"PK\x03\x04" + os.urandom(300), "damaged"),
    "cut off": (workbook([HEAD.split(",")])[:-500], "damaged"),
    "text": (b"no,uscc\n1,2\n", "not a workbook"),
    "empty sheet": (workbook([]), "empty"),
}


@pytest.mark.parametrize(("content", "words"), SPOILED.values(), ids=SPOILED.keys())
def test_spoiled_workbooks_are_named(excel, content: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        excel(content)


@pytest.mark.parametrize(("cell", "refused"), [("XFD1048576", True), ("ALL1048576", True), ("C1048576", False)])
def test_a_stray_cell_far_out_takes_no_memory(excel, cell: str, refused: bool) -> None:
    book = openpyxl.Workbook()
    for column, heading in enumerate(HEAD.split(","), start=1):
        book.active.cell(1, column, heading)
    book.active[cell] = "x"
    buffer = io.BytesIO()
    book.save(buffer)
    if refused:
        with pytest.raises(InputError, match="reaches to row 1,048,576"):
            excel(buffer.getvalue())
    else:
        assert excel(buffer.getvalue()).rejected["row"].to_list() == [1_048_576]


def test_zip_bomb_is_refused_before_it_unpacks(excel) -> None:
    with pytest.raises(InputError, match="unpacks to"):
        excel(bomb())


def test_gzip_bomb_and_broken_gzip(data, policy) -> None:
    from models.intake.packed import content

    packed = data / "bomb.csv.gz"
    packed.write_bytes(gzip.compress(b"0" * (300 << 20), 1))
    with pytest.raises(InputError, match="unpacks to more"):
        content(packed, "bomb.csv.gz")
    packed.write_bytes(gzip.compress(b"a,b\n1,2\n")[:-6])
    with pytest.raises(InputError, match="not a whole gzip"):
        content(packed, "bomb.csv.gz")


def test_the_same_file_twice_changes_nothing(take, data) -> None:
    once = take()
    (data / "penalties copy.csv").write_bytes((data / "penalties.csv").read_bytes())
    twice = take()
    assert all(once.tables[name].equals(twice.tables[name]) for name in once.tables)
    assert twice.rejected.is_empty()
    assert {file.name: file.same_as for file in twice.files}["penalties.csv"] == "penalties copy.csv"


def test_hashes_name_the_files_before_they_are_read(take, source, data) -> None:
    assert file_hashes(source, data) == {file.name: file.sha256 for file in take().files}


def test_person_identifiers_are_gone(take, data) -> None:
    (data / "heads.csv").write_text(f"person,uscc,from\n110105 194912310021,{FIRMS[0]},2020-01-01\n", encoding="utf-8")
    links = take().tables["links"]
    assert links.height == 1
    assert len(links["person_key"][0]) == 32
    assert "194912310021" not in str(links.to_dicts())


def test_files_count_in_the_order_people_read(take, data) -> None:
    for number, fine in ((10, 10), (9, 9), (2, 2)):
        (data / f"penalties_{number}.csv").write_text(f"{HEAD}\n{GOOD.replace('1200.50', str(fine))}\n", "utf-8")
    assert take().tables["records"]["amount"].to_list() == [1000]


def test_a_file_that_changes_while_it_is_read(take, data, monkeypatch) -> None:
    from models.intake import delivery

    monkeypatch.setattr(delivery, "sha256", lambda path: "0" * 64)
    assert refusal(take).rule == "changed"
