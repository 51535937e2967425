"""Asking MazBot for several things at once, with the answers in the order of the questions."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from whatsapp.mazbot import after_waiting, before_waiting

MOST = 8
# An answer may take this many seconds, and metering still uses its share of the limit.
_LATENCY = 1.0

_Q = TypeVar("_Q")
_A = TypeVar("_A")


def requests_at_once(rate_limit: int) -> int:
    """How many requests of an account to have under way, so that slow answers do not leave its slots to others."""
    return max(1, min(MOST, int(rate_limit * _LATENCY / 60)))


def answers_in_order(
    ask: Callable[[_Q], _A], questions: Iterable[_Q], at_once: int
) -> Iterator[tuple[_Q, _A]]:
    """Each question with its answer. `ask` runs in threads of its own, and must use no database.

    A question is taken when there is room for it: what an answer shows may end the questions.
    """
    if at_once == 1:
        for question in questions:
            yield question, ask(question)
        return
    waiting: deque[tuple[_Q, Future[_A]]] = deque()
    with ThreadPoolExecutor(at_once, thread_name_prefix="usage") as pool:
        try:
            for question in questions:
                waiting.append((question, pool.submit(ask, question)))
                if len(waiting) == at_once:
                    yield _first(waiting)
            while waiting:
                yield _first(waiting)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _first(waiting: deque[tuple[_Q, Future[_A]]]) -> tuple[_Q, _A]:
    question, future = waiting.popleft()
    before_waiting()
    try:
        return question, future.result()
    finally:
        after_waiting()
