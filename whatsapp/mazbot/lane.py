"""Who goes first when requests are scarce."""

from enum import IntEnum


class Lane(IntEnum):
    """The order in which waiting requests of one account are served: the higher goes first."""

    SWEEP = 0
    METERING = 1
    CONTROL = 2
    PERSON = 3


# Seconds a request may wait for its slot when its caller does not say.
DEFAULT_DEADLINES = {
    Lane.PERSON: 10.0,
    Lane.CONTROL: 60.0,
    Lane.METERING: 120.0,
    Lane.SWEEP: 300.0,
}
