"""Promises and disputes on the pages: recorded, shown where they matter, ended."""

from datetime import timedelta
from typing import Any

import time_machine

from billing.dunning import judge_due
from billing.forms.dunning import PromiseForm
from billing.models import Dispute, Hold
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.views.conftest import Desk
from tests.spreadsheets import read_csv


def _page(desk: Desk, path: str = "unpaid/") -> str:
    text: str = desk.as_(desk.billing).get(desk.url(path)).content.decode()
    return text


def test_a_promise_is_recorded_shown_and_broken(desk: Desk) -> None:
    url, client = desk.url(f"unpaid/promise/{desk.center.pk}/"), desk.as_(desk.billing)
    assert 'value="101010.10"' in client.get(url).content.decode(), "all that is unpaid is proposed"
    wrong = client.post(url, {"amount": "999999", "currency": "USD", "pays_by": "2026-03-20"})
    assert wrong.status_code == 422
    assert "101,010.10" in wrong.content.decode()
    said = {"amount": "500", "currency": "USD", "pays_by": "2026-03-07", "because": "Said Huda"}
    assert client.post(url, said).status_code == 302
    page = _page(desk)
    assert "500.00" in page
    assert "Said Huda" in page
    assert "7 Mar 2026" in page
    assert "Said Huda" in _page(desk, f"centers/{desk.center.pk}/balance/")
    with tenant(desk.reseller):
        judge_due(desk.reseller, NOW + timedelta(days=4))
        assert Hold.objects.get().is_broken
    with time_machine.travel(NOW + timedelta(days=4)):
        assert "Broken promises" in _page(desk)
        assert "Promise broken" in _page(desk, f"centers/{desk.center.pk}/balance/")
        answer = client.get(desk.url("unpaid/export/csv/?csv=comma"))
        header, row = read_csv(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    assert dict(zip(header, row, strict=True))["Promise"] == "Promise broken"


def test_the_amount_that_a_form_proposes_is_not_asked_about() -> None:
    given: dict[str, Any] = {
        "currencies": ["OMR"],
        "initial": {"currency": "OMR", "amount": "70.864"},
        "today": NOW.date(),
    }
    assert "What does" not in str(PromiseForm(**given)["amount"])
    typed = PromiseForm({"currency": "OMR", "amount": "70.865"}, **given)
    assert "What does" in str(typed["amount"]), "what a person typed is"


def test_a_dispute_is_recorded_shown_and_closed(desk: Desk) -> None:
    client = desk.as_(desk.billing)
    url = desk.url(f"unpaid/dispute/{desk.invoice.pk}/")
    assert client.post(url, {"because": ""}).status_code == 422
    assert client.post(url, {"because": "Wrong month"}).status_code == 302
    assert "Wrong month" in _page(desk, f"invoices/{desk.invoice.pk}/")
    page = _page(desk)
    assert "In dispute" in page
    assert "Wrong month" in page
    with tenant(desk.reseller):
        dispute = Dispute.objects.get()
    close = desk.url(f"unpaid/dispute/{dispute.pk}/close/")
    assert "Wrong month" in client.get(close).content.decode()
    assert client.post(close, {"decision": "It is right"}).status_code == 302
    assert client.post(close, {"decision": "Again"}).status_code == 422
    assert "Wrong month" not in _page(desk)
