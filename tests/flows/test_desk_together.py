"""Asked together is answered as asked alone: in order, each their own, and nobody waits for ever."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from flows.desk.together import Together


def _asked_while_busy(most: int, questions: list[int]) -> tuple[list[int | str], list[list[int]]]:
    """Answers to questions that all came while the first was being answered, and who was answered with whom."""
    begun, may_end, parts = threading.Event(), threading.Event(), []

    def answer(asked: list[int]) -> list[int]:
        parts.append(asked)
        begun.set()
        may_end.wait(10)
        if 13 in asked:
            raise ValueError("unlucky")
        return [10 * one for one in asked]

    together = Together(answer, most)

    def ask(question: int) -> int | str:
        try:
            return together.ask(question)
        except ValueError as error:
            return str(error)

    with ThreadPoolExecutor(len(questions) + 1) as officers:
        first = officers.submit(ask, 1)
        assert begun.wait(10)
        told = [officers.submit(ask, question) for question in questions]
        while len(together._waiting) < len(questions):
            threading.Event().wait(0.01)
        may_end.set()
        assert first.result(10) == 10
        return [one.result(10) for one in told], parts


def test_who_comes_while_one_is_answered_is_answered_together() -> None:
    told, parts = _asked_while_busy(10, [2, 3, 3, 4])
    assert told == [20, 30, 30, 40]
    assert [sorted(part) for part in parts] == [[1], [2, 3, 3, 4]]


def test_no_more_than_so_many_at_once() -> None:
    told, parts = _asked_while_busy(2, [2, 3, 4, 5, 6])
    assert told == [20, 30, 40, 50, 60]
    assert [len(part) for part in parts] == [1, 2, 2, 1]


def test_an_error_is_told_to_those_who_asked_together_and_to_nobody_else() -> None:
    told, parts = _asked_while_busy(2, [2, 13, 4, 5])
    spoilt = next(part for part in parts if 13 in part)
    assert {str(one) for one in told} >= {"unlucky"}
    assert told.count("unlucky") == len(spoilt)
    assert len(parts) == 3


def test_too_few_answers_are_an_error_and_no_waiting() -> None:
    together: Together[int, int] = Together(lambda asked: [], 5)
    with pytest.raises(ValueError, match="shorter"):
        together.ask(1)
    with pytest.raises(ValueError, match="at least 1"):
        Together(lambda asked: asked, 0)
