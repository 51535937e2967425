"""Corrections after an archived center's last invoice: staff are notified and decide."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.invoicing import (
    NothingToCharge,
    check_late_corrections,
    due_periods,
    is_late_correction,
    issue_last_invoice,
    last_period,
    waive_late_corrections,
)
from billing.invoicing.flagged_usage import accept_flagged_usage
from billing.jobs import invoice_job
from billing.ledger import balances
from billing.models import FlaggedUsage, Invoice, UsageClaim
from billing.periods import Period
from billing.policies import save_center_policy
from centers.errors import OperationRefused
from centers.models import Center
from centers.tenancy.lifecycle import archive_center, restore_center
from tests.billing.conftest import NOW, Shop
from tests.billing.invoices import issue
from whatsapp.models import Alert, Instance

LATER = NOW + timedelta(days=10)


def archived(shop: Shop) -> tuple[Center, Instance]:
    """A center invoiced for February and archived; its number is another center's by now, so it is still read."""
    number = shop.number()
    shop.read(number, date(2026, 2, 3), sent=10, cost="10")
    issue(shop)
    center = shop.center
    shop.leaves(number, date(2026, 2, 3))
    archive_center(center=center, by=None, now=NOW)
    center.refresh_from_db()
    return center, number


def alerts() -> list[Center | None]:
    rows = Alert.objects.filter(kind=Alert.Kind.LEFT_OVER, resolved_at=None)
    return [row.center for row in rows.select_related("center")]


def test_a_late_correction_raises_an_alert_and_is_on_a_last_invoice(shop: Shop) -> None:
    center, number = archived(shop)
    shop.read(number, date(2026, 2, 3), sent=12, cost="13", at=LATER)
    assert [period for owner, period in due_periods(shop.reseller, LATER) if owner == center] == []
    invoice_job(reseller=shop.reseller, now=LATER)
    assert alerts() == [center]
    assert is_late_correction(center)

    invoice = issue_last_invoice(center=center, by=None, now=LATER)

    assert (invoice.total, invoice.first_day, invoice.end_day) == (3, date(2026, 3, 1), date(2026, 3, 15))
    assert FlaggedUsage.objects.get(flag="late").resolution == "accepted"
    assert alerts() == []
    assert not is_late_correction(center)


def test_waiving_closes_the_alert(shop: Shop) -> None:
    center, number = archived(shop)
    shop.read(number, date(2026, 2, 3), sent=12, cost="13", at=LATER)
    assert check_late_corrections(shop.reseller, LATER) == [center]
    waive_late_corrections(center=center, because="Too little to ask for", by=None, now=LATER)
    assert alerts() == []


def test_an_accepted_decrease_is_reported_at_once_and_becomes_credit(shop: Shop) -> None:
    center, number = archived(shop)
    shop.read(number, date(2026, 2, 3), sent=4, cost="4", at=LATER)
    assert alerts() == []
    accept_flagged_usage(flagged=FlaggedUsage.objects.get(), by=None, now=LATER)
    assert alerts() == [center]
    shop.pay("10", center)
    with pytest.raises(NothingToCharge, match="CN-2026-0001 for INV-2026-0001"):
        issue_last_invoice(center=center, by=None, now=LATER)
    assert Invoice.objects.get(kind="credit_note").total == -6
    assert alerts() == []
    assert balances(center, LATER)[0].credit == 6


def test_an_accepted_reading_of_a_center_in_use_raises_nothing(shop: Shop) -> None:
    number = shop.number()
    shop.read(number, date(2026, 2, 3), sent=10, cost="10")
    issue(shop)
    shop.read(number, date(2026, 2, 3), sent=4, cost="4", at=LATER)
    accept_flagged_usage(flagged=FlaggedUsage.objects.get(), by=None, now=LATER)
    assert alerts() == []
    assert not is_late_correction(shop.center)


def test_what_the_run_will_still_invoice_is_not_left_over(shop: Shop) -> None:
    center, number = archived(shop)
    shop.read(number, date(2026, 2, 3), sent=12, cost="13", at=LATER)
    last = shop.number(center, archived_at=NOW)
    shop.read(last, date(2026, 3, 2), sent=1, cost="1")
    assert check_late_corrections(shop.reseller, LATER) == []
    save_center_policy(center=center, by=None, now=LATER, auto_invoice=False)
    assert check_late_corrections(shop.reseller, LATER) == [center]


def test_messages_received_cost_nothing_and_alarm_no_one(shop: Shop) -> None:
    center, number = archived(shop)
    shop.read(number, date(2026, 2, 3), sent=10, received=7, cost="10", at=LATER)
    assert check_late_corrections(shop.reseller, LATER) == []
    assert not is_late_correction(center)


def test_a_center_that_is_restored_is_invoiced_as_usual(shop: Shop) -> None:
    center, number = archived(shop)
    shop.read(number, date(2026, 2, 3), sent=12, cost="13", at=LATER)
    check_late_corrections(shop.reseller, LATER)
    restore_center(center=center, by=None, now=LATER)
    check_late_corrections(shop.reseller, LATER)
    assert alerts() == []
    april = datetime(2026, 4, 5, 9, tzinfo=UTC)
    invoice_job(reseller=shop.reseller, now=april)
    assert center.invoices.latest("pk").total == 3


def test_a_correction_without_a_charge_closes_without_an_invoice(shop: Shop) -> None:
    center, number = archived(shop)
    shop.read(number, date(2026, 2, 3), sent=11, failed=1, cost="10", at=LATER)
    assert check_late_corrections(shop.reseller, LATER) == [center]
    with pytest.raises(NothingToCharge):
        issue_last_invoice(center=center, by=None, now=LATER)
    assert alerts() == []
    assert UsageClaim.objects.filter(voided_at=None).count() == 2


def test_two_corrections_on_one_day_wait_for_the_next_day(shop: Shop) -> None:
    center, number = archived(shop)
    shop.read(number, date(2026, 2, 3), sent=12, cost="13", at=LATER)
    issue_last_invoice(center=center, by=None, now=LATER)
    shop.read(number, date(2026, 2, 3), sent=13, cost="14", at=LATER + timedelta(hours=1))
    with pytest.raises(OperationRefused, match="isn't over yet"):
        issue_last_invoice(center=center, by=None, now=LATER + timedelta(hours=2))
    tomorrow = LATER + timedelta(days=1)
    assert issue_last_invoice(center=center, by=None, now=tomorrow).total == 1


def test_the_last_period_is_never_longer_than_a_year(shop: Shop) -> None:
    center, _number = archived(shop)
    years_later = datetime(2029, 3, 5, 9, tzinfo=UTC)
    period = last_period(center, years_later)
    assert (period.end_day, (period.end_day - period.first_day).days) == (date(2029, 3, 5), 366)
    with pytest.raises(OperationRefused, match="never been invoiced"):
        last_period(shop.new_center(), NOW)
    assert last_period(center, NOW) == Period(date(2026, 3, 1), date(2026, 3, 5))


def test_the_check_asks_no_more_for_more_centers(shop: Shop) -> None:
    def corrected() -> Center:
        other = shop.new_center()
        number = shop.number(other)
        shop.read(number, date(2026, 2, 10), sent=1, cost="5")
        issue(shop, center=other)
        shop.leaves(number, date(2026, 2, 10))
        archive_center(center=other, by=None, now=NOW)
        shop.read(number, date(2026, 2, 10), sent=2, cost="6", at=LATER)
        return other

    def asked() -> int:
        with CaptureQueriesContext(connection) as seen:
            check_late_corrections(shop.reseller, LATER)
        return len(seen)

    left = {corrected()}
    check_late_corrections(shop.reseller, LATER)
    before = asked()
    left |= {corrected(), corrected()}
    check_late_corrections(shop.reseller, LATER)
    assert asked() == before
    assert set(alerts()) == left
