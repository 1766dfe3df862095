"""The last tie-break: a keyed hash of what is compared, never its position."""

from __future__ import annotations

import hashlib


def draw_number(seed: bytes, *parts: str) -> int:
    """64 bits of blake2b(seed ‖ parts); whoever knows the seed can replay it."""
    text = b"\0".join([seed, *(part.encode() for part in parts)])
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")
