"""Why a firm is on the plan, and why another is not, in words: the codes of models.inspection.reasons."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from exports.layout import Language, both
from exports.words import INDUSTRIES, PURPOSES, label

LEFT_OUT: dict[str, tuple[str, str]] = {
    "not_active": ("企业已注销、吊销或迁出", "no longer active"),
    "not_rated": ("尚无等级", "not rated"),
    "cap": ("已达年度检查上限", "the yearly cap on visits is reached"),
    "interval": ("距上次检查未满最短间隔", "too soon after the last visit"),
    "no_qualified_inspector": ("无具备资质的检查人员", "no licensed inspector for its industry and district"),
    "conflict": ("检查人员须回避", "every possible inspector is recused"),
    "window": ("规定期限内无可用日期", "no day within its window"),
    "hours": ("检查工时不足", "the hours of its inspectors are used up"),
    "tier_exempt": ("该等级本期不主动检查", "its tier is not visited proactively in this period"),
    "quota_filled": ("该等级应查数已满足", "its group's wanted visits are already met"),
    "hours_quota": ("按工时分配，该组名额为零", "the hours left no visit for its group"),
    "not_drawn": ("随机抽取未中", "in the draw, not drawn"),
    "unknown_enterprise": ("登记册中没有该企业", "not in the register of enterprises"),
}


def short_reason(code: str, language: Language) -> str:
    """The reason for leaving a firm out, without its arguments."""
    zh, en = LEFT_OUT.get(code, ("", code.replace("_", " ")))
    return both(zh or en, en, language, " ")


SHORTFALL: dict[str, tuple[str, str]] = LEFT_OUT | {
    "team_days": ("检查组的工作日已排满", "the teams' days hold no more"),
}


def shortfall_text(code: str, industry: str, visits: float, language: Language) -> str:
    """Visits missing for a reason, with the industry where it is one."""
    zh, en = SHORTFALL.get(code, ("", code.replace("_", " ")))
    trade = label(INDUSTRIES, industry, "zh"), label(INDUSTRIES, industry, "en")
    return both(
        f"{zh or en}{f'（{trade[0]}）' if industry else ''} {visits:,.1f}",
        f"{en}{f' ({trade[1]})' if industry else ''} {visits:,.1f}",
        language,
        " ",
    )


def left_out_text(code: str, detail: str | None, language: Language) -> str:
    """The reason with its arguments, one line a language."""
    found, said = _arguments(detail), LEFT_OUT.get(code, ("", code.replace("_", " ")))
    zh, en = (", ".join(part[place] for part in _details(found)) for place in (0, 1))
    first = said[0] or said[1]
    return both(
        f"{first}（{zh.replace(', ', '，')}）" if zh else first, f"{said[1]} ({en})" if en else said[1], language
    )


def _details(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a reason rests on, in Chinese and English."""
    if found.get("last_visit"):
        yield f"上次检查 {found['last_visit']}", f"last visit {found['last_visit']}"
    if found.get("number") is not None and found.get("probability") is not None:
        number, chance = float(found["number"]), float(found["probability"])
        yield f"号码 {number:.4f}", f"number {number:.4f}"
        yield f"中签概率 {chance:.2%}", f"chance {chance:.2%}"
    if found.get("skill") and found.get("district"):
        skill, district = str(found["skill"]), found["district"]
        yield f"{label(INDUSTRIES, skill, 'zh')} · {district}", f"{label(INDUSTRIES, skill, 'en')} · {district}"


def why_text(reason: str | None, language: Language) -> str:
    """Why a firm is visited."""
    found = _arguments(reason)
    code = str(found.get("code", reason or ""))
    if code == "must":
        named = "、".join(label(PURPOSES, str(r), language) for r in _listed(found.get("reasons")))
        return both(f"必须检查：{named}", f"must be visited: {named}", "zh" if language == "both" else language)
    if code == "statutory":
        last = found.get("last_visit") or both("无", "none", language, " ")
        return both(f"法定频次到期，上次 {last}", f"statutory visit due, last {last}", language)
    if code == "drawn":
        number, chance = float(found.get("number") or 0), float(found.get("probability") or 0)
        return both(
            f"随机抽中，号码 {number:.4f}，概率 {chance:.1%}",
            f"drawn by number {number:.4f}, chance {chance:.1%}",
            language,
        )
    if code == "by_risk":
        rank, tier = found.get("rank"), found.get("tier")
        return both(f"{tier} 级风险第 {rank} 位", f"rank {rank} by risk in tier {tier}", language)
    return code.replace("_", " ")


def _listed(value: Any) -> list[Any]:
    if isinstance(value, str) and value.startswith("["):
        value = json.loads(value)
    if isinstance(value, list):
        return value
    return [part for part in str(value or "").split(",") if part]


def _arguments(text: str | None) -> Mapping[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, Mapping) else {}
