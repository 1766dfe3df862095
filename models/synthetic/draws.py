"""Counter-based draws: a value depends on seed, stream, entity and number alone, never on what was drawn before.

Only exactly rounded operations (add, multiply, divide, square root) follow, so that every machine gets the same bits.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

U64 = NDArray[np.uint64]
I64 = NDArray[np.int64]
F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def _mix(x: U64) -> U64:
    """Finaliser of splitmix64."""
    with np.errstate(over="ignore"):
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


@dataclass(frozen=True)
class Draws:
    """All draws of one population: `Draws(seed).uniform("severity", key)`."""

    seed: int

    def bits(self, stream: str, key: U64 | I64) -> U64:
        """64 random bits per key; `stream` names what is drawn."""
        salt = hashlib.blake2b(f"{self.seed}\0{stream}".encode(), digest_size=8).digest()
        start = np.uint64(int.from_bytes(salt, "little"))
        with np.errstate(over="ignore"):
            return _mix(_mix(key.astype(np.uint64) * _GOLDEN + start) + _GOLDEN)

    def uniform(self, stream: str, key: U64 | I64) -> F64:
        """Uniform in (0, 1), never 0 or 1."""
        return ((self.bits(stream, key) >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53

    def chance(self, stream: str, key: U64 | I64, per_mille: int | F64) -> Bool:
        """True with this probability."""
        return np.asarray(self.uniform(stream, key) * 1000.0 < per_mille)

    def whole(self, stream: str, key: U64 | I64, low: int | I64, high: int | I64) -> I64:
        """Whole number in [low, high], both included; `high` below `low` gives `low`."""
        width = np.maximum(np.asarray(high) - np.asarray(low) + 1, 1)
        return np.asarray(np.asarray(low) + (self.uniform(stream, key) * width).astype(np.int64), dtype=np.int64)

    def normal(self, stream: str, key: U64 | I64) -> F64:
        """Nearly standard normal: the sum of four uniforms, scaled; exact arithmetic only."""
        total = np.zeros(len(key))
        bits = self.bits(stream, key)
        for shift in (0, 16, 32, 48):
            total += ((bits >> np.uint64(shift)) & np.uint64(0xFFFF)).astype(np.float64)
        return np.asarray((total / 65536.0 - 2.0) * np.sqrt(3.0))

    def choice(self, stream: str, key: U64 | I64, weights: list[int]) -> I64:
        """Index into `weights`, drawn with them."""
        bounds = np.cumsum(np.asarray(weights, dtype=np.float64))
        return np.asarray(np.searchsorted(bounds, self.uniform(stream, key) * bounds[-1], side="right"), dtype=np.int64)

    def heavy(self, stream: str, key: U64 | I64, scale: F64, cap: int) -> I64:
        """Whole numbers with a Lomax tail of exponent 2: P(≥ m) = (scale / (scale + m))²."""
        return np.minimum((scale * (1.0 / np.sqrt(self.uniform(stream, key)) - 1.0)).astype(np.int64), cap)

    def about(self, stream: str, key: U64 | I64, mean: F64, cap: int) -> I64:
        """Whole numbers with this mean: a multiplier with tail exponent 4, then rounded up or down by chance."""
        spread = 0.75 / np.sqrt(np.sqrt(self.uniform(f"{stream}, spread", key)))
        return np.minimum((mean * spread + self.uniform(f"{stream}, rounding", key)).astype(np.int64), cap)
