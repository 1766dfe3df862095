"""Whatever bytes stand in a file: a result or an InputError, in bounded time, never another exception."""

from __future__ import annotations

import contextlib
import gzip
import io
import zipfile
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache

import openpyxl
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.errors import InputError
from models.intake.csv_text import read_csv
from models.intake.door import refuse_forbidden
from models.intake.raw import ROW, Raw
from models.intake.sheets import read_sheet
from models.intake.tables import read_parquet

fuzz = settings(max_examples=60, deadline=4000, suppress_health_check=[HealthCheck.too_slow])
cells = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029\x00"), max_size=8)


def whole(raw: Raw) -> None:
    """What every reader promises: numbered rows, unique headings, refusals with reason."""
    assert raw.frame.columns[0] == ROW
    assert raw.frame[ROW].is_sorted()
    assert raw.frame[ROW].n_unique() == raw.frame.height
    assert raw.refused["reason"].null_count() == 0
    assert set(raw.frame[ROW]).isdisjoint(raw.refused["row"])


@fuzz
@given(st.binary(max_size=400), st.sampled_from(["utf-8", "gb18030"]), st.sampled_from([",", ";", "\t"]))
def test_any_bytes_as_csv(data: bytes, encoding: str, separator: str) -> None:
    with contextlib.suppress(InputError):
        whole(read_csv("f", data, encoding=encoding, separator=separator))


@fuzz
@given(st.lists(st.text('a",;\n\r 合计', max_size=12), max_size=12).map("\n".join))
def test_any_quotes_and_separators(text: str) -> None:
    with contextlib.suppress(InputError):
        raw = read_csv("f", text.encode(), encoding="utf-8", separator=",")
        whole(raw)


@fuzz
@given(st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=8), st.sampled_from(["utf-8", "gb18030"]))
def test_what_a_csv_writer_wrote_comes_back(rows: list[list[str]], encoding: str) -> None:
    import csv

    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([["a", "b", "c"], *rows])
    raw = read_csv("f", buffer.getvalue().encode(encoding), encoding=encoding, separator=",")
    assert raw.refused.is_empty()
    filled = [row for row in rows if any(cell.strip(' \t"' + ",") for cell in row)]
    read = [tuple(cell or "" for cell in row[1:]) for row in raw.frame.iter_rows()]
    assert [row for row in read if any(cell.strip(' \t"' + ",") for cell in row)] == [tuple(row) for row in filled]


@fuzz
@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x89PNG"]))
def test_any_bytes_as_workbook_or_parquet(data: bytes, magic: bytes) -> None:
    with pytest.raises(InputError):
        read_sheet("f", magic + data, sheet=None)
    with pytest.raises(InputError):
        read_parquet("f", data)
    with pytest.raises(InputError):
        read_parquet("f", b"PAR1" + data + b"PAR1")


@cache
def good_workbook() -> bytes:
    book = openpyxl.Workbook()
    for row in range(1, 30):
        book.active.append([row, f"name {row}", row / 7])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@cache
def good_parquet() -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame({"a": range(500), "b": [str(n) for n in range(500)]}).write_parquet(buffer)
    return buffer.getvalue()


@fuzz
@given(st.data())
def test_damaged_workbooks_and_parquet(data: st.DataObject) -> None:
    for good, read in ((good_workbook(), lambda b: read_sheet("f", b, sheet=None)), (good_parquet(), _parquet)):
        at = data.draw(st.integers(0, len(good) - 1))
        junk = data.draw(st.binary(max_size=20))
        for damaged in (good[:at], good[:at] + junk + good[at + len(junk) :], good[:at] + junk + good[at:]):
            with contextlib.suppress(InputError):
                whole(read(damaged))


def test_a_reader_that_panics_is_an_unreadable_file() -> None:
    """A damaged page makes the compiled reader panic, which is no Exception to Python."""
    from models.intake.raw import readable

    class PanicException(BaseException):
        pass

    with pytest.raises(InputError, match="not a readable thing"), readable("f", "thing", "ask again"):
        raise PanicException("invalid num_bits 135")
    with pytest.raises(KeyboardInterrupt), readable("f", "thing", "ask again"):
        raise KeyboardInterrupt


def _parquet(data: bytes) -> Raw:
    return read_parquet("f", data)


@fuzz
@given(st.text(max_size=200))
def test_any_sheet_xml(xml: str) -> None:
    """A workbook whose sheet is nonsense, entities and all."""
    with zipfile.ZipFile(io.BytesIO(good_workbook())) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/worksheets/sheet1.xml"] = xml.encode("utf-8", "surrogatepass")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with contextlib.suppress(InputError):
        whole(read_sheet("f", buffer.getvalue(), sheet=None))


def test_a_sheet_of_entities_does_not_explode() -> None:
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    xml = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "aaaaaaaaaa">{levels}]><worksheet><sheetData><row r="1">'
    xml += '<c r="A1" t="inlineStr"><is><t>&e11;</t></is></c></row></sheetData></worksheet>'
    with zipfile.ZipFile(io.BytesIO(good_workbook())) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, xml if name == "xl/worksheets/sheet1.xml" else content)
    with contextlib.suppress(InputError):
        assert read_sheet("f", buffer.getvalue(), sheet=None).frame.height == 0


@fuzz
@given(st.binary(max_size=300))
def test_any_bytes_as_gzip(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    from models.intake.packed import content

    path = tmp_path_factory.mktemp("gz") / "f.csv.gz"
    for packed in (data, gzip.compress(data)[:-3], gzip.compress(data) + data):
        path.write_bytes(packed)
        with contextlib.suppress(InputError):
            content(path, "f")


@fuzz
@given(st.lists(st.text(max_size=30), max_size=6))
def test_any_headings_at_the_door(headings: list[str]) -> None:
    with contextlib.suppress(InputError):
        refuse_forbidden("f", headings, ["native_place"])


@st.composite
def spoilt_lines(draw: st.DrawFn) -> list[str]:
    """Good rows with a few cells, separators and lines spoilt."""
    from tests.models.intake.conftest import FIRMS

    lines = [f"{n},{FIRMS[n % 3]},price_fraud,2026-01-0{n % 9 + 1},,{n}.50,minor" for n in range(8)]
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(lines) - 1))
        where = draw(st.integers(0, len(lines[at])))
        lines[at] = lines[at][:where] + draw(st.text('",;\n\t-0合#=x９ ', max_size=4)) + lines[at][where + 1 :]
    return lines


@settings(max_examples=40, deadline=4000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=spoilt_lines())
def test_every_row_is_accepted_or_refused(take, lines: list[str]) -> None:
    result = take(lines)
    file = next(file for file in result.files if file.name == "penalties.csv")
    assert file.rows == file.accepted + file.rejected
    assert result.rejected.select("file", "row").is_duplicated().sum() == 0
    assert (
        result.tables["records"]["enterprise_id"].is_in(result.tables["enterprises"]["enterprise_id"].implode()).all()
    )


COLUMNS = ("no", "uscc", "item", "decided", "published", "fine", "severity")


def examples() -> list[pl.Series]:
    """Three values of every type that a Parquet file can hold, awkward ones among them."""
    moment, far = datetime(2026, 1, 5, 13, 45, 12), datetime(9999, 12, 31)
    return [
        pl.Series(["1", None, "\u0661\u0662 x"]),
        pl.Series(["price_fraud", "2026-01-05", "91110000600037341L"]),
        pl.Series([2**63 - 1, -(2**63), None]),
        pl.Series([2**64 - 1, 0, None], dtype=pl.UInt64),
        pl.Series([float("nan"), float("inf"), 1e300]),
        pl.Series([12.5, -0.005, None], dtype=pl.Float32),
        pl.Series([moment, far, None], dtype=pl.Datetime("us")),
        pl.Series([moment, None, None], dtype=pl.Datetime("ns", "Asia/Shanghai")),
        pl.Series([moment.date(), far.date(), None]),
        pl.Series([True, False, None]),
        pl.Series([Decimal("12.345"), Decimal("-1"), None], dtype=pl.Decimal(12, 3)),
        pl.Series([moment.time(), None, None]),
        pl.Series([timedelta(days=9), timedelta(days=-9), None]),
        pl.Series([b"\xff\x00", b"", None]),
        pl.Series(["minor", "minor", None], dtype=pl.Categorical),
        pl.Series(["minor", None, "general"], dtype=pl.Enum(["minor", "general"])),
        pl.Series([[1], [], None]),
        pl.Series([{"a": 1}] * 3),
        pl.Series([None] * 3),
    ]


@pytest.mark.parametrize("column", COLUMNS)
def test_any_type_in_a_column_of_a_parquet_file(source, data, policy, column: str) -> None:
    from config.source_forms import Format
    from models.intake import intake
    from tests.models.intake.conftest import AS_OF, FIRMS

    good = {"no": ["1", "2", "3"], "uscc": FIRMS, "item": ["price_fraud"] * 3, "decided": ["2026-01-05"] * 3}
    good |= {"published": [None] * 3, "fine": ["1"] * 3, "severity": ["minor"] * 3}
    records = source.tables[1].model_copy(update={"format": Format.parquet, "files": "acts.parquet"})
    form = source.model_copy(update={"tables": (source.tables[0], records)})
    for values in examples():
        pl.DataFrame(good | {column: values}).write_parquet(data / "acts.parquet")
        with contextlib.suppress(InputError):
            result = intake(form, data, secret=b"s", policy=policy, as_of=AS_OF)
            assert result.rejected.height + result.tables["records"].height == 3, values
