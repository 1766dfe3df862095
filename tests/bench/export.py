"""Measure writing and reading a roster of 100,000 × 20: `make bench-export`.

Each writer runs in its own process, so that its memory is its own. Rows a second by CPU time of the process, since
the machine may be shared. The frame is made before the clock starts; the bare writer gets plain rows.
"""

from __future__ import annotations

import importlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

ROWS, COLUMNS = 100_000, 20
FAST_ENOUGH, MEMORY_MB, READ_TIMES = 0.9, 100, 20


def row(index: int) -> list[Any]:
    """20 cells as a roster has them: text, codes, dates, numbers, some of them hostile."""
    name = "=HYPERLINK(1)" if index % 50 == 0 else f"长沙第{index}号商贸有限公司"
    texts = [f"91430{index:013d}", name, "随机抽取 Random draw", "A", "王检、李检"]
    return [index, date(2026, 5, 1 + index % 28), *texts, *(f"text {k} of {index}" for k in range(13))]


def ours(path: Path) -> None:
    """The streaming writer with styles, drop-downs, filter, freeze, guard; frames made slice by slice."""
    import polars as pl

    from exports.layout import Column, Form, Kind
    from exports.workbook import Book

    kinds = [Kind.number, Kind.date, Kind.code, Kind.text, Kind.text, Kind.tier] + [Kind.text] * 14
    columns = tuple(Column(f"c{i}", f"列{i}", f"c{i}", 12, kind) for i, kind in enumerate(kinds))
    form = Form("bench", "基准", "Bench", columns)
    book = Book("bench", date(2026, 5, 1))
    sheet = book.sheet("one", [12.0] * COLUMNS, freeze="A2")
    heading = sheet.headings(form, "both")
    for start in range(0, ROWS, 200):
        rows = [row(i) for i in range(start, start + 200)]
        sheet.table(form, pl.DataFrame(rows, schema=[c.id for c in columns], orient="row"))
    sheet.filter(form, heading, sheet.next_row - 1)
    sheet.drop_down(f"F2:F{ROWS + 1}", '"A,B,C,D"', "tier", "choose")
    sheet.highlight(f"A2:T{ROWS + 1}", '$F2="D"', "#F8CBAD")
    book.save(path)


def bare(path: Path) -> None:
    """openpyxl write_only with nothing else."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for index in range(ROWS):
        sheet.append(row(index))
    book.save(path)


def xlsxwriter(path: Path) -> None:
    """The peer: XlsxWriter with constant memory."""
    from xlsxwriter import Workbook

    book = Workbook(str(path), {"constant_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet()
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for index in range(ROWS):
        for at, value in enumerate(row(index)):
            if isinstance(value, date):
                sheet.write_datetime(index, at, value, day)
            else:
                sheet.write(index, at, value)
    book.close()


def fast_reader(path: Path) -> None:
    """What reads returned rosters."""
    import fastexcel

    table = fastexcel.read_excel(path).load_sheet(0, header_row=None, skip_rows=0, dtypes="string")
    assert table.height >= ROWS


def slow_reader(path: Path) -> None:
    """openpyxl read_only."""
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True)
    assert sum(1 for _ in book.worksheets[0].iter_rows(values_only=True)) >= ROWS


JOBS: dict[str, Callable[[Path], None]] = {
    "ours": ours,
    "bare": bare,
    "xlsxwriter": xlsxwriter,
    "fast_reader": fast_reader,
    "slow_reader": slow_reader,
}


def measured(job: str, path: Path) -> dict[str, float]:
    """CPU seconds and peak memory of a job in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.export", job, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def report() -> Iterator[str]:
    """The table; the last line says whether the targets are met."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "ours.xlsx"
        found = {"ours": measured("ours", made)}
        for job in ("bare", "xlsxwriter"):
            found[job] = measured(job, Path(folder) / f"{job}.xlsx")
        for job in ("fast_reader", "slow_reader"):
            found[job] = measured(job, made)
    for job, figures in found.items():
        rate = ROWS / figures["cpu"]
        yield f"{job:12} {figures['cpu']:7.1f} CPU s {rate:10,.0f} rows/s {figures['peak_mb']:6.0f} MB peak"
    speed = found["bare"]["cpu"] / found["ours"]["cpu"]
    reading = found["slow_reader"]["cpu"] / found["fast_reader"]["cpu"]
    peak, before = found["ours"]["peak_mb"], found["ours"]["before_mb"]
    yield f"writing {speed:.2f} × bare openpyxl (≥{FAST_ENOUGH})"
    yield f"memory {peak:.0f} MB peak of the whole process (≤{MEMORY_MB}), of which the imports are {before:.0f} MB"
    yield f"reading {reading:.0f} × openpyxl's reader (≥{READ_TIMES})"
    met = speed >= FAST_ENOUGH and peak <= MEMORY_MB and reading >= READ_TIMES
    yield "targets met" if met else "TARGETS MISSED"


def main() -> int:
    if len(sys.argv) == 3:
        for module in ("openpyxl", "polars", "exports.workbook"):
            importlib.import_module(module)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        start = time.process_time()
        JOBS[sys.argv[1]](Path(sys.argv[2]))
        cpu = time.process_time() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"cpu": cpu, "peak_mb": peak, "before_mb": before}))
        return 0
    last = ""
    for last in report():
        print(last, flush=True)
    return 0 if last == "targets met" else 1


if __name__ == "__main__":
    sys.exit(main())
