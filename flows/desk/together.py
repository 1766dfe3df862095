"""Work that is cheaper in company: what is asked while one answer is being made is answered in the next, together."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Told = TypeVar("Told")


class Together(Generic[Asked, Told]):
    """One thread answers for all: `answer` takes questions, at most `most`, and returns as many answers in their order.

    Who asks waits for the own answer; when `answer` raises, all who asked together are told the same error.
    """

    def __init__(self, answer: Callable[[list[Asked]], Sequence[Told]], most: int) -> None:
        if most < 1:
            raise ValueError("Expected most of at least 1.")
        self.answer, self.most = answer, most
        self._waiting: deque[tuple[Asked, Future[Told]]] = deque()
        self._thread = ThreadPoolExecutor(1)

    def ask(self, asked: Asked) -> Told:
        """The answer to one question."""
        told: Future[Told] = Future()
        self._waiting.append((asked, told))
        self._thread.submit(self._turn)
        return told.result()

    def _turn(self) -> None:
        """Answer those who wait; a turn that finds nobody has nothing to do."""
        taken = [self._waiting.popleft() for _ in range(min(self.most, len(self._waiting)))]  # only this thread takes
        if not taken:
            return
        try:
            answers = zip(taken, self.answer([asked for asked, _ in taken]), strict=True)
            for (_, told), answer in answers:
                told.set_result(answer)
        except BaseException as error:  # whatever it is: nobody may wait for ever
            for _, told in taken:
                if not told.done():
                    told.set_exception(error)
