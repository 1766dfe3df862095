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


def _c(name: str, zh: str, en: str, width: float, kind: Kind = Kind.text) -> Column:
    return Column(name, zh, en, width, kind)


def _entry(name: str, zh: str, en: str, width: float, kind: Kind = Kind.text, choices: str | None = None) -> Column:
    return Column(name, zh, en, width, kind, entry=True, choices=choices)


PLAN = Form(
    "plan",
    "双随机抽查计划",
    "Annual plan",
    (
        _c("number", "序号", "No.", 6, Kind.number),
        _c("agency", "检查主体", "Inspecting body", 20),
        _c("plan_name", "年度计划名称", "Annual plan", 30),
        _c("content", "检查内容", "What is inspected", 34),
        _c("period", "计划开展时间", "Planned period", 24),
        _c("office", "股室", "Section", 12),
        _c("tier", "信用等级", "Tier", 10, Kind.tier),
        _c("pool", "抽查对象总数", "Enterprises in the pool", 12, Kind.number),
        _c("rate_wanted", "本期应查比例", "Rate wanted in the period", 12, Kind.share),
        _c("rate_planned", "本期抽查比例", "Rate planned in the period", 12, Kind.share),
        _c("frequency", "抽查频次", "Frequency", 26),
        _c("planned", "抽查数量", "Visits planned", 10, Kind.number),
        _c("must", "其中比例外必查", "Of which outside the rate", 12, Kind.number),
    ),
)

ITEMS = Form(
    "items",
    "抽查事项清单",
    "Item list",
    (
        _c("number", "编号", "No.", 6, Kind.number),
        _c("matter", "抽查事项名称", "Matter", 18),
        _c("item", "抽查子项", "Item", 28),
        _c("basis", "抽查依据", "Legal basis", 38),
        _c("agency", "抽查主体", "Inspecting body", 16),
        _c("object", "抽查对象", "Whom", 18),
        _c("rate", "抽查比例", "Rate", 24),
        _c("frequency", "抽查频次", "Frequency", 14),
        _c("method", "抽查方式", "Method", 18),
        _c("staff", "检查人员要求", "Inspectors", 20),
        _c("remark", "备注", "Remark", 20),
    ),
)

ROSTER = Form(
    "roster",
    "抽查结果名册",
    "Result roster",
    (
        _c("number", "序号", "No.", 6, Kind.number),
        Column(
            "state", "检查结果状态", "Result state", 11, Kind.formula, formula='IF({result}{row}="","待检查","已检查")'
        ),
        _entry("follow_up", "后续处置状态", "Follow-up", 13, choices="follow_up"),
        _c("firm_code", "统一代码/注册号", "Registration code", 21, Kind.code),
        _c("firm_name", "企业名称", "Enterprise", 32),
        _c("visit_id", "任务编号", "Task number", 19, Kind.code),
        _c("task_name", "任务名称", "Task", 24),
        _c("task_end", "任务结束日期", "Task ends on", 12, Kind.date),
        _c("planned_on", "计划检查日期", "Planned for", 12, Kind.date),
        _c("tier", "信用等级", "Tier", 8, Kind.tier),
        _c("purpose", "抽取方式", "Why drawn", 16),
        _c("why", "列入理由", "Reasons", 34),
        _c("inspectors", "检查人员", "Inspectors", 18),
        _entry("visited_on", "检查日期", "Inspected on", 12, Kind.date),
        _entry("present_1", "实际检查人（一）", "Carried out by (1)", 16, choices="inspector"),
        _entry("present_2", "实际检查人（二）", "Carried out by (2)", 16, choices="inspector"),
        _entry("result", "检查结果", "Result", 22, choices="result"),
        _entry("item", "发现问题事项", "Item found", 26, choices="item"),
        _entry("severity", "情节", "Severity", 10, choices="severity"),
        _entry("corrected_on", "改正日期", "Corrected on", 12, Kind.date),
        _c("agency", "检查部门", "Department", 16),
        _c("registry", "登记机关", "Registry", 16),
        _c("jurisdiction", "管辖单位", "Jurisdiction", 14),
        _c("district", "片区", "District", 10, Kind.code),
        _entry("remark", "备注", "Remark", 24),
        _entry("clerk", "录入员", "Entered by", 10),
        _entry("entered_on", "录入日期", "Entered on", 12, Kind.date),
        _c("key", "校验码（勿改）", "Key (do not change)", 24, Kind.key),
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
        _c("number", "序号", "No.", 5, Kind.number),
        _c("planned_on", "计划检查日期", "Planned for", 11, Kind.date),
        _c("firm_code", "统一代码/注册号", "Registration code", 20, Kind.code),
        _c("firm_name", "企业名称", "Enterprise", 30),
        _c("district", "片区", "District", 9, Kind.code),
        _c("tier", "信用等级", "Tier", 8, Kind.tier),
        _c("purpose", "抽取方式", "Why drawn", 15),
        _c("minutes", "用时（分钟）", "Minutes", 10, Kind.number),
        _c("why", "列入理由", "Reasons", 34),
        _c("found", "检查情况", "Findings", 26),
        _c("signed", "企业签字", "Signature of firm", 14),
    ),
)

WHY_NOT = Form(
    "why_not",
    "未列入计划说明",
    "Why not",
    (
        _c("number", "序号", "No.", 7, Kind.number),
        _c("firm_code", "统一代码/注册号", "Registration code", 21, Kind.code),
        _c("firm_name", "企业名称", "Enterprise", 34),
        _c("tier", "信用等级", "Tier", 9, Kind.tier),
        _c("reason_text", "未列入原因", "Reason", 60),
        _c("reason", "原因代码", "Reason code", 22, Kind.code),
    ),
)

SUMMARY = Form(
    "summary",
    "汇总",
    "Summary",
    (
        _c("tier", "信用等级", "Tier", 22, Kind.tier),
        _c("pool", "企业数", "Enterprises", 13, Kind.number),
        _c("wanted", "应查数", "Visits wanted", 13, Kind.number),
        _c("planned", "计划数", "Visits planned", 13, Kind.number),
        _c("must", "其中比例外必查", "Of which outside the rate", 14, Kind.number),
        _c("rate_wanted", "本期应查比例", "Rate wanted in the period", 14, Kind.share),
        _c("rate_planned", "本期计划比例", "Rate planned in the period", 14, Kind.share),
        Column("done", "已检查数", "Visits done", 13, Kind.formula),
        Column("problems", "发现问题数", "Problems found", 13, Kind.formula),
    ),
    landscape=False,
)

LEGEND = Form(
    "legend",
    "说明",
    "Legend",
    (_c("term", "名称", "Term", 34), _c("meaning", "含义", "Meaning", 90)),
    landscape=False,
)

REGISTER = Form(
    "register",
    "企业合规名册",
    "Compliance register",
    (
        _c("number", "序号", "No.", 8, Kind.number),
        _c("firm_code", "统一代码/注册号", "Registration code", 21, Kind.code),
        _c("firm_name", "企业名称", "Enterprise", 34),
        _c("region", "管辖单位", "Jurisdiction", 12, Kind.code),
        _c("industry", "行业", "Industry", 18),
        _c("score", "得分", "Score", 9, Kind.points),
        _c("band_tier", "按分等级", "Tier by points", 10, Kind.code),
        _c("tier", "信用等级", "Tier", 8, Kind.tier),
        _c("tier_before", "上次等级", "Tier before", 9, Kind.code),
        _c("move", "变动", "Move", 10),
        _c("why_moved", "变动原因", "Why", 34),
        _c("gates", "适用的一票规则", "Gates", 28),
        _c("reasons", "主要扣分事项", "Heaviest reasons", 44),
        _c("records_counted", "计入记录数", "Records counted", 9, Kind.number),
        _c("next_change_on", "下次自动变化日", "Next change by itself", 12, Kind.date),
    ),
    pages_wide=2,
    repeat_columns="A:C",
    scrolls_from="D",
)

CHANGES = replace(REGISTER, id="changes", zh="等级变动", en="Changes")

FORMS: dict[str, Form] = {f.id: f for f in (PLAN, ITEMS, ROSTER, TEAM, WHY_NOT, SUMMARY, LEGEND, REGISTER, CHANGES)}
