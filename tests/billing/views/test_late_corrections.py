"""The page where staff decide about usage that came in after an invoice."""

from datetime import date, timedelta
from typing import Any

import pytest

from billing.invoicing import check_late_corrections, close_period
from billing.models import Invoice, Waiver
from billing.periods import Period
from centers.models import Center
from centers.tenancy.lifecycle import archive_center
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.views.conftest import Desk
from whatsapp.models import Instance

HEADS_UP = "MazBot corrected"


def correct(desk: Desk, *, archive: bool = True, **counts: Any) -> Center:
    """The day of the desk's invoice cost 10 more, with a margin of 10 %; nothing else is left to invoice."""
    with tenant(desk.shop.reseller):
        number = Instance.objects.get()
        desk.shop.leaves(number, date(2026, 2, 10))
        rest = Period(date(2026, 2, 11), date(2026, 3, 1))
        close_period(center=desk.center, period=rest, by=None, now=NOW - timedelta(hours=3))
        if archive:
            archive_center(center=desk.center, by=None, now=NOW - timedelta(hours=2))
        counts = {"sent": 3, "cost": "91837.36"} | counts
        desk.shop.read(number, date(2026, 2, 10), at=NOW - timedelta(hours=1), **counts)
        check_late_corrections(desk.shop.reseller, NOW)
        desk.center.refresh_from_db()
    return desk.center


def invoices(desk: Desk) -> list[Invoice]:
    with tenant(desk.shop.reseller):
        return list(Invoice.objects.order_by("pk"))


def test_it_is_shown_where_staff_look(desk: Desk) -> None:
    center = correct(desk)
    for path in ("usage/", f"centers/{center.pk}/balance/"):
        page = desk.as_(desk.billing).get(desk.url(path)).content.decode()
        assert HEADS_UP in page, path
        assert f"usage/late-corrections/{center.pk}/" in page, path
        as_support = desk.as_(desk.support).get(desk.url(path)).content.decode()
        assert HEADS_UP in as_support, path
        assert f"usage/late-corrections/{center.pk}/" not in as_support, path
    alerts = desk.as_(desk.billing).get(desk.url("alerts/")).content.decode()
    assert f"usage/late-corrections/{center.pk}/" in alerts


def test_a_center_in_use_is_charged_by_its_next_invoice_and_can_be_waived(desk: Desk) -> None:
    center = correct(desk, archive=False)
    client = desk.as_(desk.billing)
    assert HEADS_UP not in client.get(desk.url(f"centers/{center.pk}/balance/")).content.decode()
    usage = client.get(desk.url("usage/")).content.decode()
    assert "charged as an adjustment on the next invoice" in usage
    url = desk.url(f"usage/late-corrections/{center.pk}/")
    assert url in usage
    assert "You don't need to do anything" in client.get(url).content.decode()
    data = {"because": "Goodwill", "confirm": center.name}
    assert client.post(url, data).status_code == 302
    assert "Nothing left to decide" in client.get(url).content.decode()


def test_the_draft_of_the_next_invoice_names_the_adjustment(desk: Desk) -> None:
    center = correct(desk, archive=False)
    url = desk.url(f"invoices/issue/{center.pk}/?first=2026-03-01&last=2026-03-04")
    page = desk.as_(desk.billing).get(url).content.decode()
    lines = page[page.index('class="num"') :]
    assert "11.00" in lines
    assert "Adjustment" in lines


def test_the_page_tells_what_changed_and_what_it_comes_to(desk: Desk) -> None:
    center = correct(desk)
    page = desk.as_(desk.billing).get(desk.url(f"usage/late-corrections/{center.pk}/")).content.decode()
    assert "+2" in page
    assert "+10" in page
    assert "11.00" in page


def test_a_last_invoice_is_issued(desk: Desk) -> None:
    center = correct(desk)
    client = desk.as_(desk.billing)
    answer = client.post(desk.url(f"usage/late-corrections/{center.pk}/invoice/"))
    invoice = invoices(desk)[-1]
    assert (answer.status_code, answer["Location"]) == (302, desk.url(f"invoices/{invoice.pk}/"))
    assert (invoice.total, invoice.issued_by_id) == (11, desk.billing.pk)
    again = client.post(desk.url(f"usage/late-corrections/{center.pk}/invoice/"), follow=True)
    assert "Its last day is" in again.content.decode()
    assert len(invoices(desk)) == 2


def test_it_is_waived_by_the_centers_name_with_a_reason(desk: Desk) -> None:
    center = correct(desk)
    client = desk.as_(desk.billing)
    url = desk.url(f"usage/late-corrections/{center.pk}/")
    for wrong in ({"because": "Too little", "confirm": "x"}, {"because": " ", "confirm": center.name}):
        assert client.post(url, wrong).status_code == 422
    assert client.post(url, {"because": "Too little", "confirm": center.name}).status_code == 302
    with tenant(desk.shop.reseller):
        waiver = Waiver.objects.get()
    assert (waiver.because, waiver.by_id, waiver.center_id) == ("Too little", desk.billing.pk, center.pk)
    assert HEADS_UP not in client.get(desk.url("usage/")).content.decode()
    again = client.post(url, {"because": "Too little", "confirm": center.name})
    assert (again.status_code, "nothing left to waive" in again.content.decode()) == (422, True)


def test_a_missing_exchange_rate_is_reported(desk: Desk) -> None:
    center = correct(desk)
    Center._base_manager.filter(pk=center.pk).update(currency="LYD")
    client = desk.as_(desk.billing)
    page = client.get(desk.url(f"usage/late-corrections/{center.pk}/")).content.decode()
    assert "There is no exchange rate from USD to LYD" in page
    answer = client.post(desk.url(f"usage/late-corrections/{center.pk}/invoice/"), follow=True)
    assert "There is no exchange rate from USD to LYD" in answer.content.decode()


def test_a_correction_that_charges_nothing_only_closes(desk: Desk) -> None:
    correct(desk, sent=2, failed=1, cost="91827.36")
    client = desk.as_(desk.billing)
    assert (
        "Close period" in client.get(desk.url(f"usage/late-corrections/{desk.center.pk}/")).content.decode()
    )
    answer = client.post(desk.url(f"usage/late-corrections/{desk.center.pk}/invoice/"), follow=True)
    assert "nothing to charge" in answer.content.decode()
    assert len(invoices(desk)) == 1


@pytest.mark.parametrize("tail", ["", "invoice/"])
def test_it_is_for_who_issues_invoices_of_their_own(desk: Desk, tail: str) -> None:
    url = desk.url(f"usage/late-corrections/{desk.center.pk}/{tail}")
    data: dict[str, Any] = {"because": "x", "confirm": desk.center.name}
    assert desk.as_(desk.support).post(url, data).status_code == 403
    for outsider in (desk.stranger, desk.admin, desk.viewer):
        assert desk.as_(outsider).post(url, data).status_code == 404
    foreign = desk.url(f"usage/late-corrections/{desk.foreign.center_id}/{tail}")
    assert desk.as_(desk.owner).post(foreign, data).status_code == 404
