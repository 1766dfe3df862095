"""Columns of a tender kept in Excel or CSV: four tables, headings in Chinese and English, either is read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Heading:
    """One column: our name, Chinese and English heading, whether a file must have it."""

    name: str
    zh: str
    en: str
    needed: bool = False


@dataclass(frozen=True)
class SheetTable:
    """One table: name of the CSV file and of the worksheet, its columns."""

    name: str
    zh: str
    columns: tuple[Heading, ...]

    def names_of(self) -> dict[str, str]:
        """Every heading (folded) → our name."""
        found = {}
        for column in self.columns:
            for heading in (column.name, column.zh, column.en, f"{column.zh}\n{column.en}", f"{column.zh} {column.en}"):
                found[fold(heading)] = column.name
        return found


BIDS = SheetTable(
    "bids",
    "投标一览",
    (
        Heading("bid", "投标编号", "Bid"),
        Heading("lot", "标段", "Lot"),
        Heading("bidder", "投标人", "Bidder", True),
        Heading("scheme", "标识类型", "Scheme"),
        Heading("code", "统一社会信用代码", "Identifier"),
        Heading("members", "联合体成员及份额", "Consortium (code name share; …)"),
        Heading("subcontractors", "分包人", "Subcontractors (code name share; …)"),
        Heading("price", "投标报价", "Price"),
        Heading("currency", "币种", "Currency"),
        Heading("received", "递交时间", "Received"),
        Heading("status", "状态", "Status"),
        Heading("region", "地区", "Region"),
        Heading("size", "规模", "Size"),
        Heading("ownership", "所有制", "Ownership"),
        Heading("country", "国别", "Country"),
    ),
)

TENDER = SheetTable(
    "tender", "招标信息", (Heading("key", "项目", "Key", True), Heading("value", "内容", "Value", True))
)

CRITERIA = SheetTable(
    "criteria",
    "评审标准",
    (
        Heading("id", "编号", "Id", True),
        Heading("title", "名称", "Title"),
        Heading("kind", "类别", "Kind", True),
        Heading("weight", "分值", "Weight", True),
        Heading("formula", "价格公式", "Formula"),
        Heading("deduct_above", "高于基准每1%扣分", "Deduct above"),
        Heading("deduct_below", "低于基准每1%扣分", "Deduct below"),
        Heading("coefficient", "系数", "Coefficient"),
        Heading("mix", "控制价权重", "Mix"),
        Heading("trim_from", "去高去低起算家数", "Trim prices from"),
        Heading("trimJudgesFrom", "去高去低起算评委数", "Trim judges from"),
        Heading("reads", "所依据属性", "Reads"),
        Heading("description", "说明", "Description"),
    ),
)

LOTS = SheetTable(
    "lots",
    "标段表",
    (Heading("id", "标段", "Lot", True), Heading("title", "名称", "Title"), Heading("ceiling", "控制价", "Ceiling")),
)

SHEETS = (BIDS, TENDER, CRITERIA, LOTS)

STATUS = {
    "有效": "valid",
    "待评审": "pending",
    "已撤回": "withdrawn",
    "撤回": "withdrawn",
    "否决": "disqualified",
    "无效": "disqualified",
    "受邀": "invited",
}
"""Statuses as Chinese offices write them → OCDS codes."""

KINDS = {"价格": "price", "报价": "price", "商务": "business", "技术": "technical", "信用": "credit"}
FORMULAS = {
    "最低价": "lowest",
    "最低价优先": "lowest",
    "平均价": "average",
    "基准价": "benchmark",
    "评标基准价": "benchmark",
}

SCORE = "@"
"""Heading of a score: criterion@judge."""


def fold(heading: str) -> str:
    """A heading without blanks, in one case."""
    return "".join(str(heading).split()).casefold()
