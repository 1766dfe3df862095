"""How each agency writes its register: folder, file, encoding, headings, code lists. One layout per table or agency.

The counterpart for reading is config/sources/generated.yaml; a test takes every file through it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

SEVERITY_ZH = {"minor": "轻微", "general": "一般", "serious": "严重"}
SEVERITY_NUMBER = {"minor": "1", "general": "2", "serious": "3"}
SIZE_ZH = {"micro": "微型", "small": "小型", "medium": "中型", "large": "大型"}
STATUS_ZH = {"active": "存续", "closed": "注销", "revoked": "吊销", "moved": "迁出"}
OWNERSHIP_ZH = {"private": "民营", "state": "国有", "foreign": "外资", "hmt": "港澳台", "collective": "集体"}
ROLE_ZH = {
    "legal_representative": "法定代表人",
    "finance_head": "财务负责人",
    "customs_head": "报关负责人",
    "owner": "实际控制人",
}


@dataclass(frozen=True)
class Layout:
    """One file as its office writes it. `headings`: heading → our column; dates by `date_form`."""

    stem: str  # folder and beginning of the file's name
    headings: Mapping[str, str]
    kind: Literal["csv", "xlsx", "parquet"] = "csv"
    encoding: str = "utf-8"
    separator: str = ","
    date_form: str = "%Y-%m-%d"
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    money: tuple[str, ...] = ("amount",)
    dated: bool = True  # the name carries day and part
    dirty: bool = True

    def heading(self, column: str) -> str | None:
        """The heading under which our column stands here."""
        return next((name for name, ours in self.headings.items() if ours == column), None)

    def text(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Our columns → this file's text cells under its headings; null stays null."""
        return frame.select(self._cell(ours, frame.schema).alias(name) for name, ours in self.headings.items())

    def _cell(self, column: str, schema: pl.Schema) -> pl.Expr:
        cell = pl.col(column)
        if column in self.codes:
            return cell.replace_strict(dict(self.codes[column]), return_dtype=pl.String)
        if column in self.money:
            return pl.concat_str(cell // 100, pl.lit("."), (cell % 100).cast(pl.String).str.zfill(2))
        if schema[column] == pl.Date:
            return cell.dt.strftime(self.date_form)
        if isinstance(schema[column], pl.List):
            return cell.list.join(";")
        return cell.cast(pl.String)


_ACT_HEADINGS = {
    "act_no": "act_id",
    "uscc": "uscc",
    "item": "item",
    "act_date": "act_date",
    "published_on": "known_on",
    "amount": "amount",
    "severity": "severity",
    "corrected_on": "corrected_on",
    "ends_on": "ends_on",
    "revoked_on": "revoked_on",
    "agency": "agency",
}

AGENCIES: dict[str, Layout] = {
    "tax": Layout(
        stem="tax/penalties",
        encoding="gb18030",
        headings={
            "处罚决定书文号": "act_id",
            "纳税人识别号": "uscc",
            "纳税人名称": "name",
            "违法类型": "item",
            "处罚日期": "act_date",
            "公示日期": "known_on",
            "罚款金额(元)": "amount",
            "严重程度": "severity",
            "更正日期": "corrected_on",
        },
        codes={"severity": SEVERITY_ZH},
    ),
    "customs": Layout(
        stem="customs/cases",
        kind="parquet",
        headings={
            "case_no": "act_id",
            "uscc": "uscc",
            "item_code": "item",
            "decided_on": "act_date",
            "published_on": "known_on",
            "fine_fen": "amount",
            "severity": "severity",
            "corrected_on": "corrected_on",
            "revoked_on": "revoked_on",
        },
        dirty=False,
    ),
    "market": Layout(
        stem="market/penalties",
        kind="xlsx",
        headings={
            "决定书文号": "act_id",
            "统一社会信用代码": "uscc",
            "当事人": "name",
            "案由代码": "item",
            "决定日期": "act_date",
            "公示日期": "known_on",
            "罚款(元)": "amount",
            "情节": "severity",
            "改正日期": "corrected_on",
            "有效期至": "ends_on",
        },
        codes={"severity": SEVERITY_ZH},
    ),
    "environment": Layout(
        stem="environment/acts",
        encoding="utf-8-sig",
        separator=";",
        date_form="%d/%m/%Y",
        headings={
            "decision_no": "act_id",
            "uscc": "uscc",
            "item": "item",
            "date": "act_date",
            "published": "known_on",
            "fine": "amount",
            "severity": "severity",
            "corrected": "corrected_on",
            "agency": "agency",
        },
        codes={"severity": SEVERITY_NUMBER},
    ),
    "labour": Layout(stem="labour/acts", headings=_ACT_HEADINGS),
    "product_safety": Layout(stem="product_safety/acts", headings=_ACT_HEADINGS),
    "judicial": Layout(stem="judicial/judgments", headings=_ACT_HEADINGS),
}

REGISTERS: dict[str, Layout] = {
    "enterprises": Layout(
        stem="enterprises",
        headings={
            "统一社会信用代码": "uscc",
            "企业名称": "name",
            "区划代码": "region",
            "行业": "industry",
            "规模": "size",
            "所有制": "ownership",
            "成立日期": "registered_on",
            "登记状态": "status",
            "经度": "longitude",
            "纬度": "latitude",
        },
        codes={"size": SIZE_ZH, "status": STATUS_ZH, "ownership": OWNERSHIP_ZH},
        dated=False,
    ),
    "links": Layout(
        stem="representatives",
        headings={
            "统一社会信用代码": "uscc",
            "证件标识": "person_key",
            "职务": "role",
            "任职起": "from_date",
            "任职止": "to_date",
        },
        codes={"role": ROLE_ZH},
        dated=False,
        dirty=False,
    ),
    "listings": Layout(
        stem="lists",
        headings={
            "list_id": "list_id",
            "uscc": "uscc",
            "from": "from_date",
            "to": "to_date",
            "agency": "agency",
            "reference": "reference",
        },
        dated=False,
        dirty=False,
    ),
    "indicators": Layout(
        stem="indicators",
        headings={"uscc": "uscc", "name": "name", "period_end": "period_end", "value": "value"},
        dated=False,
        dirty=False,
    ),
    "decisions": Layout(
        stem="decisions",
        headings={
            "decision_id": "decision_id",
            "kind": "kind",
            "record_act_no": "record_id",
            "uscc": "uscc",
            "region": "region",
            "industry": "industry",
            "item": "item",
            "filed_on": "filed_on",
            "decided_on": "decided_on",
            "outcome": "outcome",
            "from": "from_date",
            "to": "to_date",
            "officer": "officer",
            "reason": "reason",
        },
        dated=False,
        dirty=False,
    ),
}


def _plain(stem: str, *columns: str) -> Layout:
    """A file whose headings are our own column names."""
    headings = {("uscc" if name == "enterprise_id" else name): name for name in columns}
    return Layout(
        stem=stem,
        headings={heading: "uscc" if heading == "uscc" else name for heading, name in headings.items()},
        dated=False,
        dirty=False,
        money=(),
    )


REGISTERS |= {
    "visits": _plain("visits", "visit_id", "enterprise_id", "visit_date", "inspectors", "purpose", "result"),
    "inspectors": _plain("inspectors", "inspector_id", "name", "districts", "skills", "licence_to", "daily_minutes"),
    "absences": _plain("absences", "inspector_id", "from_date", "to_date"),
    "conflicts": _plain("conflicts", "inspector_id", "enterprise_id", "reason"),
    "must_visits": _plain("must_visits", "enterprise_id", "reason", "not_before", "not_after"),
}
