"""The ways in which a reported act stands on a day, and in which words it is told."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """One per record and day; only `counts` weighs."""

    counts = "counts"
    duplicate = "duplicate"  # another record of the same act weighs more, or as much
    expired = "expired"
    hidden = "hidden"  # never shown, never counted
    corrected = "corrected"  # its term ended with the correction
    revoked = "revoked"
    withdrawn = "withdrawn"  # an objection was upheld
    repaired = "repaired"
    suspended = "suspended"  # an open objection, where the policy suspends the weight
    relieved = "relieved"
    not_in_catalogue = "not_in_catalogue"
    not_yet_known = "not_yet_known"


ACT_WIDE = (Status.revoked, Status.withdrawn, Status.repaired, Status.suspended, Status.relieved)
"""What holds for one record of an act holds for the act, whichever agency reported it."""
