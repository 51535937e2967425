"""Moving the clocks of the product and the sandbox forward together."""

from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from centers import clock
from centers.hosts import on_this_machine
from centers.tenancy.scoping import every_tenant
from devstack.sandbox import SandboxControl
from whatsapp.models import MazbotAccount


def move_ahead(by: timedelta) -> None:
    """Move the product `by` further ahead of real time, and the sandbox to the same moment.

    Only forward: due times already in the database would otherwise be far in the future.
    Raises clock.ClockFixed outside a demo or a test and where customers of a real MazBot would be billed by it,
    ValueError for a step back.
    """
    if by <= timedelta():
        raise ValueError("The clock only moves ahead. `make reset` restarts the demo.")
    with every_tenant():
        urls = list(MazbotAccount.objects.exclude(api_key="").values_list("base_url", flat=True))
    if not all(map(on_this_machine, urls)):
        raise clock.ClockFixed(_("A real MazBot account is connected, so the clock can't be changed."))
    ahead = clock.offset() + by
    clock.move_to(ahead)
    if settings.SANDBOX_URL:
        SandboxControl(settings.SANDBOX_URL).set_clock_offset(round(ahead.total_seconds()))
