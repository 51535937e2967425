"""Whether a gateway answered the last time it was asked."""

from datetime import datetime

from billing.gateways.contract import GatewayError
from billing.models import Gateway


def note_result(gateway: Gateway, now: datetime, error: GatewayError | None = None) -> None:
    """Remember whether the gateway answered, for its page."""
    row = Gateway.objects.filter(pk=gateway.pk)
    if error is None:
        row.update(last_ok_at=now, last_error="")
    else:
        row.update(last_error_at=now, last_error=error.reason)
