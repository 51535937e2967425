"""Two years in ten time zones, with billing: no day twice or never, also where midnights are missing or clocks change.

MazBot's counts accrue with time, so that a wrong boundary of a day or month would show; jobs run at any hour.
"""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db.models import Sum

from billing.jobs import run_if_due
from billing.models import Invoice, UsageClaim, UsageRecord
from billing.periods import ONE_DAY, day_start, local_day, zone_of
from centers import clock
from centers.models import Center
from centers.tenancy.scoping import tenant
from devstack.sandbox import SandboxServer
from tests.factories import CenterFactory, MazbotAccountFactory, ResellerFactory
from tests.thorough import THOROUGH
from whatsapp.accounts import client_for
from whatsapp.instances import add_instance
from whatsapp.mazbot import Lane
from whatsapp.models import MazbotAccount

#: Without midnights: Cairo, Beirut, Asuncion, Santiago. Changes by half an hour: Lord Howe; by quarters: Chatham.
ZONES = (
    "Africa/Cairo", "Asia/Beirut", "Asia/Riyadh", "Africa/Tripoli", "Pacific/Kiritimati", "America/Santiago",
    "Australia/Lord_Howe", "Pacific/Chatham", "America/St_Johns", "Europe/London",
)  # fmt: skip
BEGINS, MONTHS = date(2024, 2, 1), 24
#: In `make test` a month each in which a midnight is missing.
SAMPLE = {"Africa/Cairo": date(2024, 4, 21), "Asia/Beirut": date(2024, 3, 27)}
LONG, SHORT = (
    [(zone, BEGINS, MONTHS) for zone in ZONES],
    [(zone, first, 1) for zone, first in SAMPLE.items()],
)
FAST = 30_000


@pytest.fixture
def clocks(db: None) -> Iterator[list[datetime]]:
    yield [clock.now()]
    clock.move_to(timedelta())


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("zone", "begins", "months"), LONG if THOROUGH else SHORT)
def test_each_day_is_billed_once(
    clocks: list[datetime], zone: str, begins: date, months: int, record_property: Any
) -> None:
    reseller = ResellerFactory(time_zone=zone, currency="USD")
    with (
        SandboxServer(rate_limit=FAST, clock=lambda: clocks[0], demo_account=False) as server,
        tenant(reseller),
    ):
        server.control.add_account("zone", "a@zone.example", "password", time_zone=zone)
        MazbotAccountFactory(
            reseller=reseller, time_zone=zone, cost_currency="USD", api_key="zone", email="a@zone.example",
            password="password", base_url=server.api_base, rate_limit=FAST,
        )  # fmt: skip
        assert MazbotAccount.objects.get().time_zone == zone
        clocks[0] = day_start(begins, zone_of(reseller)) + timedelta(seconds=1)
        clock.move_to(clocks[0] - datetime.now(UTC))
        center: Center = CenterFactory(reseller=reseller, currency="USD")
        server.control.add_instance("zone", "n", status="connected", daily_messages=500)
        add_instance(center=center, instance_id="n", by=None, now=clocks[0])
        end = last_day(begins, months)
        live(reseller, clocks, end)
        check(reseller, begins, end)
        invoices = Invoice.objects.count()
    record_property("figures", f"{zone}: {(end - begins).days} days in {invoices} invoices, each once")


def last_day(begins: date, months: int) -> date:
    """The day after the last of the months, counted from that of `begins`."""
    number = begins.year * 12 + begins.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def live(reseller: Any, clocks: list[datetime], end: date) -> None:
    """The jobs at some hour of about every other day, and at both ends of days on which the clocks change."""
    chance, zone = random.Random(str(reseller.time_zone)), zone_of(reseller)
    day = local_day(clocks[0], zone)
    while day < end + timedelta(days=3):
        begins, ends = day_start(day, zone), day_start(day + ONE_DAY, zone)
        moments = [begins + (ends - begins) * chance.random()]
        if ends - begins != timedelta(days=1):
            moments = [begins, begins + timedelta(minutes=1), ends - timedelta(seconds=1)]
        for moment in moments if chance.random() < 0.6 or len(moments) > 1 else []:
            clocks[0] = moment
            for job in ("usage", "invoices"):
                run_if_due(job, reseller_id=reseller.pk, now=moment)
        day += ONE_DAY


def check(reseller: Any, begins: date, end: date) -> None:
    """Every day is claimed once, months touch, and their sum is what MazBot counts over all of it."""
    zone = zone_of(reseller)
    days = [begins + timedelta(days=count) for count in range((end - begins).days)]
    claimed = UsageClaim.objects.filter(voided_at=None, usage_record__day__lt=end).order_by(
        "usage_record__day"
    )
    assert list(claimed.values_list("usage_record__day", flat=True)) == days
    assert list(UsageRecord.objects.filter(day__lt=end).order_by("day").values_list("day", flat=True)) == days
    invoices = list(Invoice.objects.order_by("first_day"))
    assert [row.first_day for row in invoices[1:]] == [row.end_day for row in invoices[:-1]]
    assert [row.period_start for row in invoices[1:]] == [row.period_end for row in invoices[:-1]]
    assert invoices[-1].period_end == day_start(end, zone)
    assert invoices[-1].period_end.astimezone(zone).date() == end
    assert (invoices[-1].period_end - timedelta(microseconds=1)).astimezone(zone).date() == end - ONE_DAY
    mazbot = client_for(MazbotAccount.objects.get()).usage("n", begins, end - ONE_DAY, priority=Lane.PERSON)
    sums = claimed.aggregate(sent=Sum("sent"), cost=Sum("cost"))
    assert sums == {"sent": mazbot.total_sent, "cost": mazbot.total_cost}
    assert sum(row.total for row in invoices) > 0
