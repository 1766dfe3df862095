"""Every error the project raises on purpose, with the exit code the command line gives it.

EvenhandError                     1  something expected went wrong
├── UsageError                    2  the call or the settings are off
├── InputError                    3  a file, a row or a heading is unusable; names file, row, rule, remedy
│   └── RejectionLimitExceeded    3  too many rows of a source were refused
├── PolicyError                   4  a pack is malformed, or silent on the day asked for
│   └── PolicyGap                 4  the pack knows the value exists but not what it is (null)
├── PlanError                     5  no plan can be made, with the rule that stands against it
├── CheckFailed                   6  a plan, a draw or a ledger breaks a rule
├── ApprovalRequired              7  a named officer has to decide first
├── StoreError                    8  the database or the lake refuses
│   └── StoreBusy                 8  another run holds the register
└── WorkerError                   9  a worker was lost, or runs another version
"""

from __future__ import annotations


class EvenhandError(Exception):
    """Base of all deliberate errors; `remedy` says what the user can do."""

    exit_code = 1

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message if remedy is None else f"{message} Remedy: {remedy}")
        self.message = message
        self.remedy = remedy


class UsageError(EvenhandError):
    """The call or the settings are off."""

    exit_code = 2


class InputError(EvenhandError):
    """Unusable input: names file, row (counted as the office sees it), rule and remedy."""

    exit_code = 3

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        row: int | None = None,
        rule: str | None = None,
        remedy: str | None = None,
    ) -> None:
        place = ", ".join(
            part for part in (file, f"row {row}" if row is not None else None, f"rule {rule}" if rule else None) if part
        )
        super().__init__(f"{place}: {message}" if place else message, remedy=remedy)
        self.file, self.row, self.rule = file, row, rule


class RejectionLimitExceeded(InputError):
    """A source's share of refused rows passed the limit its source file sets."""


class PolicyError(EvenhandError):
    """A pack is malformed, lacks a legal basis, or has no value on the day asked for."""

    exit_code = 4


class PolicyGap(PolicyError):
    """The pack states that a value exists but not what it is (null): the caller must do without or stop."""


class PlanError(EvenhandError):
    """No plan can be made; names the rule that stands against it."""

    exit_code = 5


class CheckFailed(EvenhandError):
    """A plan, a draw or a ledger breaks a rule it must keep."""

    exit_code = 6


class ApprovalRequired(EvenhandError):
    """Nothing takes effect before a named officer has decided."""

    exit_code = 7


class StoreError(EvenhandError):
    """The database or the lake refuses; nothing was written."""

    exit_code = 8


class StoreBusy(StoreError):
    """Another run holds the register: the same command later will do."""


class WorkerError(EvenhandError):
    """Too many workers of a cluster were lost, or one of them runs another version of the program."""

    exit_code = 9
