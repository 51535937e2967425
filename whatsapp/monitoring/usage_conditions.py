"""Conditions that follow from a number's usage: set by the app that knows usage, shown and alerted about here."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from centers import live
from centers.models import Reseller
from whatsapp.alerts.lifecycle import open_alerts, resolve_alert
from whatsapp.models import Alert, Condition, Connection, Instance, MazbotAccount, Service

_KINDS = {Condition.SILENT: Alert.Kind.SILENT, Condition.FAILING: Alert.Kind.FAILING}


def set_usage_conditions(*, reseller: Reseller, judged: Mapping[int, Condition], now: datetime) -> int:
    """Give each of these numbers (ids) its condition, NONE ends one; return how many changed.

    Alerts open and are resolved with it, except for numbers that are off, archived or not connected, and while a
    provider incident lasts: those are judged again the next time.
    """
    failing = MazbotAccount.objects.filter(reseller=reseller, failing_since__isnull=False).exists()
    with transaction.atomic():
        rows = Instance.objects.filter(pk__in=judged, reseller=reseller).order_by("pk").select_for_update()
        changed = 0
        for condition in (Condition.NONE, Condition.SILENT, Condition.FAILING):
            given = [row for row in rows if judged[row.pk] == condition and row.usage_condition != condition]
            if condition != Condition.NONE:
                given = [row for row in given if not failing and _is_watched(row)]
            changed += _set(reseller, given, condition, now)
        live.publish(reseller.pk, "instances", centers=tuple(sorted({row.center_id for row in rows})))
    return changed


def _is_watched(row: Instance) -> bool:
    enabled = row.desired_state == Service.ENABLED
    return enabled and row.archived_at is None and row.connection == Connection.CONNECTED


def _set(reseller: Reseller, rows: list[Instance], condition: Condition, now: datetime) -> int:
    if not rows:
        return 0
    for kind in (one for name, one in _KINDS.items() if name != condition):
        resolve_alert(reseller=reseller, kind=kind, instance=rows, now=now)
    since = now if condition else None
    chosen = Instance.objects.filter(~Q(usage_condition=condition), pk__in=[row.pk for row in rows])
    chosen.update(usage_condition=condition, usage_condition_since=since, version=F("version") + 1)
    if condition:
        open_alerts(reseller=reseller, alerts=[_alert(reseller, row, condition, now) for row in rows])
    return len(rows)


def _alert(reseller: Reseller, row: Instance, condition: Condition, now: datetime) -> Alert:
    return Alert(
        reseller=reseller, instance=row, center_id=row.center_id, kind=_KINDS[condition], opened_at=now
    )
