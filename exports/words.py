"""Terms of the field in Chinese and English: results, follow-ups, purposes, industries."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from config.in_force import Policy
from exports.layout import Language, both
from models.rating.wording import cited_text


@dataclass(frozen=True)
class Term:
    """A code with its words; for results also what models.records calls it."""

    code: str
    zh: str
    en: str
    outcome: str = ""

    def label(self, language: Language) -> str:
        return both(self.zh, self.en, language, " ")


RESULTS = (
    Term("no_problem", "未发现问题", "No problem found", "no_problem"),
    Term("problem", "发现问题待后续处理", "Problem found, to be followed up", "problem"),
    Term("corrected", "责令已改正", "Ordered and corrected", "problem"),
    Term("not_published", "未按规定公示", "Not published as required", "not_published"),
    Term("concealment", "隐瞒弄虚作假", "Concealment or falsehood", "concealment"),
    Term("unreachable", "住所无法联系", "Not reachable at its address", "unreachable"),
    Term("no_business", "未发现相关经营活动", "No such business found", "closed"),
    Term("suspended", "停业/清算", "Closed or in liquidation", "closed"),
    Term("refused", "不配合", "Refused", "refused"),
    Term("deregistered", "注销", "Deregistered", "closed"),
    Term("licence_revoked", "被吊销", "Licence revoked", "closed"),
    Term("registration_cancelled", "被撤销", "Registration cancelled", "closed"),
    Term("moved", "迁出", "Moved away", "closed"),
)
PROBLEMS = frozenset({"problem", "corrected", "not_published", "concealment"})

FOLLOW_UPS = (
    Term("none", "无需处置", "None needed"),
    Term("rectification", "责令改正", "Rectification ordered"),
    Term("case_opened", "立案查处", "Case opened"),
    Term("transferred", "移送其他机关", "Passed to another body"),
    Term("listed", "列入异常名录", "Entered on the abnormal list"),
    Term("closed", "已办结", "Done"),
)

SEVERITIES = (
    Term("minor", "轻微", "Minor"),
    Term("general", "一般", "General"),
    Term("serious", "严重", "Serious"),
)

PURPOSES = (
    Term("random", "随机抽取", "Random draw"),
    Term("directed", "定向（按风险）", "Directed by risk"),
    Term("statutory", "法定频次", "Statutory frequency"),
    Term("complaint", "投诉举报", "Complaint"),
    Term("referral", "转办交办", "Referral"),
    Term("joint_superior", "上级联合", "Joint with superior"),
    Term("audit", "审计", "Audit"),
    Term("offsite_lead", "非现场线索", "Off-site lead"),
    Term("media", "媒体曝光", "Media report"),
    Term("recheck", "整改复查", "Re-check after rectification"),
    Term("own_request", "企业申请", "The firm's own request"),
    Term("licence_check", "许可核查", "Licence check"),
    Term("emergency", "突发事件", "Emergency"),
)


INDUSTRIES = (
    Term("food", "食品", "Food"),
    Term("retail", "零售", "Retail"),
    Term("chemicals", "化工", "Chemicals"),
    Term("construction", "建筑", "Construction"),
    Term("electronics", "电子", "Electronics"),
    Term("logistics", "物流", "Logistics"),
    Term("textiles", "纺织", "Textiles"),
    Term("services", "服务", "Services"),
    Term("machinery", "机械", "Machinery"),
    Term("pharma", "医药", "Pharmaceuticals"),
)


def item_terms(policy: Policy) -> tuple[Term, ...]:
    """The catalogue's adverse items, in the catalogue's order."""
    adverse = (item for item in policy.items.values() if min(item.points.values()) < 0)
    return tuple(Term(item.code, item.title.zh, item.title.en) for item in adverse)


def people_terms(inspectors: pl.DataFrame) -> tuple[Term, ...]:
    """Inspectors (INSPECTORS) by name, with the id where two bear the same name, in order of name."""
    twice = set(inspectors.filter(pl.col("name").is_duplicated())["name"])
    rows = inspectors.sort("name", "inspector_id").select("inspector_id", "name").iter_rows()
    named = ((one, f"{name} ({one})" if name in twice else name or one) for one, name in rows)
    return tuple(Term(one, said, said) for one, said in named)


def choice_lists(policy: Policy, people: tuple[Term, ...] = ()) -> dict[str, tuple[Term, ...]]:
    """Every list that a drop-down offers, by the name the layout uses."""
    items = item_terms(policy)
    return {"result": RESULTS, "follow_up": FOLLOW_UPS, "severity": SEVERITIES, "item": items, "inspector": people}


def label(terms: tuple[Term, ...], code: str | None, language: Language) -> str:
    """The word for a code; the code itself where the list has none."""
    if code is None:
        return ""
    return next((term.label(language) for term in terms if term.code == code), code)


def reading(terms: tuple[Term, ...]) -> dict[str, str]:
    """Everything a person may have typed or chosen for a term → its code (folded, without spaces)."""
    spelt: dict[str, str] = {}
    for term in terms:
        for text in (term.code, term.zh, term.en, *(term.label(lang) for lang in ("zh", "en", "both"))):
            spelt[folded(text)] = term.code
    return spelt


def folded(text: str) -> str:
    """Text without spaces and case, for comparing what people type."""
    return "".join(text.split()).casefold()


def clause_text(clause: object, policy: Policy, language: Language) -> str:
    """A clause ("annual-report-rules 17") with the instrument's title, in Chinese, English or both."""
    zh, en = (cited_text(str(clause), policy, lang) for lang in ("zh", "en"))
    return both(zh, en, language)
