"""Unread days that block an invoice: shown where they block, waived with a reason by who issues invoices."""

from datetime import UTC, date, datetime

import pytest

from billing.models import UsageRecord, Waiver
from centers.models import AuditEntry
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.views.conftest import Desk
from whatsapp.models import Instance

DAYS = {"first": "2026-02-27", "last": "2026-02-28"}


@pytest.fixture
def lost(desk: Desk) -> Instance:
    """A number of which one day was never read and one only before it ended."""
    with tenant(desk.shop.reseller):
        Instance.objects.update(held_since=NOW)
        number = desk.shop.number(label="Lost line")
        Instance.objects.filter(pk=number.pk).update(held_since=datetime(2026, 2, 27, 9, tzinfo=UTC))
        desk.shop.read(
            number, date(2026, 2, 27), sent=3, failed=1, cost="2", at=datetime(2026, 2, 27, 9, tzinfo=UTC)
        )
    return number


def test_the_days_are_shown_where_they_block(desk: Desk, lost: Instance) -> None:
    client = desk.as_(desk.billing)
    issue = client.get(desk.url(f"invoices/issue/{desk.center.pk}/"), DAYS).content.decode()
    usage = client.get(desk.url(f"usage/?month=2026-02&center={desk.center.pk}")).content.decode()
    for page in (issue, usage):
        assert "2 days missing" in page
        assert f"usage/waive/{lost.pk}/" in page
    as_support = desk.as_(desk.support).get(desk.url(f"usage/?month=2026-02&center={desk.center.pk}"))
    assert f"usage/waive/{lost.pk}/" not in as_support.content.decode()
    assert "days missing" not in client.get(desk.url("usage/?month=2026-02")).content.decode()


def test_a_closed_day_is_not_waited_for(desk: Desk, lost: Instance) -> None:
    with tenant(desk.shop.reseller):
        desk.shop.owe("1", day=date(2026, 2, 26))
        Instance.objects.filter(pk=lost.pk).update(held_since=datetime(2026, 2, 26, 9, tzinfo=UTC))
    page = desk.as_(desk.owner).get(desk.url(f"usage/?month=2026-02&center={desk.center.pk}"))
    assert "2 days missing" in page.content.decode()


def test_the_page_says_what_happens_to_each_day(desk: Desk, lost: Instance) -> None:
    page = desk.as_(desk.billing).get(desk.url(f"usage/waive/{lost.pk}/"), DAYS).content.decode()
    assert "1 day has no usage data" in page
    assert "1 day was last fetched before it ended" in page
    assert "2 days of" in page  # what the dialog says


def test_waived_days_let_the_invoice_be_issued(desk: Desk, lost: Instance) -> None:
    client = desk.as_(desk.billing)
    url = desk.url(f"usage/waive/{lost.pk}/")
    assert client.post(url, {**DAYS, "because": " "}).status_code == 422
    assert client.post(url, {"first": "x", "because": "Gone"}).status_code == 422

    answer = client.post(url, {**DAYS, "because": "MazBot lost the number"})

    issue = desk.url(f"invoices/issue/{desk.center.pk}/")
    assert (answer.status_code, answer["Location"]) == (302, f"{issue}?first=2026-02-27&last=2026-02-28")
    page = client.get(issue, DAYS).content.decode()
    assert "Issue and send" in page
    assert "2.20" in page  # what was read before the day ended, with the margin of 10 %
    with tenant(desk.shop.reseller):
        recorded = AuditEntry.objects.get(action="usage.waived").data
        assert UsageRecord.objects.get(instance=lost, day=date(2026, 2, 28)).sent == 0
    assert (recorded["days"], recorded["as_read"]) == (["2026-02-28"], ["2026-02-27"])
    assert recorded["because"] == "MazBot lost the number"
    assert "nothing left to waive" in client.post(url, {**DAYS, "because": "Again"}).content.decode()


def test_today_and_days_to_come_are_never_waived(desk: Desk, lost: Instance) -> None:
    days = {"first": "2026-03-05", "last": "2026-03-20"}
    client = desk.as_(desk.billing)
    url = desk.url(f"usage/waive/{lost.pk}/")
    assert "Nothing to waive" in client.get(url, days).content.decode()
    assert client.post(url, {**days, "because": "x"}).status_code == 422


def test_what_was_read_is_waived_only_when_asked(desk: Desk, lost: Instance) -> None:
    client = desk.as_(desk.billing)
    url = desk.url(f"usage/waive/{lost.pk}/")
    assert "Also waive" in client.get(url, DAYS).content.decode()
    client.post(url, {**DAYS, "because": "Lost"})
    page = client.get(url, DAYS).content.decode()
    assert "1 day has usage that isn't invoiced: " in page
    assert "This can't be undone" in page
    client.post(url, {**DAYS, "because": "Test messages", "also_read": "on"})
    assert "Nothing to waive" in client.get(url, DAYS).content.decode()
    issue = client.get(desk.url(f"invoices/issue/{desk.center.pk}/"), DAYS).content.decode()
    assert "Nothing to charge" in issue
    with tenant(desk.shop.reseller):
        assert Waiver.objects.get().because == "Test messages"


def test_each_number_of_a_center_can_be_waived_by_who_issues_invoices(desk: Desk) -> None:
    address = desk.url(f"usage/?month=2026-02&center={desk.center.pk}")
    assert "Waive days" in desk.as_(desk.billing).get(address).content.decode()
    assert "Waive days" not in desk.as_(desk.support).get(address).content.decode()


def test_it_is_for_who_issues_invoices_of_their_own(desk: Desk, lost: Instance) -> None:
    url = desk.url(f"usage/waive/{lost.pk}/")
    assert desk.as_(desk.owner).get(url).status_code == 200
    assert desk.as_(desk.support).get(url).status_code == 403
    for outsider in (desk.stranger, desk.admin, desk.viewer):
        assert desk.as_(outsider).post(url, {**DAYS, "because": "x"}).status_code == 404
    foreign = desk.other.number()
    assert desk.as_(desk.owner).get(desk.url(f"usage/waive/{foreign.pk}/")).status_code == 404
