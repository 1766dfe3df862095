"""Every workbook and notice opens in LibreOffice and keeps every cell: what a repair would have dropped would show."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from exports.compliance import write_register
from exports.consignment_sheet import write_day
from exports.roster import write_rosters
from tests.exports.test_notice import told, write
from tests.exports.world import make_world
from tests.models.consignment import morning

pytestmark = pytest.mark.slow


def through(paths: list[Path], kind: str, folder: Path) -> list[Path]:
    if not shutil.which("soffice"):
        pytest.skip("LibreOffice is not installed")
    home = f"-env:UserInstallation=file://{folder}/home"
    command = ["soffice", home, "--headless", "--convert-to", kind, "--outdir", str(folder / "out"), *map(str, paths)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    return [folder / "out" / f"{path.stem}.{kind.partition(':')[0]}" for path in paths]


def cells(path: Path) -> dict[str, dict[str, Any]]:
    book = openpyxl.load_workbook(path)
    return {
        page.title: {
            c.coordinate: c.value for row in page.iter_rows() for c in row if c.value is not None and c.data_type != "f"
        }
        for page in book.worksheets
    }


def test_every_cell_of_every_workbook_survives(tmp_path: Path) -> None:
    w = make_world(60, 2, nasty=True)
    paths = write_rosters(w.plan, w.enterprises, w.inspectors, w.policy, w.facts, tmp_path)
    paths.append(write_register(w.ratings, w.ratings.head(9), w.enterprises, w.policy, w.facts, tmp_path / "r.xlsx"))
    day = morning.planned(morning.declarations(90, must=20))
    paths.append(write_day(day, morning.policy(), tmp_path / "day.xlsx", run="r1"))
    for path, back in zip(paths, through(paths, "xlsx:Calc MS Excel 2007 XML", tmp_path), strict=True):
        sent, found = cells(path), cells(back)
        assert list(sent) == list(found)
        for title, page in sent.items():
            for place, value in page.items():
                got = found[title].get(place)
                value = value.replace("_x005F_", "_") if isinstance(value, str) else value  # openpyxl keeps the escape
                assert got == value or str(got).split() == str(value).split(), (title, place, value, got)


def test_formulas_are_calculated_there_as_they_were_cached_here(tmp_path: Path) -> None:
    w = make_world(24, 1)
    path = write_rosters(w.plan, w.enterprises, w.inspectors, w.policy, w.facts, tmp_path)[0]
    back = openpyxl.load_workbook(through([path], "xlsx:Calc MS Excel 2007 XML", tmp_path)[0], data_only=True)
    here = openpyxl.load_workbook(path, data_only=True)
    for name in ("G5", "H5", "B9", "C9", "D9"):
        assert back.worksheets[0][name].value == here.worksheets[0][name].value
    assert back.worksheets[3]["B5"].value == "待检查"


def test_rosters_and_notices_print(tmp_path: Path) -> None:
    w = make_world(24, 1, nasty=True)
    paths = write_rosters(w.plan, w.enterprises, w.inspectors, w.policy, w.facts, tmp_path)
    write(tmp_path / "n", [told()])
    paths += list((tmp_path / "n").glob("*.docx"))
    for pdf in through(paths, "pdf", tmp_path):
        assert pdf.read_bytes().startswith(b"%PDF")
        assert pdf.stat().st_size > 10_000
