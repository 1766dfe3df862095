"""The report and the register: complete, escaped, self-contained, a table behind every chart."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from exports.compliance import write_register
from exports.facts import Approval
from exports.layout import CHANGES, LEGEND, REGISTER
from exports.page import write_parts
from exports.report import ReportInput, render, write_report
from exports.workbook import Book
from models.outcome import RATES
from models.records import REJECTED
from tests.exports.world import NASTY, World, make_world


def given(world: World, **more: object) -> ReportInput:
    rejected = [(NASTY[i % len(NASTY)], i + 2, "uscc_checksum", "uscc", "x", "bad") for i in range(5)]
    files = [{"name": name, "rows": 100, "accepted": 95, "rejected": 5} for name in NASTY]
    rates = [
        ("A", 20, 19, 1, 50_000, 2_000, 220_000, 0.0, 19.0, 1, 2),
        ("B", 0, 0, 0, *[None] * 3, None, 0.0, None, None),
    ]
    shifted = world.ratings.with_columns(tier=pl.lit("B")).head(50)
    return ReportInput(
        world.ratings,
        world.enterprises,
        world.policy,
        world.facts,
        rejected=pl.DataFrame(rejected, schema=REJECTED, orient="row"),
        files=files,
        plan=world.plan,
        previous=shifted,
        violation_rates=pl.DataFrame(rates, schema=RATES, orient="row"),
        overrides=pl.DataFrame({"officer": ["<b>"], "reason": ["=1"]}),
        **more,  # type: ignore[arg-type]
    )


class Tags(HTMLParser):
    """Tags in order, and every address a page could fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "br", "rect", "line", "circle", "link"):
            self.open.append(tag)
        self.addresses += [
            value or "" for name, value in attrs if name in ("src", "href", "action", "data", "xlink:href")
        ]

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("rect", "line", "circle"):
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(nasty=True)


def test_every_chart_has_its_table_and_nothing_is_fetched(world: World) -> None:
    page = render(given(world))
    tags = Tags()
    tags.feed(page)
    assert not tags.open
    assert tags.tags.count("section") == tags.tags.count("table") + 1  # the rules' notes are a list
    assert tags.tags.count("table") >= 10
    assert not {"script", "img", "link", "iframe", "object", "form"} & set(tags.tags)
    assert all(address.startswith("#") for address in tags.addresses)
    assert "http" not in re.sub(r"http-equiv|http://evil", "", page)
    assert "default-src 'none'" in page


def test_where_visits_come_from_why_some_are_missing_and_how_the_load_lies(world: World) -> None:
    page = render(given(world))
    short = 2 * world.plan.quota["region"].n_unique()
    text = re.sub(r"<[^>]*>", " ", page)
    row = next(line for line in re.findall(r"<tr>(.*?)</tr>", page, re.S) if "the teams&#39; days hold no more" in line)
    cells = [re.sub(r"<[^>]*>", "", cell).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.S)]
    assert cells[0] == "C"
    assert cells[5] == str(short)
    assert f"used up (Food) {0.75 * short:.1f}" in cells[6]
    assert "Gini" in text
    assert "0.125" in text


def test_hostile_text_is_escaped(world: World) -> None:
    page = render(given(world))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<b>0" not in page.replace("<b>0%", "")


def test_figures_are_those_of_the_frames(world: World) -> None:
    page = render(given(world))
    a = world.ratings.filter(tier="A").height
    assert f"{a:,} · {100 * a / world.ratings.height:.1f}%" in page
    assert f"<strong>{world.plan.visits.height}</strong>" in page
    assert "5.0% (0.2–22.0)" in page


def test_screening_aid_until_approved(world: World) -> None:
    assert "SCREENING AID" in render(given(world))
    page = render(given(world, approval=Approval("王敏", "ok", date(2026, 5, 2))))
    assert "SCREENING AID" not in page
    assert "王敏" in page


@pytest.mark.parametrize("language", ["en", "zh"])
def test_one_language(language: str, world: World) -> None:
    page = render(given(world, language=language))
    assert ("Enterprises by tier" in page) == (language == "en")
    assert ("各等级企业数" in page) == (language == "zh")


def test_a_run_without_plan_or_refusals_has_a_page_too(world: World, tmp_path: Path) -> None:
    bare = ReportInput(world.ratings, world.enterprises, world.policy, world.facts)
    path = write_report(bare, tmp_path / "deep" / "report.html")
    assert path.read_text("utf-8").count("<section") == 2
    assert write_report(bare, tmp_path / "b.html").read_bytes() == path.read_bytes()
    assert [p.name for p in path.parent.iterdir()] == ["report.html"]


def test_the_register_names_who_moved_and_why(world: World, tmp_path: Path) -> None:
    before = world.ratings.with_columns(tier=pl.when(pl.col("tier") == "C").then(pl.lit("A")).otherwise("tier"))
    before = before.with_columns(score=pl.when(pl.col("tier") == "A").then(995_000).otherwise("score"))
    path = write_register(world.ratings, before, world.enterprises, world.policy, world.facts, tmp_path / "r.xlsx")
    book = openpyxl.load_workbook(path)
    full, changes = book[REGISTER.title("both")], book[CHANGES.title("both")]
    assert full.max_row - 4 == world.ratings.height
    assert changes.max_row - 4 == world.ratings.filter(tier="C").height
    row = {c.id: changes[f"{CHANGES.letters[c.id]}5"].value for c in CHANGES.columns}
    assert (row["tier_before"], row["tier"]) == ("A", "C")
    assert "下降" in row["move"]
    assert "points" in row["why_moved"]
    assert row["why_moved"].startswith("-")
    first = replace(world.facts, run="first")
    alone = write_register(world.ratings, None, world.enterprises, world.policy, first, tmp_path / "n.xlsx")
    assert openpyxl.load_workbook(alone)[CHANGES.title("both")].max_row == 4


def test_who_moved_by_a_gate_reads_which(world: World, tmp_path: Path) -> None:
    now = world.ratings.filter(tier="D")
    before = now.with_columns(tier=pl.lit("B"), gates=pl.lit([], dtype=pl.List(pl.String)))
    path = write_register(now, before, world.enterprises, world.policy, world.facts, tmp_path / "r.xlsx")
    page = openpyxl.load_workbook(path)[CHANGES.title("both")]
    title = world.policy.lists["court_defaulters"].title
    assert title.en in page[f"{CHANGES.letters['why_moved']}5"].value


def test_more_rows_than_a_sheet_holds_go_on_in_parts(world: World, tmp_path: Path) -> None:
    rows = pl.DataFrame({"term": [str(i) for i in range(25)]})
    book = Book("t", date(2026, 1, 1))
    given = (book, LEGEND, "Legend", rows, world.facts, None, "both")
    assert [sheet.title for sheet in write_parts(*given, most=10)] == [f"说明 Legend ({i}·3)" for i in (1, 2, 3)]
    pages = openpyxl.load_workbook(book.save(tmp_path / "p.xlsx")).worksheets
    assert [page[f"A{r}"].value for page in pages for r in range(5, page.max_row + 1)] == rows["term"].to_list()
