"""What a caller holds while it waits for a slot or an answer: nothing that others need."""

from collections.abc import Callable

Act = Callable[[], object]
_rules: list[tuple[Act, Act]] = []


def release_before_waiting(release: Act, resume: Act = lambda: None) -> Act:
    """From now on call `release` before each wait of this process, e.g. to give a database connection back.

    `resume` is called when the waiting thread goes on. Returns what ends this rule.
    """
    rule = release, resume
    _rules.append(rule)
    return lambda: _rules.remove(rule)


def before_waiting() -> None:
    """Give back what this thread need not hold while it waits."""
    for release, _resume in _rules:
        release()


def after_waiting() -> None:
    """Go on, once this thread has again what it needs for that. Harmless without a wait."""
    for _release, resume in _rules:
        resume()
