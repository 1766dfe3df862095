"""The bands of a pack's tiers on one day fit together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from config import in_force
from config.errors import PolicyError


def bands_without_gap(pack: str, tiers: Sequence[in_force.Tier], default: str | None, day: date) -> None:
    """Lower bounds fall from best to worst; either all tiers have one or a default tier takes the rest."""
    bounds = [tier.from_points for tier in tiers if tier.from_points is not None]
    if any(upper <= lower for upper, lower in pairwise(bounds)):
        raise PolicyError(
            f"{pack}: tiers.yaml on {day}: lower bounds must fall from best to worst, got {bounds}.",
            remedy="order the tiers from best to worst",
        )
    if default is None and len(bounds) != len(tiers):
        missing = [tier.id for tier in tiers if tier.from_points is None]
        raise PolicyError(
            f"{pack}: tiers.yaml on {day}: no band for {', '.join(missing)} and no default tier.",
            remedy="give each tier from_points, or name a default",
        )
