"""The rows of a returned sheet, found by heading whatever their order, as models.outcome understands them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from exports.cells import EPOCH
from exports.facts import visit_key
from exports.layout import LANGUAGES, Form, Kind
from exports.words import Term, folded, reading

HEADING_WITHIN = 30  # rows in which the heading must stand
_DAY = re.compile(r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]00:00:00(?:\.0+)?)?$")
_PLAIN_DAY = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
ADDED = {
    "visit_id": (
        "the row belongs to no planned visit",
        "enter visits that were not planned in the register of visits, not here",
    ),
    "declaration_id": (
        "the row belongs to no declaration of the list",
        "open a case for what was not on the list, do not add it here",
    ),
}
UNKNOWN = {
    "visit_id": ("unknown_visit", "no visit of this plan", "restore the row"),
    "declaration_id": ("unknown_declaration", "not on this list", "restore the row"),
}


@dataclass(frozen=True)
class Problem:
    """Why a row is refused, and which column of the form shows it."""

    row: int
    column: str
    rule: str
    value: str | None
    reason: str
    remedy: str


def heading_ids(form: Form) -> dict[str, str]:
    """Every heading a column may bear, folded → its id."""
    return {folded(text): c.id for c in form.columns for text in (c.zh, c.en, *(c.heading(x) for x in LANGUAGES))}


def find_heading(rows: list[tuple[Any, ...]], form: Form) -> tuple[int, dict[str, int]] | None:
    """Index of the heading row and position by column id; None where no row is one."""
    known = heading_ids(form)
    for index, row in enumerate(rows[:HEADING_WITHIN]):
        found = {known[f]: at for at, v in reversed(list(enumerate(row))) if v and (f := folded(str(v))) in known}
        if "result" in found and ({"key"} & set(found) or set(form.known_by) <= set(found)):
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
    """Reads rows of a form against one plan: `firms` enterprise by row id (a visit, a declaration), `plan` the plan's
    digest, `lists` what the drop-downs offer."""

    def __init__(
        self, form: Form, firms: Mapping[str, str | None], plan: str, lists: Mapping[str, tuple[Term, ...]]
    ) -> None:
        self.form, self.firms, self.plan = form, firms, plan
        self.lists = {name: reading(terms) for name, terms in lists.items()}

    def read(self, number: int, cells: Mapping[str, str | None]) -> dict[str, Any] | Problem | None:
        """The row by column id, or why not, or None where nobody has filled it in."""
        if not any(cells.get(c.id) for c in self.form.entries() if c.id not in ("clerk", "entered_on")):
            return None
        one = self._row_id(number, cells)
        if isinstance(one, Problem):
            return one
        found: dict[str, Any] = {"row": number, self.form.known_by[0]: one, "enterprise_id": self.firms[one]}
        for problem in self._entries(number, cells, found):
            return problem
        return found

    def _row_id(self, number: int, cells: Mapping[str, str | None]) -> str | Problem:
        """The planned row, by its key, or by its number and firm where the key column is gone."""
        id_column, firm_column = self.form.known_by
        key, told = (cells.get("key") or "").strip(), (cells.get(id_column) or "").strip()
        code = (cells.get(firm_column) or "").strip()
        if not key and not told:
            return Problem(number, firm_column, "added_row", code, *ADDED[id_column])
        one = key.rpartition(".")[0] if key else told
        if one not in self.firms:
            rule, reason, remedy = UNKNOWN[id_column]
            return Problem(number, id_column, rule, one, reason, remedy)
        firm = self.firms[one] or ""
        if key and key != visit_key(self.plan, one, firm):
            return Problem(number, "key", "edited_key", key, "the hidden key was changed", "restore the row's key")
        if told and told != one:
            return Problem(number, id_column, "mixed_row", told, "this number is another row's", "sort whole rows")
        if (code or not key) and code.upper() != code_of(firm).upper():
            return Problem(number, firm_column, "other_firm", code, "the row is another firm's", "sort whole rows")
        return one

    def _entries(self, number: int, cells: Mapping[str, str | None], found: dict[str, Any]) -> Iterator[Problem]:
        """Fill `found` from the entry columns; yields the first text that cannot be understood."""
        for column in self.form.entries():
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


def code_of(enterprise_id: str) -> str:
    """The registration code without the key of the source, as `exports.roster_rows.firm_code` writes it."""
    return re.sub(r"^[a-z-]+:", "", enterprise_id)
