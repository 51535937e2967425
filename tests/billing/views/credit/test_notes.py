"""Crediting parts of an invoice: the form, its preview, and what the pages, files and the portal show of the notes."""

from datetime import date
from typing import Any

import pytest

from billing.invoicing import Part, close_period, credit_invoice
from billing.invoicing.flagged_usage import accept_flagged_usage
from billing.models import FlaggedUsage, Invoice
from billing.periods import Period
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.views.conftest import CANARY, Desk
from whatsapp.models import Instance


def _line(desk: Desk) -> int:
    with tenant(desk.shop.reseller):
        return int(desk.invoice.lines.get().pk)


def _data(desk: Desk, part: str = "amount", value: str = "10", **more: str) -> dict[str, str]:
    line = _line(desk)
    return {f"line-{line}-part": part, f"line-{line}": value, "because": "Goodwill", **more}


def _credit(desk: Desk, data: dict[str, str], tail: str = "") -> Any:
    return desk.as_(desk.billing).post(desk.url(f"invoices/{desk.invoice.pk}/credit/{tail}"), data)


def _notes(desk: Desk) -> list[Invoice]:
    with tenant(desk.shop.reseller):
        return list(Invoice.objects.filter(kind="credit_note").order_by("pk"))


def test_a_note_is_issued_and_shown_with_what_is_left(desk: Desk) -> None:
    client = desk.as_(desk.billing)
    page = client.get(desk.url(f"invoices/{desk.invoice.pk}/credit/")).content.decode()
    assert "101,010.10" in page
    done = _credit(desk, _data(desk))
    [note] = _notes(desk)
    assert (done.status_code, done["Location"]) == (302, desk.url(f"invoices/{note.pk}/"))
    assert (note.total, note.reason) == (-10, "Goodwill")
    of_invoice = client.get(desk.url(f"invoices/{desk.invoice.pk}/")).content.decode()
    for text in (note.number, "Goodwill", "101,000.10", "Left after credit notes"):
        assert text in of_invoice, text
    assert "/void/" not in of_invoice
    of_note = client.get(desk.url(f"invoices/{note.pk}/")).content.decode()
    assert f"This credits a part of invoice {desk.invoice.number} of 12 Feb 2026." in of_note
    assert f"{desk.invoice.number} of 12 Feb 2026, line 1" in of_note
    assert client.get(desk.url(f"invoices/{note.pk}/pdf/?language=ar")).content.startswith(b"%PDF")


def test_the_preview_shows_the_note_and_saves_nothing(desk: Desk) -> None:
    page = _credit(desk, _data(desk, because=""), "preview/").content.decode()
    assert page.count("10.00") >= 1
    assert "101,000.10" in page
    assert "<form" not in page
    refused = _credit(desk, _data(desk, value="200000"), "preview/").content.decode()
    assert "101,010.10" in refused
    assert "is left of this line" in refused
    assert "Nothing is saved yet" in _credit(desk, {"because": ""}, "preview/").content.decode()
    everything = _credit(desk, {"everything": "on"}, "preview/").content.decode()
    assert "101,010.10" in everything
    assert _notes(desk) == []


@pytest.mark.parametrize(
    ("part", "value", "why"),
    [
        ("amount", "", "Enter how much to credit."),
        ("quantity", "", "Enter how much to credit."),
        ("quantity", "0.5", "Enter a whole number."),
        ("", "5", "Choose whether this is a quantity or an amount."),
        ("", "", "Choose what to credit."),
        ("amount", "x", "Write it like 1234.5."),
        ("amount", "1,234", "can be misread"),
        ("amount", "101010.11", "is left of this line"),
        ("quantity", "2", "from 1 to 1"),
        ("wrong", "1", "is-invalid"),
    ],
)
def test_what_cannot_be_credited_is_said_beside_the_line(desk: Desk, part: str, value: str, why: str) -> None:
    answer = _credit(desk, _data(desk, part, value))
    assert answer.status_code == 422
    assert why in answer.content.decode()
    assert _notes(desk) == []


def test_a_reason_is_needed(desk: Desk) -> None:
    assert _credit(desk, _data(desk, because="")).status_code == 422
    assert _notes(desk) == []


def test_a_whole_line_and_all_that_is_left(desk: Desk) -> None:
    assert _credit(desk, _data(desk, "quantity", "1")).status_code == 302
    [note] = _notes(desk)
    assert str(note.total) == "-101010.1000"
    page = desk.as_(desk.billing).get(desk.url(f"invoices/{desk.invoice.pk}/credit/")).content.decode()
    assert "There's nothing left to credit" in page
    again = _credit(desk, {"everything": "on", "because": "x"})
    assert again.status_code == 422
    assert "nothing left to credit on INV-2026-0001" in again.content.decode()
    row = desk.as_(desk.billing).get(desk.url("invoices/")).content.decode()
    assert "Credited" in row
    paid = desk.as_(desk.billing).get(desk.url("invoices/?state=paid")).content.decode()
    assert desk.invoice.number not in paid


def test_all_of_a_line(desk: Desk) -> None:
    assert _credit(desk, _data(desk, "all", "")).status_code == 302
    assert str(_notes(desk)[0].total) == "-101010.1000"


def test_the_files_name_the_invoice_of_a_note(desk: Desk) -> None:
    _credit(desk, _data(desk))
    sent = desk.as_(desk.owner).get(desk.url("invoices/export/csv/"))
    head, *rows = b"".join(sent.streaming_content).decode("utf-8-sig").splitlines()
    assert "Credited amount" in head
    assert "Credits invoice" in head
    by_number = {row.split(",")[1]: row for row in rows}
    [note] = _notes(desk)
    assert f",{desk.invoice.number},Goodwill" in by_number[note.number]
    assert ",10.00," in by_number[desk.invoice.number]


def test_the_center_sees_the_note_on_its_invoice_and_no_cost(desk: Desk) -> None:
    _credit(desk, _data(desk))
    [note] = _notes(desk)
    client = desk.as_(desk.viewer)
    of_invoice = client.get(desk.portal(f"invoices/{desk.invoice.pk}/")).content.decode()
    of_note = client.get(desk.portal(f"invoices/{note.pk}/")).content.decode()
    assert note.number in of_invoice
    assert "101,000.10" in of_invoice
    assert f"This credits a part of invoice {desk.invoice.number}" in of_note
    assert "Goodwill" in of_note
    assert desk.portal(f"invoices/{desk.invoice.pk}/") in of_note
    assert client.get(desk.portal(f"invoices/{note.pk}/pdf/")).content.startswith(b"%PDF")
    assert CANARY not in of_invoice + of_note


def test_the_issue_page_shows_the_credit_notes_of_corrections(desk: Desk) -> None:
    with tenant(desk.shop.reseller):
        number = Instance.objects.get(center=desk.center)
        desk.shop.read(number, date(2026, 2, 10), sent=1, cost="1827.36", at=NOW)
        accept_flagged_usage(flagged=FlaggedUsage.objects.get(resolved_at=None), by=None, now=NOW)
        desk.shop.read(number, date(2026, 2, 20), at=NOW)
    days = {"first": "2026-02-20", "last": "2026-02-20"}
    page = desk.as_(desk.owner).get(desk.url(f"invoices/issue/{desk.center.pk}/"), days).content.decode()
    assert "Credit notes issued with it" in page
    assert f"Credit note on {desk.invoice.number}" in page
    assert "-99,000.00" in page
    done = desk.as_(desk.owner).post(desk.url(f"invoices/issue/{desk.center.pk}/"), days, follow=True)
    [note] = _notes(desk)
    assert f"Credit note {note.number} for {desk.invoice.number} was issued." in done.content.decode()


def test_only_who_may_issue_invoices_credits_them_and_only_invoices(desk: Desk) -> None:
    url = desk.url(f"invoices/{desk.invoice.pk}/credit/")
    assert desk.as_(desk.support).get(url).status_code == 403
    assert desk.as_(desk.support).post(url, _data(desk)).status_code == 403
    assert (
        "/credit/"
        not in desk.as_(desk.support).get(desk.url(f"invoices/{desk.invoice.pk}/")).content.decode()
    )
    with tenant(desk.shop.reseller):
        note = credit_invoice(
            invoice=desk.invoice, parts={_line(desk): Part()}, because="x", by=None, now=NOW
        )
    assert desk.as_(desk.billing).get(desk.url(f"invoices/{note.pk}/credit/")).status_code == 404


def test_what_is_carried_is_shown_and_exported(desk: Desk) -> None:
    with tenant(desk.shop.reseller):
        number = desk.shop.number(desk.center)
        desk.shop.read(number, date(2026, 2, 20), sent=1, cost="0.0012345")
        period = Period(date(2026, 2, 20), date(2026, 2, 21))
        close_period(center=desk.center, period=period, by=None, now=NOW)
    client = desk.as_(desk.support)
    assert "carried/" in client.get(desk.url(f"centers/{desk.center.pk}/balance/")).content.decode()
    page = client.get(desk.url(f"centers/{desk.center.pk}/carried/")).content.decode()
    assert (
        page.count("-0.00264205") >= 2
    )  # 0.0012345 x 1.1, less the 0.004 that 91827.36 x 1.1 was rounded up by
    assert "20 Feb 2026" in page
    assert "INV-2026-0001" in page
    sent = client.get(desk.url(f"centers/{desk.center.pk}/carried/export/csv/"))
    rows = b"".join(sent.streaming_content).decode("utf-8-sig").splitlines()
    assert any("0.00135795" in row for row in rows)
    empty = client.get(desk.url(f"centers/{_other(desk)}/carried/")).content.decode()
    assert "Nothing was carried over yet" in empty


def _other(desk: Desk) -> int:
    with tenant(desk.shop.reseller):
        return int(desk.shop.new_center().pk)
