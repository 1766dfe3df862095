"""Fairness linter: what the 2024 rule of fair competition forbids a tender to look at, found in criteria and data."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from config.in_force import Policy
from models.tender.case import TenderCase
from models.tender.negation import denied, occurrences, patterns
from models.tender.problems import problems

TEXTS = ("eligibilityCriteria", "awardCriteriaDetails", "submissionMethodDetails", "procurementMethodRationale")
"""Free texts of a tender that set conditions."""


@dataclass(frozen=True)
class Finding:
    """One thing the tender may not do, where it stands, and the clause."""

    path: str
    rule: str  # forbidden_attribute | the rule of models.tender.problems
    attribute: str
    message: str
    clause: str
    remedy: str


def lint(case: TenderCase, policy: Policy) -> list[Finding]:
    """Every finding in the file's order: declared attributes, wordings, then what `problems` refuses."""
    own = (case.release.get("tender") or {}).get("ownColumns") or ()
    found = [*_declared(case, policy), *_worded(case, policy), *lint_headings(map(str, own), policy, "bids")]
    found += [Finding(p.path, p.rule, "", p.message, "", p.remedy) for p in problems(case, policy)]
    return found


def lint_headings(headings: Iterable[str], policy: Policy, where: str = "columns") -> list[Finding]:
    """Columns of an office's sheet that hold a forbidden attribute."""
    return [
        _finding(policy, f"{where}/{heading}", attribute, f"column {heading!r} holds {attribute} ({word})")
        for heading in headings
        for attribute, word in forbidden_words(heading, policy)
    ]


def _declared(case: TenderCase, policy: Policy) -> Iterator[Finding]:
    for criterion in case.criteria:
        for attribute in criterion.reads:
            if attribute in policy.tender.forbidden_attributes:
                message = f"criterion {criterion.id} gives points by {attribute}"
                yield _finding(policy, f"tender/criteria/{criterion.id}/reads", attribute, message)


def _worded(case: TenderCase, policy: Policy) -> Iterator[Finding]:
    for path, text in _texts(case):
        for attribute, word in forbidden_words(text, policy):
            message = f"the text asks for {attribute} ({word!r})"
            yield _finding(policy, path, attribute, message)


def _texts(case: TenderCase) -> Iterator[tuple[str, str]]:
    for criterion in case.criteria:
        yield f"tender/criteria/{criterion.id}", f"{criterion.title} {criterion.description}"
    tender: Mapping[str, Any] = case.release.get("tender") or {}
    for name in TEXTS:
        if isinstance(tender.get(name), str):
            yield f"tender/{name}", tender[name]
    for name in ("selectionCriteria", "exclusionGrounds"):
        description = (tender.get(name) or {}).get("description")
        if isinstance(description, str):
            yield f"tender/{name}/description", description
    known = {criterion.id for criterion in case.criteria}
    for index, raw in enumerate(tender.get("criteria") or ()):
        if str(raw.get("id")) not in known:
            from models.tender.ocds import criterion_texts

            yield f"tender/criteria/{index}", " ".join([str(raw.get("title", "")), *criterion_texts(raw)])


def forbidden_words(text: str, policy: Policy) -> list[tuple[str, str]]:
    """(attribute, wording) for every forbidden attribute a text asks for, in the policy's order.

    A mention that the text denies ("not limited to local firms") is none.
    """
    known = [w for words in policy.tender.attribute_words.values() for wording in words for w in wording.split("+")]
    stands = _standing({_plain(word) for word in known}, _plain(text), policy)
    found = []
    for attribute in policy.tender.forbidden_attributes:
        for wording in policy.tender.attribute_words.get(attribute, ()):
            if all(_plain(part) in stands for part in wording.split("+")):
                found.append((attribute, wording))
                break
    return found


def _standing(words: set[str], text: str, policy: Policy) -> set[str]:
    """Words that stand in the text somewhere where it does not deny them."""
    found: set[str] = set()
    for latin, plain in ((True, text), (False, text.replace(" ", ""))):
        places = {word: occurrences([word], plain, latin) for word in words}
        every = sorted({span for spans in places.values() for span in spans})
        gone = denied(every, plain, patterns(policy.tender.attribute_negations, latin)) if every else set()
        found |= {word for word, spans in places.items() if set(spans) - gone}
    return found


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _finding(policy: Policy, path: str, attribute: str, message: str) -> Finding:
    clause = str(policy.tender.forbidden_clause or "")
    return Finding(path, "forbidden_attribute", attribute, f"{message}.", clause, "strike it from the tender")
