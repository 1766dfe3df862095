"""Score → band → tier: floors raise, exact gates set, ceilings cap; the adverse rule has the last word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from config.errors import PolicyError
from config.in_force import Clause, Gate, Policy
from config.pack import Text
from models.rating.facts import Facts, holds
from models.rating.rubric import Flags, IntArray

MOST_RULES = 63  # bits of the mask that says which rules hold


@dataclass(frozen=True)
class Rule:
    """A gate, a list or a link with an effect on the tier."""

    id: str
    kind: str  # gate | list | link
    effect: str  # floor | exactly | ceiling
    rank: int  # of the tier it names
    title: Text
    clause: Clause
    gate: Gate | None = None


def rules(policy: Policy) -> tuple[Rule, ...]:
    """All rules in the order in which they are applied: floors, exact, ceilings; inside, gates, lists, links."""
    found = [*_gates(policy), *_lists(policy), *_links(policy)]
    names = [rule.id for rule in found]
    doubled = {name for name in names if names.count(name) > 1}
    if doubled or len(found) > MOST_RULES:
        message = f"{policy.pack}: rules of one name: {sorted(doubled)}" if doubled else f"{len(found)} rules"
        raise PolicyError(message, remedy=f"at most {MOST_RULES} gates, lists and links, each with a name of its own")
    order = ("floor", "exactly", "ceiling")
    return tuple(sorted(found, key=lambda rule: order.index(rule.effect)))


def _gates(policy: Policy) -> Iterator[Rule]:
    for gate in policy.gates:
        for effect in ("floor", "exactly", "ceiling"):
            tier = getattr(gate, effect)
            if tier is not None:
                yield Rule(gate.id, "gate", effect, _rank(policy, tier), gate.title, gate.clause, gate)


def _lists(policy: Policy) -> Iterator[Rule]:
    for listing in policy.lists.values():
        for effect in ("floor", "ceiling"):
            tier = getattr(listing.effect, effect)
            if tier is not None:
                yield Rule(listing.id, "list", effect, _rank(policy, tier), listing.title, listing.clause)


def _links(policy: Policy) -> Iterator[Rule]:
    for link in policy.links:
        if link.carry.enabled and link.carry.ceiling is not None:
            yield Rule(link.id, "link", "ceiling", _rank(policy, link.carry.ceiling), link.title, link.clause)


def _rank(policy: Policy, tier: str) -> int:
    try:
        return policy.tier(tier).rank
    except StopIteration:
        raise PolicyError(
            f"{policy.pack}: a rule names tier {tier!r}, which does not exist on {policy.as_of}.",
            remedy="date the rule like the tier",
        ) from None


def band(score: IntArray, policy: Policy) -> npt.NDArray[np.uint8]:
    """Rank by points alone: the best tier whose lower bound is reached, else the default, else the last band."""
    bounded = [tier for tier in policy.tiers if tier.from_points is not None]
    rest = policy.tier(policy.default_tier) if policy.default_tier else (bounded or list(policy.tiers))[-1]
    ranks = np.full(score.size, rest.rank, dtype=np.uint8)
    if bounded and len(bounded) == len(policy.tiers):
        ranks[:] = bounded[-1].rank
    for tier in reversed(bounded):
        ranks[score >= tier.from_points] = tier.rank
    return ranks


def holding(rule: Rule, facts: Facts, linked: dict[str, Flags]) -> Flags:
    """For each enterprise, whether this rule holds."""
    if rule.gate is not None:
        return holds(rule.gate.when, facts)
    return (facts.listed if rule.kind == "list" else linked).get(rule.id, facts.none())


def apply(
    ranks: npt.NDArray[np.uint8], policy: Policy, facts: Facts, linked: dict[str, Flags]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint64]]:
    """Final rank, and a mask of the rules that hold (bit = place in `rules(policy)`)."""
    final, mask = ranks.copy(), np.zeros(ranks.size, dtype=np.uint64)
    exact = np.zeros(ranks.size, dtype=np.int16) - 1
    ordered = rules(policy)
    held = [holding(rule, facts, linked) for rule in ordered]
    for bit, (rule, on) in enumerate(zip(ordered, held, strict=True)):
        mask[on] |= np.uint64(1 << bit)
        if rule.effect == "floor":
            final[on] = np.minimum(final[on], rule.rank)
        elif rule.effect == "exactly":
            exact[on] = np.maximum(exact[on], rule.rank)
    final = np.where(exact >= 0, exact, final).astype(np.uint8)
    for rule, on in zip(ordered, held, strict=True):
        if rule.effect == "ceiling":
            final[on] = np.maximum(final[on], rule.rank)
    return final, mask
