"""Ratings: records that count → points → tier, with reasons, explanation and recourse."""

from models.rating.compare import compare
from models.rating.explain import explain, explain_many
from models.rating.explanation import Explanation
from models.rating.history import HISTORY, packs_asked, remember
from models.rating.rate import rate

__all__ = ["HISTORY", "Explanation", "compare", "explain", "explain_many", "packs_asked", "rate", "remember"]
