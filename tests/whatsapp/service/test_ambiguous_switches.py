"""Thousands of switches, a fifth of them answered so that no one knows what happened: all end as desired."""

import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from centers import clock
from centers.tenancy.scoping import tenant
from devstack.sandbox import NewInstance
from tests.thorough import THOROUGH
from tests.whatsapp.conftest import Place
from whatsapp.models import DesiredReason, Instance, Service
from whatsapp.service.desired_state import set_desired_state
from whatsapp.service.reconciler import reconcile
from whatsapp.service.retries import BACKOFF

NUMBERS, CHANGES = (2500, 2) if THOROUGH else (60, 2)
SHARE = 0.2
#: Answers after which the number may be switched or not.
AMBIGUOUS = ("500", "html_500", "reset", "bad_json", "success_text", "timeout_after_acting", "html")
FAST = 30_000


@pytest.mark.timeout(3600)
def test_switches_end_as_desired(new_place: Any, record_property: Any) -> None:
    place = new_place(rate_limit=FAST)
    place.control.set_rate_limit(place.api_key, FAST)
    chance, kinds = random.Random(4), Counter[str]()
    with tenant(place.reseller):
        numbers = add_numbers(place)
        now = clock.now()
        for change in range(CHANGES):
            misbehave(place, numbers, chance, kinds)
            state = Service.ENABLED if change % 2 else Service.DISABLED
            now = switch_all(place, dict.fromkeys((number.pk for number in numbers), state), chance, now)
        calls = place.calls("toggle")
    failed = sum(kinds.values())
    record_property(
        "figures",
        f"{CHANGES * NUMBERS} switches, {failed} with an ambiguous answer ({len(kinds)} kinds), {calls} calls: "
        "all as desired",
    )
    assert failed > 0.15 * CHANGES * NUMBERS


def add_numbers(place: Place) -> list[Instance]:
    names = [f"{place.api_key}-{count:04}" for count in range(NUMBERS)]
    place.control.add_instances([NewInstance(account_key=place.api_key, instance_id=name) for name in names])
    rows = [Instance(reseller=place.reseller, center=place.center, instance_id=name) for name in names]
    found: list[Instance] = Instance.objects.bulk_create(rows)
    return found


def misbehave(place: Place, numbers: list[Instance], chance: random.Random, kinds: Counter[str]) -> None:
    """The next one or two answers about a fifth of the numbers."""
    for number in numbers:
        if chance.random() < SHARE:
            kind: Any = chance.choice(AMBIGUOUS)
            kinds[kind] += 1
            place.control.set_fault(
                "toggle", kind, times=chance.choice([1, 1, 2]), delay=0.0, instance_id=number.instance_id
            )


def switch_all(place: Place, desired: dict[int, Service], chance: random.Random, now: datetime) -> datetime:
    """Switch all of them; people change their minds about some while MazBot is asked. Then time goes on."""
    ask_for(desired, now)
    reconcile(reseller=place.reseller, now=now, deadline=0.5)
    changed = chance.sample(sorted(desired), len(desired) // 20)
    desired |= dict.fromkeys(changed, Service.ENABLED)
    ask_for(dict.fromkeys(changed, Service.ENABLED), now)
    for wait in (0, *BACKOFF, *BACKOFF):
        now += timedelta(seconds=wait + 1)
        reconcile(reseller=place.reseller, now=now, deadline=600)
    assert not Instance.objects.exclude(switch_next_at=None).exists()
    there = {row["instance_id"]: row["enabled"] for row in place.control.state()["instances"]}
    for number in Instance.objects.filter(pk__in=desired):
        assert number.service == number.desired_state == desired[number.pk]
        assert there[number.instance_id] is (desired[number.pk] == Service.ENABLED)
    return now


def ask_for(desired: dict[int, Service], now: datetime) -> None:
    for state in (Service.ENABLED, Service.DISABLED):
        rows = [pk for pk, one in desired.items() if one == state]
        set_desired_state(
            instances=list(Instance.objects.filter(pk__in=rows).select_related("center", "reseller")),
            state=state,
            reason=DesiredReason.MANUAL,
            by=None,
            now=now,
        )
