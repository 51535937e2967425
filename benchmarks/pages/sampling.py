"""Where the processor's time of a call goes, by looking at what runs every millisecond of it."""

import signal
from collections import Counter
from collections.abc import Callable
from types import FrameType

SECONDS = 0.001
#: Part, and what runs for it: a function, and the end of its file. The first that is found from the inside counts.
Parts = tuple[tuple[str, str, str], ...]


def shares(call: Callable[[], object], times: int, parts: Parts) -> list[tuple[str, float]]:
    """Each part's share (0 to 1) of this process's time in `times` calls, largest first; "other" is the rest."""
    by_code = {(function, file): part for part, function, file in parts}
    found: Counter[str] = Counter()

    def look(_signal: int, frame: FrameType | None) -> None:
        while frame is not None:
            code = frame.f_code
            for (function, file), part in by_code.items():
                if code.co_name == function and code.co_filename.endswith(file):
                    found[part] += 1
                    return
            frame = frame.f_back
        found["other"] += 1

    before = signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, SECONDS, SECONDS)
    try:
        for _ in range(times):
            call()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    return [(part, count / found.total()) for part, count in found.most_common()]
