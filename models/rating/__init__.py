"""Ratings: records that count → points → tier, with reasons, explanation and recourse."""

from models.rating.compare import compare
from models.rating.explain import explain, explain_many
from models.rating.explanation import Explanation
from models.rating.history import HISTORY, condensed, looks_back_to, packs_asked, remember
from models.rating.rate import rate

__all__ = [
    "HISTORY",
    "Explanation",
    "compare",
    "condensed",
    "explain",
    "explain_many",
    "looks_back_to",
    "packs_asked",
    "rate",
    "remember",
]
