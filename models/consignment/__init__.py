"""Consignments: each morning which declarations to examine, so that the rates by the importer's tier hold."""

from models.consignment.account import realised
from models.consignment.check import Violation, violations
from models.consignment.day import day_seed, examine
from models.consignment.stream import examine_days
from models.consignment.terms import BALANCE, DECLARATIONS, OFFICES, TIERS, DayPlan

__all__ = [
    "BALANCE",
    "DECLARATIONS",
    "OFFICES",
    "TIERS",
    "DayPlan",
    "Violation",
    "day_seed",
    "examine",
    "examine_days",
    "realised",
    "violations",
]
