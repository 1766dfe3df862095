"""The report in a real browser: accessible, readable on a phone, silent on the network, whole without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exports.report import write_report
from tests.browser.chromium import browser, violations
from tests.exports.test_report import given
from tests.exports.world import make_world

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as running:
        yield running


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("report") / "report.html"
    return write_report(given(make_world(nasty=True)), path).as_uri()


@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_and_nothing_overflows(width: int, chromium: Any, address: str) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 800})
    page.goto(address)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    smallest = (
        "Math.min(...[...document.querySelectorAll('svg.chart text')].map(e => e.getBoundingClientRect().height))"
    )
    assert page.evaluate(smallest) >= 11


def test_no_request_to_any_host_and_no_message_on_the_console(chromium: Any, address: str) -> None:
    page = chromium.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(address, wait_until="networkidle")
    assert asked == [address]
    assert said == []


def test_everything_is_there_with_scripts_blocked(chromium: Any, address: str) -> None:
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.goto(address)
    assert page.locator("section").count() == page.locator("table").count() + 1
    assert page.locator("svg.chart rect").count() > 10
    folded = page.locator("details:not([open])").first
    table = folded.locator("table")
    assert not table.is_visible()
    folded.locator("summary").click()
    assert page.locator("details[open] table").count() > 5


def test_it_prints(chromium: Any, address: str, tmp_path: Path) -> None:
    page = chromium.new_page()
    page.goto(address)
    page.pdf(path=tmp_path / "report.pdf", format="A4")
    assert (tmp_path / "report.pdf").stat().st_size > 10_000
