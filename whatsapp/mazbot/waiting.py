"""What a caller holds while it waits for a slot or an answer: nothing that others need."""

from collections.abc import Callable

_release: Callable[[], object] = lambda: None  # noqa: E731


def release_before_waiting(release: Callable[[], object]) -> None:
    """From now on call `release` before each wait of this process, e.g. to give a database connection back."""
    global _release  # noqa: PLW0603  # one rule for the process, set at its start
    _release = release


def before_waiting() -> None:
    """Give back what this thread need not hold while it waits."""
    _release()
