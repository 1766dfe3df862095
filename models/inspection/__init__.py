"""The inspection plan: demand → quota → draw → roster → check, with a reason for every firm in or out."""

from models.inspection.check import Violation, violations
from models.inspection.make import make_plan
from models.inspection.plan_files import load_plan, verify_draw
from models.inspection.terms import DrawPublication, Operations, Plan, PlanInput

__all__ = [
    "DrawPublication",
    "Operations",
    "Plan",
    "PlanInput",
    "Violation",
    "load_plan",
    "make_plan",
    "verify_draw",
    "violations",
]
