"""Writing off and reversing on the pages, and the list with its file."""

from datetime import date

from billing.models import WriteOff
from centers.tenancy.scoping import tenant
from tests.billing.views.conftest import Desk, add_write_off
from tests.spreadsheets import read_csv


def _page(desk: Desk, path: str) -> str:
    text: str = desk.as_(desk.billing).get(desk.url(path)).content.decode()
    return text


def test_an_invoice_is_written_off_and_the_write_off_reversed(desk: Desk) -> None:
    client, url = desk.as_(desk.billing), desk.url(f"unpaid/write-off/{desk.center.pk}/")
    with tenant(desk.reseller):
        other = desk.shop.owe("7", day=date(2026, 2, 3))
    form = client.get(f"{url}?invoice={desk.invoice.pk}").content.decode()
    assert form.count("checked") == 1, "the invoice that was asked for is chosen"
    assert client.get(url).content.decode().count("checked") == 2
    assert client.post(url, {"because": "Closed"}).status_code == 422
    assert client.post(url, {"invoices": [desk.invoice.pk], "because": ""}).status_code == 422
    assert client.post(url, {"invoices": [desk.invoice.pk], "because": "Closed"}).status_code == 302
    page = _page(desk, "unpaid/written-off/")
    assert desk.invoice.number in page
    assert other.number not in page
    assert "Written off" in _page(desk, f"invoices/{desk.invoice.pk}/")
    assert desk.invoice.number in _page(desk, "invoices/?state=written_off")
    assert desk.invoice.number not in _page(desk, "invoices/?state=paid")
    with tenant(desk.reseller):
        row = WriteOff.objects.get()
    back = desk.url(f"unpaid/written-off/{row.pk}/reverse/")
    assert "Closed" in client.get(back).content.decode()
    assert client.post(back, {"because": "Pays after all"}).status_code == 302
    assert client.post(back, {"because": "Again"}).status_code == 422
    assert "Pays after all" in _page(desk, "unpaid/written-off/")
    answer = desk.as_(desk.billing).get(desk.url("unpaid/written-off/export/csv/?csv=comma"))
    header, line = read_csv(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    found = dict(zip(header, line, strict=True))
    assert (found["Invoice ID"], found["Reason for reversing"]) == (str(desk.invoice.pk), "Pays after all")
    assert found["Reversed by"] == str(row.by)


def test_its_center_reads_that_the_invoice_is_closed(desk: Desk) -> None:
    """And of an adjustment on its statement: that a debt was given up is for the reseller's books."""
    with tenant(desk.reseller):
        add_write_off(desk.invoice)
    query = "?first=2026-02-01&last=2026-03-31"
    paths = ("invoices/", f"invoices/{desk.invoice.pk}/", f"statement/{query}")
    pages = [desk.as_(desk.viewer).get(desk.portal(path)).content.decode() for path in paths]
    assert not [page for page in pages if "ritten off" in page or "rite-off" in page]
    assert ["Closed" in page for page in pages] == [True, True, False]
    assert "Adjustment" in pages[2]
    assert "Adjustment" in _page(desk, f"centers/{desk.center.pk}/statement/{query}")


def test_without_unpaid_invoices_there_is_nothing_to_choose(desk: Desk) -> None:
    with tenant(desk.reseller):
        desk.shop.pay("101010.10", desk.center)
    assert "no unpaid invoices" in _page(desk, f"unpaid/write-off/{desk.center.pk}/")
    assert "Nothing was written off" in _page(desk, "unpaid/written-off/")


def test_the_file_has_every_write_off(desk: Desk) -> None:
    with tenant(desk.reseller):
        add_write_off(desk.invoice)
    answer = desk.as_(desk.support).get(desk.url("unpaid/written-off/export/csv/?csv=comma"))
    header, row = read_csv(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    named = dict(zip(header, row, strict=True))
    assert (named["Number"], named["Amount"], named["Status"]) == (
        desk.invoice.number, "101010.10", "Written off",
    )  # fmt: skip
