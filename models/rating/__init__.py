"""Ratings: records that count → points → tier, with reasons, explanation and recourse."""

from models.rating.rate import rate

__all__ = ["rate"]
