"""Moving a demo ahead in time: the product's clock and the sandbox's together."""

from datetime import timedelta

from django.conf import settings

from centers import clock
from whatsapp.sandbox import SandboxControl


def move_ahead(by: timedelta) -> None:
    """Move the product `by` further ahead of real time, and the sandbox to the same moment.

    Only forward: due times already written in the database would otherwise lie in a far future.
    Raises clock.ClockFixed outside a demo or a test, ValueError for a step back.
    """
    if by <= timedelta():
        raise ValueError("The clock only moves ahead. `make reset` starts the demo anew.")
    ahead = clock.offset() + by
    clock.move_to(ahead)
    if settings.SANDBOX_URL:
        SandboxControl(settings.SANDBOX_URL).set_clock_offset(round(ahead.total_seconds()))
