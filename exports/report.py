"""One static page per run: self-contained, no script, no request to anywhere, a table behind every chart."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from config.in_force import Policy
from exports import report_parts
from exports.charts import HATCH
from exports.facts import Approval, Facts, standing
from exports.layout import Language, both
from exports.roster import PlanTables
from models.whole import write_text

_FIGURE = re.compile(r"[-+–−]?[0-9][0-9,.]*( ?%)?|–?")  # what stands flush right in a table


@dataclass(frozen=True)
class ReportInput:
    """What a report is made of; everything after `facts` is optional and its section left out without it.

    rejected: models.records.REJECTED; files: name, rows, accepted, rejected of each input file; previous: RATINGS of
    the run before; violation_rates: models.outcome.rates.RATES; overrides: officer, decision, reason, count.
    """

    ratings: pl.DataFrame
    enterprises: pl.DataFrame
    policy: Policy
    facts: Facts
    rejected: pl.DataFrame | None = None
    files: Sequence[Mapping[str, Any]] = ()
    plan: PlanTables | None = None
    previous: pl.DataFrame | None = None
    violation_rates: pl.DataFrame | None = None
    overrides: pl.DataFrame | None = None
    approval: Approval | None = None
    language: Language = "both"
    notes: Sequence[str] = field(default=())

    def say(self, zh: str, en: str) -> str:
        return both(zh, en, self.language, " ")


def write_report(given: ReportInput, path: Path) -> Path:
    """Write the page in one step; returns its path."""
    write_text(path, render(given))
    return path


def render(given: ReportInput) -> str:
    """The page as text; the same input gives the same text."""
    environment = Environment(
        loader=PackageLoader("exports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["figure"] = lambda text: _FIGURE.fullmatch(text) is not None
    return environment.get_template("report.html").render(
        lang="zh-CN" if given.language == "zh" else "en",
        title=given.say("企业信用监管报告", "Ratings and inspections"),
        facts=given.facts.line(given.language),
        standing=standing(given.approval, given.language),
        approved=given.approval is not None,
        figures=report_parts.figures(given),
        sections=list(report_parts.sections(given)),
        notes=[notice.message for notice in given.policy.notices] + list(given.notes),
        say=given.say,
        hatch=Markup(HATCH),
    )
