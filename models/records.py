"""The nouns: every table that crosses a room, with grain, units and polars schema.

Identifiers are strings with the key of the source in front (`cn:91…`, `us-chi:1234`, `us-nyc:5000…`).
Money is integer minor units of the pack's currency, points are integer thousandths, dates are days.
A natural person appears in LINKS only, as a keyed hash.
"""

from __future__ import annotations

from typing import Any

import polars as pl

Date, Int, Text = pl.Date, pl.Int64, pl.String


def _schema(columns: dict[str, Any]) -> pl.Schema:
    return pl.Schema(columns)


ENTERPRISES = _schema(
    {
        "enterprise_id": Text,
        "name": Text,
        "region": Text,  # district code; also the inspectorate
        "industry": Text,
        "size": Text,  # micro | small | medium | large
        "ownership": Text,  # null where unknown; used only for equal-treatment tests
        "registered_on": Date,
        "status": Text,  # active | closed | revoked | moved
        "latitude": pl.Float64,
        "longitude": pl.Float64,
    }
)
"""One row per enterprise."""

RECORDS = _schema(
    {
        "record_id": Text,
        "enterprise_id": Text,
        "item": Text,  # code in the pack's catalogue
        "act_id": Text,  # number of the decision; null where the export has none
        "act_date": Date,  # day of the decision
        "known_on": Date,  # first day on which the record could be known (published, reported)
        "severity": Text,  # minor | general | serious
        "amount": Int,  # minor units; null where there is none
        "corrected_on": Date,  # the violation was put right
        "ends_on": Date,  # a measure with its own end (ban, licence suspension)
        "revoked_on": Date,  # the decision was revoked by its agency or a court
        "agency": Text,
    }
)
"""One row per reported act of an enterprise; the same act may be reported by two agencies."""

LINKS = _schema({"person_key": Text, "enterprise_id": Text, "role": Text, "from_date": Date, "to_date": Date})
"""One row per person, enterprise, role and term; person_key is an HMAC and nothing else is known of the person.

role: legal_representative | owner | finance_head | customs_head
"""

LISTINGS = _schema(
    {"list_id": Text, "enterprise_id": Text, "from_date": Date, "to_date": Date, "agency": Text, "reference": Text}
)
"""One row per entry of an enterprise on a red, black or watch list; to_date null = open."""

INDICATORS = _schema({"enterprise_id": Text, "name": Text, "period_end": Date, "value": Int})
"""One row per enterprise, declared figure and period (documents_filed, tax_unpaid_days, …)."""

DECISIONS = _schema(
    {
        "decision_id": Text,
        "kind": Text,  # objection | repair | relief | revocation
        "record_id": Text,  # null for relief
        "enterprise_id": Text,  # null for relief by region or industry
        "region": Text,
        "industry": Text,
        "item": Text,  # relief of one item only
        "filed_on": Date,
        "decided_on": Date,  # null while open
        "outcome": Text,  # null | upheld | rejected | granted
        "from_date": Date,  # effect from (relief: window of act dates)
        "to_date": Date,
        "officer": Text,
        "reason": Text,
    }
)
"""One row per decision in the redress register."""

VISITS = _schema(
    {
        "visit_id": Text,
        "enterprise_id": Text,
        "visit_date": Date,
        "inspectors": pl.List(Text),
        "purpose": Text,  # random | directed | statutory | an exempt reason of the policy
        "result": Text,  # no_problem | problem | unreachable | refused | closed | concealment | not_published
    }
)
"""One row per visit that took place."""

INSPECTORS = _schema(
    {
        "inspector_id": Text,
        "name": Text,
        "districts": pl.List(Text),
        "skills": pl.List(Text),  # industries the inspector is licensed for; "*" = all
        "licence_to": Date,
        "daily_minutes": Int,
    }
)
"""One row per inspector; nothing about the person beyond the name."""

ABSENCES = _schema({"inspector_id": Text, "from_date": Date, "to_date": Date})
"""One row per absence, both days included."""

CONFLICTS = _schema({"inspector_id": Text, "enterprise_id": Text, "reason": Text})
"""One row per conflict of interest."""

MUST_VISITS = _schema({"enterprise_id": Text, "reason": Text, "not_before": Date, "not_after": Date})
"""One row per visit that has to take place; reason is one of the policy's exempt reasons."""

REASON = pl.Struct(
    {
        "record_id": Text,
        "item": Text,
        "points": Int,  # milli-points after decay, before the dimension's cap
    }
)

RATINGS = _schema(
    {
        "enterprise_id": Text,
        "region": Text,
        "score": Int,  # milli-points, higher is better
        "band_tier": Text,  # by points alone
        "tier": Text,  # after gates
        "gates": pl.List(Text),  # ids of the gates, lists and links that hold, in the order they were applied
        "dimensions": pl.List(pl.Struct({"dimension": Text, "points": Int})),  # capped totals
        "reasons": pl.List(REASON),  # heaviest five, heaviest first
        "records_counted": pl.UInt32,
        "linked_points": Int,  # what a link carried over
        "next_change_on": Date,  # first later day on which the rating can change by itself; null = never
    }
)
"""One row per enterprise and run."""

PLAN_VISITS = _schema(
    {
        "visit_id": Text,  # stable over re-planning: hash of plan period, enterprise and number
        "enterprise_id": Text,
        "region": Text,
        "tier": Text,
        "purpose": Text,  # random | directed | statutory | must reason
        "visit_date": Date,
        "inspectors": pl.List(Text),  # team_size ids
        "minutes": Int,  # person-minutes of each inspector
        "why_firm": Text,  # reason code with arguments as JSON
        "why_day": Text,
        "why_team": Text,
    }
)
"""One row per planned visit."""

PLAN_LEFT_OUT = _schema({"enterprise_id": Text, "region": Text, "tier": Text, "reason": Text, "detail": Text})
"""One row per enterprise not scheduled: one true reason, its arguments as JSON."""

REJECTED = _schema({"file": Text, "row": Int, "rule": Text, "column": Text, "value": Text, "reason": Text})
"""One row per refused row of an input file; the first data row under the heading is row 2."""

TABLES: dict[str, pl.Schema] = {
    "enterprises": ENTERPRISES,
    "records": RECORDS,
    "links": LINKS,
    "listings": LISTINGS,
    "indicators": INDICATORS,
    "decisions": DECISIONS,
    "visits": VISITS,
    "inspectors": INSPECTORS,
    "absences": ABSENCES,
    "conflicts": CONFLICTS,
    "must_visits": MUST_VISITS,
}
"""Tables that intake can fill."""


def empty(schema: pl.Schema) -> pl.DataFrame:
    """A frame of this schema without rows."""
    return pl.DataFrame(schema=schema)
