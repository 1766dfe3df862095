"""Who stands behind whom: heads of one to hundreds of enterprises, shells, and one placeholder who heads thousands.

Positions of a block of 4096 enterprises are cut into groups with sizes P(≥ m) ~ 1/m; the block's order is shuffled,
so a group's enterprises do not stand together in the register.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from models.synthetic.draws import I64, Bool, Draws
from models.synthetic.world import World

BLOCK = 4096
_PATTERNS = 64
PLACEHOLDER = 0
"""Number of the person who heads thousands on paper."""


@dataclass(frozen=True)
class Owners:
    """Per enterprise: number of its group (≥ 1), enterprises in it by design, whether it is a shell, who heads it."""

    group: I64
    size: I64
    shell: Bool
    head: I64


def owners(world: World, index: I64) -> Owners:
    """Groups of these enterprises; the same whatever else is asked."""
    rules = world.scale.owners
    starts, sizes = _patterns(world.seed, rules["several"], rules["most"])
    block = index // BLOCK
    bits = world.draws.bits("owner pattern", block)
    pattern = (bits % np.uint64(_PATTERNS)).astype(np.int64)
    place = _shuffled(index % BLOCK, bits.astype(np.int64) & 0xFFFF)
    first = starts[pattern, place]
    group = block * BLOCK + first + 1
    size = sizes[pattern, place]
    shell = (size >= rules["shell_from"]) & world.draws.chance("shell", group, rules["shell"])
    placeholder = world.draws.chance("placeholder", index, rules["placeholder"])
    return Owners(group, size, shell, np.where(placeholder, PLACEHOLDER, group))


def _shuffled(place: I64, key: I64) -> I64:
    """A bijection of a block's positions."""
    return np.asarray((place * (2 * (key % 2000) + 1) + (key >> 4)) % BLOCK)


@cache
def _patterns(seed: int, several: int, most: int) -> tuple[I64, I64]:
    """For each pattern and position: first position of its group, and the group's size."""
    starts = np.empty((_PATTERNS, BLOCK), dtype=np.int64)
    sizes = np.empty((_PATTERNS, BLOCK), dtype=np.int64)
    draws = Draws(seed)
    for pattern in range(_PATTERNS):
        key = np.arange(BLOCK, dtype=np.int64) + pattern * BLOCK
        many = np.minimum((1.0 / draws.uniform("group size", key)).astype(np.int64) + 1, most)
        size = np.where(draws.chance("one or several", key, several), many, 1)
        which = np.repeat(np.arange(BLOCK), size)[:BLOCK]
        starts[pattern] = (np.cumsum(size) - size)[which]
        sizes[pattern] = np.bincount(which, minlength=BLOCK)[which]
    return starts, sizes
