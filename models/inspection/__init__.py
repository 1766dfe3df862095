"""The inspection plan: demand → quota → draw → roster → check, with a reason for every firm in or out."""

from models.inspection.check import Violation, violations
from models.inspection.counterfactuals import Counterfactual, counterfactuals
from models.inspection.make import make_plan
from models.inspection.plan_files import load_plan, publish_draw, verify_draw
from models.inspection.replan import Changes, changed_input, changed_visits, replan
from models.inspection.terms import DrawPublication, Operations, Plan, PlanInput

__all__ = [
    "Changes",
    "Counterfactual",
    "DrawPublication",
    "Operations",
    "Plan",
    "PlanInput",
    "Violation",
    "changed_input",
    "changed_visits",
    "counterfactuals",
    "load_plan",
    "make_plan",
    "publish_draw",
    "replan",
    "verify_draw",
    "violations",
]
