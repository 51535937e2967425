"""A center's price list as files: with costs for staff, without them for the center."""

import csv
import io
from typing import Any

import pytest
from openpyxl import load_workbook

from billing.views.pricing.price_list_pdf import price_list_pdf
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.views.conftest import CANARY, Desk, add_rates


@pytest.fixture
def priced(desk: Desk) -> Desk:
    with tenant(desk.reseller):
        add_rates(desk.shop, text=CANARY, marketing="0.0123", monthly_subscription="9")
    return desk


def lines(response: Any) -> list[list[str]]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_staff_get_cost_margin_and_price(priced: Desk) -> None:
    got = lines(priced.as_(priced.owner).get(priced.url(f"centers/{priced.center.pk}/prices/export/csv/")))
    marketing = next(line for line in got if line[0] == "marketing")
    assert marketing == [
        "marketing",
        "Per message",
        "0.0123",
        "USD",
        "10",
        "0",
        "0.01353",
        "USD",
        "2026-03-05",
        "Marketing messages",
    ]
    assert next(line for line in got if line[0] == "monthly_subscription")[1] == "Per number per month"


def test_the_center_gets_its_prices_by_name_and_no_cost(priced: Desk) -> None:
    got = lines(priced.as_(priced.viewer).get(priced.portal("prices/export/csv/")))
    assert [line[0] for line in got[-3:]] == ["marketing", "text", "monthly_subscription"]
    assert [line[5] for line in got[-3:]] == ["Marketing messages", "Text messages", "Monthly subscription"]
    book = b"".join(priced.as_(priced.viewer).get(priced.portal("prices/export/xlsx/")).streaming_content)
    sheet = load_workbook(io.BytesIO(book)).active
    assert sheet is not None
    assert next(row[2].value for row in sheet.iter_rows(min_row=2)) == pytest.approx(0.01353)


@pytest.mark.parametrize("language", ["", "en", "ar", "xx"])
def test_the_pdf_is_the_same_for_both(priced: Desk, language: str) -> None:
    tail = f"?language={language}" if language else ""
    for_staff = priced.as_(priced.support).get(priced.url(f"centers/{priced.center.pk}/prices/pdf/{tail}"))
    own = priced.as_(priced.viewer).get(priced.portal(f"prices/pdf/{tail}"))
    assert for_staff["Content-Type"] == own["Content-Type"] == "application/pdf"
    assert for_staff["Content-Disposition"] == 'attachment; filename="prices-2026-03-05.pdf"'
    assert for_staff.content.startswith(b"%PDF")
    with tenant(priced.reseller):
        assert price_list_pdf(priced.center, NOW) == price_list_pdf(priced.center, NOW)


def test_a_price_without_an_exchange_rate_is_not_known_yet(priced: Desk) -> None:
    with tenant(priced.reseller):
        priced.center.currency = "SAR"
        priced.center.save()
    got = lines(priced.as_(priced.viewer).get(priced.portal("prices/export/csv/")))
    assert got[-1][2:] == ["", "SAR", "2026-03-05", "Monthly subscription"]
    assert priced.as_(priced.viewer).get(priced.portal("prices/pdf/")).status_code == 200


def test_who_may_not_see_costs_gets_no_file_with_them(priced: Desk) -> None:
    address = priced.url(f"centers/{priced.center.pk}/prices/export/csv/")
    assert priced.as_(priced.support).get(address).status_code == 403
