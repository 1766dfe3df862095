"""Who may read what is written: the house's own files their owner alone, what is handed out whoever the user says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

OWNER_ONLY = 0o077
_users: list[int] = []  # the umask the program was started with, while ours holds


@contextmanager
def private() -> Iterator[None]:
    """Whatever is written in this block, by this process and those it starts, is its owner's alone."""
    before = os.umask(OWNER_ONLY)
    _users.append(before)
    try:
        yield
    finally:
        _users.pop()
        os.umask(before)


@contextmanager
def handed_out() -> Iterator[None]:
    """Within `private`: files for officers, with the umask the program was started with."""
    before = os.umask(_users[0]) if _users else None
    try:
        yield
    finally:
        if before is not None:
            os.umask(before)
