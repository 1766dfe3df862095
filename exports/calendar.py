"""iCalendar files, one per team of inspectors: stable UIDs, so that a new plan updates, adds and cancels in place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import blake2b
from pathlib import Path

import polars as pl
from icalendar import Calendar, Event

from exports.cells import clean
from exports.facts import Approval, Facts, standing
from exports.layout import Language, both
from exports.left_out_words import why_text
from exports.roster_rows import firm_code, team_names
from models.whole import whole_file


@dataclass(frozen=True)
class Appointment:
    """One visit in one team's calendar."""

    visit_id: str
    team: str  # inspector ids joined by '+'
    day: date
    minutes: int
    title: str
    text: str
    place: str

    @property
    def uid(self) -> str:
        """The same for a visit in a team's calendar whatever the plan says of its day."""
        return f"{self.visit_id}-{blake2b(self.team.encode(), digest_size=4).hexdigest()}@evenhand"


def write_calendars(
    visits: pl.DataFrame,
    enterprises: pl.DataFrame,
    inspectors: pl.DataFrame,
    facts: Facts,
    folder: Path,
    *,
    approval: Approval | None = None,
    language: Language = "both",
) -> list[Path]:
    """Write `team-<ids>.ics` for every team of `visits` (PLAN_VISITS); returns the paths, sorted.

    Files of an earlier plan in `folder` are read: a visit that moved gets the next SEQUENCE, one that is gone or has
    gone to another team a cancellation; what did not change keeps its SEQUENCE.
    """
    wanted: dict[str, list[Appointment]] = {}
    for one in appointments(visits, enterprises, inspectors, language):
        wanted.setdefault(one.team, []).append(one)
    folder.mkdir(parents=True, exist_ok=True)
    names = {p.name: "" for p in folder.glob("team-*.ics")} | {file_name(team): team for team in wanted}
    written = []
    for name, team in sorted(names.items()):
        events = merged(wanted.get(team, []), _earlier(folder / name), facts, standing(approval, language))
        _save(folder / name, events, language)
        written.append(folder / name)
    return written


def file_name(team: str) -> str:
    """One file per team, whatever its ids are made of."""
    plain = "".join(c if c.isalnum() else "-" for c in team)[:60]
    return f"team-{plain}-{blake2b(team.encode(), digest_size=3).hexdigest()}.ics"


def appointments(
    visits: pl.DataFrame, enterprises: pl.DataFrame, inspectors: pl.DataFrame, language: Language
) -> Iterator[Appointment]:
    """Every visit as an appointment of its team, in order of day and visit."""
    firms = enterprises.select("enterprise_id", pl.col("name").alias("firm_name"))
    rows = team_names(visits, inspectors).join(firms, on="enterprise_id", how="left")
    rows = rows.with_columns(firm_code(pl.col("enterprise_id")).alias("code")).sort("visit_date", "visit_id")
    for row in rows.iter_rows(named=True):
        yield Appointment(
            row["visit_id"],
            "+".join(row["inspectors"]),
            row["visit_date"],
            row["minutes"],
            f"{both('检查', 'Inspection', language, ' ')}: {row['firm_name'] or row['code']} ({row['tier']})",
            f"{row['code']}\n{row['team']}\n{why_text(row['why_firm'], language)}",
            row["region"],
        )


def merged(wanted: list[Appointment], earlier: dict[str, Event], facts: Facts, banner: str) -> list[Event]:
    """Events of the new plan over those of the earlier one."""
    events = {one.uid: _event(one, earlier.get(one.uid), facts, banner) for one in wanted}
    for uid, old in earlier.items():
        if uid not in events:
            events[uid] = _cancelled(old, facts)
    return [events[uid] for uid in sorted(events)]


def _event(one: Appointment, old: Event | None, facts: Facts, banner: str) -> Event:
    event = Event()
    event.add("uid", one.uid)
    event.add("dtstamp", _stamp(facts))
    event.add("dtstart", one.day)
    event.add("dtend", one.day + timedelta(days=1))
    event.add("summary", clean(one.title))
    event.add("description", clean(f"{banner}\n{one.text}\n{one.minutes} min"))
    event.add("location", clean(one.place))
    event.add("status", "CONFIRMED")
    event.add("transp", "OPAQUE")
    same = old is not None and _told(old) == _told(event)
    if same and old is not None:
        return old
    event.add("sequence", 0 if old is None else int(old.get("sequence", 0)) + 1)
    return event


def _cancelled(old: Event, facts: Facts) -> Event:
    if str(old.get("status")) == "CANCELLED":
        return old
    sequence = int(old.get("sequence", 0)) + 1
    for name in ("sequence", "status", "dtstamp"):
        old.pop(name, None)
    old.add("dtstamp", _stamp(facts))
    old.add("status", "CANCELLED")
    old.add("sequence", sequence)
    return old


def _told(event: Event) -> tuple[str, ...]:
    """What a person would notice."""
    lines = event.content_lines()
    names = ("DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "LOCATION", "STATUS")
    return tuple(line for line in lines if line.startswith(names))


def _stamp(facts: Facts) -> datetime:
    """The day of the run instead of the clock: the same plan, the same file."""
    return datetime.combine(facts.as_of, time(0), tzinfo=UTC)


def _earlier(path: Path) -> dict[str, Event]:
    if not path.exists():
        return {}
    found = Calendar.from_ical(path.read_bytes())
    return {str(event["uid"]): event for event in found.walk() if isinstance(event, Event)}


def _save(path: Path, events: list[Event], language: Language) -> None:
    calendar = Calendar()
    calendar.add("prodid", "-//evenhand//inspection plan//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", both("检查计划", "Inspection plan", language, " "))
    for event in events:
        calendar.add_component(event)
    with whole_file(path) as file:
        file.write(calendar.to_ical())
