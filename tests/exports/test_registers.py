from __future__ import annotations

import csv
import hashlib
import io
import json
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from config.errors import UsageError
from exports import registers
from exports.register_formats import AGENCIES, REGISTERS
from exports.registers import GeneratedFiles, write_registers
from models.synthetic import generate

AS_OF = date(2026, 6, 30)
N = 9_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> GeneratedFiles:
    return write_registers(tmp_path_factory.mktemp("generated") / "out", N, 7, AS_OF)


@pytest.fixture(scope="module")
def told() -> dict[str, pl.DataFrame]:
    return next(generate(N, 7, AS_OF)).tables


def digests(folder: Path) -> dict[str, str]:
    files = [p for p in folder.rglob("*") if p.is_file()]
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def cells(path: Path) -> list[tuple[object, ...]]:
    return list(openpyxl.load_workbook(path, read_only=True).active.iter_rows(values_only=True))


def test_every_file_of_the_layout_is_there_and_counted(folder: GeneratedFiles) -> None:
    on_disk = {str(p.relative_to(folder.folder)) for p in folder.folder.rglob("*") if p.is_file()}
    assert on_disk == set(folder.rows) | {registers.MANIFEST}
    for stem in [layout.stem for layout in (AGENCIES | REGISTERS).values()] + ["truth/would_fail", "truth/dirty_rows"]:
        assert any(name.startswith(stem) for name in on_disk), stem
    for name, rows in folder.rows.items():
        path = folder.folder / name
        if path.suffix == ".csv":
            assert len(path.read_bytes().splitlines()) == rows + 1, name
        elif path.suffix == ".xlsx":
            assert len(cells(path)) == rows + 1, name
        elif path.suffix == ".json":
            assert len(json.loads(path.read_text(encoding="utf-8"))["releases"][0]["bids"]["details"]) == rows, name
        else:
            assert pl.read_parquet(path).height == rows, name


def test_the_manifest_says_what_it_was_made_from(folder: GeneratedFiles) -> None:
    head = json.loads((folder.folder / registers.MANIFEST).read_text(encoding="utf-8"))
    assert (head["n"], head["seed"], head["as_of"]) == (N, 7, "2026-06-30")


def test_dirty_rows_stand_where_the_truth_says(folder: GeneratedFiles) -> None:
    notes = pl.read_csv(folder.folder / "truth/dirty_rows.csv")
    assert notes.height == folder.dirty
    encodings = {f"{layout.stem}": layout.encoding for layout in (AGENCIES | REGISTERS).values()}
    seen = set()
    sheets = {name: cells(folder.folder / name) for name in folder.rows if name.endswith(".xlsx")}
    raw = {name: (folder.folder / name).read_bytes().splitlines() for name in folder.rows if name.endswith(".csv")}
    for file, row, rule in notes.select("file", "row", "rule").iter_rows():
        if file in raw:
            line = raw[file][row - 1]
            stem = next(stem for stem in encodings if file.startswith(stem))
            text = line.decode(encodings[stem].removesuffix("-sig"), errors="replace")
        else:
            text = "\t".join(str(cell) for cell in sheets[file][row - 1])
        assert _shows(rule, text), (file, row, rule, text)
        seen.add(rule)
    assert seen >= {"check_character", "padded_id", "column_count", "date_form", "future_date", "negative_amount"}
    assert seen >= {"unknown_item", "duplicate_id", "person_as_subject", "error_value", "formula_name", "full_width"}
    assert seen >= {"bad_bytes", "empty_line", "total_line", "bad_date"}


def _shows(rule: str, text: str) -> bool:
    marks = {
        "padded_id": "  9",
        "negative_amount": "-500.00",
        "unknown_item": "x-999",
        "person_as_subject": "210602189001010012",
        "error_value": "#N/A",
        "formula_name": "=HYPERLINK",
        "full_width": "９１",
        "bad_bytes": "\ufffd",
        "total_line": "合计",
        "future_date": "2037",
    }
    return marks[rule] in text if rule in marks else rule != "empty_line" or text == ""


def test_dirt_is_at_most_two_in_a_hundred(folder: GeneratedFiles) -> None:
    notes = pl.read_csv(folder.folder / "truth/dirty_rows.csv").group_by("file").len()
    for file, count in notes.iter_rows():
        assert count <= 0.02 * folder.rows[file] + 1, file


def test_clean_rows_come_back_as_they_were_told(folder: GeneratedFiles, told: dict[str, pl.DataFrame]) -> None:
    notes = pl.read_csv(folder.folder / "truth/dirty_rows.csv")
    name = "labour/acts_20260630_001.csv"
    dirty = set(notes.filter(pl.col("file") == name)["row"])
    raw = (folder.folder / name).read_bytes().splitlines()
    clean = [line.decode() for number, line in enumerate(raw, start=1) if number not in dirty]
    rows = list(csv.DictReader(io.StringIO("\n".join(clean))))
    records = told["records"].filter(pl.col("agency") == "labour")
    assert [row["act_no"] for row in rows] == records["act_id"].to_list()
    assert ["cn:" + row["uscc"] for row in rows] == records["enterprise_id"].to_list()
    assert [row["act_date"] for row in rows] == records["act_date"].cast(pl.String).to_list()


def test_a_late_correction_publishes_the_same_number_with_another_amount(folder: GeneratedFiles) -> None:
    def read(part: str) -> dict[str, str]:
        text = (folder.folder / f"tax/penalties_20260630_{part}.csv").read_bytes().decode("gb18030", errors="replace")
        return {row["处罚决定书文号"]: row["罚款金额(元)"] for row in csv.DictReader(io.StringIO(text))}

    first, late = read("001"), read("900")
    assert late
    assert all(float(first[number]) == pytest.approx(10 * float(amount)) for number, amount in late.items())


def test_the_same_call_writes_the_same_bytes_and_cells(tmp_path: Path, folder: GeneratedFiles) -> None:
    time.sleep(2.1)  # the stamps in an Excel file are two seconds apart
    again = write_registers(tmp_path / "out", N, 7, AS_OF)
    assert digests(again.folder) == digests(folder.folder)
    for name in folder.rows:
        if name.endswith(".xlsx"):
            assert cells(folder.folder / name) == cells(again.folder / name)


def test_chunks_do_not_show_in_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = write_registers(tmp_path / "a", 900, 7, AS_OF)
    monkeypatch.setattr(registers, "CHUNK", 250)
    cut = write_registers(tmp_path / "b", 900, 7, AS_OF)
    assert cut.rows == whole.rows
    for name in ("enterprises.csv", "visits.csv", "truth/dirty_rows.csv", "tax/penalties_20260630_001.csv"):
        assert (cut.folder / name).read_bytes() == (whole.folder / name).read_bytes()


def test_a_killed_generate_leaves_the_earlier_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = digests(write_registers(tmp_path / "out", 300, 1, AS_OF).folder)

    def stop(count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_registers(tmp_path / "out", 300, 2, AS_OF, progress=stop)
    assert digests(tmp_path / "out") == before
    write_registers(tmp_path / "out", 300, 2, AS_OF)
    assert digests(tmp_path / "out") != before
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match="not generated here"):
        write_registers(tmp_path, 10, 1, AS_OF)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize("n", [1, 2, 17])
def test_tiny_populations_are_written_whole(tmp_path: Path, n: int) -> None:
    files = write_registers(tmp_path / "out", n, 1, AS_OF)
    assert files.rows["truth/would_fail.parquet"] == n
    assert files.rows["enterprises.csv"] == n


def peak_megabytes(tmp_path: Path, n: int) -> float:
    """Peak memory of a process that writes `n` enterprises."""
    code = (
        "import resource, sys, datetime, pathlib; from exports.registers import write_registers; "
        "write_registers(pathlib.Path(sys.argv[1]), int(sys.argv[2]), 1, datetime.date(2026, 6, 30)); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    made = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / str(n)), str(n)], capture_output=True, text=True, check=True
    )
    return float(made.stdout)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_population(tmp_path: Path) -> None:
    small, large = peak_megabytes(tmp_path, 150_000), peak_megabytes(tmp_path, 600_000)
    assert large < 1.25 * small
    assert large < 1000
