"""Lines over a parameter: which is highest where, and where the best of many solutions changes. Exact fractions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

Line = tuple[int, int, int, str]
"""(value at 0, slope, place among equals, name)"""


def envelope(lines: Sequence[Line], top: Fraction) -> Iterator[tuple[Fraction, Fraction, str]]:
    """(from, to, name) of the highest line on 0…top; between equal lines the smaller place stands."""
    if not lines:
        return
    low = Fraction(0)
    current = max(lines, key=lambda line: (line[0], line[1], -line[2]))
    while low < top:
        steeper = [line for line in lines if line[1] > current[1]]
        meets = {line: Fraction(current[0] - line[0], line[1] - current[1]) for line in steeper}
        high = min(meets.values(), default=top)
        if high >= top:
            yield low, top, current[3]
            return
        if high > low:
            yield low, high, current[3]
        current = max((line for line in steeper if meets[line] == high), key=lambda line: (line[1], -line[2]))
        low = high


def breakpoints(value: Callable[[Fraction], tuple[int, int]], top: Fraction) -> list[Fraction]:
    """Where the maximum over solutions of a + b·t changes on 0…top (Eisner and Severance).

    `value(t)` returns (a, b) of a solution that is best at t; every call is one optimisation.
    """
    found: set[Fraction] = set()

    def between(left: tuple[int, int], right: tuple[int, int]) -> None:
        if left == right or left[1] == right[1]:
            return
        meet = Fraction(left[0] - right[0], right[1] - left[1])
        if not 0 <= meet <= top:
            return
        middle = value(meet)
        if middle[0] + middle[1] * meet == left[0] + left[1] * meet:
            found.add(meet)
            return
        between(left, middle)
        between(middle, right)

    between(value(Fraction(0)), value(top))
    return sorted(t for t in found if 0 < t < top)


def simplest_between(low: Fraction, high: Fraction) -> Fraction:
    """The fraction with the smallest denominator strictly between two (keeps the solver's integers small)."""
    floor = low.numerator // low.denominator
    if floor + 1 < high:
        return Fraction(floor + 1)
    if low == floor:  # 0 after subtracting: 1/n below high − floor
        return floor + Fraction(1, int(1 / (high - floor)) + 1)
    return floor + 1 / simplest_between(1 / (high - floor), 1 / (low - floor))
