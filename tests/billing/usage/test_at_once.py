"""Several questions to MazBot at once."""

import threading
from collections.abc import Iterator

import pytest

from billing.usage.at_once import answers_in_order, requests_at_once


@pytest.mark.parametrize(("limit", "at_once"), [(1, 1), (60, 1), (119, 1), (120, 2), (600, 8), (6000, 8)])
def test_an_account_with_a_higher_limit_has_more_requests_under_way(limit: int, at_once: int) -> None:
    assert requests_at_once(limit) == at_once


@pytest.mark.parametrize("at_once", [1, 3])
def test_answers_come_in_the_order_of_the_questions(at_once: int) -> None:
    last_may_end = threading.Event()

    def ask(number: int) -> int:
        if at_once > 1 and number == 0:
            assert last_may_end.wait(20), "the others go on meanwhile"
        if number == 2:
            last_may_end.set()
        return number * number

    assert list(answers_in_order(ask, range(5), at_once)) == [(n, n * n) for n in range(5)]


def test_what_an_answer_shows_ends_the_questions() -> None:
    asked: list[int] = []
    over = threading.Event()

    def questions() -> Iterator[int]:
        for number in range(100):
            if over.is_set():
                return
            asked.append(number)
            yield number

    for number, _answer in answers_in_order(lambda number: number, questions(), 4):
        if number == 10:
            over.set()
    assert len(asked) <= 10 + 4 + 1


def test_an_error_of_ours_is_raised_and_the_rest_is_not_asked() -> None:
    asked: list[int] = []

    def ask(number: int) -> int:
        asked.append(number)
        if number == 0:
            raise ZeroDivisionError
        return number

    with pytest.raises(ZeroDivisionError):
        list(answers_in_order(ask, range(100), 2))
    assert len(asked) <= 3
