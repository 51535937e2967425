"""Calls delayed by an account's failure are made due again when the failure seems to be over.

Delays between tries grow to hours, and a person who has just corrected a password looks at the pages now.
"""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import F

from centers.queue.dispatch import enqueue_on_commit
from whatsapp.models import Instance, MazbotAccount

#: (reseller id, now, everything): make other work due again, in the same transaction and scope.
Hook = Callable[[int, datetime, bool], None]

_RETRIED = ("switch_next_at", "webhook_next_at")  # calls repeated until MazBot confirms (service/retries.py)
_hooks: list[Hook] = []


def on_catch_up(hook: Hook) -> Hook:
    """Call `hook` whenever a reseller's account may work again."""
    if hook not in _hooks:
        _hooks.append(hook)
    return hook


def catch_up(*, reseller_id: int, now: datetime, everything: bool = False) -> None:
    """Make failed checks, switches, webhook addresses and jobs due now; needs an open scope.

    `everything`: also jobs that did not fail, because another account or address may answer differently.
    """
    with transaction.atomic():
        MazbotAccount.objects.filter(reseller=reseller_id).update(checks_paused_until=None, refused_at=None)
        numbers = Instance.objects.filter(reseller=reseller_id)
        checked = numbers.filter(archived_at=None)
        if not everything:
            checked = checked.filter(check_failures__gt=0)
        checked.update(next_check_at=now, check_failures=0)
        for column in _RETRIED:
            late = numbers.filter(**{f"{column}__gt": now})
            late.update(**{column: now, "version": F("version") + 1})
        for hook in _hooks:
            hook(reseller_id, now, everything)
        enqueue_on_commit("whatsapp.switch", reseller_id=reseller_id)
