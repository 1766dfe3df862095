"""The rows of a returned roster, found by heading whatever their order, as models.outcome understands them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from config.in_force import Policy
from exports.cells import EPOCH
from exports.facts import visit_key
from exports.layout import LANGUAGES, ROSTER, Kind
from exports.words import Term, choice_lists, folded, reading

HEADING_WITHIN = 30  # rows in which the heading must stand
_DAY = re.compile(r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]00:00:00(?:\.0+)?)?$")
_PLAIN_DAY = re.compile(r"^(\d{4})(\d{2})(\d{2})$")


@dataclass(frozen=True)
class Problem:
    """Why a row is refused, and which column of ROSTER shows it."""

    row: int
    column: str
    rule: str
    value: str | None
    reason: str
    remedy: str


def heading_ids() -> dict[str, str]:
    """Every heading a column may bear, folded → its id."""
    return {folded(text): c.id for c in ROSTER.columns for text in (c.zh, c.en, *(c.heading(x) for x in LANGUAGES))}


def find_heading(rows: list[tuple[Any, ...]]) -> tuple[int, dict[str, int]] | None:
    """Index of the heading row and position by column id; None where no row is one."""
    known = heading_ids()
    for index, row in enumerate(rows[:HEADING_WITHIN]):
        found = {known[f]: at for at, v in reversed(list(enumerate(row))) if v and (f := folded(str(v))) in known}
        if "result" in found and ({"key"} & set(found) or {"visit_id", "firm_code"} <= set(found)):
            return index, found
    return None


def parse_day(text: str) -> date | None:
    """A day as people write it, or as a spreadsheet stores it; None where it is none."""
    text = text.strip()
    match = _DAY.match(text) or _PLAIN_DAY.match(text)
    try:
        if match:
            return date(*(int(part) for part in match.groups()))
        if re.fullmatch(r"\d{5}(?:\.0+)?", text):
            return EPOCH + timedelta(days=int(float(text)))
        return datetime.fromisoformat(text).date()
    except ValueError:
        return None


class Reader:
    """Reads rows against one plan: `firms` enterprise by visit, `plan` the plan's digest."""

    def __init__(self, firms: Mapping[str, str], plan: str, policy: Policy, people: tuple[Term, ...] = ()) -> None:
        self.firms, self.plan = firms, plan
        self.lists = {name: reading(terms) for name, terms in choice_lists(policy, people).items()}

    def read(self, number: int, cells: Mapping[str, str | None]) -> dict[str, Any] | Problem | None:
        """The row in the shape of RETURNED, or why not, or None where nobody has filled it in."""
        if not any(cells.get(c.id) for c in ROSTER.entries() if c.id not in ("clerk", "entered_on")):
            return None
        visit = self._visit(number, cells)
        if isinstance(visit, Problem):
            return visit
        found: dict[str, Any] = {"row": number, "visit_id": visit, "enterprise_id": self.firms[visit]}
        for problem in self._entries(number, cells, found):
            return problem
        return found

    def _visit(self, number: int, cells: Mapping[str, str | None]) -> str | Problem:
        """The visit a row belongs to, by its key, or by task number and firm where the key column is gone."""
        key, told = (cells.get("key") or "").strip(), (cells.get("visit_id") or "").strip()
        code = (cells.get("firm_code") or "").strip()
        if not key and not told:
            remedy = "enter visits that were not planned in the register of visits, not here"
            return Problem(number, "firm_code", "added_row", code, "the row belongs to no planned visit", remedy)
        visit = key.rpartition(".")[0] if key else told
        firm = self.firms.get(visit)
        if firm is None:
            return Problem(number, "visit_id", "unknown_visit", visit, "no visit of this plan", "restore the row")
        if key and key != visit_key(self.plan, visit, firm):
            return Problem(number, "key", "edited_key", key, "the hidden key was changed", "restore the row's key")
        if told and told != visit:
            return Problem(number, "visit_id", "mixed_row", told, "the task number is another row's", "sort whole rows")
        if (code or not key) and code.upper() != firm.partition(":")[2].upper():
            return Problem(number, "firm_code", "other_firm", code, "the visit is another firm's", "sort whole rows")
        return visit

    def _entries(self, number: int, cells: Mapping[str, str | None], found: dict[str, Any]) -> Iterator[Problem]:
        """Fill `found` from the entry columns; yields the first text that cannot be understood."""
        for column in ROSTER.entries():
            text = (cells.get(column.id) or "").strip()
            value: Any = text or None
            if text and column.kind is Kind.date:
                value = parse_day(text)
                if value is None:
                    yield Problem(number, column.id, "bad_date", text, "not a date", "write it as 2026-05-01")
            elif text and column.choices:
                value = self.lists[column.choices].get(folded(text))
                if value is None:
                    yield Problem(number, column.id, "unknown_code", text, "not in the list", "choose from the list")
            found[column.id] = value
