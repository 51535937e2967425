"""Weekly and monthly reports: whom they reach, when, and what they say."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.conf import settings

from centers.models import Destination, Notification, Role, User
from centers.notifications import registry
from centers.notifications.preferences import save_preference
from centers.notifications.registry import Content
from centers.notifications.reports import write_due
from tests.billing.conftest import Shop
from tests.factories import member
from whatsapp.models import Instance, NumberDay

#: Monday, 2 March 2026, 08:30 in Riyadh.
MONDAY = datetime(2026, 3, 2, 5, 30, tzinfo=UTC)
HOUR = 3600


@pytest.fixture
def owner(shop: Shop) -> User:
    return member(shop.reseller)  # type: ignore[no-any-return]


def connected(number: Instance, day: date, *, hours: int, outages: int = 0) -> None:
    down = (24 - hours) * HOUR
    NumberDay.objects.create(
        reseller_id=number.reseller_id, center=number.center, instance=number, day=day,
        connected=hours * HOUR, logged_out=down, outages=outages, longest=down,
    )  # fmt: skip


def written(kind: str, now: datetime = MONDAY) -> Content:
    row = Notification.objects.get(kind=f"report.{kind}")
    found = registry.kind(row.kind)
    assert found is not None
    content = found.write(row, now)
    assert content is not None
    return content


def text_of(kind: str, now: datetime = MONDAY) -> str:
    content = written(kind, now)
    return f"{content.subject}\n{content.text}"


def pages_of(kind: str) -> list[str]:
    """Where its buttons lead."""
    return [one.url.removeprefix(settings.SITE_URL) for one in written(kind).actions]


@pytest.mark.usefixtures("owner")
def test_each_report_is_written_once_in_the_morning_after(shop: Shop) -> None:
    def kinds(at: datetime) -> list[str]:
        write_due(reseller=shop.reseller, now=at)
        return sorted(Notification.objects.values_list("kind", flat=True))

    assert kinds(MONDAY - timedelta(hours=1)) == [], "before eight o'clock"
    assert kinds(MONDAY - timedelta(days=1)) == ["report.monthly"], "Sunday, 1 March"
    assert kinds(MONDAY) == ["report.monthly", "report.weekly"]
    assert kinds(MONDAY + timedelta(minutes=15)) == ["report.monthly", "report.weekly"]
    assert kinds(MONDAY + timedelta(days=3)) == ["report.monthly", "report.weekly"], "Thursday"
    assert kinds(MONDAY + timedelta(days=8)) == ["report.monthly", "report.weekly", "report.weekly"], (
        "late, but once"
    )
    abouts = Notification.objects.values_list("about", flat=True)
    assert set(abouts) == {
        "report:monthly:2026-02-01",
        "report:weekly:2026-02-23",
        "report:weekly:2026-03-02",
    }


@pytest.mark.usefixtures("owner")
def test_a_report_says_how_the_week_was(shop: Shop) -> None:
    good, weak = shop.number(), shop.number(shop.new_center(name="Weak"))
    for day in range(7):
        connected(good, date(2026, 2, 23) + timedelta(days=day), hours=24)
        connected(weak, date(2026, 2, 23) + timedelta(days=day), hours=18, outages=1)
    connected(good, date(2026, 2, 20), hours=12, outages=1)
    shop.read(good, date(2026, 2, 25), sent=300, received=40, failed=2)
    shop.read(good, date(2026, 2, 18), sent=200)
    write_due(reseller=shop.reseller, now=MONDAY)
    text = text_of("weekly")
    assert text.startswith("Weekly report: 23 Feb 2026 to 1 Mar 2026")
    assert "2 numbers, connected 87.50% of the time (the period before: 50.00%)." in text
    assert "Phone logged out (1 day, 18 hours)" in text
    assert "7 outages, the longest 6 hours." in text
    assert "Least connected: \u2068Weak\u2069 (75.00%)." in text
    assert "300 sent, 40 received, 2 failed." in text
    assert "Sent messages, compared with the period before: +50%." in text
    assert "Nothing is due." in text
    pages = ["uptime/?month=2026-02", "usage/?month=2026-02", "unpaid/"]
    assert pages_of("weekly") == [f"/r/{shop.reseller.slug}/{page}" for page in pages]


@pytest.mark.usefixtures("owner")
def test_a_report_says_what_was_invoiced_paid_and_is_due(shop: Shop) -> None:
    shop.margin("100")
    invoice = shop.owe("10", day=date(2026, 2, 24))
    shop.pay("5.00", received_on=date(2026, 2, 28))
    write_due(reseller=shop.reseller, now=MONDAY)
    text = text_of("weekly")
    assert f"Invoiced: {invoice.total:.2f} USD." in text
    assert "Paid: 5.00 USD." in text
    assert f"Balance due: {invoice.total - 5:.2f} USD, of 1 center." in text


def test_a_centers_admin_gets_a_report_of_that_center_once_they_chose_it(shop: Shop, owner: User) -> None:
    admin = member(shop.reseller, Role.CENTER_ADMIN, shop.center)
    other = shop.new_center(name="Secret neighbour")
    shop.read(shop.number(), date(2026, 2, 25), sent=7, cost="3.33")
    shop.read(shop.number(other), date(2026, 2, 25), sent=500, cost="4.44")
    for center in (shop.center, other):
        connected(shop.number(center), date(2026, 2, 25), hours=12, outages=1)
    write_due(reseller=shop.reseller, now=MONDAY)
    assert not Notification.objects.filter(recipient=admin).exists()
    save_preference(
        reseller=shop.reseller, group="r_center_weekly", user=admin, by=admin, now=MONDAY, channels=["email"]
    )
    write_due(reseller=shop.reseller, now=MONDAY)
    text = text_of("center_weekly")
    assert "7 sent, 0 received, 0 failed." in text
    for hidden in ("500", "neighbour", "3.33", "4.44", "Least connected"):
        assert hidden not in text
    pages = ["", "usage/?month=2026-02", "invoices/"]
    assert pages_of("center_weekly") == [f"/c/{shop.center.pk}/{page}" for page in pages]


def test_a_place_of_the_team_gets_the_report_that_was_chosen_for_it(shop: Shop) -> None:
    place = Destination.objects.create(
        reseller=shop.reseller, channel="webhook", address="https://x.example/", label="Owners", fingerprint="1",
        groups=["r_weekly", "r_center_weekly"], verified_at=MONDAY,
    )  # fmt: skip
    member(shop.reseller, Role.CENTER_ADMIN, shop.center)
    write_due(reseller=shop.reseller, now=MONDAY)
    rows = Notification.objects.filter(destination=place)
    assert [row.kind for row in rows] == ["report.weekly"]


@pytest.mark.usefixtures("owner")
def test_an_empty_week_is_reported_as_such(shop: Shop) -> None:
    write_due(reseller=shop.reseller, now=MONDAY)
    assert "Nothing is due." in text_of("weekly")
    assert "Connections" not in text_of("weekly")
