"""What every export says about itself: which run it comes from, and whether a named officer has approved it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

import polars as pl

from config.in_force import Policy
from exports.layout import Language, both

FORMAT = "1"  # of the hidden facts in a workbook; a return of another format is refused
KIND = "evenhand_kind"  # hidden fact: what kind of workbook it is, where it is no roster
ROSTER_KIND, CONSIGNMENT_KIND = "roster", "consignments"


@dataclass(frozen=True)
class Approval:
    """A named officer's decision; without one every export says "screening aid"."""

    officer: str
    reason: str
    on: date

    def __post_init__(self) -> None:
        if not self.officer.strip() or not self.reason.strip():
            raise ValueError("Expected the officer's name and a reason; an approval without either is none.")


@dataclass(frozen=True)
class Facts:
    """The run an export belongs to. `plan` is empty where no plan was made."""

    run: str
    as_of: date
    pack: str
    policy: str  # digest
    plan: str = ""  # digest of the planned visits
    seed: str = ""  # commitment or hex, as published
    period_from: date | None = None
    period_to: date | None = None
    kind: str = ROSTER_KIND

    def line(self, language: Language) -> str:
        """One line for the head of a page."""
        plan = f" · {both('计划', 'plan', language, ' ')} {self.plan[:12]}" if self.plan else ""
        return (
            f"{both('基准日', 'as of', language, ' ')} {self.as_of:%Y-%m-%d} · "
            f"{both('规则', 'rules', language, ' ')} {self.pack} {self.policy[:12]} · "
            f"{both('批次', 'run', language, ' ')} {self.run}{plan}"
        )

    def hidden(self) -> dict[str, str]:
        """What a workbook carries out of sight, so that it is recognised when it comes back."""
        kind = {} if self.kind == ROSTER_KIND else {KIND: self.kind}
        return kind | {
            "evenhand_format": FORMAT,
            "evenhand_run": self.run,
            "evenhand_plan": self.plan,
            "evenhand_policy": self.policy,
            "evenhand_pack": self.pack,
            "evenhand_as_of": self.as_of.isoformat(),
        }


def facts_of(policy: Policy, run: str, plan: pl.DataFrame | None = None, seed: str = "") -> Facts:
    """Facts of a run under a policy; `plan` are the planned visits (PLAN_VISITS)."""
    days = [] if plan is None else plan["visit_date"].drop_nulls().sort().to_list()
    return Facts(
        run,
        policy.as_of,
        policy.pack,
        policy.digest,
        plan_digest(plan) if plan is not None else "",
        seed,
        days[0] if days else None,
        days[-1] if days else None,
    )


def plan_digest(visits: pl.DataFrame) -> str:
    """sha256 over the planned visits in the order of their ids: the same plan, the same digest."""
    lines = visits.sort("visit_id").select(
        pl.concat_str(
            "visit_id",
            "enterprise_id",
            pl.col("visit_date").cast(pl.String),
            pl.col("inspectors").list.join("+"),
            separator="|",
        )
    )
    return hashlib.sha256("\n".join(lines.to_series()).encode()).hexdigest()


def visit_key(plan: str, visit_id: str, enterprise_id: str) -> str:
    """Key of a roster row: the visit and a check over plan, visit and enterprise, so that an edited key shows."""
    check = hashlib.blake2b(f"{plan}|{visit_id}|{enterprise_id}".encode(), digest_size=5).hexdigest()
    return f"{visit_id}.{check}"


def standing(approval: Approval | None, language: Language) -> str:
    """The banner of every page: screening aid, or who approved it."""
    if approval is None:
        return both(
            "辅助筛查：未经具名负责人批准，不得据此作出任何决定。",
            "SCREENING AID: without effect until a named officer has approved it.",
            language,
            "  ",
        )
    zh = f"已批准：{approval.officer}，{approval.on:%Y-%m-%d}，理由：{approval.reason}"
    en = f"Approved by {approval.officer} on {approval.on:%Y-%m-%d}: {approval.reason}"
    return both(zh, en, language, "  ")
