"""Unpaid: who is overdue, what will happen, holds, the safety_stop, the freeze."""

import re
from datetime import date, timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.dunning.suspension import suspend
from billing.models import Hold, SafetyStop, Suspension
from billing.views.unpaid import OVERDUE_ROWS, ROWS
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.views.conftest import Desk
from whatsapp.models import MazbotAccount


def _page(desk: Desk, query: str = "") -> str:
    text: str = desk.as_(desk.support).get(desk.url(f"unpaid/{query}")).content.decode()
    return text


def _planned(page: str) -> str:
    """The part of the page that tells who will be suspended."""
    return page.partition('id="planned-title"')[2].partition('id="overdue-title"')[0]


def test_who_is_overdue_and_will_be_suspended(desk: Desk) -> None:
    assert desk.foreign.open_amount > 0
    page = _page(desk)
    assert "101,010.10" in page
    assert "Will be suspended within 7 days" in page
    assert desk.invoice.number in _planned(page)
    assert "26 Feb 2026" in _planned(page)
    assert "Foreign Canary" not in page


def test_a_hold_is_set_and_ended(desk: Desk) -> None:
    url = desk.url(f"unpaid/hold/{desk.center.pk}/")
    client = desk.as_(desk.billing)
    assert client.post(url, {"until": "2026-03-20", "because": ""}).status_code == 422
    past = client.post(url, {"until": "2026-03-01", "because": "Promised"})
    assert past.status_code == 422
    assert "a future date" in past.content.decode()
    extra = {
        "until": "2026-03-20",
        "because": "Promised",
        "created_by": desk.stranger.pk,
        "released_at": "2026-01-01",
    }
    assert client.post(url, extra).status_code == 302
    with tenant(desk.shop.reseller):
        row = Hold.objects.get()
        assert (row.because, row.created_by_id, row.released_at) == ("Promised", desk.billing.pk, None)
    page = _page(desk)
    assert "Promised" in page
    assert desk.invoice.number not in _planned(page)
    client.post(url + "release/")
    client.post(url + "release/")
    assert "Promised" not in _page(desk)


def test_a_suspended_center_shows_its_numbers_and_why_they_are_not_off(desk: Desk) -> None:
    with tenant(desk.shop.reseller):
        number = desk.shop.number(label="Front desk")
        assert suspend(center=desk.center, now=NOW + timedelta(days=10))
        model = number._meta.model
        model.objects.filter(pk=number.pk).update(switch_attempts=4, switch_error="MazBot did not answer.")
    page = _page(desk)
    assert "Suspended now" in page
    assert "Not confirmed" in page
    assert "MazBot did not answer." in page


def test_a_hold_ends_the_suspension(desk: Desk) -> None:
    with tenant(desk.shop.reseller):
        assert suspend(center=desk.center, now=NOW + timedelta(days=10))
    desk.as_(desk.owner).post(
        desk.url(f"unpaid/hold/{desk.center.pk}/"), {"until": "2026-04-20", "because": "Agreed"}
    )
    with tenant(desk.shop.reseller):
        assert Suspension.objects.get().ending == "held"


def test_the_safety_stop_is_shown_and_released_once(desk: Desk) -> None:
    with tenant(desk.shop.reseller):
        safety_stop = SafetyStop.objects.create(
            reseller=desk.shop.reseller, pulled_at=NOW, center_ids=[desk.center.pk], limit=5, active_centers=1
        )
    page = _page(desk)
    assert "was stopped" in page
    assert "Approve suspensions" not in page
    url = desk.url(f"unpaid/safety_stop/{safety_stop.pk}/release/")
    assert desk.as_(desk.support).post(url).status_code == 403
    assert desk.as_(desk.stranger).post(url).status_code == 404
    client = desk.as_(desk.billing)
    assert "Approve suspensions" in client.get(desk.url("unpaid/")).content.decode()
    client.post(url)
    again = client.post(url, follow=True)
    assert "no longer need a decision" in again.content.decode()
    safety_stop.refresh_from_db()
    assert safety_stop.released_by_id == desk.billing.pk


def test_a_failing_mazbot_freezes_suspensions(desk: Desk) -> None:
    with tenant(desk.shop.reseller):
        MazbotAccount.objects.update(failing_since=NOW)
    assert "Suspensions are frozen" in _page(desk)


def test_the_export_names_the_oldest_invoice(desk: Desk) -> None:
    response = desk.as_(desk.owner).get(desk.url("unpaid/export/csv/"))
    assert desk.invoice.number in b"".join(response.streaming_content).decode()


def test_each_list_has_pages_of_its_own(desk: Desk) -> None:
    with tenant(desk.reseller):
        for number in range(OVERDUE_ROWS):
            desk.shop.owe("50", desk.shop.new_center(name=f"Center {number:02}"), day=date(2026, 2, 8))
    page = _page(desk)
    assert page.count('<span class="badge-plain">') == 2
    plain = page.replace('<bdi dir="ltr" class="number">', "").replace("</bdi>", "")
    assert plain.count(f'<span class="badge-plain">{OVERDUE_ROWS + 1}</span>') == 2
    assert len(set(re.findall(r"Center \d\d", _planned(page)))) == ROWS
    assert desk.invoice.number not in page, "it is on a later page of both"
    last = _page(desk, f"?planned={-(-(OVERDUE_ROWS + 1) // ROWS)}")
    assert desk.invoice.number in _planned(last)
    assert 'href="?planned=3&amp;page=2#overdue-title"' in last
    assert desk.invoice.number in _page(desk, "?page=2").partition('id="overdue-title"')[2]


def test_more_centers_cost_no_more_queries(desk: Desk) -> None:
    counts = []
    for name in ("Amal", "Badr", "Comet"):
        with tenant(desk.reseller):
            desk.shop.owe("50", desk.shop.new_center(name=name), day=date(2026, 2, 8))
        client = desk.as_(desk.support)
        client.get(desk.url("unpaid/"))
        with CaptureQueriesContext(connection) as queries:
            client.get(desk.url("unpaid/"))
        counts.append(len(queries))
    assert len(set(counts)) == 1
