"""Lots where firms stand in several consortiums at once: the limit holds for every firm (CP-SAT)."""

from __future__ import annotations

from collections.abc import Sequence

from ortools.sat.python import cp_model

from config.errors import PlanError
from models.tender.lots import HASH_BITS, Assignment, Offer

DETERMINISTIC_LIMIT = 60.0


def by_constraints(offers: Sequence[Offer], limit: int) -> Assignment:
    """Lexicographic stages: most lots, then least cost, then best ranks, then the hash. Gap stated if not proven."""
    model = cp_model.CpModel()
    take = [model.new_bool_var(f"{offer.lot}:{offer.bid}") for offer in offers]
    one_bid_per_lot(model, offers, take)
    at_most_limit_per_firm(model, offers, take, limit)
    lots = len({offer.lot for offer in offers})
    goals = [
        [-1] * len(offers),
        [offer.cost for offer in offers],
        [offer.order for offer in offers],
        [offer.hash >> (64 - HASH_BITS) for offer in offers],
    ]
    bound = 0
    proven = True
    solver = cp_model.CpSolver()
    for stage, weights in enumerate(goals):
        goal = cp_model.LinearExpr.weighted_sum(take, weights)
        model.minimize(goal)
        solver = _solved(model)
        value = round(solver.objective_value)
        proven = proven and value == round(solver.best_objective_bound)
        if stage == 1:
            bound = round(solver.best_objective_bound)
        model.add(goal <= value)
    chosen = [offer for offer, var in zip(offers, take, strict=True) if solver.value(var)]
    objective = sum(offer.cost for offer in chosen)
    state = "proven optimal" if proven else f"bound {bound}, found {objective}: gap {objective - bound}"
    text = f"{len(chosen)} of {lots} lots awarded, at most {limit} per firm, firms in several consortiums: {state}."
    return Assignment({o.lot: o.bid for o in chosen}, objective, bound, "CP-SAT", text)


def one_bid_per_lot(model: cp_model.CpModel, offers: Sequence[Offer], take: Sequence[cp_model.IntVar]) -> None:
    """A lot goes to one bid at most."""
    by_lot: dict[str, list[cp_model.IntVar]] = {}
    for offer, var in zip(offers, take, strict=True):
        by_lot.setdefault(offer.lot, []).append(var)
    for group in by_lot.values():
        model.add_at_most_one(group)


def at_most_limit_per_firm(
    model: cp_model.CpModel, offers: Sequence[Offer], take: Sequence[cp_model.IntVar], limit: int
) -> None:
    """A firm, alone or in consortiums, wins at most `limit` lots."""
    by_firm: dict[str, list[cp_model.IntVar]] = {}
    for offer, var in zip(offers, take, strict=True):
        for firm in offer.firms:
            by_firm.setdefault(firm, []).append(var)
    for group in by_firm.values():
        model.add(cp_model.LinearExpr.sum(group) <= limit)


def _solved(model: cp_model.CpModel) -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    solver.parameters.max_deterministic_time = DETERMINISTIC_LIMIT
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        raise PlanError(
            f"lots: the solver stopped with {solver.status_name(status)}.", remedy="raise the limit of lots"
        )
    return solver
