"""The transparency report: one page, a Markdown file and JSON of the figures that may be published."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined

from exports.facts import Facts
from exports.layout import Language, both
from models.whole import write_text

TITLE = ("透明度报告", "Transparency report")
NOTE = (
    "不含企业名称和个人信息；人员以编号表示；小于 {least} 的计数及可推算出它们的数字以“–”代替。",
    "No firm and no person is named; officials are numbers; counts below {least} and those that would give them away "
    "are shown as –.",
)
FIGURES = {
    "approvals": ("审批：未打开证据即决定的次数", "Approvals: decided without opening the evidence"),
    "overrides": ("改动：偏离系统建议的次数", "Overrides: departures from what was proposed"),
    "objections": ("异议：按机关的结果", "Objections: what became of them, by agency"),
    "rejections": ("退回的数据行：按来源", "Rows refused, by source"),
    "burden_by_tier": ("检查负担：按等级", "Inspection burden on firms that keep the rules, by tier"),
    "burden_by_size": ("检查负担：按规模", "Inspection burden on firms that keep the rules, by size"),
    "equal_treatment_region": ("同等对待：按地区", "Equal treatment by region (same tier)"),
    "equal_treatment_size": ("同等对待：按规模", "Equal treatment by size (same tier)"),
    "equal_treatment_ownership": ("同等对待：按所有制", "Equal treatment by ownership (same tier)"),
}
COLUMNS = {
    "officer": ("人员编号", "Official no."),
    "decided": ("决定", "Decided"),
    "refused": ("不批准", "Refused"),
    "unopened": ("未打开证据", "Unopened"),
    "unopened_per_mille": ("未打开‰", "Unopened ‰"),
    "median_seconds_looked": ("查看秒数（中位）", "Seconds looked (median)"),
    "overrides": ("改动", "Overrides"),
    "subjects": ("涉及对象", "Subjects"),
    "per_mille": ("占建议‰", "‰ of proposals"),
    "kinds": ("类别", "Kinds"),
    "agency": ("机关", "Agency"),
    "filed": ("提出", "Filed"),
    "open": ("未决", "Open"),
    "upheld": ("成立", "Upheld"),
    "rejected": ("不成立／退回", "Rejected"),
    "upheld_per_mille": ("成立‰", "Upheld ‰"),
    "median_days": ("天数（中位）", "Days (median)"),
    "source": ("来源", "Source"),
    "delivery": ("交付", "Delivery"),
    "files": ("文件", "Files"),
    "rows": ("行", "Rows"),
    "rejected_per_mille": ("退回‰", "Rejected ‰"),
    "commonest_rule": ("最常见规则", "Commonest rule"),
    "tier": ("等级", "Tier"),
    "size": ("规模", "Size"),
    "group": ("组别", "Group"),
    "firms": ("企业", "Firms"),
    "visited": ("被检查企业", "Visited"),
    "visits": ("检查次数", "Visits"),
    "compliant": ("合规企业", "Compliant"),
    "visits_to_compliant": ("对合规企业检查", "Visits to compliant"),
    "visits_per_compliant": ("每合规企业‰", "Visits per compliant ‰"),
    "most_visits": ("单家最多", "Most to one"),
    "chosen": ("抽中", "Chosen"),
    "rate_per_mille": ("比例‰", "Rate ‰"),
    "ratio_to_highest": ("与最高组之比‰", "To highest ‰"),
    "expected": ("预期（千分之一家）", "Expected (‰ of a firm)"),
    "ratio_to_expected": ("与预期之比‰", "To expected ‰"),
}


def write_transparency(
    figures: Mapping[str, pl.DataFrame], facts: Facts, least: int, folder: Path, *, language: Language = "both"
) -> list[Path]:
    """Write transparency.html, .md, .json and one CSV per figure; `figures`: models.outcome.publication, publishable.

    Every file is whole or as it was; KeyError for a figure or column that has no heading.
    """
    page = [(both(*FIGURES[name], language, " "), frame) for name, frame in figures.items()]
    given = {
        "title": both(*TITLE, language, " "),
        "note": both(NOTE[0].format(least=least), NOTE[1].format(least=least), language, " "),
        "facts": facts.line(language),
        "tables": [(title, _headings(frame, language), _rows(frame)) for title, frame in page],
        "lang": "en" if language == "en" else "zh",
    }
    environment = Environment(
        loader=PackageLoader("exports"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    told = {"figures": {name: frame.to_dicts() for name, frame in figures.items()}, "least": least, "run": facts.run}
    texts = {
        "transparency.html": environment.get_template("transparency.html").render(given),
        "transparency.md": _markdown(given),
        "transparency.json": json.dumps(told, ensure_ascii=False, indent=1, default=str) + "\n",
    } | {f"{name}.csv": frame.write_csv() for name, frame in figures.items()}
    for name, text in texts.items():
        write_text(folder / name, text)
    return [folder / name for name in texts]


def _headings(frame: pl.DataFrame, language: Language) -> list[str]:
    titles = {**COLUMNS, "region": ("地区", "Region")}
    return [both(*titles[name], language, " ") for name in frame.columns]


def _rows(frame: pl.DataFrame) -> list[list[str]]:
    return [["–" if cell is None else str(cell) for cell in row] for row in frame.iter_rows()]


def _markdown(given: Mapping[str, object]) -> str:
    tables: list[tuple[str, list[str], list[list[str]]]] = given["tables"]  # type: ignore[assignment]
    parts = [f"# {given['title']}", f"{given['facts']}", f"{given['note']}"]
    for title, headings, rows in tables:
        lines = [headings, ["---"] * len(headings), *([_plain(cell) for cell in row] for row in rows)]
        parts.append(f"## {title}\n\n" + "\n".join("| " + " | ".join(line) + " |" for line in lines))
    return "\n\n".join(parts) + "\n"


def _plain(cell: str) -> str:
    return cell.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
