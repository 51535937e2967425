"""The demo's past month, written while the workers of the running install check every number they see."""

from datetime import timedelta
from threading import Event, Thread

import pytest
from django.db import connection

from centers import clock
from centers.models import Reseller, User
from centers.tenancy.scoping import tenant
from devstack.demo_data import history, people
from whatsapp.history.causes import Cause
from whatsapp.history.spans import spans_by_number
from whatsapp.models import Connection, Instance
from whatsapp.monitoring.results import Outcome, record_outcomes

WEEK = timedelta(days=7)


def check_all(reseller: Reseller, over: Event) -> None:
    """Check the numbers that are due again and again, as a sweep does."""
    try:
        with tenant(reseller):
            while not over.wait(0.05):
                now = clock.now()
                due = Instance.objects.exclude(next_check_at__gt=now).values_list("pk", "connection")
                outcomes = [
                    Outcome(pk, now, now, connection=Connection(state), raw=state, last_seen=now)
                    for pk, state in due
                    if state != Connection.UNCHECKED
                ]
                record_outcomes(reseller=reseller, outcomes=outcomes)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_the_last_week_of_every_demo_number_is_known_whatever_is_checked_meanwhile() -> None:
    now = clock.now()
    reseller = people.make_reseller(sandbox_url="http://127.0.0.1:1", now=now)
    owner = User.objects.get()
    over = Event()
    sweep = Thread(target=check_all, args=(reseller, over))
    sweep.start()
    try:
        history.with_a_past(
            reseller,
            lambda: people.import_centers(reseller, owner, now),
            added=now - timedelta(days=90),
            now=now,
        )
    finally:
        over.set()
        sweep.join()
    unknown = timedelta()
    with tenant(reseller):
        assert Instance.objects.count() > 50
        for spans in spans_by_number(reseller.pk, since=now - WEEK, until=now, now=clock.now()):
            unknown += sum((one.end - one.begin for one in spans if one.cause == Cause.UNKNOWN), timedelta())
    assert unknown == timedelta()
