"""One line of the doctor's table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """What a check found; `remedy` says how to mend it where it is not ok."""

    check: str
    state: State
    found: str
    remedy: str = ""
