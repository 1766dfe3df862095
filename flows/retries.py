"""Which failures are worth another try: a slow disk, a network, a database away. Never a refusal of the input."""

from __future__ import annotations

from typing import Any

from config.errors import StoreError

AWAY = {"OperationalError", "InterfaceError"}  # how drivers call a database that is not there


def worth_another_try(_task: Any, _run: Any, state: Any) -> bool:
    """Prefect's `retry_condition_fn`."""
    try:
        state.result()
    except OSError:
        return True
    except StoreError as error:
        return type(error.__cause__).__name__ in AWAY
    except Exception:  # any other failure is the program's or the input's: trying again changes nothing
        return False
    return False
