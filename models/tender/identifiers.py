"""Identifier of a bidder → enterprise id, by the scheme the file names (org-id.guide lists and the house's own)."""

from __future__ import annotations

import unicodedata

from stdnum import lei
from stdnum.cn import uscc

PREFIX = {"CN-USCC": "cn", "PL-NIP": "pl", "US-CHI-LIC": "us-chi", "US-NYC-CAMIS": "us-nyc", "XI-LEI": "lei"}
"""Scheme → what stands before the colon in our enterprise ids."""

CHECKS = {"CN-USCC": uscc.is_valid, "XI-LEI": lei.is_valid}
"""Schemes whose numbers carry a check character."""


def normalised(number: object) -> str:
    """Full-width → half-width, upper case, without blanks and hyphens."""
    text = unicodedata.normalize("NFKC", str(number)).upper()
    return "".join(text.split()).replace("-", "")


def enterprise_of(scheme: str | None, number: object) -> str | None:
    """Enterprise id of a bidder; None where the scheme is not known or the number is missing."""
    if scheme not in PREFIX or number is None or not normalised(number):
        return None
    return f"{PREFIX[scheme]}:{normalised(number)}"


def well_formed(scheme: str | None, number: object) -> bool:
    """Whether the number passes its scheme's check; True where the scheme has none."""
    check = CHECKS.get(scheme or "")
    return check is None or number is None or bool(check(normalised(number)))
