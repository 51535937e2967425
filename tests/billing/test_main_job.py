"""From a reading to a number that MazBot switches off and, once paid, on again: all over real HTTP."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from billing.invoicing import blockers
from billing.jobs import dunning_job, invoice_job, period_job, usage_job
from billing.models import Invoice, Suspension, UsageRecord
from billing.periods import Period
from centers.models import Center
from tests.billing.conftest import NOW
from tests.billing.usage.conftest import Place, place  # noqa: F401  # the fixture
from whatsapp.jobs import switching_job
from whatsapp.models import Instance


def services(at: Place) -> tuple[str, bool]:
    """What we know as confirmed, and what the sandbox itself holds."""
    number = Instance.objects.get()
    there = next(row for row in at.control.state()["instances"] if row["instance_id"] == number.instance_id)
    return number.service, there["enabled"]


def test_invoiced_overdue_suspended_paid_resumed(place: Place) -> None:  # noqa: F811
    number = place.here_and_there()
    place.margin("20", "0.01")
    born = datetime(2026, 2, 28, 9, tzinfo=UTC)
    Center.objects.update(created_at=born)
    Instance.objects.update(held_since=born)
    place.control.add_usage(number.instance_id, date(2026, 2, 28), sent=100, cost=Decimal(5))
    usage_job(reseller=place.reseller, now=NOW)
    invoice_job(reseller=place.reseller, now=NOW)
    invoice = Invoice.objects.get()
    assert (invoice.total, invoice.due_on) == (7, date(2026, 3, 19))

    late = NOW + timedelta(days=24)
    place.clock[0] = late
    dunning_job(reseller=place.reseller, now=late)
    switching_job(reseller=place.reseller, now=late)
    assert services(place) == ("disabled", False)

    place.pay("7", now=late)
    switching_job(reseller=place.reseller, now=late + timedelta(seconds=5))
    assert services(place) == ("enabled", True)
    assert Suspension.objects.get().ending == "paid"


def test_paid_before_the_call_is_never_switched_off(place: Place) -> None:  # noqa: F811
    place.owe("10", day=date(2026, 2, 11))
    late = NOW + timedelta(days=24)
    dunning_job(reseller=place.reseller, now=late)
    # The debt goes while the request still stands, as if the payment had raced the reconciler.
    Suspension.objects.update(ended_at=late)
    switching_job(reseller=place.reseller, now=late)
    assert place.calls("toggle") == 0
    assert set(Instance.objects.values_list("desired_state", "service")) == {("enabled", "enabled")}


def test_what_an_invoice_lacks_is_read_on_request(place: Place) -> None:  # noqa: F811
    number = place.here_and_there()
    place.control.add_usage(number.instance_id, date(2026, 2, 28), sent=100, cost=Decimal(5))
    born = datetime(2026, 2, 27, 9, tzinfo=UTC)
    Instance.objects.update(held_since=born)
    center, february = Center.objects.get(), Period(date(2026, 2, 1), date(2026, 3, 1))
    assert "hasn't been fetched" in blockers(center, february, NOW)[0]

    run = period_job(reseller=place.reseller, center=center.pk, period=february, now=NOW)

    assert (run.job, run.done, run.failed) == ("usage", 1, 0)
    assert blockers(center, february, NOW) == []
    assert UsageRecord.objects.get(day=date(2026, 2, 28)).sent == 100
