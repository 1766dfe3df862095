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
    bounded = [(tier.from_points, tier) for tier in policy.tiers if tier.from_points is not None]
    rest = policy.tier(policy.default_tier) if policy.default_tier else policy.tiers[-1]
    ranks = np.full(score.size, rest.rank, dtype=np.uint8)
    if len(bounded) == len(policy.tiers):
        ranks[:] = policy.tiers[-1].rank
    for lower, tier in reversed(bounded):
        ranks[score >= lower] = tier.rank
    return ranks


def holding(rule: Rule, facts: Facts, linked: dict[str, Flags]) -> Flags:
    """For each enterprise, whether this rule holds."""
    if rule.gate is not None:
        return holds(rule.gate.when, facts)
    return (facts.listed if rule.kind == "list" else linked).get(rule.id, facts.none())


def held(policy: Policy, facts: Facts, linked: dict[str, Flags]) -> npt.NDArray[np.uint64]:
    """A mask of the rules that hold for each enterprise (bit = place in `rules(policy)`)."""
    mask = np.zeros(facts.size, dtype=np.uint64)
    for bit, rule in enumerate(rules(policy)):
        mask[holding(rule, facts, linked)] |= np.uint64(1 << bit)
    return mask


def final(ranks: npt.NDArray[np.uint8], mask: npt.NDArray[np.uint64], policy: Policy) -> npt.NDArray[np.uint8]:
    """Band and rules → rank: the best floor raises, the worst exact gate sets, the worst ceiling caps."""
    result, exact = ranks.copy(), np.full(ranks.size, -1, dtype=np.int16)
    for bit, rule in enumerate(rules(policy)):
        on = (mask & np.uint64(1 << bit)) > 0
        if rule.effect == "floor":
            result[on] = np.minimum(result[on], rule.rank)
        elif rule.effect == "exactly":
            exact[on] = np.maximum(exact[on], rule.rank)
            result[on] = exact[on]
        else:
            result[on] = np.maximum(result[on], rule.rank)
    return result
