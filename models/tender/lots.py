"""Which bid gets which lot when a bidder may win only so many: an assignment with its optimality proven.

As many lots as possible are awarded; among those awards the one with the best value (points or price) is taken;
among equals the one whose bids rank better in their lots, then the keyed hash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from ortools.graph.python import min_cost_flow

from config.errors import CheckFailed, PlanError

HASH_BITS = 20
MANY_LOTS, FEW_BITS = 256, 8
"""Beyond so many lots fewer bits of the hash decide ties, so that sums stay within 64 bits."""


class Offer(NamedTuple):
    """A ranked bid that may get its lot. `cost`: what is minimised (−points or price), `order`: rank in its lot,
    `firms`: everybody whose limit it uses, `hash`: the draw number."""

    bid: str
    lot: str
    firms: tuple[str, ...]
    cost: int
    order: int
    hash: int


@dataclass(frozen=True)
class Assignment:
    """lot → bid; `objective` = Σ cost, `bound` ≤ every possible Σ cost with as many lots awarded."""

    awards: Mapping[str, str]
    objective: int
    bound: int
    method: str
    statement: str


def assign(offers: Sequence[Offer], limit: int | None) -> Assignment:
    """At most one bid per lot, at most `limit` lots per firm (None: no limit). Order of `offers` does not matter."""
    found = sorted(offers, key=lambda offer: (offer.lot, offer.order, offer.hash, offer.bid))
    if limit is None:
        return first_of_each(found)
    groups = {offer.firms for offer in found}
    if len({firm for group in groups for firm in group}) == sum(len(group) for group in groups):
        return by_flow(found, limit)
    from models.tender.lots_overlap import by_constraints

    return by_constraints(found, limit)


def first_of_each(offers: Sequence[Offer]) -> Assignment:
    """Without a limit every lot goes to its first-ranked bid."""
    awards: dict[str, str] = {}
    objective = 0
    for offer in offers:
        if offer.lot not in awards:
            awards[offer.lot] = offer.bid
            objective += offer.cost
    return Assignment(
        awards, objective, objective, "rank", "No limit of lots per bidder: each lot to its first-ranked."
    )


def in_lot_order(offers: Sequence[Offer], lots: Sequence[str], limit: int | None) -> Assignment:
    """Lot after lot to the best-ranked bidder that has not reached its limit. A rule of order, not an optimum."""
    won: dict[str, int] = {}
    awards: dict[str, str] = {}
    objective = 0
    by_lot: dict[str, list[Offer]] = {}
    for offer in sorted(offers, key=lambda offer: (offer.order, offer.hash, offer.bid)):
        by_lot.setdefault(offer.lot, []).append(offer)
    for lot in lots:
        for offer in by_lot.get(lot, ()):
            if limit is None or all(won.get(firm, 0) < limit for firm in offer.firms):
                awards[lot], objective = offer.bid, objective + offer.cost
                won.update({firm: won.get(firm, 0) + 1 for firm in offer.firms})
                break
    text = "Awarded lot after lot in the order of the documents, as they ask."
    return Assignment(awards, objective, objective, "lot order", text)


def by_flow(offers: Sequence[Offer], limit: int) -> Assignment:
    """Minimum-cost flow lot → bidder; proven optimal by prices under which no exchange improves (`certificate`)."""
    network = _Network(offers, limit)
    flow = network.solve([offer.cost for offer in offers])
    prices = certificate(network, flow, np.array([offer.cost for offer in offers], dtype=np.int64))
    chosen = network.solve(*network.on_optimal_face(prices))
    used = [offer for offer, f in zip(offers, chosen, strict=True) if f]
    objective = sum(offer.cost for offer in used)
    if objective != sum(offer.cost for offer, f in zip(offers, flow, strict=True) if f):
        raise CheckFailed("lots: the tie-break changed the value of the award.", remedy="report this as a defect")
    text = (
        f"{len(used)} of {network.lot_count} lots awarded, at most {limit} per bidder: minimum-cost flow, "
        "proven optimal (prices exist under which no exchange of lots improves the award)."
    )
    return Assignment({o.lot: o.bid for o in used}, objective, objective, "min-cost flow", text)


class _Network:
    """source → lot (1) → bidder (1 per offer) → sink (limit). Arcs in this order: offers, lots, bidders."""

    def __init__(self, offers: Sequence[Offer], limit: int) -> None:
        self.offers = offers
        lots = {lot: i for i, lot in enumerate(sorted({offer.lot for offer in offers}))}
        groups = {group: i for i, group in enumerate(sorted({offer.firms for offer in offers}))}
        self.lot_count, first_group = len(lots), len(lots)
        self.source, self.sink = len(lots) + len(groups), len(lots) + len(groups) + 1
        tails = [lots[o.lot] for o in offers] + [self.source] * len(lots)
        heads = [first_group + groups[o.firms] for o in offers] + list(range(len(lots)))
        tails += [first_group + i for i in range(len(groups))]
        heads += [self.sink] * len(groups)
        self.tails, self.heads = np.array(tails, dtype=np.int64), np.array(heads, dtype=np.int64)
        self.capacity = np.array([1] * (len(offers) + len(lots)) + [limit] * len(groups), dtype=np.int64)

    def solve(self, costs: Sequence[int], extra: np.ndarray | None = None) -> list[int]:
        """Flow on the offers. `costs` of the offers; `extra` of all arcs, added."""
        full = np.zeros(len(self.tails), dtype=np.int64)
        full[: len(costs)] = costs
        if extra is not None:
            full += extra
        solver = min_cost_flow.SimpleMinCostFlow()
        arcs = solver.add_arcs_with_capacity_and_unit_cost(self.tails, self.heads, self.capacity, full)
        solver.set_node_supply(self.source, self.lot_count)
        solver.set_node_supply(self.sink, -self.lot_count)
        status = solver.solve_max_flow_with_min_cost()
        if status != solver.OPTIMAL:
            raise PlanError(f"lots: the flow solver stopped with {status}.", remedy="check the prices' magnitude")
        self.flow = np.array(solver.flows(arcs), dtype=np.int64)
        return [int(f) for f in self.flow[: len(self.offers)]]

    def on_optimal_face(self, prices: np.ndarray) -> tuple[list[int], np.ndarray]:
        """Costs that choose among the optimal awards only: rank in the lot, then hash; arcs that no optimal award
        uses are barred, arcs that all of them fill are kept full (complementary slackness)."""
        bits = HASH_BITS if self.lot_count <= MANY_LOTS else FEW_BITS
        shift = bits + max(1, self.lot_count).bit_length()
        second = [(offer.order << shift) + (offer.hash >> (64 - bits)) for offer in self.offers]
        bar = (max(second, default=0) + 1) * (self.lot_count + 1)
        costs = np.zeros(len(self.tails), dtype=np.int64)
        costs[: len(self.offers)] = [offer.cost for offer in self.offers]
        reduced = costs + prices[self.tails] - prices[self.heads]
        return second, np.where(reduced > 0, bar, np.where(reduced < 0, -bar, 0))


def certificate(network: _Network, flow: list[int], costs: np.ndarray) -> np.ndarray:
    """Node prices under which every residual arc costs ≥ 0; CheckFailed where an improving exchange is left.

    Bellman and Ford over the residual network; independent of the solver.
    """
    full = np.zeros(len(network.tails), dtype=np.int64)
    full[: len(flow)] = costs
    open_arcs, used = network.flow < network.capacity, network.flow > 0
    tails = np.concatenate([network.tails[open_arcs], network.heads[used]])
    heads = np.concatenate([network.heads[open_arcs], network.tails[used]])
    weights = np.concatenate([full[open_arcs], -full[used]])
    prices = np.zeros(network.sink + 1, dtype=np.int64)
    for _ in range(network.sink + 2):
        better = prices.copy()
        np.minimum.at(better, heads, prices[tails] + weights)
        if np.array_equal(better, prices):
            return prices
        prices = better
    raise CheckFailed("lots: the award can be improved by an exchange.", remedy="report this as a defect")
