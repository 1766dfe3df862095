"""The desk's pages. Every page but the log-in needs a person; every form needs the session's token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Form, Request, Response, UploadFile
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from config.errors import EvenhandError
from flows.desk.guard import HEADERS, Limit, Sessions, Wall, same_token
from flows.desk.office import MONTHS, Office
from flows.desk.people import People, Person
from flows.desk.returned import take_upload
from flows.desk.shown import Shown

ASSETS = Path(__file__).parent.parent / "assets" / "desk"
Text = Annotated[str, Form(max_length=4_000)]


class Download(FileResponse):
    """A file of the run, read in a few pieces: every piece costs a thread's turn."""

    chunk_size = 1 << 20  # bytes


class Refused(Exception):
    """The request is refused: status and words for the person."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class Desk:
    """The application's parts, shared by its pages."""

    def __init__(self, shown: Shown, people: People, sessions: Sessions, tries: Limit) -> None:
        self.shown, self.people, self.sessions, self.tries = shown, people, sessions, tries
        self._months: tuple[Office | None, Callable[[str, str], Markup]] = (None, lambda region, month: Markup())
        self.templates = Environment(
            loader=PackageLoader("flows", "templates/desk"), autoescape=True, undefined=StrictUndefined,
            trim_blocks=True, lstrip_blocks=True, auto_reload=False,
        )  # fmt: skip

    @property
    def office(self) -> Office:
        """Of the run shown now."""
        return self.shown.office

    def page(self, name: str, request: Request, status: int = 200, **values: Any) -> HTMLResponse:
        person, session = self.person(request), self.sessions.read(request)
        told = {"note": "", "problem": ""}
        shared = {"person": person, "token": session.get("token", ""), "path": request.url.path}
        return HTMLResponse(self.written(name, **(told | shared | values)), status)

    def written(self, name: str, **values: Any) -> Markup:
        """A template filled in; it escapes what it is given."""
        return Markup(self.templates.get_template(name).render(**values))

    def calendar(self, office: Office, region: str, month: str) -> Markup:
        """Written once for each run shown: the plan of a finished run does not change."""
        of, write = self._months
        if of is not office:
            write = lru_cache(maxsize=MONTHS)(partial(self._write_calendar, office))
            self._months = (office, write)
        return write(region, month)

    def _write_calendar(self, office: Office, region: str, month: str) -> Markup:
        days, regions = _calendar(office, region, month)
        return self.written("calendar.html", regions=regions, region=region, **days)

    def person(self, request: Request) -> Person | None:
        return self.people.all().get(str(self.sessions.read(request).get("login", "")))

    def need(self, act: str) -> Callable[[Request], Awaitable[Person]]:
        """Dependency: the person logged in, if they may do this."""

        async def found(request: Request) -> Person:  # too short for a thread of its own
            person = self.person(request)
            if person is None:
                raise Refused(401, "log in first")
            if not person.may(act):
                raise Refused(403, f"as {person.role.value} you may not do this")
            return person

        return found

    def checked(self, request: Request, token: str) -> None:
        """Refuse a form that does not carry this session's token."""
        if not same_token(self.sessions.read(request), token):
            raise Refused(403, "this form has expired: open the page again")

    def decided_on(self, run_id: str) -> Office:
        """The office of the run a form was about; refused when another run is shown since."""
        office = self.office
        if office.run.run_id != run_id:
            raise Refused(409, f"another run, {office.run.run_id}, has ended since: look at it, then decide")
        return office


def make_app(
    office: Office, people: People, *, follow: bool = False, secure: bool = False, requests_a_minute: int = 240
) -> FastAPI:
    """The application over one finished run; `follow`: over each that ends after it; `secure` behind TLS;
    `requests_a_minute` of each person.
    """
    root = office.settings.root
    sessions = Sessions(root / "desk.secret", secure)
    desk = Desk(Shown(office, follow=follow), people, sessions, Limit(10, 300))
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Wall, sessions=sessions, requests_a_minute=requests_a_minute)
    app.mount("/assets", StaticFiles(directory=ASSETS), name="assets")
    _refusals(app, desk)
    _door(app, desk)
    _reading(app, desk)
    _deciding(app, desk)
    return app


def _refusals(app: FastAPI, desk: Desk) -> None:
    @app.exception_handler(Refused)
    def refused(request: Request, error: Refused) -> Response:
        if error.status == 401:
            return RedirectResponse("/login", 303, HEADERS)
        return desk.page("message.html", request, error.status, problem=error.message)

    @app.exception_handler(EvenhandError)
    def off(request: Request, error: EvenhandError) -> Response:
        return desk.page("message.html", request, 422, problem=str(error))


def _door(app: FastAPI, desk: Desk) -> None:
    @app.get("/login")
    def login_page(request: Request) -> Response:
        if desk.sessions.read(request) or request.query_params.get("again"):
            return desk.page("login.html", request)
        answer = RedirectResponse("/login?again=1", 303)  # the form's token needs the cookie first
        desk.sessions.start(answer, "")
        return answer

    @app.post("/login")
    def login(request: Request, login: Text, password: Text, token: Text = "") -> Response:
        desk.checked(request, token)
        keys = (f"login {login}", f"host {request.client.host if request.client else '?'}")
        if any(desk.tries.full(key) for key in keys):
            raise Refused(429, "too many failed attempts; wait five minutes")
        person = desk.people.check(login, password)
        if person is None:
            for key in keys:  # only failures count: an office may share one address
                desk.tries.allows(key)
            return desk.page("login.html", request, 401, problem="login or password is wrong")
        answer = RedirectResponse("/", 303)
        desk.sessions.start(answer, person.login)
        return answer

    @app.post("/logout")
    def logout(request: Request, token: Text = "") -> Response:
        desk.checked(request, token)
        answer = RedirectResponse("/login", 303)
        desk.sessions.start(answer, "")
        return answer


def _reading(app: FastAPI, desk: Desk) -> None:
    reader, auditor = Depends(desk.need("read")), Depends(desk.need("audit"))

    @app.get("/")
    def home(request: Request, q: str = "", person: Person = reader) -> Response:
        office = desk.office
        found = office.find(q[:100]).to_dicts()
        return desk.page("home.html", request, run=office.run, q=q[:100], found=found, approvals=office.approvals())

    @app.get("/run")
    def run(request: Request, person: Person = reader) -> Response:
        office = desk.office
        office.saw_run(person.login)
        papers = [name for name in office.downloads() if name in ("report.html", "compliance-register.xlsx")]
        left_out, approvals = office.left_out_counts(), office.approvals()
        told: dict[str, Any] = {"tiers": office.tiers(), "papers": papers, "left_out": left_out, "approvals": approvals}
        return desk.page("run.html", request, run=office.run, **told)

    @app.get("/firm/{enterprise_id}")
    def firm(request: Request, enterprise_id: str, person: Person = reader) -> Response:
        office = desk.office
        told = office.explanation(enterprise_id)
        office.saw_firm(enterprise_id, person.login)
        tiers = [tier.id for tier in office.run.context.policy.tiers]
        left_out = office.left_out(enterprise_id)
        return desk.page("firm.html", request, run=office.run, it=told, left_out=left_out, tiers=tiers)

    @app.get("/plan")
    def plan(request: Request, region: str = "", month: str = "", person: Person = reader) -> Response:
        office = desk.office
        office.saw_run(person.login, "plan")
        return desk.page("plan.html", request, calendar=desk.calendar(office, region, month))

    @app.get("/decisions")
    def decisions(request: Request, person: Person = reader) -> Response:
        now = desk.office.redress(datetime.now(UTC).date())
        rows, running = now.decisions.head(100).to_dicts(), now.clocks.to_dicts()
        return desk.page("decisions.html", request, rows=rows, clocks=running, waiting=now.waiting)

    @app.get("/downloads")
    def downloads(request: Request, person: Person = reader) -> Response:
        return desk.page("downloads.html", request, files=list(desk.office.downloads()))

    @app.get("/downloads/{name:path}")
    def download(name: str, person: Person = reader) -> Response:
        office = desk.office
        path = office.downloads().get(name)  # only what was listed: no path can leave the folder
        if path is None:
            raise Refused(404, "no such file")
        office.saw_run(person.login, f"file:{name}")
        return Download(path, filename=path.name, media_type="application/octet-stream")

    @app.get("/audit")
    def audit(request: Request, person: Person = auditor) -> Response:
        shown = {name: (frame.columns, frame.rows()) for name, frame in desk.office.audit().items()}
        return desk.page("audit.html", request, shown=shown)


def _calendar(office: Office, region: str, month: str) -> tuple[dict[str, Any], list[str]]:
    """The month asked for (YYYY-MM), else the plan's first, in weeks."""
    if office.visits.is_empty():
        return {"weeks": [], "month": "", "before": "", "after": "", "visits": []}, []
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        first = office.visits["visit_date"][0].replace(day=1)
    seen = office.month(region, first)
    start = first - timedelta(days=first.weekday())
    following = (first + timedelta(days=32)).replace(day=1)
    weeks = []
    while start < following:
        week = [start + timedelta(days=i) for i in range(7)]
        weeks.append([(day, seen.get(day, []) if day.month == first.month else None) for day in week])
        start += timedelta(days=7)
    visits = [visit for day in sorted(seen) for visit in seen[day]]
    months = {"month": f"{first:%Y-%m}", "before": f"{first - timedelta(days=1):%Y-%m}", "after": f"{following:%Y-%m}"}
    return months | {"weeks": weeks, "visits": visits}, sorted(office.visits["region"].unique())


def _deciding(app: FastAPI, desk: Desk) -> None:
    filing, deciding = Depends(desk.need("file")), Depends(desk.need("decide"))

    @app.post("/approve")
    def approve_run(
        request: Request, reason: Text, run: Text = "", token: Text = "", person: Person = deciding
    ) -> Response:
        desk.checked(request, token)
        office = desk.decided_on(run)
        from flows.approve import approve

        approve(office.settings, office.run.run_id, officer=person.login, name=person.name, reason=reason)
        return RedirectResponse("/run", 303)

    @app.post("/firm/{enterprise_id}/override")
    def override(
        request: Request, enterprise_id: str, after: Text, reason: Text, run: Text = "", token: Text = "",
        person: Person = deciding,
    ) -> Response:  # fmt: skip
        desk.checked(request, token)
        office = desk.decided_on(run)
        before = office.explanation(enterprise_id).tier
        if after not in {tier.id for tier in office.run.context.policy.tiers}:
            raise Refused(422, "no such tier")
        office.override(enterprise_id, before, after, reason, person.login, person.name)
        note = f"Recorded: {before} → {after}. A rating is never edited; the override stands in the register."
        return desk.page("message.html", request, note=note)

    @app.post("/firm/{enterprise_id}/file")
    def file(
        request: Request, enterprise_id: str, kind: Text, record_id: Text, reason: Text, token: Text = "",
        person: Person = filing,
    ) -> Response:  # fmt: skip
        desk.checked(request, token)
        desk.office.file(kind, enterprise_id, record_id, reason, person.login)
        return RedirectResponse("/decisions", 303)

    @app.post("/decisions/{decision_id}")
    def decide(
        request: Request, decision_id: str, outcome: Text, reason: Text, token: Text = "", person: Person = deciding
    ) -> Response:
        desk.checked(request, token)
        desk.office.decide(decision_id, outcome, reason, person.login)
        return RedirectResponse("/decisions", 303)

    @app.get("/returns")
    def returns(request: Request, person: Person = filing) -> Response:
        return desk.page("returns.html", request, taken=None)

    @app.post("/returns")
    def take(request: Request, roster: UploadFile, token: Text = "", person: Person = filing) -> Response:
        desk.checked(request, token)
        return desk.page("returns.html", request, taken=take_upload(desk.office, roster, person.login))

    @app.get("/answers/{name}")
    def answer(name: str, person: Person = filing) -> Response:
        path = desk.office.settings.root / "desk-answers" / f"{name}.xlsx"
        if not name.isalnum() or not path.is_file():
            raise Refused(404, "no such answer")
        return FileResponse(path, filename="answer.xlsx", media_type="application/octet-stream")
