"""Workbooks: safe text, the same bytes, colours that read in grey, whole or absent."""

from __future__ import annotations

import gc
import itertools
from datetime import date
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.cells import MAX_TEXT, Cell, clean, risky
from exports.heights import fitting, lines
from exports.layout import FORMS, LEGEND, PLAN, letter
from exports.styles import lightness, tier_fill
from exports.workbook import Book
from tests.exports.world import NASTY, market


def written(path: Path, texts: list[str | None]) -> list[openpyxl.cell.Cell]:
    """Cells that hold these texts, each once by row() and once by table()."""
    book = Book("t", date(2026, 1, 1))
    sheet = book.sheet("one", [20, 20])
    for text in texts:
        sheet.row([text, Cell(text, "code")])
    sheet.table(
        LEGEND, pl.DataFrame({"term": texts, "meaning": texts}, schema={"term": pl.String, "meaning": pl.String})
    )
    book.save(path)
    return [cell for row in openpyxl.load_workbook(path).active.iter_rows() for cell in row]


@settings(max_examples=25, deadline=None)
@given(texts=st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=30)), min_size=1, max_size=6))
def test_no_text_becomes_a_formula_and_none_is_changed(
    texts: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    cells = written(tmp_path_factory.mktemp("w") / "w.xlsx", list(texts))
    for index, text in enumerate([t for t in texts for _ in (0, 1)] * 2):
        cell, kept = cells[index], clean(text).replace("\r\n", "\n").replace("\r", "\n")
        assert cell.data_type in "sn"
        assert (cell.value or "").replace("_x005F_", "_") == kept
        assert cell.quotePrefix == (risky(text) and kept != "")


def test_a_text_too_long_is_cut_and_says_so(tmp_path: Path) -> None:
    for cell in written(tmp_path / "w.xlsx", ["x" * 40_000]):
        assert len(cell.value) == MAX_TEXT
        assert cell.value.endswith("…")


def test_the_same_content_gives_the_same_bytes_and_nothing_half_written(tmp_path: Path) -> None:
    written(tmp_path / "a.xlsx", list(NASTY))
    written(tmp_path / "b.xlsx", list(NASTY))
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    book = Book("t", date(2026, 1, 1))
    book.sheet("one", [3]).row(["x"])
    book.workbook.properties = None  # the save fails half-way
    with pytest.raises(AttributeError):
        book.save(tmp_path / "c.xlsx")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.xlsx", "b.xlsx"]


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_a_book_thrown_away_in_the_midst_of_its_rows_leaves_nothing_behind() -> None:
    Book("t", date(2026, 1, 1)).sheet("one", [3]).row(["x"])
    gc.collect()


def test_tabs_get_names_that_spreadsheets_accept(tmp_path: Path) -> None:
    book = Book("t", date(2026, 1, 1))
    names = [book.sheet(title, [3]).title for title in ("a/b[c]:*?", "A·B·C····", "x" * 50, "x" * 40, "''", "")]
    assert len({name.casefold() for name in names}) == len(names)
    assert all(0 < len(name) <= 31 for name in names)


@given(colour=st.from_regex(r"#[0-9A-F]{6}", fullmatch=True), tiers=st.integers(2, 7))
def test_tiers_darken_from_best_to_worst_whatever_the_policys_colours(colour: str, tiers: int) -> None:
    ladder = [lightness(tier_fill(colour, rank, tiers)) for rank in range(tiers)]
    assert all(a - b > 55 / (tiers - 1) - 2 for a, b in itertools.pairwise(ladder))


def test_the_packs_tiers_differ_in_grey() -> None:
    tiers = market().tiers
    grey = [lightness(tier_fill(t.colour, t.rank, len(tiers))) for t in tiers]
    assert grey == sorted(grey, reverse=True)
    assert min(a - b for a, b in itertools.pairwise(grey)) > 15


def test_letters_and_headings_are_unambiguous() -> None:
    assert [letter(i) for i in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]
    for form in FORMS.values():
        headings = [c.heading("both") for c in form.columns]
        assert len(set(headings)) == len(headings), form.id


@settings(max_examples=50, deadline=None)
@given(text=st.text(st.sampled_from("ab 条例\n"), max_size=200), width=st.integers(6, 40))
def test_a_longer_text_never_needs_less_height(text: str, width: int) -> None:
    assert 1 <= lines(text, width) <= lines(text + "条", width) <= lines(text + "条\n条", width)
    assert lines(text, width) >= lines(text, width * 2)
    assert fitting(lines(text, width), 20) >= 20


def test_rows_are_as_tall_as_their_text(tmp_path: Path) -> None:
    book = Book("t", date(2026, 1, 1))
    texts = ["short", "一个很长的理由" * 20, "two\nlines"]
    book.sheet("one", [20, 90]).table(LEGEND, pl.DataFrame({"term": ["a", "b", "c"], "meaning": texts}))
    book.save(tmp_path / "w.xlsx")
    rows = openpyxl.load_workbook(tmp_path / "w.xlsx").active.row_dimensions
    assert [rows[n].height for n in (1, 2, 3)] == [None, fitting(4), fitting(2)]


def test_numbers_no_spreadsheet_knows_leave_their_cells_blank(tmp_path: Path) -> None:
    book = Book("t", date(2026, 1, 1))
    frame = pl.DataFrame({"pool": [1.5, None, float("nan"), float("inf")]})
    book.sheet("one", [20] * 12).table(PLAN, frame)
    book.save(tmp_path / "w.xlsx")
    at = PLAN.letters["pool"]
    page = openpyxl.load_workbook(tmp_path / "w.xlsx").active
    assert [page[f"{at}{n}"].value for n in (1, 2, 3, 4)] == [1.5, None, None, None]
