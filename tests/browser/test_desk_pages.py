"""The desk driven as officers drive it, with scripts blocked throughout."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import openpyxl
import pytest
import uvicorn

from exports.layout import ROSTER
from flows.desk.app import make_app
from flows.desk.office import Office
from flows.desk.people import People, Role
from tests.browser.chromium import browser, violations
from tests.flows.finished import finished_run

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery"
PAGES = ("/", "/?q=9", "/run", "/plan", "/decisions", "/returns", "/downloads", "/firm")


@dataclass
class Served:
    address: str
    office: Office


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    office = Office.open(finished_run(tmp_path_factory.mktemp("desk")))
    people = People(office.settings.root / "desk-users.json")
    for role in Role:
        people.add(role.value, f"{role.value} 王敏", role, PASSWORD)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    app = make_app(office, people, requests_a_minute=10_000)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield Served(f"http://127.0.0.1:{listening.getsockname()[1]}", office)
    server.should_exit = True
    thread.join(10)
    office.store.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as running:
        yield running


def enter(chromium: Any, served: Served, login: str, scripts: bool = False) -> Any:
    page = chromium.new_context(java_script_enabled=scripts, accept_downloads=True).new_page()
    page.asked = []
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(f"{served.address}/")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", PASSWORD)
    press(page, "main button")
    return page


def press(page: Any, what: str) -> None:
    """Click, and wait until the page it leads to is there."""
    with page.expect_navigation():
        page.click(what)


def a_firm(served: Served) -> str:
    return str(served.office.tables["records"]["enterprise_id"][0])


def test_find_a_firm_read_why_file_an_objection_decide_it(chromium: Any, served: Served) -> None:
    page = enter(chromium, served, "approver")
    firm = a_firm(served)
    page.fill("input[name=q]", firm[-10:])
    press(page, "text=查找 Find")
    press(page, "tbody a")
    assert firm in page.inner_text("main")
    page.fill("form[action$=file] textarea", "we appealed")
    press(page, "text=提交 File")
    assert "running" in page.inner_text("main")
    page.fill("td input[name=reason]", "the court agreed")
    press(page, "text=决定 Decide")
    assert "the court agreed" in page.inner_text("main")
    assert all(url.startswith(served.address) for url in page.asked)


def test_the_plan_as_calendar_and_list(chromium: Any, served: Served) -> None:
    page = enter(chromium, served, "viewer")
    press(page, "text=计划 Plan")
    assert page.locator("table.month td:has-text('visits')").count() > 0
    assert page.locator("table >> nth=1 >> tbody tr").count() > 0
    press(page, "text=→")
    assert page.locator("table.month").count() == 1


def test_approve_then_the_banner_is_gone_from_the_downloads(chromium: Any, served: Served) -> None:
    page = enter(chromium, served, "approver")
    press(page, "text=本批 Run")
    assert "SCREENING AID" in page.inner_text("main")
    page.fill("textarea[name=reason]", "reviewed with the team")
    press(page, "text=批准 Approve as")
    assert "reviewed with the team" in page.inner_text("main")
    assert "SCREENING AID" not in page.inner_text("main")
    report = served.office.downloads()["report.html"].read_text("utf-8")
    assert "SCREENING AID" not in report
    press(page, "text=下载 Downloads")
    with page.expect_download() as waiting:
        page.click("text=ratings.csv")
    assert waiting.value.path().read_bytes().startswith(b"enterprise_id")


def test_hand_in_a_roster(chromium: Any, served: Served, tmp_path: Any) -> None:
    assert served.office.plan is not None
    name = f"rosters/roster-{served.office.plan.visits['region'][0]}.xlsx"
    workbook = openpyxl.load_workbook(served.office.downloads()[name])
    sheet = workbook[ROSTER.title("both")]
    sheet[f"{ROSTER.letters['visited_on']}5"], sheet[f"{ROSTER.letters['result']}5"] = "2026-11-05", "未发现问题"
    workbook.save(tmp_path / "filled.xlsx")
    page = enter(chromium, served, "officer")
    press(page, "text=回收名册 Returns")
    page.set_input_files("input[type=file]", tmp_path / "filled.xlsx")
    press(page, "text=提交 Hand in")
    assert "1 results taken" in page.inner_text("[role=status]")


def test_a_repair_is_filed_by_an_officer_and_decided_by_another(chromium: Any, served: Served) -> None:
    firm = str(served.office.tables["records"]["enterprise_id"][1])
    officer = enter(chromium, served, "officer")
    officer.goto(f"{served.address}/firm/{firm}")
    officer.select_option("form[action$=file] select[name=kind]", "repair")
    officer.fill("form[action$=file] textarea", "paid and corrected")
    press(officer, "text=提交 File")
    assert officer.locator("text=决定 Decide").count() == 0  # an officer files, an approver decides
    page = enter(chromium, served, "approver")
    press(page, "text=异议与修复 Objections")
    row = page.locator("tr", has_text="paid and corrected")
    row.locator("select[name=outcome]").select_option("granted")
    row.locator("input[name=reason]").fill("proof seen")
    with page.expect_navigation():
        row.locator("button").click()
    decided = page.locator("tr", has_text="proof seen")
    assert "granted" in decided.inner_text()
    assert decided.locator("button").count() == 0


def test_a_bad_row_comes_back_marked(chromium: Any, served: Served, tmp_path: Any) -> None:
    assert served.office.plan is not None
    name = f"rosters/roster-{served.office.plan.visits['region'][0]}.xlsx"
    workbook = openpyxl.load_workbook(served.office.downloads()[name])
    sheet = workbook[ROSTER.title("both")]
    sheet[f"{ROSTER.letters['visited_on']}5"], sheet[f"{ROSTER.letters['result']}5"] = "someday", "未发现问题"
    workbook.save(tmp_path / "bad.xlsx")
    page = enter(chromium, served, "officer")
    press(page, "text=回收名册 Returns")
    page.set_input_files("input[type=file]", tmp_path / "bad.xlsx")
    press(page, "text=提交 Hand in")
    assert "1 rows refused" in page.inner_text("[role=status]")
    with page.expect_download() as waiting:
        page.click("text=批注副本 Annotated copy")
    answer = openpyxl.load_workbook(io.BytesIO(waiting.value.path().read_bytes()))
    assert answer.worksheets[0]["D2"].value == "someday"
    page.set_input_files(
        "input[type=file]", {"name": "x.xlsx", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n"}
    )
    press(page, "text=提交 Hand in")
    assert "PNG picture" in page.inner_text("[role=alert]")


def test_the_plan_says_why_and_leads_to_the_firm(chromium: Any, served: Served) -> None:
    page = enter(chromium, served, "viewer")
    page.goto(f"{served.address}/plan")
    region = page.locator("select[name=region] option").nth(1).inner_text()
    page.select_option("select[name=region]", region)
    press(page, "text=显示 Show")
    rows = page.locator("table >> nth=1 >> tbody tr")
    assert 0 < rows.count() < served.office.visits.height
    assert all(rows.nth(i).locator("td").last.inner_text().strip() for i in range(rows.count()))
    with page.expect_navigation():
        rows.first.locator("a").click()
    assert page.locator("h1 .tier").count() == 1
    assert "未列入计划" not in page.inner_text("main")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_overflows(path: str, width: int, chromium: Any, served: Served) -> None:
    page = enter(chromium, served, "approver", scripts=True)
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(served.address + (f"/firm/{a_firm(served)}" if path == "/firm" else path))
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("path", ["/login", *PAGES])
def test_axe(path: str, chromium: Any, served: Served) -> None:
    context = chromium.new_context(bypass_csp=True)  # axe itself is a script; the desk allows none
    page = context.new_page()
    page.goto(f"{served.address}/login")
    if path != "/login":
        page.fill("input[name=login]", "approver")
        page.fill("input[name=password]", PASSWORD)
        press(page, "main button")
        page.goto(served.address + (f"/firm/{a_firm(served)}" if path == "/firm" else path))
    assert violations(page) == []


def test_the_auditor_sees_who_looked(chromium: Any, served: Served) -> None:
    enter(chromium, served, "viewer").goto(f"{served.address}/firm/{a_firm(served)}")
    page = enter(chromium, served, "auditor")
    press(page, "text=审计 Audit")
    assert f"enterprise:{a_firm(served)}" in page.inner_text("main")
