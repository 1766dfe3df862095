"""The desk: who may do what, forged and hostile requests refused, every view of a firm's file recorded."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from sqlalchemy import event

from config.errors import UsageError
from exports.layout import ROSTER
from flows.desk.app import make_app
from flows.desk.guard import HEADERS, Limit
from flows.desk.office import Office
from flows.desk.people import People, Role
from flows.earlier import history
from flows.run import saved_runs
from flows.steps import read_json, write_json
from models.outcome.oversight import approvals_by_officer
from models.rating import explain
from models.store import events
from models.store.session import open_store
from tests.flows.finished import finished_run

with warnings.catch_warnings():  # starlette would rather have httpx2, which nothing else here needs
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    settings = finished_run(tmp_path_factory.mktemp("desk"))
    found = Office.open(settings)
    yield found
    found.store.close()


@pytest.fixture
def people(office: Office) -> People:
    found = People(office.settings.root / "desk-users.json")
    if not found.all():
        for role in Role:
            found.add(role.value, f"{role.value} 王<b>", role, PASSWORD)
    return found


def client(office: Office, people: People, login: str | None = None, **options: int) -> TestClient:
    found = TestClient(make_app(office, people, **options), base_url="http://desk")
    if login:
        answer = found.post("/login", data={"login": login, "password": PASSWORD, "token": token(found, "/login")})
        assert answer.status_code == 200
    return found


def token(found: TestClient, page: str) -> str:
    return re.findall(r'name="token" value="([^"]+)"', found.get(page).text)[-1]


def approval(office: Office, found: TestClient) -> dict[str, str]:
    return {"reason": "checked", "run": office.run.run_id, "token": token(found, "/run")}


def firm(office: Office, n: int = 0) -> str:
    return str(office.tables["records"]["enterprise_id"].unique().sort()[n])


PAGES = ["/", "/run", "/plan", "/decisions", "/downloads"]


@pytest.mark.parametrize("page", [*PAGES, "/audit", "/returns", "/firm/cn:x", "/downloads/ratings.csv"])
def test_nobody_sees_a_page_without_logging_in(page: str, office: Office, people: People) -> None:
    answer = client(office, people).get(page, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


@pytest.mark.parametrize(
    ("login", "page", "status"),
    [(role, page, 200) for role in Role for page in PAGES]
    + [(role, "/audit", 200 if role == "auditor" else 403) for role in Role]
    + [(role, "/returns", 200 if role in ("officer", "approver") else 403) for role in Role],
)
def test_roles_see_what_is_theirs(login: str, page: str, status: int, office: Office, people: People) -> None:
    answer = client(office, people, login).get(page)
    assert answer.status_code == status
    assert "王<b>" not in answer.text
    assert "<script" not in answer.text


@pytest.mark.parametrize(
    ("login", "page", "form"),
    [
        ("viewer", "/approve", {"reason": "x"}),
        ("officer", "/approve", {"reason": "x"}),
        ("auditor", "/firm/{firm}/override", {"after": "D", "reason": "x"}),
        ("viewer", "/firm/{firm}/file", {"kind": "objection", "record_id": "r", "reason": "x"}),
        ("officer", "/decisions/desk-1", {"outcome": "upheld", "reason": "x"}),
    ],
)
def test_who_may_not_is_refused(login: str, page: str, form: dict[str, str], office: Office, people: People) -> None:
    found = client(office, people, login)
    given = form | {"token": token(found, "/")}
    assert found.post(page.format(firm=firm(office)), data=given).status_code == 403


def test_a_form_without_the_sessions_token_is_refused(office: Office, people: People) -> None:
    found = client(office, people, "approver")
    other = client(office, people, "approver")
    for stolen in ("", "x", token(other, "/")):
        answer = found.post(f"/firm/{firm(office)}/override", data={"after": "D", "reason": "x", "token": stolen})
        assert answer.status_code == 403
    assert found.get("/audit").status_code == 403


def test_wrong_passwords_forged_cookies_and_too_many_tries(office: Office, people: People) -> None:
    found = client(office, people)
    given = {"login": "viewer", "password": "wrong", "token": token(found, "/login")}
    answers = [found.post("/login", data=given).status_code for _ in range(12)]
    assert answers[0] == 401
    assert answers[-1] == 429
    found.cookies.set("evenhand_desk", "forged.value.here")
    assert found.get("/", follow_redirects=False).status_code == 303


def test_headers_stand_on_every_answer_and_requests_are_limited(office: Office, people: People) -> None:
    found = client(office, people, requests_a_minute=1)
    answers = [found.get("/nowhere", follow_redirects=False) for _ in range(7)]
    assert [a.status_code for a in answers] == [404] * 5 + [429] * 2
    for answer in answers:
        assert HEADERS.items() <= dict(answer.headers).items() or all(
            answer.headers[name.lower()] == value for name, value in HEADERS.items()
        )
    assert "set-cookie" in found.get("/login").headers or answers[-1].status_code == 429


def test_an_office_with_one_address_is_not_one_person(office: Office, people: People) -> None:
    """Nobody is refused for what a colleague asked; who asks too much is."""
    app = make_app(office, people, requests_a_minute=20)
    staff = [TestClient(app, base_url="http://desk") for _ in range(3)]
    for found, login in zip(staff, ("viewer", "officer", "auditor"), strict=True):
        found.post("/login", data={"login": login, "password": PASSWORD, "token": token(found, "/login")})
    answers = [[found.get("/downloads").status_code for _ in range(15)] for found in staff]
    assert answers == [[200] * 15] * 3
    assert [staff[0].get("/downloads").status_code for _ in range(10)][-1] == 429
    assert staff[1].get("/downloads").status_code == 200


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(office: Office, people: People) -> None:
    cookie = client(office, people).get("/login", follow_redirects=False).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_the_limit_forgets_after_its_time() -> None:
    now = [0.0]
    limit = Limit(2, 10, clock=lambda: now[0])
    assert [limit.allows("a") for _ in range(3)] == [True, True, False]
    assert limit.allows("b")
    now[0] = 11
    assert limit.allows("a")


def test_an_explanation_is_shown_and_the_view_recorded(office: Office, people: People) -> None:
    name = firm(office)
    answer = client(office, people, "viewer").get(f"/firm/{name}")
    assert answer.status_code == 200
    assert name in answer.text
    assert "Screening aid" in answer.text
    seen = office.audit()["views"]
    assert (seen["subject"][0], seen["officer"][0]) == (f"enterprise:{name}", "viewer")
    assert name in client(office, people, "auditor").get("/audit").text


def test_opening_the_run_its_plan_and_its_files_is_recorded_and_tells_who_approves_unread(
    office: Office, people: People
) -> None:
    blind, careful = client(office, people, "officer"), client(office, people, "approver")
    for page in ("/run", "/plan", "/downloads/report.html"):
        assert careful.get(page).status_code == 200
    seen = office.audit()["views"].head(3)
    assert seen["subject"].to_list() == ["file:report.html", "plan", "run"]
    assert set(seen["officer"]) == {"approver"}
    assert blind.get("/").status_code == 200  # searching is not looking at the run
    assert office.audit()["views"].head(3).equals(seen)
    given = {"outcome": "approved", "run_id": office.run.run_id, "subject": "run", "subject_digest": office.digest}
    later = datetime.now(UTC) + timedelta(minutes=1)
    decided = [given | {"officer": who, "at": f"{later:%Y-%m-%dT%H:%M:%S.%fZ}"} for who in ("approver", "officer")]
    found = approvals_by_officer(pl.DataFrame(decided), seen)
    assert found.select("officer", "decided", "unopened").rows() == [("approver", 1, 0), ("officer", 1, 1)]


def test_the_run_shows_what_would_be_approved(office: Office, people: People) -> None:
    page = client(office, people, "approver").get("/run").text
    assert office.plan is not None
    for row in office.tiers():
        assert f"<td>{row['enterprises']:,}</td><td>{row['wanted']}</td><td>{row['planned']}</td>" in page
    assert sum(row["planned"] for row in office.tiers()) == office.plan.visits.height
    assert "/downloads/report.html" in page


def test_a_search_finds_by_name_and_code_and_takes_no_markup(office: Office, people: People) -> None:
    found = client(office, people, "viewer")
    name = firm(office)
    assert f"/firm/{name.replace(':', '%3A')}" in found.get("/", params={"q": name[-8:].lower()}).text
    hostile = found.get("/", params={"q": "<script>alert(1)</script>' OR 1=1 .* ["}).text
    assert "<script" not in hostile
    assert "0 found" in hostile


def test_an_unknown_firm_is_told_with_a_remedy(office: Office, people: People) -> None:
    answer = client(office, people, "viewer").get("/firm/cn:nobody")
    assert answer.status_code == 422
    assert "Remedy" in answer.text


def test_an_objection_is_filed_timed_decided_once(office: Office, people: People) -> None:
    record = office.tables["records"].row(0, named=True)
    officer, approver = client(office, people, "officer"), client(office, people, "approver")
    page = f"/firm/{record['enterprise_id']}"
    given = {"kind": "objection", "record_id": record["record_id"], "reason": "=not us", "token": token(officer, "/")}
    shown = officer.post(f"{page}/file", data=given)
    decision = re.search(r"desk-[0-9a-f]{16}", shown.text)
    assert decision is not None
    assert "running" in shown.text
    given = {"outcome": "granted", "reason": "agreed", "token": token(approver, "/")}
    assert approver.post(f"/decisions/{decision[0]}", data=given).status_code == 422
    given["outcome"] = "upheld"
    assert approver.post(f"/decisions/{decision[0]}", data=given).status_code == 200
    assert approver.post(f"/decisions/{decision[0]}", data=given).status_code == 422
    row = office.decisions().filter(decision_id=decision[0]).row(0, named=True)
    assert (row["outcome"], row["officer"], row["reason"]) == ("upheld", "approver", "agreed")


def test_a_record_of_another_firm_cannot_be_contested(office: Office, people: People) -> None:
    found = client(office, people, "officer")
    records = office.tables["records"]
    other = records.filter(records["enterprise_id"] != firm(office))["record_id"][0]
    given = {"kind": "objection", "record_id": other, "reason": "x", "token": token(found, "/")}
    assert found.post(f"/firm/{firm(office)}/file", data=given).status_code == 422


def test_an_override_needs_a_reason_and_is_recorded(office: Office, people: People) -> None:
    found = client(office, people, "approver")
    given = {"after": "D", "reason": " ", "run": office.run.run_id, "token": token(found, "/")}
    assert found.post(f"/firm/{firm(office)}/override", data=given).status_code == 422
    given["reason"] = "seen on site"
    assert found.post(f"/firm/{firm(office)}/override", data=given).status_code == 200
    row = office.audit()["overrides"].row(0, named=True)
    assert (row["after"], row["officer"], row["reason"]) == ("D", "approver", "seen on site")


def test_after_an_approval_the_desk_says_how_many_firms_wait(office: Office, people: People) -> None:
    found = client(office, people, "approver")
    assert "waiting days run" not in found.get("/decisions").text
    assert found.post("/approve", data=approval(office, found)).status_code == 200
    below = office.firms.filter(office.firms["tier"] != office.run.context.policy.tiers[0].id).height
    shown = found.get("/decisions").text
    assert f"waiting days run: {below}," in shown
    assert "<td>notice</td>" not in shown


def test_what_another_server_writes_is_seen_by_the_next_request(office: Office, people: People) -> None:
    """Two desks over one register, each with what it remembers: filed at one, decided at the other."""
    with open_store(office.settings.database) as store:
        other = Office(office.settings, office.run, store)
        here, there = client(office, people, "officer"), client(other, people, "approver")
        record = office.tables["records"].row(-1, named=True)
        for found in (here, there):
            assert record["record_id"] not in found.get("/decisions").text
        given = {"kind": "repair", "record_id": record["record_id"], "reason": "mended", "token": token(here, "/")}
        assert here.post(f"/firm/{record['enterprise_id']}/file", data=given).status_code == 200
        shown = there.get("/decisions").text
        assert record["record_id"] in shown
        decision = re.findall(r"desk-[0-9a-f]{16}", shown[: shown.index(record["record_id"])])[-1]
        given = {"outcome": "granted", "reason": "seen to be mended", "token": token(there, "/")}
        assert there.post(f"/decisions/{decision}", data=given).status_code == 200
        for found in (here, there):
            assert "seen to be mended" in found.get("/decisions").text
        given = {
            "after": "D",
            "reason": "told by the fire brigade",
            "run": office.run.run_id,
            "token": token(there, "/"),
        }
        assert there.post(f"/firm/{firm(office)}/override", data=given).status_code == 200
        assert "told by the fire brigade" in client(office, people, "auditor").get("/audit").text


def test_notices_of_another_process_and_another_day_are_seen(office: Office) -> None:
    today = date(2026, 11, 28)
    before = office.redress(today)
    assert office.redress(today) is before  # nothing new: not read again
    row = {"run_id": "r", "enterprise_id": "cn:x", "kind": "tier", "sent_on": today, "officer": "o"}
    notices = pl.DataFrame([row | {"effect_on": today + timedelta(days=9)}])
    with open_store(office.settings.database) as store, store.unit_of_work() as unit:
        events.record_notices(unit, notices, datetime.now(UTC))
        unit.commit()
    assert office.redress(today).waiting[0] == before.waiting[0] + 1
    office.saw_run("viewer")  # a view is news, but not of this
    assert office.redress(today).waiting[0] == before.waiting[0] + 1
    assert office.redress(today + timedelta(days=9000)).waiting == (0, None)


def test_an_account_removed_or_changed_counts_at_the_next_request(office: Office, tmp_path: Path) -> None:
    people = People(tmp_path / "users.json")
    for login in ("li", "wang"):
        people.add(login, login, Role.viewer, PASSWORD)
    li, wang = client(office, people, "li"), client(office, people, "wang")
    assert (li.get("/audit").status_code, wang.get("/run").status_code) == (403, 200)
    People(people.path).add("li", "li", Role.auditor, PASSWORD)
    assert li.get("/audit").status_code == 200
    kept = json.loads(people.path.read_text("utf-8"))
    del kept["wang"]
    people.path.write_text(json.dumps(kept), "utf-8")
    assert wang.get("/run", follow_redirects=False).headers["location"] == "/login"
    people.path.unlink()
    assert li.get("/run", follow_redirects=False).headers["location"] == "/login"


def test_a_file_delivered_later_can_be_downloaded_at_once(office: Office, people: People) -> None:
    found = client(office, people, "viewer")
    late = office.run.context.out / "rosters" / "late.csv"
    assert found.get("/downloads/rosters/late.csv").status_code == 404
    try:
        for text in ("first", "second, longer"):
            late.write_text(text)
            assert found.get("/downloads/rosters/late.csv").text == text
            assert "rosters/late.csv" in found.get("/downloads").text
    finally:
        late.unlink()
    assert found.get("/downloads/rosters/late.csv").status_code == 404


def test_a_page_written_once_names_whoever_asks(office: Office, people: People) -> None:
    """The calendar is kept, what stands around it is not."""
    assert office.plan is not None
    regions = sorted(set(office.plan.visits["region"]))
    viewer, auditor = client(office, people, "viewer"), client(office, people, "auditor")
    pages = {login: found.get("/plan").text for login, found in (("viewer", viewer), ("auditor", auditor))}
    assert all(f"{login} 王&lt;b&gt; ({login})" in page for login, page in pages.items())
    assert 'href="/audit"' not in pages["viewer"]
    assert 'href="/audit"' in pages["auditor"]
    tokens = [re.findall(r'name="token" value="([^"]+)"', page)[0] for page in pages.values()]
    assert tokens[0] != tokens[1]
    first = office.plan.visits["visit_date"].min()
    assert isinstance(first, date)
    for region in regions:
        shown = viewer.get("/plan", params={"region": region, "month": f"{first:%Y-%m}"}).text
        assert shown.count('<th scope="row">') == sum(map(len, office.month(region, first).values()))


def test_many_who_ask_at_once_are_told_what_each_would_be_told_alone(office: Office) -> None:
    ids = office.firms["enterprise_id"].sample(24, seed=1).to_list()
    before = office.audit()["views"].height

    def look(name: str) -> list[str]:
        office.saw_firm(name, "viewer")
        return [*office.explanation(name).lines("en"), *office.explanation(name).lines("zh")]

    with ThreadPoolExecutor(12) as officers:
        told = list(officers.map(look, ids))
    policy, past = office.run.context.policy, history(office.run.context)
    for name, lines in zip(ids, told, strict=True):
        alone = explain(name, office.tables, policy, history=past)
        assert lines == [*alone.lines("en"), *alone.lines("zh")]
    assert office.audit()["views"].height == min(before + len(ids), 200)


def test_nobody_is_shown_what_cannot_be_recorded(office: Office, people: People) -> None:
    """A register that takes no views: whoever cannot be seen looking sees nothing."""

    def no_views(action: int, table: str | None, *_: object) -> int:
        return (
            sqlite3.SQLITE_DENY if (action, table) == (sqlite3.SQLITE_INSERT, "evidence_views") else sqlite3.SQLITE_OK
        )

    pages = (f"/firm/{firm(office)}", "/run", "/plan", "/downloads/ratings.csv")
    with open_store(office.settings.database) as store:
        event.listen(store.engine, "connect", lambda plain, _: plain.set_authorizer(no_views))
        store.engine.dispose()
        found = client(Office(office.settings, office.run, store), people, "viewer")
        assert found.get("/decisions").status_code == 200
        answers = [found.get(page) for page in pages]
    assert [answer.status_code for answer in answers] == [422] * len(pages)
    assert not any(word in answer.text for answer in answers for word in ("Explanation", "<td>", "enterprise_id"))


def later_run(office: Office) -> Path:
    """A run of the next day is noted, with the same steps; the path of its note."""
    notes = saved_runs(office.settings)
    given = read_json(notes / f"{office.run.run_id}.json")
    day = office.run.context.as_of + timedelta(days=1)
    write_json(notes / "feed0123feed0123.json", given | {"as_of": day.isoformat()})
    return notes / "feed0123feed0123.json"


def test_a_newer_run_is_shown_without_a_restart_and_a_form_about_the_former_is_refused(
    office: Office, people: People
) -> None:
    follows, stays = client(office, people, "approver", follow=True), client(office, people, "approver")
    old, decided = approval(office, follows), office.audit()
    assert old["run"] in follows.get("/").text
    note = later_run(office)
    try:
        deadline = time.monotonic() + 60
        while "feed0123feed0123" not in (home := follows.get("/").text):
            assert old["run"] in home  # until the newer one is ready
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert old["run"] in stays.get("/").text
        page = follows.get("/run").text
        assert 'name="run" value="feed0123feed0123"' in page
        refused = follows.post("/approve", data=old)
        assert refused.status_code == 409
        assert "look at it, then decide" in refused.text
        departed = old | {"after": "D"}
        assert follows.post(f"/firm/{firm(office)}/override", data=departed).status_code == 409
        assert all(office.audit()[name].equals(decided[name]) for name in ("approvals", "overrides"))
        assert follows.get(f"/firm/{firm(office)}").status_code == 200
        assert follows.get("/plan").status_code == 200
    finally:
        note.unlink()


def test_a_newer_run_that_cannot_be_read_leaves_the_former_in_its_place(office: Office, people: People) -> None:
    follows = client(office, people, "viewer", follow=True)
    note = later_run(office)
    try:
        write_json(note, read_json(note) | {"work": str(office.settings.root / "work" / "gone")})
        for _ in range(20):
            assert office.run.run_id in follows.get("/").text
            time.sleep(0.02)
    finally:
        note.unlink()


def test_the_desk_loads_neither_prefect_nor_a_solver() -> None:
    """Some 300 MB that its pages do not need."""
    heavy = "{'prefect', 'ortools', 'numba', 'scipy', 'pandas'}"
    program = f"import sys, flows.cli, flows.desk.app; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["../evenhand.sqlite", "..%2f..%2fperson.secret", "%2fetc%2fpasswd", ".evenhand.json"])
def test_nothing_outside_the_runs_files_can_be_downloaded(name: str, office: Office, people: People) -> None:
    assert client(office, people, "viewer").get(f"/downloads/{name}").status_code in (403, 404)


def test_files_of_the_run_can_be_downloaded(office: Office, people: People) -> None:
    answer = client(office, people, "viewer").get("/downloads/ratings.csv")
    assert answer.content.startswith(b"enterprise_id,score,tier")


def test_a_filled_roster_is_taken_answered_and_known_the_second_time(
    office: Office, people: People, tmp_path: Path
) -> None:
    assert office.plan is not None
    sent = office.downloads()[f"rosters/roster-{office.plan.visits['region'][0]}.xlsx"]
    workbook = openpyxl.load_workbook(sent)
    page = workbook[ROSTER.title("both")]
    page[f"{ROSTER.letters['visited_on']}5"] = "2026-11-05"
    page[f"{ROSTER.letters['result']}5"] = "未发现问题"
    workbook.save(tmp_path / "filled.xlsx")
    found = client(office, people, "officer")
    texts = []
    for _ in range(2):
        with open(tmp_path / "filled.xlsx", "rb") as file:
            texts.append(found.post("/returns", data={"token": token(found, "/returns")}, files={"roster": file}).text)
    assert "1 results taken" in texts[0]
    assert "0 results taken" in texts[1]
    assert "1 known already" in texts[1]
    link = re.search(r"/answers/[0-9a-f]+", texts[0])
    assert link is not None
    assert found.get(link[0]).content.startswith(b"PK")
    refused = found.post("/returns", data={"token": token(found, "/returns")}, files={"roster": b"\x89PNG"})
    assert refused.status_code == 422
    assert "picture" in refused.text


def test_accounts_are_kept_as_hashes_and_weak_ones_refused(tmp_path: Path) -> None:
    people = People(tmp_path / "users.json")
    people.add("a", "A", Role.viewer, PASSWORD)
    assert PASSWORD not in people.path.read_text("utf-8")
    assert people.path.stat().st_mode & 0o077 == 0
    assert people.check("a", PASSWORD) is not None
    assert people.check("a", "other") is None
    assert people.check("b", PASSWORD) is None
    with pytest.raises(UsageError, match="shorter"):
        people.add("b", "B", Role.viewer, "short")
