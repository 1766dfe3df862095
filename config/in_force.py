"""What a pack says on one day: plain, frozen values with the clause each rests on.

Points are integer thousandths, shares per mille, money minor units, times days or person-minutes.
A value that the pack gives as null is `None` here and stands in `Policy.gaps`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from config.conditions import Condition, Severity
from config.errors import PolicyGap
from config.figures import FigureRule
from config.pack import BidRules, Instrument, ObjectionEffect, TermForm, Text
from config.pack_lists import LinkCarry, ListEffect, ListKind
from config.wordings import Negations


@dataclass(frozen=True)
class Clause:
    """Instrument and article a value rests on, since when, and whether somebody has checked it."""

    instrument: str
    article: str
    since: date
    verified: bool

    def __str__(self) -> str:
        return f"{self.instrument} {self.article}"


@dataclass(frozen=True)
class Notice:
    """Something the reader of a run must know about the policy: unverified, past review, or unknown."""

    kind: str  # unverified | review_overdue | gap | outlived (its instrument was repealed)
    path: str
    message: str


@dataclass(frozen=True)
class Item:
    code: str
    title: Text
    dimension: str
    act_class: str
    points: Mapping[Severity, int]  # milli-points, adverse ones negative
    decay: str | None
    display: Mapping[Severity, TermForm]
    clause: Clause
    display_clause: Clause


@dataclass(frozen=True)
class Dimension:
    id: str
    title: Text
    worst: int  # milli-points
    best: int
    clause: Clause


@dataclass(frozen=True)
class Decay:
    id: str
    steps: tuple[tuple[int, int], ...]  # (age in days from, per mille), ascending, first from 0
    clause: Clause

    def per_mille(self, age_days: int) -> int:
        """Share that counts at this age."""
        return next((share for start, share in reversed(self.steps) if age_days >= start), 1000)


@dataclass(frozen=True)
class Scorecard:
    base: int  # milli-points
    lowest: int
    highest: int
    dimensions: Mapping[str, Dimension]
    decay: Mapping[str, Decay]
    clause: Clause


@dataclass(frozen=True)
class Tier:
    id: str
    title: Text
    colour: str
    rank: int  # 0 = best
    from_points: int | None  # milli-points, inclusive; None where gates alone decide
    clause: Clause | None


@dataclass(frozen=True)
class Gate:
    id: str
    title: Text
    when: Condition
    ceiling: str | None
    floor: str | None
    exactly: str | None
    clause: Clause


@dataclass(frozen=True)
class Listing:
    id: str
    title: Text
    kind: ListKind
    effect: ListEffect
    clause: Clause
    ends_when: Text | None = None  # what ends an entry, or may end it, on any day
    ends_when_clause: Clause | None = None


@dataclass(frozen=True)
class Link:
    id: str
    title: Text
    carry: LinkCarry
    clause: Clause


@dataclass(frozen=True)
class Figure:
    id: str
    title: Text
    dimension: str
    rule: FigureRule
    clause: Clause


@dataclass(frozen=True)
class Finding:
    """The item of the catalogue under which an irregularity of a consignment is proposed, and what that rests on."""

    item: str
    clause: Clause


@dataclass(frozen=True)
class Consignment:
    rates: Mapping[str, int | None]  # per mille of declarations
    random_floor: Mapping[str, int | None]
    tolerance: int  # per mille
    minutes: Mapping[str, int]  # by examination type
    clause: Clause
    findings: Mapping[str, Finding] = field(default_factory=dict)  # by config.pack.Irregularity


@dataclass(frozen=True)
class Inspection:
    rates: Mapping[str, int | None]  # per mille of the tier a year
    random_floor: Mapping[str, int | None]  # per mille of the tier
    yearly_cap: Mapping[str, int]
    exempt_reasons: tuple[str, ...]
    min_interval_days: int
    frequency_days: Mapping[str, int | None]  # at least one visit within so many days
    visit_minutes: Mapping[str, int]  # by size of the enterprise
    team_size: int
    recusal_days: int
    directed_per_mille: int
    strict_tiers: bool | None  # a worse tier never lacks hours that visits by risk to a better one use
    risk_first_per_mille: int | None  # of the visits: their day goes by risk, the others' by lot; None: as they fit
    explore_per_mille: int | None  # of the spare visits of a proposal of rates
    rate_step_per_mille: int | None  # of the present rate
    clauses: Mapping[str, Clause]  # by field name
    consignment: Consignment | None


@dataclass(frozen=True)
class Veto:
    id: str
    title: Text
    list_id: str
    term_days: int | None
    self_cleaning: bool
    clause: Clause
    covers: tuple[str, ...] = ("bidder", "member")


@dataclass(frozen=True)
class Tender:
    bid: BidRules
    bid_clause: Clause
    vetoes: Mapping[str, Veto]
    forbidden_attributes: tuple[str, ...]
    max_credit_weight_per_mille: int | None
    forbidden_clause: Clause | None = None
    weight_clause: Clause | None = None
    attribute_words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    attribute_negations: Negations = field(default_factory=Negations)


@dataclass(frozen=True)
class Redress:
    notice_wait_days: int
    objection_effect: ObjectionEffect
    annotate_within_working_days: int
    decide_within_working_days: int
    withdraw_within_working_days: int
    repair_needs: tuple[str, ...]
    relief: bool
    holidays: str | None
    clauses: Mapping[str, Clause]


@dataclass(frozen=True)
class Policy:
    """One pack on one day."""

    pack: str
    title: Text
    currency: str
    as_of: date
    digest: str  # sha256 over the pack's files (and the scenario laid over them)
    instruments: Mapping[str, Instrument]
    items: Mapping[str, Item]
    scorecard: Scorecard
    tiers: tuple[Tier, ...]  # best to worst
    default_tier: str | None
    gates: tuple[Gate, ...]
    lists: Mapping[str, Listing]
    links: tuple[Link, ...]
    redress: Redress
    forbidden_fields: frozenset[str]
    inspection_rules: Inspection | None = None
    tender_rules: Tender | None = None
    figures: tuple[Figure, ...] = ()
    notices: tuple[Notice, ...] = field(default=())

    def tier(self, tier_id: str) -> Tier:
        """The tier by id; KeyError when the pack has none on this day."""
        return next(tier for tier in self.tiers if tier.id == tier_id)

    @property
    def inspection(self) -> Inspection:
        """Inspection rules; PolicyGap when the pack has no inspection.yaml for this day."""
        if self.inspection_rules is None:
            raise PolicyGap(
                f"pack {self.pack} says nothing about inspections on {self.as_of}.",
                remedy="add inspection.yaml to the pack, or only rate",
            )
        return self.inspection_rules

    @property
    def tender(self) -> Tender:
        """Tender rules; PolicyGap when the pack has no tender.yaml for this day."""
        if self.tender_rules is None:
            raise PolicyGap(
                f"pack {self.pack} says nothing about tenders on {self.as_of}.",
                remedy="add tender.yaml to the pack, or use a pack that has one",
            )
        return self.tender_rules
