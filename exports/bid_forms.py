"""Columns of the bid evaluation workbook, headings as procurement offices write them."""

from __future__ import annotations

from collections.abc import Sequence

from exports.layout import Form, Kind, shown

SUMMARY = Form(
    "bid_summary",
    "评标汇总",
    "Summary",
    (
        shown("number", "序号", "No.", 6, Kind.number),
        shown("lot", "标段", "Lot", 7, Kind.code),
        shown("bidder", "投标人", "Bidder", 32),
        shown("price", "投标报价", "Price", 16, Kind.money),
        shown("price_points", "报价得分", "Price points", 10, Kind.points),
        shown("business", "商务标", "Business", 10, Kind.points),
        shown("technical", "技术标", "Technical", 10, Kind.points),
        shown("credit", "信用标", "Credit", 9, Kind.points),
        shown("total", "总分", "Total", 9, Kind.points),
        shown("rank", "排名", "Rank", 7, Kind.number),
        shown("proposal", "推荐意见", "Proposal", 15),
        shown("remark", "备注", "Remark", 24),
    ),
)

CREDIT = Form(
    "bid_credit",
    "信用得分",
    "Credit points",
    (
        shown("number", "序号", "No.", 6, Kind.number),
        shown("lot", "标段", "Lot", 7, Kind.code),
        shown("bidder", "投标人", "Bidder", 28),
        shown("firm", "成员单位", "Firm", 28),
        shown("code", "统一社会信用代码", "Identifier", 22, Kind.code),
        shown("tier", "信用等级", "Tier", 8, Kind.tier),
        shown("score", "信用评分", "Score", 10, Kind.points),
        shown("firm_points", "单位得分", "Firm's points", 9, Kind.points),
        shown("points", "信用标得分", "Bid's points", 9, Kind.points),
        shown("grounds", "得分理由", "Grounds", 28),
        shown("clause", "依据条款", "Clause", 22),
    ),
)

TIERS = Form(
    "bid_tiers",
    "等级得分表",
    "Points by tier",
    (
        shown("number", "序号", "No.", 6, Kind.number),
        shown("tier", "信用等级", "Tier", 12, Kind.tier),
        shown("title", "等级名称", "Title", 40),
        shown("points", "信用标得分", "Points", 12, Kind.points),
        shown("firms", "企业数", "Enterprises", 14, Kind.number),
        shown("share", "占比", "Share", 10, Kind.share),
        shown("clause", "依据条款", "Clause", 30),
    ),
)

VETO = Form(
    "bid_veto",
    "一票否决",
    "Vetoes",
    (
        shown("number", "序号", "No.", 6, Kind.number),
        shown("lot", "标段", "Lot", 6, Kind.code),
        shown("bidder", "投标人", "Bidder", 22),
        shown("firm", "被列入单位", "Firm listed", 22),
        shown("ground", "否决事由", "Ground", 22),
        shown("clause", "依据条款", "Clause", 18),
        shown("source", "信息来源", "Source", 10),
        shown("reference", "文号", "Reference", 16, Kind.code),
        shown("from_date", "列入日期", "Listed on", 12, Kind.date),
        shown("to_date", "截止日期", "Until", 12, Kind.date),
        shown("queried_at", "查询时间", "Queried at", 13),
        shown("evidence", "证据摘要 (SHA-256)", "Evidence (SHA-256)", 24),
    ),
)

SENSITIVITY = Form(
    "bid_sensitivity",
    "信用权重敏感性",
    "Sensitivity",
    (
        shown("number", "序号", "No.", 6, Kind.number),
        shown("lot", "标段", "Lot", 8, Kind.code),
        shown("from_weight", "信用权重自", "Credit weight from", 12, Kind.points),
        shown("to_weight", "至", "to", 12, Kind.points),
        shown("winner", "中标候选人", "Winner", 44),
        shown("now", "本次权重", "This tender", 12),
        shown("exact", "精确分界", "Exact threshold", 18, Kind.code),
    ),
)

CHART = Form(
    "bid_chart",
    "敏感性图",
    "Sensitivity chart",
    tuple(shown(f"c{place}", "", "", 9) for place in range(14)),  # a single wide one is cut, not shrunk
    landscape=False,
)

CHART_DATA = Form(
    "bid_chart_data",
    "图表数据",
    "Chart data",
    (shown("weight", "信用权重", "Credit weight", 14, Kind.points),),
)

LEAVE_OUT = Form(
    "bid_leave_out",
    "逐条剔除检验",
    "Without one record",
    (
        shown("number", "序号", "No.", 6, Kind.number),
        shown("lot", "标段", "Lot", 8, Kind.code),
        shown("bidder", "投标人", "Bidder", 30),
        shown("record", "剔除的记录", "Record left out", 38, Kind.code),
        shown("tier_before", "原等级", "Tier", 9, Kind.tier),
        shown("tier_after", "剔除后等级", "Tier without", 9, Kind.tier),
        shown("points_after", "剔除后信用分", "Points without", 11, Kind.points),
        shown("winner_after", "剔除后中标候选人", "Winner without", 30),
        shown("changes", "是否改变结果", "Changes the winner", 10),
    ),
)

NOTES = Form(
    "bid_notes",
    "提示事项",
    "Notes",
    (
        shown("number", "序号", "No.", 6, Kind.number),
        shown("lot", "标段", "Lot", 8, Kind.code),
        shown("bidders", "涉及投标人", "Bidders", 40),
        shown("kind", "提示", "Note", 44),
        shown("detail", "说明", "Detail", 50),
    ),
    note_zh="仅供评审人员注意，不影响得分。",
    note_en="For the officer's attention only; no points depend on it.",
)


def judge_form(criteria: Sequence[tuple[str, str]]) -> Form:
    """A judge's score sheet: one column per criterion (id, title)."""
    return Form(
        "bid_judge",
        "评委打分",
        "Judge",
        (
            shown("number", "序号", "No.", 6, Kind.number),
            shown("lot", "标段", "Lot", 8, Kind.code),
            shown("bidder", "投标人", "Bidder", 40),
            *(shown(f"criterion {name}", title, title, 18, Kind.points) for name, title in criteria),
            shown("sum", "小计", "Subtotal", 12, Kind.points),
            shown("remark", "备注", "Remark", 30),
        ),
    )
