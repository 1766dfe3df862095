"""The inspection plan: demand → quota → draw → roster → check, with a reason for every firm in or out.

Whoever only reads or checks a plan loads no solver (some 200 MB): `make_plan` is imported when it is first asked for,
`replan` and `counterfactuals` from the files of these names.
"""

from typing import TYPE_CHECKING, Any

from models.inspection.check import Violation, violations
from models.inspection.plan_files import load_plan, publish_draw, verify_draw
from models.inspection.terms import DrawPublication, Operations, Plan, PlanInput

if TYPE_CHECKING:
    from models.inspection.make import make_plan


def __getattr__(name: str) -> Any:
    if name != "make_plan":
        raise AttributeError(f"module {__name__} has no {name}")
    from models.inspection.make import make_plan

    return make_plan


__all__ = [
    "DrawPublication",
    "Operations",
    "Plan",
    "PlanInput",
    "Violation",
    "load_plan",
    "make_plan",
    "publish_draw",
    "verify_draw",
    "violations",
]
