"""What is tried again: a disk, a network, a database away, a register in use. Never a refusal of policy or input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.exc import DataError, InterfaceError, OperationalError

from config.errors import (
    ApprovalRequired,
    CheckFailed,
    EvenhandError,
    InputError,
    PlanError,
    PolicyError,
    PolicyGap,
    RejectionLimitExceeded,
    StoreBusy,
    StoreError,
    UsageError,
)
from flows.retries import IO, UNTIL_FREE, free_later, worth_another_try

REFUSALS = (UsageError, InputError, RejectionLimitExceeded, PolicyError, PolicyGap, PlanError, CheckFailed,
            ApprovalRequired, StoreError)  # fmt: skip


class Failed:
    """A state as Prefect hands it to a condition."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def result(self) -> Any:
        raise self.error


def caused(error: type[Exception]) -> StoreError:
    """A refusal of the store as models.store raises it."""
    said = StoreError("no database")
    said.__cause__ = error("select 1", {}, Exception("gone"))  # type: ignore[call-arg]
    return said


@pytest.mark.parametrize("kind", REFUSALS)
@pytest.mark.parametrize("again", [worth_another_try, free_later])
def test_a_refusal_is_never_tried_again(kind: type[EvenhandError], again: Callable[..., bool]) -> None:
    assert not again(None, None, Failed(kind("no")))


@pytest.mark.parametrize(
    ("error", "now", "later"),
    [
        (OSError(5, "input/output error"), True, True),
        (ConnectionResetError("reset"), True, True),
        (caused(OperationalError), True, True),
        (caused(InterfaceError), True, True),
        (caused(DataError), False, False),
        (StoreBusy("another run is at work"), False, True),
        (ZeroDivisionError("a bug"), False, False),
        (KeyError("a bug"), False, False),
    ],
)
def test_what_may_mend_itself_is_tried_again(error: Exception, now: bool, later: bool) -> None:
    assert worth_another_try(None, None, Failed(error)) is now
    assert free_later(None, None, Failed(error)) is later


def test_delays_grow() -> None:
    for options in (IO, UNTIL_FREE):
        delays = options["retry_delay_seconds"]
        assert len(delays) == options["retries"]
        assert delays == sorted(set(delays))


def test_a_refusal_under_prefect_is_asked_once_and_a_slow_disk_again() -> None:
    """The options as tasks carry them: every task of a night has them."""
    from flows import gate, intake, publish, rate, register, schedule, tender

    nightly = [intake.take_in, rate.rate_all, schedule.plan_inspections, tender.score_tenders, publish.publish]
    for task in (*nightly, register.register):
        assert task.retry_condition_fn is worth_another_try
        assert task.retries == IO["retries"]
    for task in (gate.decide, gate.handed_out):
        assert task.retry_condition_fn is free_later
