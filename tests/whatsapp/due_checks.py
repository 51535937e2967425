"""Whose numbers are due for a check, over all tenants."""

from datetime import datetime

from django.db.models import Q

from centers.tenancy.scoping import every_tenant
from whatsapp.models import MazbotAccount
from whatsapp.monitoring.candidates import due


def resellers_with_due_numbers(now: datetime) -> list[int]:
    """Ids of the resellers with numbers that are due, whose account isn't paused."""
    with every_tenant():
        ready = MazbotAccount.objects.exclude(api_key="").filter(
            Q(checks_paused_until=None) | Q(checks_paused_until__lte=now)
        )
        ready_now = due(now).filter(reseller__in=ready.values("reseller"))
        return list(ready_now.order_by("reseller_id").values_list("reseller_id", flat=True).distinct())
