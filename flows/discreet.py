"""What Prefect keeps of a failure: its kind, file, row and rule, never what it said.

Prefect writes the text of an exception into its database, its events and its logs, and an agency's server shows them on
a page. Our messages (and those of libraries) repeat cells: a person's number, a name. So a step that fails under
Prefect leaves with its text withheld; the command line, whose reader must mend the file, tells it in full.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import ParamSpec, TypeVar

from config.errors import InputError

P = ParamSpec("P")
R = TypeVar("R")


def discreet(step: Callable[P, R]) -> Callable[P, R]:
    """Below `@task` or `@flow`: errors leave with their text withheld; without Prefect around it nothing changes."""

    @wraps(step)
    def withholding(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return step(*args, **kwargs)
        except Exception as error:
            if _under_prefect():
                withhold(error)
            raise

    return withholding


def withhold(error: BaseException) -> None:
    """Put a discreet text in place of what the error and its causes say; `told` gives it back.

    An OSError says a path and nothing else: it stays as it is.
    """
    for one in _chain(error):
        if not isinstance(one, OSError) and not hasattr(one, "withheld"):
            one.withheld = str(one)  # type: ignore[attr-defined]
            one.args = (_short(one),)


def told(error: BaseException) -> str:
    """What the error says, withheld or not."""
    return str(getattr(error, "withheld", error))


def _short(error: BaseException) -> str:
    if not isinstance(error, InputError):
        return "what it says is told on the console only"
    row = None if error.row is None else f"row {error.row}"
    rule = error.rule and f"rule {error.rule}"
    return ", ".join(part for part in (error.file, row, rule, "the rest is told on the console only") if part)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _under_prefect() -> bool:
    from prefect.context import FlowRunContext, TaskRunContext

    return TaskRunContext.get() is not None or FlowRunContext.get() is not None
