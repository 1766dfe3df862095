"""The door: what a file must have, and what it must not have, before a single row is read.

Refused fields follow the ban on credit information about persons' income, deposits, religion, genes, fingerprints,
blood, illness and politics (State Council Order 631, Art. 14), in Chinese and English; a policy pack may add more.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from config.errors import InputError

FORBIDDEN_WORDS = frozenset(
    {"income", "salary", "salaries", "deposit", "deposits", "savings"}
    | {"religion", "religious", "faith", "political", "politics"}
    | {"gene", "genes", "genetic", "genetics", "genome", "dna", "fingerprint", "fingerprints", "biometric"}
    | {"biometrics", "blood", "illness", "illnesses", "disease", "diseases", "diagnosis", "medical"}
)
FORBIDDEN_PHRASES = ("political party", "party membership", "bank balance", "medical history", "health status")
FORBIDDEN_CHINESE = (
    *(
        "个人收入",
        "家庭收入",
        "月收入",
        "年收入",
        "工资收入",
        "薪资",
        "薪酬",
        "存款",
        "储蓄",
        "宗教",
        "信仰",
        "基因",
        "指纹",
    ),
    *("基因", "指纹", "血型", "疾病", "病史", "病历", "健康状况", "政治面貌", "党派", "政治倾向"),
)
FORBIDDEN_EXACTLY = frozenset({"收入", "政治", "dna", "基因"})


def refuse_forbidden(name: str, headings: Iterable[str], more: Iterable[str]) -> None:
    """InputError naming the first heading that no rating may read, whether or not the source maps it."""
    wanted_out = {_plain(field) for field in more}
    for heading in headings:
        if forbidden(heading, wanted_out):
            raise InputError(
                f"the field {heading!r} may not be used for rating and is refused at the door.",
                file=name,
                row=1,
                rule="forbidden_field",
                remedy="ask the agency for an export without it",
            )


def forbidden(heading: str, more: Iterable[str] = ()) -> bool:
    """Whether a heading names one of the refused fields; `more` in plain form."""
    plain = _plain(heading)
    return (
        plain in FORBIDDEN_EXACTLY
        or plain in set(more)
        or not FORBIDDEN_WORDS.isdisjoint(plain.split())
        or any(phrase in plain for phrase in FORBIDDEN_PHRASES)
        or any(word in plain for word in FORBIDDEN_CHINESE)
    )


def _plain(heading: str) -> str:
    """camelCase, snake_case, full-width and punctuation → lower-case words."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", unicodedata.normalize("NFKC", heading))
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def need_headings(name: str, headings: Iterable[str], needed: Iterable[str], encoding: str) -> None:
    """InputError naming every heading that the source maps and the file lacks."""
    there = list(headings)
    missing = sorted(set(needed) - set(there))
    if missing:
        raise InputError(
            f"the file has no column {', '.join(missing)}; it has {', '.join(there[:20])}.",
            file=name,
            row=1,
            rule="missing_column",
            remedy=f"correct `columns` in the source, or `encoding` (read as {encoding}) if the headings look garbled",
        )
