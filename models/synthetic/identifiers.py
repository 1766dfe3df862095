"""Unified social credit codes (GB 32100-2015) that no other index of the population has, vectorised.

Characters 9–16 are a bijection of the index, 17 the check of the organisation code (GB 11714), 18 the code's own.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from models.synthetic.draws import I64, Draws

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_LETTERS = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
_WEIGHTS = np.array([1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28], dtype=np.int64)
_ORGANISATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int64)
_ORGANISATION_VALUE = np.array([int(c, 36) for c in ALPHABET], dtype=np.int64)
_SPACE = 31**8


def credit_codes(index: I64, district: list[str], district_of: I64, draws: Draws) -> pl.Series:
    """One valid code per index, String of 18; `district` holds six-digit codes, `district_of` points into it."""
    values = np.empty((len(index), 18), dtype=np.int64)
    values[:, 0], values[:, 1] = 9, 1
    values[:, 2:8] = np.array([[int(c) for c in code] for code in district], dtype=np.int64)[district_of]
    _organisation(values, index, draws)
    values[:, 17] = (31 - (values[:, :17] * _WEIGHTS).sum(axis=1) % 31) % 31
    return fixed_width(_LETTERS[values])


def _organisation(values: I64, index: I64, draws: Draws) -> None:
    """Fill characters 9–17: skip over bodies whose check would be X (the code's alphabet allows it, so keep)."""
    shift = int(draws.bits("organisation", np.zeros(1, dtype=np.int64))[0]) % _SPACE
    body = (index * 136_511_896_673 + shift) % _SPACE
    for place in range(15, 7, -1):
        values[:, place] = body % 31
        body = body // 31
    total = (_ORGANISATION_VALUE[values[:, 8:16]] * _ORGANISATION_WEIGHTS).sum(axis=1)
    check = (11 - total % 11) % 11
    values[:, 16] = np.where(check == 10, ALPHABET.index("X"), check)


def fixed_width(letters: NDArray[np.uint8]) -> pl.Series:
    """Rows of ASCII bytes → String series, without a Python object per row."""
    rows, width = letters.shape
    offsets = np.arange(0, (rows + 1) * width, width, dtype=np.int64)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(letters))]
    return pl.Series(pl.from_arrow(pa.LargeStringArray.from_buffers(rows, buffers[1], buffers[2])))
