"""What is wrong with a tender file, each with path and remedy. Nothing is evaluated while one of these stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from config.errors import InputError
from config.in_force import Policy
from config.units import milli, points_text
from models.tender.case import Bid, Kind, Status, TenderCase
from models.tender.identifiers import well_formed

HUNDRED = 100_000
LIVE = (Status.pending, Status.valid)
"""Statuses that take part; withdrawn, disqualified and invited bids are set aside and named."""

LOT_RULES = ("points", "price", "lot_order")
TIE_KEYS = ("price", "technical", "business", "credit", "draw")


@dataclass(frozen=True)
class Problem:
    path: str
    rule: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message} Remedy: {self.remedy}"


def problems(case: TenderCase, policy: Policy | None = None) -> list[Problem]:
    """Every problem of the case in the file's order; with a policy also what the policy refuses (credit weight)."""
    found = [*_whole(case), *_scales(case)]
    if policy is not None:
        found += _credit_weight(case, policy)
    judges, lots = _judges(case), frozenset(lot.id for lot in case.lots)
    for bid in case.bids:
        found += _bid(case, bid, lots, judges.get(bid.lot, {}))
    return [*found, *_one_bid_per_firm(case)]


def refuse_problems(case: TenderCase, policy: Policy | None = None, shown: int = 8) -> None:
    """Raises InputError that names all problems (the first `shown` in full)."""
    found = problems(case, policy)
    if not found:
        return
    text = "; ".join(f"[{p.rule}] {p.path}: {p.message} → {p.remedy}" for p in found[:shown])
    more = f"; and {len(found) - shown} more" if len(found) > shown else ""
    raise InputError(
        f"{len(found)} problem(s): {text}{more}.",
        file=case.file,
        rule=found[0].rule,
        remedy="correct the file; nothing was evaluated",
    )


def _whole(case: TenderCase) -> Iterator[Problem]:
    if not case.criteria:
        yield Problem("tender/criteria", "no_criteria", "the tender has no criteria.", "add criteria with weights")
    elif sum(c.weight for c in case.criteria) != HUNDRED:
        total = points_text(sum(c.weight for c in case.criteria))
        yield Problem("tender/criteria", "weights", f"the weights add to {total}.", "make them add to 100")
    for criterion in case.criteria:
        if criterion.weight < 0:
            yield Problem(f"tender/criteria/{criterion.id}", "weights", "a negative weight.", "give it 0 or more")
    for kind, ids in (("criterion", [c.id for c in case.criteria]), ("lot", [lot.id for lot in case.lots])):
        for name, count in Counter(ids).items():
            if count > 1:
                yield Problem(f"tender/{kind}/{name}", "duplicate_id", f"{count} {kind}s with one id.", "number them")
    if len(case.of_kind(Kind.price)) > 1:
        yield Problem("tender/criteria", "two_prices", "more than one price criterion.", "keep one")
    if case.lot_rule not in LOT_RULES:
        yield Problem("tender/lotRule", "lot_rule", f"unknown {case.lot_rule!r}.", f"use one of {', '.join(LOT_RULES)}")
    for key in case.tie_rule:
        if key not in TIE_KEYS:
            yield Problem("tender/tieRule", "tie_rule", f"unknown {key!r}.", f"use {', '.join(TIE_KEYS)}")
    if case.max_lots_per_bidder is not None and case.max_lots_per_bidder < 1:
        yield Problem("tender/lotDetails", "lot_limit", "a limit below one lot.", "give at least 1, or leave it out")
    if case.deadline and case.opening and case.opening < case.deadline:
        message = f"bids are opened {case.opening} before the deadline {case.deadline}."
        yield Problem("tender/bidOpening/date", "opening", message, "correct one of the two")


def _scales(case: TenderCase) -> Iterator[Problem]:
    for criterion in case.of_kind(Kind.price):
        rule = criterion.price
        if rule is None:
            yield Problem(f"tender/criteria/{criterion.id}", "price_rule", "no price formula.", "name a formula")
        elif rule.mix and any(lot.ceiling is None for lot in case.lots):
            yield Problem("tender/lots", "ceiling", "the benchmark needs a ceiling price per lot.", "add lot values")
        elif not 0 <= rule.mix <= 1 or rule.coefficient <= 0 or rule.deduct_above < 0 or rule.deduct_below < 0:
            message = "the price formula's parameters are out of range."
            remedy = "mix within 0…1, coefficient above 0, deductions 0 or more"
            yield Problem(f"tender/criteria/{criterion.id}", "price_rule", message, remedy)


def _credit_weight(case: TenderCase, policy: Policy) -> Iterator[Problem]:
    weight = case.weight(Kind.credit)
    rules = policy.tender
    limits = [(milli(rules.bid.cap), rules.bid_clause)]
    if rules.max_credit_weight_per_mille is not None and rules.weight_clause is not None:
        limits.append((rules.max_credit_weight_per_mille * HUNDRED // 1000, rules.weight_clause))
    limit, clause = min(limits, key=lambda pair: pair[0])
    if weight > limit:
        message = f"credit weighs {points_text(weight)} points; at most {points_text(limit)} are allowed ({clause})."
        yield Problem("tender/criteria", "credit_weight", message, "lower the weight of the credit criteria")


def _bid(case: TenderCase, bid: Bid, lots: frozenset[str], judges: Mapping[str, list[str]]) -> Iterator[Problem]:
    at = bid.path or f"bids/{bid.id}"
    if bid.lot not in lots:
        yield Problem(f"{at}/relatedLots", "unknown_lot", f"lot {bid.lot!r} is not in the tender.", "correct the lot")
        return
    if not bid.tenderers:
        yield Problem(f"{at}/tenderers", "no_tenderer", f"bid {bid.id} names no firm.", "name the bidder")
    yield from _shares(bid, at)
    for member in (*bid.tenderers, *bid.subcontractors):
        party = case.party(member.party)
        if not well_formed(party.scheme, party.identifier):
            message = f"{party.name}: {party.identifier!r} fails the check of {party.scheme}."
            yield Problem(f"parties/{party.id}/identifier", "identifier", message, "correct the identifier")
    if bid.status in LIVE:
        yield from _money(case, bid, at)
        yield from _scores(case, bid, at, judges)
        if case.deadline and bid.received and bid.received > case.deadline:
            message = f"bid {bid.id} came {bid.received}, after the deadline {case.deadline}."
            yield Problem(f"{at}/date", "late", message, "set its status to disqualified, or correct the time")


def _shares(bid: Bid, at: str) -> Iterator[Problem]:
    shares = [member.share for member in bid.tenderers]
    if len(shares) > 1 and any(share is None for share in shares):
        message = f"bid {bid.id}: a member of the consortium has no share."
        yield Problem(f"{at}/tenderers", "shares", message, "give each member its share")
    elif len(shares) > 1 or shares[:1] not in ([None], []):
        total = sum((share or Fraction(0) for share in shares), Fraction(0))
        if total != 1 or any(share is not None and share <= 0 for share in shares):
            message = f"bid {bid.id}: the shares add to {float(total * 100):g}%."
            yield Problem(f"{at}/tenderers", "shares", message, "make them add to 100%, each above 0")
    if len({member.party for member in bid.tenderers}) != len(bid.tenderers):
        yield Problem(f"{at}/tenderers", "shares", f"bid {bid.id}: a member stands there twice.", "name it once")


def _money(case: TenderCase, bid: Bid, at: str) -> Iterator[Problem]:
    if not case.of_kind(Kind.price) and bid.price is None:
        return
    if bid.price is None:
        yield Problem(
            f"{at}/value/amount", "no_price", f"bid {bid.id} has no price.", "enter it, or disqualify the bid"
        )
        return
    if bid.currency != case.currency:
        message = f"bid {bid.id} is in {bid.currency}, the tender in {case.currency}."
        yield Problem(f"{at}/value/currency", "currency", message, "convert at the rate the documents name")
    if bid.price <= 0:
        message = f"bid {bid.id}: the price is {bid.price / 100:.2f}."
        yield Problem(f"{at}/value/amount", "price", message, "enter a price above 0, or disqualify the bid")
    ceiling = case.lot(bid.lot).ceiling
    if ceiling is not None and bid.price > ceiling and bid.currency == case.currency:
        message = f"bid {bid.id} is above the ceiling price of lot {bid.lot}."
        yield Problem(f"{at}/value/amount", "ceiling", message, "disqualify the bid, or correct the ceiling")


def _scores(case: TenderCase, bid: Bid, at: str, judges: Mapping[str, list[str]]) -> Iterator[Problem]:
    judged = {c.id: c for c in case.criteria if c.kind in (Kind.business, Kind.technical)}
    for index, score in enumerate(bid.scores):
        here = f"{at}/scores/{index}"
        criterion = judged.get(score.criterion)
        if criterion is None:
            known = ", ".join(judged) or "none"
            yield Problem(here, "unknown_criterion", f"unknown criterion {score.criterion!r}.", f"use one of: {known}")
        elif not 0 <= score.points <= criterion.weight:
            message = f"{points_text(score.points)} points are outside 0…{points_text(criterion.weight)}."
            yield Problem(here, "score_range", message, "correct the score")
    pairs = Counter((score.criterion, score.judge) for score in bid.scores)
    for (name, judge), count in pairs.items():
        if count > 1:
            yield Problem(f"{at}/scores", "score_twice", f"judge {judge} scored {name} {count} times.", "keep one")
    for name in judged:
        missing = [judge for judge in judges.get(name, ()) if (name, judge) not in pairs]
        if missing or name not in judges:
            who = f"judge {', '.join(missing)} has not" if missing else "no judge has"
            yield Problem(f"{at}/scores", "score_missing", f"bid {bid.id}: {who} scored {name}.", "enter the score")


def _judges(case: TenderCase) -> dict[str, dict[str, list[str]]]:
    """Lot → criterion → the judges who scored any live bid of the lot on it, in order of name."""
    found: dict[str, dict[str, set[str]]] = {}
    for bid in live_bids(case):
        by_criterion = found.setdefault(bid.lot, {})
        for score in bid.scores:
            by_criterion.setdefault(score.criterion, set()).add(score.judge)
    return {lot: {name: sorted(judges) for name, judges in by.items()} for lot, by in found.items()}


def _one_bid_per_firm(case: TenderCase) -> Iterator[Problem]:
    """A firm, alone or in a consortium, stands behind one live bid per lot."""
    seen: dict[tuple[str, str], Bid] = {}
    for bid in case.bids:
        if bid.status not in LIVE:
            continue
        for firm in sorted({firm_key(case, member.party) for member in bid.tenderers}):
            first = seen.setdefault((bid.lot, firm), bid)
            if first is not bid:
                message = f"one firm stands behind bids {first.id} and {bid.id} for lot {bid.lot}."
                yield Problem(bid.path or f"bids/{bid.id}", "two_bids", message, "withdraw or disqualify one of them")
    ids = Counter(bid.id for bid in case.bids)
    for name, count in ids.items():
        if count > 1:
            yield Problem(f"bids/{name}", "duplicate_id", f"{count} bids with the id {name!r}.", "number them")


def firm_key(case: TenderCase, party_id: str) -> str:
    """What makes two parties one firm: the enterprise, else the identifier, else the id in the file."""
    party = case.party(party_id)
    return party.enterprise_id or (f"{party.scheme}:{party.identifier}" if party.identifier else party.id)


def live_bids(case: TenderCase) -> Sequence[Bid]:
    """Bids that take part, in the file's order."""
    return [bid for bid in case.bids if bid.status in LIVE]
