"""What came of the visits: results read back, rates by tier from the draw, and the watchers watched."""

from models.outcome.next_rates import PROPOSAL, Limits, propose_rates
from models.outcome.ordering import ORDERING, ordering
from models.outcome.propose import Proposed, propose
from models.outcome.rates import RATES, SAMPLE, drawn_sample, rates
from models.outcome.returned import CLEAN, FOUND, REFUSED, RESULTS, RETURNED
from models.outcome.staff import Staff

__all__ = [
    "CLEAN",
    "FOUND",
    "ORDERING",
    "PROPOSAL",
    "RATES",
    "REFUSED",
    "RESULTS",
    "RETURNED",
    "SAMPLE",
    "Limits",
    "Proposed",
    "Staff",
    "drawn_sample",
    "ordering",
    "propose",
    "propose_rates",
    "rates",
]
