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


class Withheld(Exception):
    """In the place of an error that cannot be made to say something else."""

    def __init__(self, kind: str, short: str) -> None:
        super().__init__(kind, short)
        self.kind = kind

    def __str__(self) -> str:
        return ": ".join(self.args)


def kind_of(error: BaseException | None) -> str:
    """The name of an error's class, also of one that is withheld."""
    return error.kind if isinstance(error, Withheld) else type(error).__name__


def discreet(step: Callable[P, R]) -> Callable[P, R]:
    """Below `@task` or `@flow`: errors leave with their text withheld; without Prefect around it nothing changes."""

    @wraps(step)
    def withholding(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return step(*args, **kwargs)
        except Exception as error:  # whatever it is, Prefect would keep its text; it is raised again
            if not _under_prefect():
                raise
            discreet_one = withhold(error)
            raise discreet_one from discreet_one.__cause__

    return withholding


def withhold(error: BaseException) -> BaseException:
    """The error with a discreet text in place of what it and its causes say; `told` gives the text back.

    It is the error itself wherever that can be made to say something else. Some make their text anew from what they
    hold (SQLAlchemy's from the statement and its values, pydantic's from the input): in their place stands a Withheld
    that names their kind. An OSError says a path and nothing else: it stays as it is.
    """
    chain = [_hidden(one) for one in _chain(error)]
    for one, cause in zip(chain, [*chain[1:], None], strict=True):
        one.__cause__, one.__context__ = cause, None
    return chain[0]


def _hidden(one: BaseException) -> BaseException:
    if isinstance(one, OSError) or hasattr(one, "withheld"):
        return one
    text, short, shown = str(one), _short(one), one
    one.args = (short,)
    if str(one) != short:
        shown = Withheld(type(one).__name__, short).with_traceback(one.__traceback__)
    vars(shown)["withheld"] = text  # on the error itself: it travels with it through Prefect
    return shown


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
