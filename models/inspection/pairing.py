"""Who with whom on one day: a matching of the people there, improved by exchanges until none helps. Compiled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit


@njit(cache=True, nogil=True)
def improve_pairs(weight: npt.NDArray[np.int64], mate: npt.NDArray[np.int64]) -> None:
    """Raises the sum of weights of the matching `mate` (-1 = alone) in place.

    weight: (people, people), symmetric, ≤ 0 where two cannot form a team. Exchanges: two who are alone; one who is
    alone takes a partner, whose partner finds another who is alone or stays alone; two pairs change partners.
    """
    n = len(mate)
    better = True
    while better:
        better = False
        for i in range(n):
            if mate[i] < 0 and _seat(i, n, weight, mate):
                better = True
        for a in range(n):
            b = mate[a]
            if b < a:
                continue
            for c in range(a + 1, n):
                d = mate[c]
                if d < c or c == b:
                    continue
                old = weight[a, b] + weight[c, d]
                straight, crossed = weight[a, c] + weight[b, d], weight[a, d] + weight[b, c]
                if weight[a, c] > 0 and weight[b, d] > 0 and straight > old and straight >= crossed:
                    mate[a], mate[c], mate[b], mate[d] = c, a, d, b
                    b = c
                    better = True
                elif weight[a, d] > 0 and weight[b, c] > 0 and crossed > old:
                    mate[a], mate[d], mate[b], mate[c] = d, a, c, b
                    b = d
                    better = True


@njit(cache=True, nogil=True)
def _seat(i: int, n: int, weight: npt.NDArray[np.int64], mate: npt.NDArray[np.int64]) -> bool:
    """The best exchange that seats i; False when none gains."""
    gain, taken, other = np.int64(0), -1, -1
    for a in range(n):
        if a == i or weight[i, a] <= 0:
            continue
        b = mate[a]
        if b < 0:
            if weight[i, a] > gain:
                gain, taken, other = weight[i, a], a, -1
            continue
        base = weight[i, a] - weight[a, b]
        if base > gain:
            gain, taken, other = base, a, -1
        for v in range(n):
            if v != i and v != b and mate[v] < 0 and weight[b, v] > 0 and base + weight[b, v] > gain:
                gain, taken, other = base + weight[b, v], a, v
    if taken < 0:
        return False
    b = mate[taken]
    mate[i], mate[taken] = taken, i
    if b >= 0:
        mate[b] = other
        if other >= 0:
            mate[other] = b
    return True
