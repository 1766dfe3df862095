"""Every sheet's columns: one source for writing a workbook and for reading it back.

Headings follow the field's own forms (double-random plan, item list, result roster); `id` is the column's name in
our frames. `entry` columns are filled in by people; the hidden key ties a row to its planned visit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal

Language = Literal["en", "zh", "both"]
LANGUAGES: tuple[Language, ...] = ("en", "zh", "both")


class Kind(StrEnum):
    """How a column's values are written."""

    text = "text"  # wraps
    code = "code"  # does not wrap
    date = "date"
    number = "number"
    share = "share"  # per mille → per cent
    points = "points"  # thousandths → points
    money = "money"  # an amount as written, two decimals
    tier = "tier"  # coloured by tier
    formula = "formula"
    key = "key"  # hidden


@dataclass(frozen=True)
class Column:
    """One column; `width` in characters of the standard font."""

    id: str
    zh: str
    en: str
    width: float
    kind: Kind = Kind.text
    entry: bool = False
    choices: str | None = None  # name of a list in `exports.words` offered as drop-down
    formula: str | None = None  # with {row} and {column id} for cells of the same row

    def heading(self, language: Language) -> str:
        return both(self.zh, self.en, language)


@dataclass(frozen=True)
class Form:
    """One kind of sheet."""

    id: str
    zh: str
    en: str
    columns: tuple[Column, ...]
    note_zh: str = ""
    note_en: str = ""
    landscape: bool = True
    pages_wide: int = 1  # when printed
    repeat_columns: str | None = None  # on every page of a wide print: "A:E"
    scrolls_from: str = "A"  # first column that scrolls
    known_by: tuple[str, str] = ("visit_id", "firm_code")  # by what a returned row is known beside its key
    letters: dict[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "letters", {c.id: letter(i) for i, c in enumerate(self.columns)})

    def title(self, language: Language) -> str:
        """Name of the sheet's tab, at most 31 characters."""
        return both(self.zh, self.en, language, " ")[:31]

    def note(self, language: Language) -> str:
        return both(self.note_zh, self.note_en, language)

    def column(self, name: str) -> Column:
        """The column by id; KeyError when the sheet has none."""
        return next(c for c in self.columns if c.id == name) if name in self.letters else _missing(name)

    def entries(self) -> Iterator[Column]:
        """Columns that people fill in."""
        return (c for c in self.columns if c.entry)


def _missing(name: str) -> Column:
    raise KeyError(name)


def both(zh: str, en: str, language: Language, between: str = "\n") -> str:
    """Chinese, English, or Chinese over English."""
    if language == "both" and zh != en:
        return f"{zh}{between}{en}" if zh and en else zh or en
    return en if language == "en" else zh


def letter(index: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def shown(name: str, zh: str, en: str, width: float, kind: Kind = Kind.text) -> Column:
    """A column that states something."""
    return Column(name, zh, en, width, kind)


def filled(name: str, zh: str, en: str, width: float, kind: Kind = Kind.text, choices: str | None = None) -> Column:
    """A column that people fill in."""
    return Column(name, zh, en, width, kind, entry=True, choices=choices)


PLAN = Form(
    "plan",
    "双随机抽查计划",
    "Annual plan",
    (
        shown("number", "序号", "No.", 6, Kind.number),
        shown("agency", "检查主体", "Inspecting body", 20),
        shown("plan_name", "年度计划名称", "Annual plan", 30),
        shown("content", "检查内容", "What is inspected", 34),
        shown("period", "计划开展时间", "Planned period", 24),
        shown("office", "股室", "Section", 12),
        shown("tier", "信用等级", "Tier", 10, Kind.tier),
        shown("pool", "抽查对象总数", "Enterprises in the pool", 12, Kind.number),
        shown("rate_wanted", "本期应查比例", "Rate wanted in the period", 12, Kind.share),
        shown("rate_planned", "本期抽查比例", "Rate planned in the period", 12, Kind.share),
        shown("frequency", "抽查频次", "Frequency", 26),
        shown("planned", "抽查数量", "Visits planned", 10, Kind.number),
        shown("must", "其中比例外必查", "Of which outside the rate", 12, Kind.number),
    ),
)

ITEMS = Form(
    "items",
    "抽查事项清单",
    "Item list",
    (
        shown("number", "编号", "No.", 6, Kind.number),
        shown("matter", "抽查事项名称", "Matter", 18),
        shown("item", "抽查子项", "Item", 28),
        shown("basis", "抽查依据", "Legal basis", 38),
        shown("agency", "抽查主体", "Inspecting body", 16),
        shown("object", "抽查对象", "Whom", 18),
        shown("rate", "抽查比例", "Rate", 24),
        shown("frequency", "抽查频次", "Frequency", 14),
        shown("method", "抽查方式", "Method", 18),
        shown("staff", "检查人员要求", "Inspectors", 20),
        shown("remark", "备注", "Remark", 20),
    ),
)

ROSTER = Form(
    "roster",
    "抽查结果名册",
    "Result roster",
    (
        shown("number", "序号", "No.", 6, Kind.number),
        Column(
            "state", "检查结果状态", "Result state", 11, Kind.formula, formula='IF({result}{row}="","待检查","已检查")'
        ),
        filled("follow_up", "后续处置状态", "Follow-up", 13, choices="follow_up"),
        shown("firm_code", "统一代码/注册号", "Registration code", 21, Kind.code),
        shown("firm_name", "企业名称", "Enterprise", 32),
        shown("visit_id", "任务编号", "Task number", 19, Kind.code),
        shown("task_name", "任务名称", "Task", 24),
        shown("task_end", "任务结束日期", "Task ends on", 12, Kind.date),
        shown("planned_on", "计划检查日期", "Planned for", 12, Kind.date),
        shown("tier", "信用等级", "Tier", 8, Kind.tier),
        shown("purpose", "抽取方式", "Why drawn", 16),
        shown("why", "列入理由", "Reasons", 34),
        shown("inspectors", "检查人员", "Inspectors", 18),
        filled("visited_on", "检查日期", "Inspected on", 12, Kind.date),
        filled("present_1", "实际检查人（一）", "Carried out by (1)", 16, choices="inspector"),
        filled("present_2", "实际检查人（二）", "Carried out by (2)", 16, choices="inspector"),
        filled("result", "检查结果", "Result", 22, choices="result"),
        filled("item", "发现问题事项", "Item found", 26, choices="item"),
        filled("severity", "情节", "Severity", 10, choices="severity"),
        filled("corrected_on", "改正日期", "Corrected on", 12, Kind.date),
        shown("agency", "检查部门", "Department", 16),
        shown("registry", "登记机关", "Registry", 16),
        shown("jurisdiction", "管辖单位", "Jurisdiction", 14),
        shown("district", "片区", "District", 10, Kind.code),
        filled("remark", "备注", "Remark", 24),
        filled("clerk", "录入员", "Entered by", 10),
        filled("entered_on", "录入日期", "Entered on", 12, Kind.date),
        shown("key", "校验码（勿改）", "Key (do not change)", 24, Kind.key),
    ),
    note_zh="黄色列由检查人员填写，实际检查人仅在换人时填写两人；可以排序、筛选、增删列，请勿改动校验码列。",
    note_en="Fill in the yellow columns; name both inspectors only if others than planned went. "
    "Sorting, filtering and removing columns are fine; leave the key column alone.",
    pages_wide=3,
    repeat_columns="A:E",
    scrolls_from="F",
)

TEAM = Form(
    "team",
    "检查组任务表",
    "Team sheet",
    (
        shown("number", "序号", "No.", 5, Kind.number),
        shown("planned_on", "计划检查日期", "Planned for", 11, Kind.date),
        shown("firm_code", "统一代码/注册号", "Registration code", 20, Kind.code),
        shown("firm_name", "企业名称", "Enterprise", 30),
        shown("district", "片区", "District", 9, Kind.code),
        shown("tier", "信用等级", "Tier", 8, Kind.tier),
        shown("purpose", "抽取方式", "Why drawn", 15),
        shown("minutes", "用时（分钟）", "Minutes", 10, Kind.number),
        shown("why", "列入理由", "Reasons", 34),
        shown("found", "检查情况", "Findings", 26),
        shown("signed", "企业签字", "Signature of firm", 14),
    ),
)

WHY_NOT = Form(
    "why_not",
    "未列入计划说明",
    "Why not",
    (
        shown("number", "序号", "No.", 7, Kind.number),
        shown("firm_code", "统一代码/注册号", "Registration code", 21, Kind.code),
        shown("firm_name", "企业名称", "Enterprise", 34),
        shown("tier", "信用等级", "Tier", 9, Kind.tier),
        shown("reason_text", "未列入原因", "Reason", 60),
        shown("reason", "原因代码", "Reason code", 22, Kind.code),
    ),
)

SUMMARY = Form(
    "summary",
    "汇总",
    "Summary",
    (
        shown("tier", "信用等级", "Tier", 22, Kind.tier),
        shown("pool", "企业数", "Enterprises", 13, Kind.number),
        shown("wanted", "应查数", "Visits wanted", 13, Kind.number),
        shown("planned", "计划数", "Visits planned", 13, Kind.number),
        shown("must", "其中比例外必查", "Of which outside the rate", 14, Kind.number),
        shown("rate_wanted", "本期应查比例", "Rate wanted in the period", 14, Kind.share),
        shown("rate_planned", "本期计划比例", "Rate planned in the period", 14, Kind.share),
        Column("done", "已检查数", "Visits done", 13, Kind.formula),
        Column("problems", "发现问题数", "Problems found", 13, Kind.formula),
    ),
    landscape=False,
)

LEGEND = Form(
    "legend",
    "说明",
    "Legend",
    (shown("term", "名称", "Term", 34), shown("meaning", "含义", "Meaning", 90)),
    landscape=False,
)

REGISTER = Form(
    "register",
    "企业合规名册",
    "Compliance register",
    (
        shown("number", "序号", "No.", 8, Kind.number),
        shown("firm_code", "统一代码/注册号", "Registration code", 21, Kind.code),
        shown("firm_name", "企业名称", "Enterprise", 34),
        shown("region", "管辖单位", "Jurisdiction", 12, Kind.code),
        shown("industry", "行业", "Industry", 18),
        shown("score", "得分", "Score", 9, Kind.points),
        shown("band_tier", "按分等级", "Tier by points", 10, Kind.code),
        shown("tier", "信用等级", "Tier", 8, Kind.tier),
        shown("tier_before", "上次等级", "Tier before", 9, Kind.code),
        shown("move", "变动", "Move", 10),
        shown("why_moved", "变动原因", "Why", 34),
        shown("gates", "适用的一票规则", "Gates", 28),
        shown("reasons", "主要扣分事项", "Heaviest reasons", 44),
        shown("records_counted", "计入记录数", "Records counted", 9, Kind.number),
        shown("next_change_on", "下次自动变化日", "Next change by itself", 12, Kind.date),
    ),
    pages_wide=2,
    repeat_columns="A:C",
    scrolls_from="D",
)

CHANGES = replace(REGISTER, id="changes", zh="等级变动", en="Changes")

FORMS: dict[str, Form] = {f.id: f for f in (PLAN, ITEMS, ROSTER, TEAM, WHY_NOT, SUMMARY, LEGEND, REGISTER, CHANGES)}
