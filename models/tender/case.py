"""The nouns of a tender: criteria, lots, parties, bids. Frozen; made by a reader, checked by `problems`.

Money is integer minor units of the tender's currency, points are integer thousandths, shares per mille.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Any


class Kind(StrEnum):
    """What a criterion measures; every criterion is exactly one of these."""

    price = "price"
    business = "business"
    technical = "technical"
    credit = "credit"


class Formula(StrEnum):
    """How a price becomes points."""

    lowest = "lowest"  # weight × lowest / price
    average = "average"  # full points at the average of the prices, less for each per cent away
    benchmark = "benchmark"  # full points at mix × (ceiling × coefficient) + (1 − mix) × average


class Status(StrEnum):
    """Status of a bid, OCDS codelist bidStatus."""

    invited = "invited"
    pending = "pending"
    valid = "valid"
    disqualified = "disqualified"
    withdrawn = "withdrawn"


@dataclass(frozen=True)
class PriceRule:
    """Parameters of a price formula, as the tender documents state them."""

    formula: Formula = Formula.lowest
    deduct_above: int = 1000  # milli-points per 1% above the benchmark
    deduct_below: int = 500  # milli-points per 1% below it
    coefficient: Fraction = Fraction(1)  # of the lot's ceiling
    mix: Fraction = Fraction(0)  # share of the ceiling in the benchmark
    trim_from: int | None = None  # from so many bids on, the highest and the lowest leave the average


@dataclass(frozen=True)
class Criterion:
    id: str
    title: str
    kind: Kind
    weight: int  # milli-points; the weights of a tender add to 100 000
    price: PriceRule | None = None
    trim_judges_from: int | None = None  # from so many judges on, the highest and the lowest score are left out
    reads: tuple[str, ...] = ()  # attributes of the bidder the criterion looks at
    description: str = ""


@dataclass(frozen=True)
class Lot:
    id: str
    title: str
    ceiling: int | None = None  # minor units
    currency: str | None = None


@dataclass(frozen=True)
class Party:
    """A firm that takes part; `enterprise_id` is None where no identifier of a known scheme is given."""

    id: str
    name: str
    scheme: str | None = None
    identifier: str | None = None
    enterprise_id: str | None = None
    country: str | None = None
    region: str | None = None
    size: str | None = None
    ownership: str | None = None


@dataclass(frozen=True)
class Member:
    """A firm behind a bid, with its share in a consortium (per mille; None for a single bidder)."""

    party: str
    share: Fraction | None = None


@dataclass(frozen=True)
class JudgeScore:
    criterion: str
    judge: str
    points: int  # milli-points


@dataclass(frozen=True)
class Bid:
    """One bidder's offer for one lot."""

    id: str
    lot: str
    status: Status
    received: datetime | None
    tenderers: tuple[Member, ...]
    price: int | None  # minor units
    currency: str | None
    scores: tuple[JudgeScore, ...] = ()
    subcontractors: tuple[Member, ...] = ()
    path: str = ""  # where it stands in the file

    @property
    def bidder(self) -> str:
        """Key of the firm or group of firms: the parties' ids in order, joined; the same in every lot."""
        return "+".join(sorted(member.party for member in self.tenderers))


@dataclass(frozen=True)
class TenderCase:
    """One tender with everything that was submitted."""

    ocid: str
    id: str
    title: str
    buyer: str
    currency: str
    deadline: datetime | None
    opening: datetime | None
    lots: tuple[Lot, ...]
    criteria: tuple[Criterion, ...]
    parties: Mapping[str, Party]
    bids: tuple[Bid, ...]
    max_lots_per_bidder: int | None = None
    lot_rule: str = "points"  # points | price | lot_order: what an award under the limit maximises
    tie_rule: tuple[str, ...] = ("price", "technical", "draw")
    file: str = field(default="", compare=False)
    release: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)  # as read, kept for writing

    def of_kind(self, kind: Kind) -> tuple[Criterion, ...]:
        """Criteria of one kind in the order of the documents."""
        return tuple(criterion for criterion in self.criteria if criterion.kind is kind)

    def weight(self, kind: Kind) -> int:
        """Milli-points all criteria of a kind can give together."""
        return sum(criterion.weight for criterion in self.of_kind(kind))

    def party(self, party_id: str) -> Party:
        """The party by id; a stand-alone one without identifier where the file lists none."""
        return self.parties.get(party_id) or Party(party_id, party_id)

    def bidder_name(self, bid: Bid) -> str:
        """Names of the firms behind a bid, joined."""
        return " + ".join(self.party(member.party).name for member in bid.tenderers)

    def lot(self, lot_id: str) -> Lot:
        """The lot by id; KeyError where the tender has none."""
        for lot in self.lots:
            if lot.id == lot_id:
                return lot
        raise KeyError(lot_id)
