"""The shapes of lists.yaml and links.yaml: red and black lists, and what a link between enterprises carries."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from pydantic import Field

from config.dated import Dated, Strict
from config.pack import Text


class ListKind(StrEnum):
    red = "red"
    black = "black"
    watch = "watch"


class ListEffect(Strict):
    """What being on the list does to the tier, and for how long an entry lasts without an end date."""

    ceiling: str | None = None
    floor: str | None = None
    term_days: int | None = Field(default=None, gt=0)
    early_removal_days: int | None = Field(default=None, gt=0)


class ListForm(Strict):
    """lists.yaml: a red or black list."""

    title: Text
    kind: ListKind
    effect: Dated[ListEffect]
    ends_when: Dated[Text] | None = None  # what the enterprise can do on any day so that an entry may end early


class LinkCarry(Strict):
    """One hop over a representative: an enterprise linked to one in `trigger_tiers` loses `points_share_per_mille`
    of that one's adverse points, at most `worst` points, or has its tier capped."""

    enabled: bool
    roles: tuple[str, ...] = Field(min_length=1)
    trigger_tiers: tuple[str, ...] = Field(min_length=1)
    trigger_gates: tuple[str, ...] = ()
    begun_after_trigger: bool = True
    points_share_per_mille: int = Field(default=0, ge=0, le=1000)
    worst: Decimal = Field(default=Decimal(0), le=0)
    ceiling: str | None = None
    max_enterprises_per_person: int = Field(gt=1)


class LinkForm(Strict):
    title: Text
    carry: Dated[LinkCarry]
