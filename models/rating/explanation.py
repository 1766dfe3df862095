"""What an explanation consists of; plain values that can be told in words or written as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from config.in_force import Clause, Policy
from config.pack import Text
from models.rating.account import RecordLine
from models.rating.moments import Move
from models.rating.recourse import Recourse

INTERNAL = ("item", "row", "place")  # of use to the engine only


@dataclass(frozen=True)
class DimensionLine:
    id: str
    title: Text
    before: int  # milli-points, sum of acts and figures
    after: int  # within [worst, best]
    worst: int
    best: int
    clause: Clause


@dataclass(frozen=True)
class FigureLine:
    id: str
    title: Text
    value: int | None  # thousandths
    points: int
    changes_on: date | None
    clause: Clause


@dataclass(frozen=True)
class RuleLine:
    """A gate, list or link that holds. effect: floor | exactly | ceiling, of `tier`."""

    id: str
    kind: str
    title: Text
    effect: str
    tier: str
    clause: Clause


@dataclass(frozen=True)
class ListLine:
    id: str
    title: Text
    kind: str
    from_date: date | None
    last_on: date | None
    clause: Clause


@dataclass(frozen=True)
class LinkLine:
    id: str
    title: Text
    source: str  # the other enterprise
    points: int
    trigger_on: date
    from_date: date | None
    clause: Clause


@dataclass(frozen=True)
class Explanation:
    """Everything about one rating; points in thousandths."""

    enterprise_id: str
    name: str | None
    region: str | None
    pack: str
    digest: str
    as_of: date
    base: int
    score: int
    band_tier: str
    tier: str
    tier_title: Text
    dimensions: tuple[DimensionLine, ...]
    records: tuple[RecordLine, ...]
    figures: tuple[FigureLine, ...]
    rules: tuple[RuleLine, ...]
    lists: tuple[ListLine, ...]
    links: tuple[LinkLine, ...]
    next_change_on: date | None
    recourse: Recourse | None
    moves_by_itself: Move | None
    policy: Policy

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON: dates as ISO text, points in thousandths."""
        return {key: _plain(getattr(self, key)) for key in self.__dataclass_fields__ if key != "policy"}

    def lines(self, lang: str = "en") -> list[str]:
        """The explanation in plain words, line by line."""
        from models.rating.wording import story

        return story(self, lang)

    def text(self, lang: str = "en") -> str:
        """The explanation in plain words (en | zh)."""
        return "\n".join(self.lines(lang))


def _plain(value: Any) -> Any:
    if isinstance(value, RecordLine):
        kept = {key: _plain(getattr(value, key)) for key in value.__dataclass_fields__ if key not in INTERNAL}
        title = value.item.title if value.item else None
        return kept | {"title": _plain(title), "dimension": value.item.dimension if value.item else None}
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Text):
        return value.model_dump()
    if hasattr(value, "__dataclass_fields__"):
        return {key: _plain(getattr(value, key)) for key in value.__dataclass_fields__ if key not in INTERNAL}
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    return value
