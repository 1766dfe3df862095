"""Which failures are worth another try: a slow disk, a network, a database away. Never a refusal of the input."""

from __future__ import annotations

from typing import Any

from config.errors import StoreBusy, StoreError
from flows.discreet import kind_of

AWAY = {"OperationalError", "InterfaceError"}  # how drivers call a database that is not there


def worth_another_try(_task: Any, _run: Any, state: Any) -> bool:
    """Prefect's `retry_condition_fn`."""
    try:
        state.result()
    except OSError:
        return True
    except StoreError as error:
        return kind_of(error.__cause__) in AWAY
    except Exception:  # any other failure is the program's or the input's: trying again changes nothing
        return False
    return False


def free_later(task: Any, run: Any, state: Any) -> bool:
    """The same, and when another run holds the register: it will be done some time."""
    try:
        state.result()
    except StoreBusy:
        return True
    except Exception:  # not one that ends by waiting: the same question as for every step
        return worth_another_try(task, run, state)
    return False


IO: dict[str, Any] = {"retries": 2, "retry_delay_seconds": [1, 5], "retry_condition_fn": worth_another_try}
UNTIL_FREE: dict[str, Any] = {
    "retries": 8,
    "retry_delay_seconds": [5, 10, 20, 40, 80, 160, 320, 640],
    "retry_condition_fn": free_later,
}
"""Options of tasks; a back-off that doubles."""
