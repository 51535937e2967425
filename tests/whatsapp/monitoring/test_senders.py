"""The threads of the dispatcher that send requests."""

import threading

from whatsapp.monitoring.dispatcher.senders import Senders


class Work:
    """Work that lasts until it is let go; notes which thread did what."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.done = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.threads: set[int] = set()
        self.together = threading.Semaphore(0)

    def __call__(self, item: str) -> None:
        self.begun.append(item)
        self.threads.add(threading.get_ident())
        self.together.release()
        assert self.go_on.wait(20)
        self.done.release()
        if item == "broken":
            raise ValueError(item)

    def wait(self, counter: threading.Semaphore, times: int) -> None:
        """Until that has happened so many times."""
        for _time in range(times):
            assert counter.acquire(timeout=20)


def test_more_work_than_threads_waits_for_one_and_none_is_lost() -> None:
    work = Work()
    senders = Senders(2, work)
    for item in "abcde":
        senders.put(item)
    work.wait(work.together, 2)
    assert sorted(work.begun) == ["a", "b"]
    work.go_on.set()
    work.wait(work.done, 5)
    assert (sorted(work.begun), len(work.threads)) == (list("abcde"), 2)


def test_a_thread_that_is_free_is_used_again() -> None:
    work = Work()
    work.go_on.set()
    senders = Senders(50, work)
    for item in "abc":
        senders.put(item)
        work.wait(work.done, 1)
        while senders._free < 1:  # it counts as free a moment after its work
            threading.Event().wait(0.001)
    assert len(work.threads) == 1


def test_a_thread_survives_an_error_of_its_work() -> None:
    work = Work()
    work.go_on.set()
    senders = Senders(1, work)
    for item in ("broken", "fine"):
        senders.put(item)
    work.wait(work.done, 2)
    assert work.begun == ["broken", "fine"]


def test_what_waits_is_dropped_at_the_end_and_what_is_under_way_ends() -> None:
    work = Work()
    senders = Senders(1, work)
    for item in "ab":
        senders.put(item)
    work.wait(work.together, 1)
    senders.stop()
    work.go_on.set()
    work.wait(work.done, 1)
    (thread,) = [one for one in threading.enumerate() if one.ident in work.threads] or [None]
    if thread is not None:
        thread.join(20)
    assert work.begun == ["a"]
