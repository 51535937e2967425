"""The pages of the aging report and of the cash forecast, and their files."""

from datetime import date

from centers.tenancy.scoping import tenant
from tests.billing.views.conftest import Desk
from tests.spreadsheets import read_csv


def _page(desk: Desk, path: str) -> str:
    text: str = desk.as_(desk.support).get(desk.url(path)).content.decode()
    return text


def test_the_aging_report_has_each_center_and_the_credit_of_others(desk: Desk) -> None:
    assert desk.foreign.open_amount > 0
    with tenant(desk.reseller):
        desk.shop.owe("40", desk.shop.new_center(name="Zahra"), day=date(2026, 3, 1))
        desk.shop.pay("9.5", desk.shop.new_center(name="Rimal"))
    page = _page(desk, "unpaid/aging/")
    assert "101,010.10" in page
    assert "101,054.10" in page, "the total of the currency"
    assert "9.50" in page
    assert "Foreign Canary" not in page
    assert page.index("Al Noor Clinic") < page.index("Zahra"), "what has been due for longest comes first"
    by_name = _page(desk, "unpaid/aging/?sort=-center")
    assert by_name.index("Zahra") < by_name.index("Al Noor Clinic")


def test_without_anything_unpaid_they_say_what_would_be_there(desk: Desk) -> None:
    with tenant(desk.reseller):
        desk.shop.pay("101010.10", desk.center)
    assert "Nothing is unpaid" in _page(desk, "unpaid/aging/")
    assert "Nothing to expect yet" in _page(desk, "unpaid/forecast/")


def test_the_file_has_each_invoice_in_the_column_of_its_age(desk: Desk) -> None:
    with tenant(desk.reseller):
        desk.shop.pay("9.5", desk.shop.new_center(name="Rimal"))
    answer = desk.as_(desk.billing).get(desk.url("unpaid/aging/export/csv/?csv=comma"))
    header, invoice, credit = read_csv(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    row = dict(zip(header, invoice, strict=True))
    late = (date(2026, 3, 5) - desk.invoice.due_on).days
    assert row["Number"] == desk.invoice.number
    assert row["Days overdue"] == str(max(late, 0))
    assert [row[name] for name in header if row[name] == "101010.10"] == ["101010.10"]
    assert dict(zip(header, credit, strict=True))["Credit"] == "-9.50"


def test_the_forecast_shows_weeks_and_amounts(desk: Desk) -> None:
    with tenant(desk.reseller):
        desk.shop.read(desk.shop.number(desk.center), date(2026, 3, 2), sent=3, cost="20")
    page = _page(desk, "unpaid/forecast/")
    assert desk.invoice.number in page
    assert "101,010.10" in page
    assert "22.00" in page, "usage of the running month, at the center's margin"
    assert "91,827" not in page, "no cost"
    assert page.count("<rect class") == 4, "a bar, and three keys"
    answer = desk.as_(desk.billing).get(desk.url("unpaid/forecast/export/csv/?csv=comma"))
    rows = read_csv(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    assert str(desk.invoice.pk) in {row[rows[0].index("Invoice ID")] for row in rows[1:]}
    assert "Most in the week of 16 Apr 2026: 22.00 USD" in page


def test_a_day_in_the_past_has_its_own_report(desk: Desk) -> None:
    with tenant(desk.reseller):
        desk.shop.pay("101010.10", desk.center)
    assert "Nothing is unpaid" in _page(desk, "unpaid/aging/")
    before = _page(desk, "unpaid/aging/?on=2026-03-04")
    assert "101,010.10" in before
    assert "4 Mar 2026" in before
    answer = desk.as_(desk.billing).get(desk.url("unpaid/aging/export/csv/?csv=comma&on=2026-03-04"))
    _header, row = read_csv(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    assert "101010.10" in row
    for wrong, why in (("2030-01-01", "an earlier day"), ("soon", "valid date"), ("", "field is required")):
        url = desk.url(f"unpaid/aging/?on={wrong}")
        for headers in ({}, {"HX-Request": "true", "HX-Target": "aging"}):
            page = desk.as_(desk.support).get(url, headers=headers).content.decode()
            assert "Nothing is unpaid" in page
            assert page.count(why) == 1
        file = desk.url(f"unpaid/aging/export/xlsx/?on={wrong}")
        refused = desk.as_(desk.support).get(file, follow=True)
        assert refused.redirect_chain == [(url, 302)]
        assert "There is no file for this day" in refused.content.decode()
