"""Columns of the day's examination workbook at the border."""

from __future__ import annotations

from exports.layout import Form, Kind, filled, shown
from exports.words import SEVERITIES, Term

BALANCE = Form(
    "consignment_balance",
    "查验率",
    "Rates",
    (
        shown("office", "海关", "Office", 12, Kind.code),
        shown("tier", "信用等级", "Tier", 12, Kind.tier),
        shown("today", "今日申报", "Declared today", 10, Kind.number),
        shown("chosen", "今日查验", "Examined today", 10, Kind.number),
        shown("must", "其中必查", "of them must", 10, Kind.number),
        shown("random", "其中随机", "of them by chance", 10, Kind.number),
        shown("risk", "其中按风险", "of them by risk", 10, Kind.number),
        shown("owed", "结转补查", "Owed from before", 10, Kind.number),
        shown("declared", "本期申报", "Declared in the period", 12, Kind.number),
        shown("examined", "本期查验", "Examined in the period", 12, Kind.number),
        shown("rate", "应查比例", "Rate wanted", 10, Kind.share),
        shown("realised", "实际比例", "Rate so far", 10, Kind.share),
        shown("state", "说明", "State", 54),
    ),
    note_zh="本期比例在误差范围内或相差不足一票即为达标",
    note_en="Kept: within the tolerance of the rate, or within one declaration",
)

EXAMINATIONS = Form(
    "consignment_examinations",
    "查验清单",
    "Examinations",
    (
        shown("number", "序号", "No.", 6, Kind.number),
        shown("declaration_id", "报关单号", "Declaration", 22, Kind.code),
        shown("enterprise_id", "进口企业", "Importer", 22, Kind.code),
        shown("name", "企业名称", "Name", 24),
        shown("tier", "信用等级", "Tier", 11, Kind.tier),
        shown("examination", "查验方式", "Type", 15),
        shown("minutes", "分钟", "Minutes", 8, Kind.number),
        shown("why", "为何查验", "Why", 15),
        shown("reason", "依据", "Because", 38),
        filled("result", "查验结果", "Result", 26, choices="result"),
        filled("severity", "情节", "Severity", 12, choices="severity"),
        filled("examined_on", "查验日期", "Examined on", 13, Kind.date),
        filled("officers", "查验人员", "Officers", 24),
        filled("remark", "备注", "Remark", 28),
        shown("key", "校验码（勿改）", "Key (do not change)", 24, Kind.key),
    ),
    note_zh="黄色列由查验人员填写，姓名以、分隔，日期留空即当日；请勿改动校验码列。",
    note_en="Fill in yellow; 、 between names; no date: that day.",
    pages_wide=2,
    repeat_columns="A:C",
    scrolls_from="D",
    known_by=("declaration_id", "enterprise_id"),
)

RESULTS = (
    Term("no_irregularity", "未见异常", "No irregularity found"),
    Term("description", "品名、规格不符", "Irregularity: description"),
    Term("quantity", "数量、重量不符", "Irregularity: quantity"),
    Term("value", "价格申报不实", "Irregularity: value"),
    Term("origin", "原产地不符", "Irregularity: origin"),
    Term("prohibited", "违禁或限制货物", "Irregularity: prohibited goods"),
    Term("goods_gone", "未查验：货物已提离", "Not examined: goods gone"),
    Term("no_staff", "未查验：人手不足", "Not examined: no staff"),
    Term("not_examined", "未查验：其他（备注说明）", "Not examined: other, say why"),
)
LISTS = {"result": RESULTS, "severity": SEVERITIES}

MINUTES = Form(
    "consignment_minutes",
    "工时",
    "Minutes",
    (
        shown("office", "海关", "Office", 12, Kind.code),
        shown("examination", "查验方式", "Type", 20),
        shown("minutes", "可用分钟", "Minutes there are", 14, Kind.number),
        shown("used", "已用分钟", "Minutes used", 14, Kind.number),
        shown("share", "使用率", "Used", 10, Kind.share),
    ),
)

OVERLOAD = Form(
    "consignment_overload",
    "超出能力",
    "Beyond the minutes",
    (
        shown("office", "海关", "Office", 12, Kind.code),
        shown("tier", "信用等级", "Tier", 12, Kind.tier),
        shown("rule", "规则", "Rule", 26),
        shown("declarations", "未能查验（票）", "Declarations not examined", 16, Kind.number),
        shown("minutes", "缺少分钟", "Minutes missing", 14, Kind.number),
    ),
    note_zh="未完成的比例计入结余，随后各日补查",
    note_en="What the rate still asks for stays in the balance for the days to come",
)

LEFT_OUT = Form(
    "consignment_left_out",
    "未查验",
    "Not examined",
    (
        shown("office", "海关", "Office", 12, Kind.code),
        shown("tier", "信用等级", "Tier", 12, Kind.tier),
        shown("declaration_id", "报关单号", "Declaration", 24, Kind.code),
        shown("enterprise_id", "进口企业", "Importer", 24, Kind.code),
        shown("reason", "原因", "Reason", 40),
    ),
)

WHY = (
    Term("must", "必查", "Must be examined"),
    Term("random", "随机抽中", "Drawn by chance"),
    Term("risk", "按风险补足", "By risk, up to the rate"),
)
REASONS = (
    Term("rate_met", "本等级查验率已满足", "The tier's rate is met"),
    Term("no_minutes", "该海关查验工时已用尽", "The office's minutes are used up"),
    Term("no_rate", "本等级未规定查验率，随机未抽中", "No rate for the tier, and not drawn"),
)
RULES = (
    Term("must", "必查", "Must be examined"),
    Term("floor", "随机下限", "Random floor"),
    Term("rate", "查验率", "Rate of the tier"),
)
STATES = (
    Term("kept", "达标", "Kept"),
    Term("behind", "工时不足，未达标", "Behind: too few minutes"),
    Term("must", "必查较多，高于比例", "Above: much that must be examined"),
    Term("no_rate", "未规定比例", "No rate"),
)
TYPES = (
    Term("document", "单证审核", "Documents"),
    Term("scan", "机检", "Scanner"),
    Term("partial", "抽查", "Opened in part"),
    Term("full", "彻底查验", "Opened wholly"),
)
