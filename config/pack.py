"""A policy pack as it stands in its folder: every value dated, nothing resolved yet.

One class per file of `config/policy/<pack>/`; `config.policy` reads them and says what holds on a day.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, model_validator

from config.conditions import Condition, Severity
from config.dated import Dated, Reference, Strict
from config.wordings import Negations


class Text(Strict):
    """A title in English and Chinese."""

    en: str
    zh: str


class Instrument(Strict):
    """A law, order, announcement or published standard."""

    title: Text
    issuer: str
    in_force_from: date
    in_force_to: date | None = None  # first day no longer in force
    source: str  # where it was read
    supersedes: tuple[str, ...] = ()
    articles: dict[str, str] = Field(default_factory=dict)  # words of its articles in Chinese: {note: 说明}

    def article(self, name: str, lang: str) -> str:
        """The article as readers of a language cite it: "17" → 第17条, "note 9" → 说明 9 where the pack says so."""
        if lang != "zh":
            return name
        if re.fullmatch(r"[0-9]+(, [0-9]+)*", name):
            return f"第{name.replace(', ', '、')}条"
        if not self.articles:
            return name
        words = sorted(self.articles, key=len, reverse=True)
        return re.sub(rf"(?<!\w)({'|'.join(map(re.escape, words))})(?!\w)", lambda m: self.articles[m[0]], name)


class PackHead(Strict):
    """pack.yaml: what the pack is and from which day it can rate at all."""

    id: str
    title: Text
    currency: str
    covers_from: date
    covers_to: date | None = None
    forbidden_fields: tuple[str, ...] = ()  # refused at the door in addition to the house's list
    notes: tuple[str, ...] = ()


class ItemForm(Strict):
    """catalogue.yaml: one kind of act that counts; nothing outside the catalogue does."""

    title: Text
    dimension: str
    act_class: str | None = None  # acts of one class, enterprise and day are one act; default: the item itself
    decay: str | None = None
    points: Dated[dict[Severity, Decimal]]
    display: Dated[dict[Severity, TermForm]] | None = None  # overrides redress.display for this item


class TermForm(Strict):
    """How long an act counts and is shown. `hidden`: never shown. `max_days` null: as long as the measure lasts."""

    hidden: bool = False
    min_days: int = Field(default=0, ge=0)
    max_days: int | None = Field(default=None, gt=0)
    repairable: bool = True
    longer_with_measure: bool = False  # a measure that outlasts max_days is shown as long as it lasts
    until_corrected: bool = False  # stops counting on the day the violation is put right

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.max_days is not None and self.max_days < self.min_days:
            raise ValueError(f"max_days {self.max_days} is below min_days {self.min_days}")
        return self


class DimensionForm(Strict):
    """A dimension of the scorecard; its total stays within [worst, best] points."""

    title: Text
    worst: Dated[Decimal]
    best: Dated[Decimal]


class DecayStep(Strict):
    """From this age (days since the act) on, this share of the points counts."""

    from_days: int = Field(ge=0)
    per_mille: int = Field(ge=0, le=1000)


class ScorecardForm(Strict):
    """scorecard.yaml: start, range, dimensions with caps, decay in steps."""

    base: Dated[Decimal]
    lowest: Dated[Decimal]
    highest: Dated[Decimal]
    dimensions: dict[str, DimensionForm] = Field(min_length=1)
    decay: dict[str, Dated[tuple[DecayStep, ...]]] = Field(default_factory=dict)


class TierForm(Strict):
    """One tier; the list in tiers.yaml runs from best to worst."""

    id: str
    title: Text
    colour: str = Field(pattern=r"^#[0-9A-Fa-f]{6}$")
    from_points: Dated[Decimal] | None = None  # lower bound, inclusive; absent where gates alone decide
    exists: Dated[bool] | None = None  # tiers that came or went with a reform


class GateRule(Strict):
    """When `when` holds, the tier is at most `ceiling`, at least `floor`, or `exactly` this."""

    when: Condition
    ceiling: str | None = None
    floor: str | None = None
    exactly: str | None = None

    @model_validator(mode="after")
    def _one_effect(self) -> Self:
        if sum(x is not None for x in (self.ceiling, self.floor, self.exactly)) != 1:
            raise ValueError("expected exactly one of ceiling, floor, exactly")
        return self


class GateForm(Strict):
    """A one-vote rule."""

    title: Text
    rule: Dated[GateRule]


class TiersForm(Strict):
    """tiers.yaml"""

    tiers: tuple[TierForm, ...] = Field(min_length=2)
    default: str | None = None  # tier of an enterprise no band and no gate speaks about
    gates: dict[str, GateForm] = Field(default_factory=dict)


class Frequency(Strict):
    """At least one visit within so many days (statutory frequency)."""

    at_least_every_days: int = Field(gt=0)


class Irregularity(StrEnum):
    """What the examination of a consignment may find wrong, by what the declaration says of it."""

    description = "description"
    quantity = "quantity"
    value = "value"
    origin = "origin"
    prohibited = "prohibited"


class ConsignmentForm(Strict):
    """Consignments to examine at the border, by the importer's tier."""

    rates: Dated[dict[str, int | None]]  # per mille of declarations
    random_floor: Dated[dict[str, int | None]]  # per mille drawn at random
    tolerance: Dated[int]  # per mille around the rate that counts as kept
    minutes: Dated[dict[str, int]]  # person-minutes by examination type
    findings: dict[Irregularity, Dated[str]] = Field(default_factory=dict)  # the item of the catalogue it proposes


class InspectionForm(Strict):
    """inspection.yaml: rates, caps and people, by tier."""

    rates: Dated[dict[str, int | None]]  # per mille of the tier's enterprises a year
    random_floor: Dated[dict[str, int | None]]  # per mille of the tier drawn at random whatever else happens
    yearly_cap: Dated[dict[str, int]]  # visits per enterprise and year, hard
    exempt_reasons: Dated[tuple[str, ...]]  # visits that do not count against the cap
    min_interval: Dated[int]  # days between two visits
    frequency: Dated[dict[str, Frequency | None]] | None = None
    visit_minutes: Dated[dict[str, int]]  # person-minutes per inspector by size of the enterprise
    team_size: Dated[int]
    recusal: Dated[int]  # days in which the same inspector may not return to the same firm
    directed_share: Dated[int]  # per mille of a tier's quota chosen by risk, the rest at random
    strict_tiers: Dated[bool] | None = None  # a worse tier never lacks hours that visits by risk to a better one use
    risk_first: Dated[int] | None = None  # per mille of the visits whose day goes by risk, the others' by lot
    explore_share: Dated[int] | None = None  # per mille of the spare visits of a proposal of rates that go on learning
    rate_step: Dated[int] | None = None  # per mille of itself by which a proposed rate may differ from the present one
    consignment: ConsignmentForm | None = None


class BidMethod(StrEnum):
    table = "table"  # points by tier
    proportional = "proportional"  # weight × score / max
    optimised = "optimised"  # points by tier found by the optimiser within the rules
    annual_and_live = "annual_and_live"  # yearly tier points + points of recent acts


class ConsortiumRule(StrEnum):
    weakest = "weakest"  # the member with the fewest points speaks for all
    weighted = "weighted"  # mean by shares


class BidRules(Strict):
    """How credit becomes bid points; all points as written, half points allowed."""

    method: BidMethod
    cap: Decimal = Field(gt=0)
    step: Decimal = Field(default=Decimal("0.5"), gt=0)
    table: dict[str, Decimal] = Field(default_factory=dict)
    neutral: Decimal | None = None  # bidders that cannot be rated; null: the population's mean
    annual_cap: Decimal | None = None
    live_cap: Decimal | None = None
    live_within_days: int | None = None
    gap_min: Decimal | None = None  # between neighbouring tiers
    gap_max: Decimal | None = None
    mean_target: Decimal | None = None  # neutrality over the bidder population
    mean_tolerance: Decimal = Decimal("0.5")
    never_flips_quality: Decimal | None = None  # X points of quality
    never_flips_price_per_mille: int | None = None  # Y of price
    sme_minimum: Decimal | None = None  # least mean points of micro and small firms in the population
    live_per_point: Decimal = Decimal(0)  # annual_and_live: bid points per rating point of a recent act
    consortium: ConsortiumRule = ConsortiumRule.weakest
    clauses: dict[str, Reference] = Field(default_factory=dict)  # where a single field stands, if not with the rest

    @model_validator(mode="after")
    def _clauses_name_fields(self) -> Self:
        unknown = sorted(set(self.clauses) - set(BidRules.model_fields))
        if unknown:
            raise ValueError(f"clauses names no field of the rules: {', '.join(unknown)}")
        return self


class TenderForm(Strict):
    """tender.yaml"""

    bid: Dated[BidRules]
    vetoes: dict[str, VetoForm] = Field(default_factory=dict)
    forbidden_attributes: Dated[tuple[str, ...]] | None = None
    max_credit_weight: Dated[int] | None = None  # per mille of the total score
    attribute_words: dict[str, tuple[str, ...]] = Field(default_factory=dict)  # how a forbidden attribute is worded
    attribute_negations: Negations = Negations()  # and how a text says that it is not looked at


class VetoForm(Strict):
    """A list that excludes a bidder whatever its points."""

    title: Text
    listed: Dated[str]  # id in lists.yaml
    term_days: Dated[int] | None = None
    self_cleaning: Dated[bool] | None = None
    covers: tuple[Literal["bidder", "member", "subcontractor"], ...] = ("bidder", "member")


class ObjectionEffect(StrEnum):
    annotate = "annotate"
    suspend = "suspend"


class RedressForm(Strict):
    """redress.yaml: notice, objection, repair, display, expiry and the clocks."""

    notice_wait: Dated[int]  # days between notice and effect
    objection_effect: Dated[ObjectionEffect]
    objection_annotate_within: Dated[int]  # working days
    objection_decide_within: Dated[int]  # working days
    revocation_withdraw_within: Dated[int]  # working days
    display: Dated[dict[Severity, TermForm]]
    repair_needs: Dated[tuple[str, ...]]  # evidence asked for: corrected, pledge, …
    relief: Dated[bool] | None = None  # whether relief windows (region, industry, dates) are honoured
    holidays: str | None = None  # calendar of the `holidays` library for the clocks, e.g. CN, US, GB


ItemForm.model_rebuild()
TenderForm.model_rebuild()
