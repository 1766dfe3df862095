"""The inspection plan: demand → quota → draw → roster → check, with a reason for every firm in or out."""

from models.inspection.check import Violation, violations
from models.inspection.make import make_plan
from models.inspection.plan_files import load_plan, verify_draw
from models.inspection.replan import Changes, changed_input, changed_visits, replan
from models.inspection.terms import DrawPublication, Operations, Plan, PlanInput

__all__ = [
    "Changes",
    "DrawPublication",
    "Operations",
    "Plan",
    "PlanInput",
    "Violation",
    "changed_input",
    "changed_visits",
    "load_plan",
    "make_plan",
    "replan",
    "verify_draw",
    "violations",
]
