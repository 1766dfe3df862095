"""What the command line prints: tables, errors with a remedy, progress; no colours when piped."""

from __future__ import annotations

import errno
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from typer.core import TyperGroup

from config.errors import EvenhandError, StoreError
from flows.discreet import told

out = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
err = Console(stderr=True, highlight=False, soft_wrap=True)


class Commands(TyperGroup):
    """Turns a deliberate error into one message and its exit code; everything else stays a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except EvenhandError as error:
            err.print("[bold red]error:[/] ", end="")
            err.print(told(error), markup=False)
            raise typer.Exit(error.exit_code) from error
        except Exception as error:
            refused = _of_the_disk(error)
            if refused is None:
                if hasattr(error, "withheld"):
                    err.print(f"{type(error).__name__}: {told(error)}", markup=False)
                raise
            err.print("[bold red]error:[/] ", end="")
            err.print(str(refused), markup=False)
            raise typer.Exit(refused.exit_code) from error


CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.EEXIST)
FULL = (f"os error {errno.ENOSPC}", f"[Errno {errno.ENOSPC}]", "disk is full")


def _of_the_disk(error: Exception) -> StoreError | None:
    """What to say where the disk is full or a path may not be used so; None for every other error."""
    if _of_a_full_disk(error):
        return StoreError(
            "no space left on the disk; no step was left half-written.",
            remedy="free space (docs/operations.md), then give the same command again",
        )
    if isinstance(error, OSError) and error.errno in CLOSED and error.filename is not None:
        return StoreError(
            f"{error.filename}: {error.strerror}.",
            remedy="name another path, or see that the user who runs evenhand may read and write there",
        )
    return None


def _of_a_full_disk(error: BaseException | None) -> bool:
    """Whether a full disk or quota stands anywhere in the chain of causes; libraries wrap it in errors of their own."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if any(words in told(error) for words in FULL):  # polars, SQLite, shutil.copytree
            return True
        error = error.__cause__ or error.__context__
    return False


def print_json(value: Any) -> None:
    """Machine-readable output; dates and decimals as text."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")


def print_table(title: str, headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table; figures right-aligned."""
    table = Table(title=title, title_justify="left", header_style="bold")
    for index, heading in enumerate(headings):
        numeric = all(isinstance(row[index], int | float) or row[index] in (None, "–") for row in rows)
        table.add_column(heading, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*("–" if cell is None else f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
    out.print(table)


StepWatch = Callable[[str], AbstractContextManager[None]]


class Steps:
    """The stages of a long command on one progress bar; silent when piped."""

    def __init__(self, progress: Progress, bar: TaskID, watch: StepWatch) -> None:
        self._progress, self._bar, self._watch = progress, bar, watch

    @contextmanager
    def stage(self, name: str, step: str | None = None) -> Iterator[None]:
        """One stage: its name while it lasts, a step forward when it is done; watched as `step` where that is given."""
        self._progress.update(self._bar, description=name)
        with nullcontext() if step is None else self._watch(step):
            yield
        self._progress.advance(self._bar)


@contextmanager
def steps(total: int, watch: StepWatch = lambda step: nullcontext()) -> Iterator[Steps]:
    """A progress bar of so many stages; `watch` is laid around every named one."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        yield Steps(progress, progress.add_task("starting", total=total), watch)
