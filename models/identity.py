"""Identifiers of enterprises, checked and normalised, and keyed pseudonyms of natural persons.

A person's identifier is hashed at the door with a secret that lives outside the data; the raw value is dropped.
Rotating the secret needs the raw identifiers, so it means reading the sources again with the new secret
(`evenhand run` does exactly that); `rekeyed` joins old and new keys where something stored has to follow.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np
import polars as pl

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)  # GB 32100-2015, table 4
USCC_LENGTH = 18
USCC_DIGITS_ONLY = 8  # registration category and district
PERSON_KEY_BYTES = 16
_INVALID = 255

_VALUE = np.full(256, _INVALID, dtype=np.uint8)
for _position, _character in enumerate(USCC_ALPHABET):
    _VALUE[ord(_character)] = _position
_WEIGHTS = np.array(USCC_WEIGHTS, dtype=np.int64)


def normalised(column: pl.Expr) -> pl.Expr:
    """Identifier as registers compare it: full-width → plain (NFKC), no blanks inside or around, upper case."""
    return column.str.normalize("NFKC").str.replace_all(r"[\s\u200b\ufeff]", "").str.to_uppercase()


def uscc_valid(codes: pl.Series) -> pl.Series:
    """Which normalised codes are unified social credit codes (GB 32100-2015); null → false.

    Same length as `codes`. A table look-up per character and one product per row: about 20 M codes a second.
    """
    fits = (codes.str.len_bytes() == USCC_LENGTH) & (codes.str.len_chars() == USCC_LENGTH)
    fits = fits.fill_null(False)
    joined = codes.filter(fits).str.join("").item() if fits.any() else ""
    values = _VALUE[np.frombuffer(joined.encode(), dtype=np.uint8)].reshape(-1, USCC_LENGTH)
    known = (values != _INVALID).all(axis=1) & (values[:, :USCC_DIGITS_ONLY] < 10).all(axis=1)
    total = values[:, : USCC_LENGTH - 1].astype(np.int64) @ _WEIGHTS
    right = known & ((31 - total % 31) % 31 == values[:, USCC_LENGTH - 1])
    result = np.zeros(len(codes), dtype=bool)
    result[fits.to_numpy()] = right
    return pl.Series(codes.name, result)


def person_keys(raw: pl.Series, secret: bytes, namespace: str) -> pl.Series:
    """Keyed pseudonyms (32 hex characters) of persons' identifiers; null stays null.

    The namespace separates registers whose numbers could collide; the same person in two agencies' files of
    one namespace gets one key. Raises ValueError on an empty secret.
    """
    if not secret:
        raise ValueError("Expected a secret of at least one byte")
    key = hashlib.blake2b(secret, digest_size=32, person=b"person-keys").digest()
    distinct = raw.drop_nulls().unique()
    keys = [_person_key(identifier, key, namespace) for identifier in distinct.to_list()]
    return raw.replace_strict(distinct, pl.Series(keys, dtype=pl.String), default=None, return_dtype=pl.String)


def _person_key(identifier: str, key: bytes, namespace: str) -> str:
    text = f"{namespace}\0{identifier}".encode()
    return hashlib.blake2b(text, key=key, digest_size=PERSON_KEY_BYTES).hexdigest()


def rekeyed(identifiers: Iterable[str], old: bytes, new: bytes, namespace: str) -> pl.DataFrame:
    """Old key → new key for raw identifiers, to carry stored links over a rotation of the secret.

    Columns `old_key`, `new_key`, one row per distinct identifier. The raw identifiers come from the sources
    again; nothing stored is enough to compute this, which is the point of the secret.
    """
    raw = pl.Series("raw", sorted(set(identifiers)), dtype=pl.String)
    return pl.DataFrame({"old_key": person_keys(raw, old, namespace), "new_key": person_keys(raw, new, namespace)})
