"""The desk's pages. Every page but the log-in needs a person; every form needs the session's token."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Form, Request, Response, UploadFile
from fastapi.responses import FileResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles

from config.errors import EvenhandError
from flows.desk.guard import HEADERS, Limit, Sessions, Wall
from flows.desk.office import Office
from flows.desk.parts import Desk, Refused
from flows.desk.people import People, Person
from flows.desk.returned import take_upload
from flows.desk.shown import Shown

ASSETS = Path(__file__).parent.parent / "assets" / "desk"
Text = Annotated[str, Form(max_length=4_000)]


class Download(FileResponse):
    """A file of the run, read in a few pieces: every piece costs a thread's turn."""

    chunk_size = 1 << 20  # bytes


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
