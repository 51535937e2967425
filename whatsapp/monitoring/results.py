"""Storing results of connection checks: rows (their trigger keeps the history), provider incidents, alerts, hints."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from django.db import transaction

from centers import live
from centers.models import Reseller
from whatsapp.models import Connection, MazbotAccount
from whatsapp.monitoring import number_alerts, rows
from whatsapp.monitoring.deciding import Outcome, decide
from whatsapp.monitoring.mass_drops import note_drops
from whatsapp.monitoring.provider_incidents import asked_sooner
from whatsapp.pairing_attempts import end_connected

__all__ = ["Outcome", "record_outcomes"]

STALE_AFTER = timedelta(hours=24)  # for a reseller without an account


def record_outcomes(*, reseller: Reseller, outcomes: Sequence[Outcome], alarms: bool = True) -> int:
    """Merge the outcomes in one statement; return the number of changed connections.

    A drop counts once a second check agrees: until then the number stays as it was, with `suspect_since`.
    `alarms` False opens no alerts (MazBot itself is failing); alerts whose cause is gone are resolved anyway.
    """
    if not outcomes:
        return 0
    with transaction.atomic():
        checked = _decided(reseller, outcomes)
        rows.write(checked)
        gate = note_drops(reseller=reseller, checked=checked, alarms=alarms)
        number_alerts.settle(reseller, checked, gate)
        changed = [row for row in checked if row.changed]
        now_connected = [row.pk for row in changed if row.after.connection == Connection.CONNECTED]
        if now_connected:
            latest = max(outcome.at for outcome in outcomes)
            end_connected(reseller_id=reseller.pk, instances=now_connected, now=latest)
        touched = {row.center_id for row in checked if row.visible}
        live.publish(reseller.pk, "instances", centers=tuple(sorted(touched)))
    return len(changed)


def _decided(reseller: Reseller, outcomes: Sequence[Outcome]) -> list[rows.Checked]:
    account = (
        MazbotAccount.objects.filter(reseller=reseller)
        .only("stale_hours", "failing_since", "reseller")
        .first()
    )
    if account is not None:
        outcomes = asked_sooner(account, outcomes)
    checked = rows.lock(reseller, outcomes)
    facts = rows.facts_of(checked, timedelta(hours=account.stale_hours) if account else STALE_AFTER)
    return [replace(row, after=decide(row.before, row.outcome, facts[row.pk])) for row in checked]
