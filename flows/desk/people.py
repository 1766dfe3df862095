"""Who may use the desk, and as what. Passwords are kept as scrypt hashes in a file of the owner's."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from config.errors import UsageError
from models.whole import write_text

SHORTEST = 10
_COST = {"n": 2**14, "r": 8, "p": 1, "dklen": 32}


class Role(StrEnum):
    """viewer reads; officer also files and hands in rosters; approver also decides; auditor reads the audit."""

    viewer = "viewer"
    officer = "officer"
    approver = "approver"
    auditor = "auditor"


MAY: dict[str, frozenset[Role]] = {
    "read": frozenset(Role),
    "file": frozenset({Role.officer, Role.approver}),
    "decide": frozenset({Role.approver}),
    "audit": frozenset({Role.auditor}),
}


@dataclass(frozen=True)
class Person:
    """One account."""

    login: str
    name: str
    role: Role
    salt: str
    hash: str

    def may(self, act: str) -> bool:
        return self.role in MAY[act]


class People:
    """The accounts of a file; read anew when it is another one, so that a removed account is out at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: tuple[tuple[int, ...], Mapping[str, Person]] = ((), {})
        self._hasher = ThreadPoolExecutor(1)  # a hash takes 16 MB and a core: log-ins wait for each other, not pages

    def all(self) -> Mapping[str, Person]:
        try:
            with open(self.path, encoding="utf-8") as file:
                which = os.fstat(file.fileno())
                mark = (which.st_ino, which.st_size, which.st_mtime_ns, which.st_ctime_ns)
                if mark != self._read[0]:
                    self._read = (mark, _persons(json.load(file)))
        except FileNotFoundError:
            return {}
        return self._read[1]

    def check(self, login: str, password: str) -> Person | None:
        """The person, or None; takes as long for an unknown login as for a wrong password."""
        person = self.all().get(login)
        salt = person.salt if person else "00" * 16
        given = self._hasher.submit(_hash, password, salt).result()
        return person if hmac.compare_digest(given, person.hash if person else "") else None

    def add(self, login: str, name: str, role: Role, password: str) -> None:
        """Add or replace an account; UsageError for a weak password or an empty name."""
        if len(password) < SHORTEST:
            raise UsageError(f"the password is shorter than {SHORTEST} characters.", remedy="choose a longer one")
        if not login.strip() or not name.strip():
            raise UsageError("login and name must not be empty.", remedy="give both")
        salt = secrets.token_hex(16)
        entry = {"name": name, "role": role.value, "salt": salt, "hash": _hash(password, salt)}
        kept = {
            p.login: {"name": p.name, "role": p.role.value, "salt": p.salt, "hash": p.hash} for p in self.all().values()
        }
        text = json.dumps(kept | {login: entry}, ensure_ascii=False, indent=1, sort_keys=True)
        write_text(self.path, text, private=True)


def _persons(found: Mapping[str, Mapping[str, str]]) -> Mapping[str, Person]:
    told = {login: Person(login, e["name"], Role(e["role"]), e["salt"], e["hash"]) for login, e in found.items()}
    return MappingProxyType(told)


def _hash(password: str, salt: str) -> str:
    return hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), **_COST).hex()
