"""Priority classes of requests."""

from enum import IntEnum


class Lane(IntEnum):
    """The order in which an account's waiting requests are served: higher first."""

    SWEEP = 0
    METERING = 1
    CONTROL = 2
    PERSON = 3


# Seconds a request waits for its slot by default.
DEFAULT_DEADLINES = {
    Lane.PERSON: 10.0,
    Lane.CONTROL: 60.0,
    Lane.METERING: 120.0,
    Lane.SWEEP: 300.0,
}
