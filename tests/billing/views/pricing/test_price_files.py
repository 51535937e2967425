"""A center's price list as files: with costs for staff, without them for the center."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import load_workbook

from billing.charges import add_discount
from billing.plans import add_plan, add_terms, choose_plan
from billing.views.pricing.price_list_pdf import price_list_pdf
from centers.models import Center
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
        "",
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
    assert got[-1][2:] == ["", "SAR", "2026-03-05", "Monthly subscription", ""]
    assert priced.as_(priced.viewer).get(priced.portal("prices/pdf/")).status_code == 200


def test_who_may_not_see_costs_gets_no_file_with_them(priced: Desk) -> None:
    address = priced.url(f"centers/{priced.center.pk}/prices/export/csv/")
    assert priced.as_(priced.support).get(address).status_code == 403


@pytest.fixture
def planned(priced: Desk) -> Desk:
    """280 a month with 1,000 messages and 0.0375 beyond since 2 March, 10 % off; 1,500 messages from April on."""
    with tenant(priced.reseller):
        Center.objects.filter(pk=priced.center.pk).update(created_at=datetime(2026, 2, 1, tzinfo=UTC))
        about: dict[str, Any] = {"by": None, "now": NOW}
        unasked = {**about, "confirmation": None}
        terms: dict[str, Any] = {"amount": "280", "included": 1000, "beyond": Decimal("0.0375")}
        day = date(2026, 3, 2)
        plan = add_plan(
            reseller=priced.reseller, name="Basic", currency="USD", day=day, per_number=True, **terms, **about
        )
        center = Center.objects.select_related("reseller").get(pk=priced.center.pk)
        (charge,) = choose_plan(center=center, plan=plan, day=day, **unasked)
        add_discount(center=center, charge=charge, percent=Decimal(10), day=day, **about)
        add_terms(plan=plan, day=date(2026, 4, 1), **{**terms, "included": 1500}, **unasked)
    return priced


def test_the_plan_is_in_the_files_of_both(planned: Desk) -> None:
    own = lines(planned.as_(planned.viewer).get(planned.portal("prices/export/csv/")))
    assert own[1:3] == [
        ["plan", "Per number per month", "252.00", "USD", "2026-03-05", "Basic", "1000"],
        ["plan_beyond", "Per message beyond", "0.0375", "USD", "2026-03-05", "Basic", ""],
    ]
    later = lines(planned.as_(planned.viewer).get(planned.portal("prices/export/csv/?day=2026-04-01")))
    assert later[1][-1] == "1500"
    staff = lines(
        planned.as_(planned.owner).get(planned.url(f"centers/{planned.center.pk}/prices/export/csv/"))
    )
    assert staff[1] == [
        *("plan", "Per number per month", "", "", "", ""),
        *("252.00", "USD", "2026-03-05", "Basic", "1000"),
    ]
    before = lines(planned.as_(planned.viewer).get(planned.portal("prices/export/csv/?day=2026-03-01")))
    assert not any(line[0] == "plan" for line in before)


def test_the_history_has_the_plan_before_and_after(planned: Desk) -> None:
    page = planned.as_(planned.owner).get(planned.url(f"centers/{planned.center.pk}/prices/history/"))
    portal = planned.as_(planned.viewer).get(planned.portal("prices/"))
    for response in (page, portal):
        text = response.content.decode()
        assert "No plan" in text
        assert "252.00" in text
        assert "1,500" in text
    got = lines(planned.as_(planned.viewer).get(planned.portal("prices/changes/export/csv/")))
    mine = [line for line in got if line[1].startswith("plan")]
    assert mine == [
        [
            "2026-04-01",
            "plan",
            "Per number per month",
            "252.00",
            "USD",
            "252.00",
            "USD",
            "Basic",
            "1000",
            "1500",
        ],
        ["2026-03-02", "plan", "Per number per month", "", "", "252.00", "USD", "Basic", "", "1000"],
        ["2026-03-02", "plan_beyond", "Per message beyond", "", "", "0.0375", "USD", "Basic", "", ""],
    ]
