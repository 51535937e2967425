"""The lanes of requests: who goes first, and what each is guaranteed."""

from enum import IntEnum


class Lane(IntEnum):
    """The order in which an account's waiting requests are served: higher first."""

    SWEEP = 0
    METERING = 1
    NOTIFICATION = 2
    CONTROL = 3
    PERSON = 4


# Seconds a request waits for its slot by default.
DEFAULT_DEADLINES = {
    Lane.PERSON: 10.0,
    Lane.CONTROL: 60.0,
    Lane.NOTIFICATION: 30.0,
    Lane.METERING: 120.0,
    Lane.SWEEP: 300.0,
}

# The least share of an account's slots that a lane gets while it has work and the lanes above it have more than enough.
# What a lane leaves unused goes to the others: no share is ever kept idle.
FLOORS = {
    Lane.SWEEP: 0.44,
    Lane.METERING: 0.1,
    Lane.NOTIFICATION: 0.1,
    Lane.CONTROL: 0.1,
    Lane.PERSON: 0.0,
}
