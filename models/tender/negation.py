"""Which mentions of an attribute a text denies: "not limited to local firms", 注册资本不作要求.

Strict, because a condition overlooked does more harm than one named in vain: a negation reaches an attribute only if
nothing but the policy's little words stand between them, and the further members of a list only over its joining words.
A comma joins only where such a word follows later in the list ("ownership, capital or size").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from config.wordings import Negations

BLANK = "\x00"  # stands for a phrase that only looks like a negation
Span = tuple[int, int]


@dataclass(frozen=True)
class Patterns:
    """A language's negations as expressions."""

    before: re.Pattern[str]
    after: re.Pattern[str]
    joins: re.Pattern[str]
    never: re.Pattern[str]


@lru_cache(maxsize=8)
def patterns(negations: Negations, latin: bool) -> Patterns:
    """Of the Latin or of the other wordings."""

    def one_of(words: Iterable[str]) -> str:
        chosen = [word for word in words if word.isascii() == latin]
        longest = sorted((re.escape(word) for word in chosen), key=len, reverse=True)
        bound = r"(?<![a-z])(?:{})(?![a-z])" if latin else "(?:{})"
        return bound.format("|".join(longest)) if longest else r"(?!)"

    gap = r"[ ]*" if latin else ""
    beside = f"(?:{gap}{one_of(negations.beside)})*{gap}"
    return Patterns(
        before=re.compile(f"{one_of(negations.before)}{beside}$"),
        after=re.compile(f"{beside}{one_of(negations.after)}"),
        joins=re.compile(f"(?:{gap},)?(?:{gap}(?:{one_of(negations.joins)}|[、/]))+{gap}"),
        never=re.compile(one_of(negations.never)),
    )


def occurrences(words: Iterable[str], text: str, latin: bool) -> list[Span]:
    """Where any of these words stands, in the text's order."""
    found: set[Span] = set()
    for word in words:
        if word.isascii() == latin:
            bound = rf"(?<![a-z]){re.escape(word)}(?![a-z])" if latin else re.escape(word.replace(" ", ""))
            found |= {match.span() for match in re.finditer(bound, text)}
    return sorted(found)


def denied(spans: Sequence[Span], text: str, negations: Patterns) -> set[Span]:
    """Those of the spans (ascending) that a negation reaches."""
    plain = negations.never.sub(lambda match: BLANK * len(match[0]), text)
    links = _links(spans, plain, negations)
    from_left = {span for span in spans if negations.before.search(plain[: span[0]])}
    from_right = {span for span in spans if negations.after.match(plain, span[1])}
    return _along(links, from_left) | _along([(b, a) for a, b in reversed(links)], from_right)


def _links(spans: Sequence[Span], text: str, negations: Patterns) -> list[tuple[Span, Span]]:
    """Neighbours of one list, ascending; spans that overlap are neighbours too."""
    links: list[tuple[Span, Span]] = []
    listed: set[Span] = set()  # those after which the list goes on
    for place in range(len(spans) - 1, -1, -1):
        for second in spans[place + 1 :]:
            first = spans[place]
            between = text[first[1] : second[0]]
            overlap = second[0] < first[1]
            if overlap or negations.joins.fullmatch(between) or (between.strip() == "," and second in listed):
                links.insert(0, (first, second))
                listed |= set() if overlap else {first}
    return links


def _along(links: Sequence[tuple[Span, Span]], reached: set[Span]) -> set[Span]:
    """Pass a negation on along the list; links in the order in which it is passed on."""
    for former, span in links:
        if former in reached:
            reached.add(span)
    return reached
