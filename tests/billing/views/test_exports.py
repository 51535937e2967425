"""Every file the product exports, found in the resolver and read back as a spreadsheet would."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from billing.charges import add_charge
from billing.dunning.write_offs import write_off
from billing.models import AccountUsageRecord
from billing.payments import refund_credit
from centers.audit import entries
from centers.models import Center, Notification, Reseller
from centers.tenancy.scoping import tenant
from centers.web.csv_styles import STYLES
from tests.billing.conftest import NOW
from tests.billing.views.conftest import CANARY, Desk, add_gap, make_desk
from tests.guards.addresses import Address, all_addresses
from tests.shared_rows import ROWS
from tests.spreadsheets import read_csv, read_xlsx
from whatsapp.models import Alert, Instance, NumberDay

EXPORTS = [address for address in all_addresses() if "fmt" in address.takes]
PHONE = "+966512345678"
#: The evening before in UTC, the next day in Riyadh.
EVENING = datetime(2026, 2, 28, 21, 30, tzinfo=UTC)
LOCAL, UTC_TEXT = "2026-03-01 00:30:00", "2026-02-28 21:30:00"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_DECIMAL = re.compile(r"-?\d+\.(\d+)")
#: Of MazBot's costs no digit is rounded away.
EXACT = {
    "Cost",
    "Price",
    "Price before",
    "Main account",
    "All numbers",
    "Difference",
    "Invoiced",
    "Not invoiced yet",
}
#: What rounding left is less than a currency's smallest coin.
ALL_DECIMALS = {"center_carried_export"}
#: A type of a price list is its own key, and so is a day of the comparison; the audit log only grows.
PRICES = {
    "center_prices_export", "portal_prices_export", "center_price_changes_export", "portal_price_changes_export",
}  # fmt: skip
WITHOUT_ID = PRICES | {"reconciliation_export"}
WITHOUT_STATUS = PRICES | {"audit_export", "center_statement_export", "portal_statement_export"}


@pytest.fixture
def full(request: pytest.FixtureRequest) -> Desk:
    return ROWS.get(request, make_full)


def make_full() -> Desk:
    """Something to write in every export, in a currency and zone where mistakes show."""
    desk = make_desk()
    shop = desk.shop
    with tenant(shop.reseller):
        paid = shop.new_center(name="Al Qamar", currency="AED", phone=PHONE)
        with_credit = shop.pay("425.45", paid, received_on=date(2026, 2, 20))
        refund_credit(
            center=paid, amount=Decimal("25.45"), currency="AED", reference="R-1", by=None, now=EVENING
        )
        shop.read(shop.number(paid), date(2026, 2, 11), sent=3, cost="0.0333333333")
        shop.read(shop.number(shop.center), date(2026, 2, 12), sent=3, cost="0.0125")
        shop.margin("10")
        shop.margin("20", valid_from=date(2026, 4, 1))
        lost = shop.owe("7", shop.new_center(name="Zahra"), day=date(2026, 2, 3))
        write_off(center=lost.center, invoices=[lost.pk], because="Closed", by=None, now=EVENING)
        add_gap(shop.reseller)
        for own in (paid, shop.center):
            add_charge(
                center=own, amount="7.5", description="Support", day=date(2026, 3, 5), by=None, now=EVENING
            )
        Instance.objects.update(checked_at=EVENING, last_seen=EVENING, connection_since=EVENING)
        Center.objects.update(created_at=EVENING)
        entries.record(
            "center.edited", reseller=shop.reseller, center=paid, by=None, target=paid, now=EVENING
        )
        Alert(reseller=shop.reseller, kind=Alert.Kind.QUOTA_LOW, opened_at=EVENING).save()
        Notification.objects.create(
            reseller=shop.reseller, kind="x", key="x", about="x", channel="email", recipient=desk.owner,
            created_at=EVENING, due_at=EVENING,
        )  # fmt: skip
        AccountUsageRecord.objects.create(
            reseller=shop.reseller, day=date(2026, 2, 11), sent=3, received=0, failed=0,
            cost=Decimal("0.0333333333"), currency="USD", read_at=NOW,
        )  # fmt: skip
        NumberDay(
            reseller=shop.reseller, center=paid, instance=shop.number(paid), day=date(2026, 2, 11),
            connected=57_601, expired=28_799, outages=1, longest=28_799,
        ).save()  # fmt: skip
    assert with_credit.pk
    return desk


def url(desk: Desk, address: Address, fmt: str, **query: str) -> str:
    values = {"slug": desk.reseller.slug, "fmt": fmt, "pk": desk.center.pk, "center_id": desk.center.pk}
    path = reverse(address.name, args=[values[name] for name in address.takes])
    return path + "?" + "&".join(f"{name}={value}" for name, value in {"month": "2026-02", **query}.items())


def fetch(desk: Desk, address: Address, fmt: str, **query: str) -> bytes:
    person = desk.owner if address.audience == "staff" else desk.admin
    answer = desk.as_(person).get(url(desk, address, fmt, **query))
    assert answer.status_code == 200, address
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def test_the_exports_are_those_we_know_of() -> None:
    assert len(EXPORTS) >= 11
    assert {address.audience for address in EXPORTS} == {"staff", "portal"}


@pytest.mark.parametrize("address", EXPORTS, ids=str)
def test_an_export_reads_back_the_same_in_every_form(full: Desk, address: Address) -> None:
    book = read_xlsx(fetch(full, address, "xlsx"))
    assert len(book) > 1, "an export with nothing in it proves nothing"
    for key, style in STYLES.items():
        data = fetch(full, address, "csv", csv=key)
        assert data.startswith(b"\xef\xbb\xbfsep=") == style.names_separator
        rows = read_csv(data)
        assert [len(row) for row in rows] == [len(rows[0])] * len(book), f"{key} opens in columns"
        assert rows[0] == book[0]
        for row, twin in zip(rows[1:], book[1:], strict=True):
            for cell, other in zip(row, twin, strict=True):
                same_cell(cell, other, style.decimal)


def same_cell(cell: str, other: str, decimal: str) -> None:
    """A CSV cell against the workbook's, where days and times are counted in days."""
    if decimal == ",":
        assert not _DECIMAL.fullmatch(cell), "text, a date or thousands to a spreadsheet with a decimal comma"
        cell = cell.replace(",", ".") if _DECIMAL.fullmatch(cell.replace(",", ".")) else cell
    if _DAY.match(cell):
        began = datetime(1899, 12, 30)  # noqa: DTZ001  # a spreadsheet's epoch
        moment = began + timedelta(days=float(other)) if other[:1].isdigit() and "-" not in other else None
        assert moment is None or abs(moment - datetime.fromisoformat(cell)) < timedelta(seconds=1)
    elif _DECIMAL.fullmatch(cell):
        assert Decimal(cell) == Decimal(other)
    else:
        assert cell.removeprefix("\u200e") == other


@pytest.mark.parametrize("address", EXPORTS, ids=str)
def test_an_export_has_ids_states_local_times_and_clean_amounts(full: Desk, address: Address) -> None:
    rows = read_csv(fetch(full, address, "csv", csv="comma"))
    header, cells = rows[0], [cell for row in rows[1:] for cell in row]
    assert any(re.fullmatch(r"(\w+ )?I[Dd]", name) for name in header) != (address.name in WITHOUT_ID)
    assert ("Status" in header) != (address.name in WITHOUT_STATUS)
    assert UTC_TEXT not in cells
    for row in rows[1:] if address.name not in ALL_DECIMALS else []:
        for name, cell in zip(header, row, strict=True):
            check_amount(name, cell, row[header.index("Currency")] if "Currency" in header else "")


def check_amount(name: str, cell: str, currency: str) -> None:
    decimals = _DECIMAL.fullmatch(cell)
    if not decimals:
        return
    exact = name in EXACT
    places = len(decimals[1])
    assert places == 2 or (exact and places <= 8), f"{name} {cell} {currency}"


def test_the_times_and_phones_are_there_to_be_checked(full: Desk) -> None:
    found = {address.name: fetch(full, address, "csv", csv="comma").decode() for address in EXPORTS}
    assert {name for name, text in found.items() if LOCAL in text} >= {
        "board_export", "center_export", "refunds_export", "audit_export", "alerts_export",
        "notifications_export",
    }  # fmt: skip
    assert f"\u200e{PHONE}" in found["center_export"]
    assert ",425.45,AED" in found["payments_export"]
    assert ",0.03333333,USD" in found["usage_export"]
    assert ",91827.3725,USD" in found["usage_export"], "a cost keeps the digits it needs"


def test_an_arabic_reader_gets_semicolons_and_a_sheet_from_right_to_left(full: Desk) -> None:
    for client in (full.as_(full.owner), full.as_(full.admin)):
        client.cookies["django_language"] = "ar"
        for address in EXPORTS:
            if (address.audience == "staff") != (client is full.as_(full.owner)):
                continue
            text = fetch(full, address, "csv").decode("utf-8-sig")
            assert text.split("\r\n")[0].count(";") == len(read_csv(text.encode())[0]) - 1, address


def test_the_choice_is_kept_for_the_next_export_and_shown_in_the_menu(full: Desk) -> None:
    client = full.as_(full.owner)
    client.get(full.url("centers/export/csv/?csv=tab"))
    data = b"".join(client.get(full.url("payments/export/csv/")).streaming_content).decode()  # type: ignore[attr-defined]
    assert "\t" in data.split("\r\n")[0]
    menu = client.get(full.url("payments/")).content.decode()
    assert re.search(r'csv=tab[^>]*aria-current="true"', menu)


def test_center_roles_get_no_cost(full: Desk) -> None:
    for address in EXPORTS:
        if address.audience == "portal":
            data: list[list[Any]] = read_csv(fetch(full, address, "csv"))
            assert not {"Cost", "Charge"} & set(data[0])
            assert CANARY not in str(data)
            continue
        client = full.as_(full.admin)
        assert client.get(url(full, address, "csv")).status_code in (403, 404)


def test_the_reseller_of_these_tests_is_not_in_utc(full: Desk) -> None:
    assert Reseller.objects.get(pk=full.reseller.pk).time_zone == "Asia/Riyadh"
