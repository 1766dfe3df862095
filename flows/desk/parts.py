"""What the desk's pages share: the run shown, who asks, templates, and the plan's months."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from functools import lru_cache, partial
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from flows.desk.guard import Limit, Sessions, same_token
from flows.desk.office import Office
from flows.desk.people import People, Person
from flows.desk.shown import Shown

MONTHS = 128  # calendars kept: an inspectorate's month each


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
