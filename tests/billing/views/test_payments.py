"""Payments: recording with a look ahead, a reference that counts once, taking one back, the list."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.banking.opening import record_openings
from billing.dunning.suspension import suspend
from billing.models import Payment
from centers.tenancy.scoping import tenant
from tests.billing.advances.tills import advances, choose
from tests.billing.conftest import NOW
from tests.billing.tax.shops import register, tax_rate
from tests.billing.views.conftest import Desk
from tests.pages import shown

TOTAL = "101010.10"


def _data(**change: str) -> dict[str, str]:
    data = {
        "method": "bank",
        "amount": TOTAL,
        "currency": "USD",
        "reference": "TR-77",
        "received_on": "2026-03-04",
        "note": "",
    }
    return data | change


def _record(desk: Desk, **change: str) -> Any:
    return desk.as_(desk.billing).post(desk.url(f"payments/record/{desk.center.pk}/"), _data(**change))


def _payments(desk: Desk) -> list[Payment]:
    with tenant(desk.shop.reseller):
        return list(Payment.objects.select_related("center"))


def test_the_form_is_prefilled_with_what_is_overdue(desk: Desk) -> None:
    page = desk.as_(desk.billing).get(desk.url(f"payments/record/{desk.center.pk}/")).content.decode()
    assert TOTAL in page
    assert desk.invoice.number in page


def test_a_payment_covers_the_invoice(desk: Desk) -> None:
    assert _record(desk).status_code == 302
    payment = _payments(desk)[0]
    assert (payment.amount, payment.recorded_by_id) == (Decimal(TOTAL), desk.billing.pk)
    desk.invoice.refresh_from_db()
    assert desk.invoice.open_amount == 0


def test_a_double_click_records_one_payment(desk: Desk) -> None:
    _record(desk)
    again = _record(desk)
    assert again.status_code == 422
    assert len(_payments(desk)) == 1


def test_a_reference_that_was_used_names_the_earlier_payment_and_loses_nothing(desk: Desk) -> None:
    _record(desk, amount="10")
    page = _record(desk, amount="20.50", reference="tr-77", note="second transfer").content.decode()
    assert "has already been recorded" in page
    assert "10.00" in page
    assert "Al Noor Clinic" in page
    assert 'value="20.50"' in page
    assert "second transfer" in page
    assert len(_payments(desk)) == 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"amount": "1.1234"}, "USD amounts have up to 2 decimals"),
        ({"amount": "-5"}, "must be above zero"),
        ({"amount": "NaN"}, "Write it like 1234.5"),
        ({"amount": "ten"}, "Write it like 1234.5"),
        ({"received_on": "2026-03-09"}, "in the future"),
        ({"currency": "LYD"}, "is-invalid"),
        ({"reference": " "}, "is-invalid"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(desk: Desk, change: dict[str, str], sentence: str) -> None:
    response = _record(desk, **change)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not _payments(desk)


def test_fields_that_are_not_offered_change_nothing(desk: Desk) -> None:
    _record(desk, center=str(desk.foreign.center_id), reseller="1", reversed_at="2026-03-01", recorded_by="1")
    payment = _payments(desk)[0]
    assert (payment.center_id, payment.reversed_at) == (desk.center.pk, None)
    assert payment.recorded_by_id == desk.billing.pk


def test_the_preview_says_what_an_amount_pays_and_records_nothing(desk: Desk, htmx: dict[str, Any]) -> None:
    url = desk.url(f"payments/record/{desk.center.pk}/preview/")
    client = desk.as_(desk.billing)
    part = client.post(url, _data(amount="1000", reference=""), headers=htmx).content.decode()
    assert "in part" in part
    assert "100,010.10" in part
    more = client.post(url, _data(amount="101020.10", reference=""), headers=htmx).content.decode()
    assert "in full" in more
    assert "credit" in more
    assert "What this payment covers" in client.post(url, {"amount": "x"}, headers=htmx).content.decode()
    assert not _payments(desk)


def test_the_preview_pays_an_opening_balance_first(desk: Desk, htmx: dict[str, Any]) -> None:
    with tenant(desk.shop.reseller):
        rows = [(desk.center.pk, "USD", Decimal(600))]
        record_openings(reseller=desk.shop.reseller, balances=rows, by=None, now=NOW)
    url = desk.url(f"payments/record/{desk.center.pk}/preview/")
    part = shown(desk.as_(desk.billing).post(url, _data(amount="1000", reference=""), headers=htmx))
    assert "Paid of the opening balance 600.00 USD" in part
    # 101,010.10 and 600 are due.
    assert "in part 400.00 USD" in part
    assert "Remaining balance 100,610.10 USD" in part


@pytest.mark.parametrize(
    ("top_ups", "amount", "said"),
    [("invoice", "101010.11", True), ("invoice", TOTAL, False), ("receipt", "101010.11", False)],
)
def test_the_preview_says_whether_an_advance_invoice_is_issued(
    desk: Desk, htmx: dict[str, Any], top_ups: str, amount: str, said: bool
) -> None:
    with tenant(desk.shop.reseller):
        register(desk.shop)
        tax_rate(desk.shop, valid_from=date(2026, 2, 11))
        choose(desk.shop, top_ups)
    url = desk.url(f"payments/record/{desk.center.pk}/preview/")
    page = desk.as_(desk.billing).post(url, _data(amount=amount), headers=htmx).content.decode()
    assert ("An advance invoice with its VAT is issued." in page) is said
    _record(desk, amount=amount)
    with tenant(desk.shop.reseller):
        assert bool(advances()) is said


def test_the_preview_says_whether_the_service_comes_back(desk: Desk, htmx: dict[str, Any]) -> None:
    with tenant(desk.shop.reseller):
        assert suspend(center=desk.center, now=NOW.replace(month=4)) is not None
    url = desk.url(f"payments/record/{desk.center.pk}/preview/")
    page = desk.as_(desk.billing).post(url, _data(), headers=htmx).content.decode()
    assert "resumes within seconds" in page


def test_a_payment_is_reversed_with_a_reason_once(desk: Desk) -> None:
    _record(desk)
    payment = _payments(desk)[0]
    url = desk.url(f"payments/{payment.pk}/reverse/")
    assert desk.as_(desk.support).get(url).status_code == 403
    assert desk.as_(desk.stranger).get(url).status_code == 404
    client = desk.as_(desk.owner)
    assert client.post(url, {"because": ""}).status_code == 422
    assert client.post(url, {"because": "Returned by the bank"}).status_code == 302
    again = client.post(url, {"because": "Again"})
    assert again.status_code == 422
    assert "already been reversed" in again.content.decode()
    desk.invoice.refresh_from_db()
    assert desk.invoice.open_amount == Decimal(TOTAL)


def test_the_list_filters_and_exports(desk: Desk) -> None:
    _record(desk, amount="10", reference="=1+1")
    client = desk.as_(desk.support)
    assert "=1+1" in client.get(desk.url("payments/?q=1%2B1")).content.decode()
    assert "No matching payments" in client.get(desk.url("payments/?state=reversed")).content.decode()
    part = client.get(
        desk.url("payments/?state=reversed"), headers={"HX-Request": "true", "HX-Target": "payments"}
    )
    assert "Clear filters" in part.content.decode()
    assert "=1+1" in client.get(desk.url(f"payments/?center={desk.center.pk}&month=2026-03")).content.decode()
    response = client.get(desk.url("payments/export/csv/"))
    assert "'=1+1" in b"".join(response.streaming_content).decode()


def test_a_center_is_found_by_name_and_a_foreign_one_is_not(desk: Desk, htmx: dict[str, Any]) -> None:
    client = desk.as_(desk.billing)
    headers = {**htmx, "HX-Target": "found-centers"}
    page = client.get(desk.url("payments/record/?q=noor"), headers=headers).content.decode()
    assert "Al Noor Clinic" in page
    assert "<html" not in page
    assert "Foreign Canary" not in client.get(desk.url("payments/record/?q=foreign")).content.decode()
    assert client.get(desk.url(f"payments/record/?center={desk.center.pk}")).status_code == 302
    assert client.get(desk.url(f"payments/record/?center={desk.foreign.center_id}")).status_code == 200


def test_the_list_asks_no_more_for_more_rows(desk: Desk, django_assert_max_num_queries: Any) -> None:
    _record(desk, amount="1", reference="A")
    client = desk.as_(desk.owner)
    client.get(desk.url("payments/"))
    with CaptureQueriesContext(connection) as one:
        client.get(desk.url("payments/"))
    count = len(one)
    for name in ("B", "C"):
        _record(desk, amount="1", reference=name)
    with django_assert_max_num_queries(count):
        client.get(desk.url("payments/"))
