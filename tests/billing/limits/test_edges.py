"""Limits without an exchange rate, after a change of currency, and while something else happens at the same time."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.banking.opening import record_openings
from billing.dunning import hold
from billing.dunning.disputes import close_dispute, open_dispute
from billing.dunning.suspension import may_disable
from billing.dunning.write_offs import reverse_write_off, write_off
from billing.invoicing import issue_invoice, void_invoice
from billing.jobs import dunning_job
from billing.limits import check, exposure
from billing.limits.terms import LIMIT, PREPAID
from billing.models import CreditTerms, Suspension
from billing.payments.conversion import convert_credit
from billing.payments.recording import refund_credit
from billing.periods import Period
from billing.pricing.exchange_rates import set_exchange_rate
from centers.models import Center
from tests.billing.conftest import NOW, Shop
from tests.billing.limits.test_limits import OFF, ON, checked, desired, terms, use
from whatsapp.models import Instance

D = Decimal
Level = CreditTerms.Level


def test_a_missing_exchange_rate_neither_suspends_nor_ends_a_suspension(shop: Shop) -> None:
    use(shop, "10")
    terms(shop, LIMIT, "5")
    dunning_job(reseller=shop.reseller, now=NOW)
    case = Suspension.objects.get()
    CreditTerms.objects.update(currency="SAR")
    assert checked(shop).level == Level.UNKNOWN
    dunning_job(reseller=shop.reseller, now=NOW)
    case.refresh_from_db()
    assert (case.ended_at, desired(shop.center)) == (None, OFF)
    assert may_disable(Instance.objects.earliest("pk"), NOW)
    hold(center=shop.center, until=NOW.date() + timedelta(days=3), because="a test", by=None, now=NOW)
    case.refresh_from_db()
    assert (case.ended_at, desired(shop.center)) == (NOW, ON)
    other = shop.new_center()
    use(shop, "10", center=other)
    terms(shop, LIMIT, "5", other)
    CreditTerms.objects.update(currency="SAR")
    dunning_job(reseller=shop.reseller, now=NOW)
    assert desired(other) == ON


def test_a_suspension_of_an_archived_center_ends_with_what_it_owes(shop: Shop) -> None:
    use(shop, "10")
    terms(shop, LIMIT, "5")
    dunning_job(reseller=shop.reseller, now=NOW)
    checked(shop)
    Center.objects.filter(pk=shop.center.pk).update(archived_at=NOW)
    dunning_job(reseller=shop.reseller, now=NOW)
    assert Suspension.objects.get().ended_at == NOW


def test_credit_counts_after_the_centers_currency_changed(shop: Shop) -> None:
    limited = shop.new_center()
    for center, kind, limit in ((shop.center, PREPAID, None), (limited, LIMIT, "20")):
        terms(shop, kind, limit, center)
        if kind == PREPAID:
            shop.pay("50", center)
        use(shop, "30", center=center)
    Center.objects.update(currency="SAR")
    set_exchange_rate(
        reseller=shop.reseller,
        base="USD",
        quote="SAR",
        day=date(2026, 1, 1),
        rate=D("3.75"),
        by=None,
        now=NOW,
    )
    row = checked(shop)
    assert (row.exposure, row.currency, row.level) == (D(-75), "SAR", Level.OK)
    assert CreditTerms.objects.get(center=limited).is_empty
    for center in (shop.center, limited):
        shop.pay("75", center, currency="SAR")
    row = checked(shop, NOW + timedelta(hours=1))
    assert (row.exposure, row.base, row.level) == (D(-150), D(75), Level.OK)
    row = CreditTerms.objects.get(center=limited)
    assert (row.exposure, row.currency, row.level) == (D(10), "USD", Level.OK)


def test_usage_that_is_invoiced_during_the_check_counts_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    terms(shop, LIMIT, "15")
    use(shop, "10")
    find = exposure.unbilled_charges

    def find_and_invoice(*args: Any) -> Any:
        found = find(*args)
        period = Period(date(2026, 3, 3), date(2026, 3, 4))
        issue_invoice(center=shop.center, period=period, by=None, now=NOW)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(exposure, "unbilled_charges", find_and_invoice)
        assert checked(shop).exposure == 10
    assert checked(shop, NOW + timedelta(hours=1)).exposure == 10


def test_the_check_keeps_what_a_payment_stored_since(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of one whose time was read before the check's."""
    terms(shop, PREPAID)
    find = check.exposures

    def find_and_pay(*args: Any) -> Any:
        found = find(*args)
        shop.pay("50", now=NOW + timedelta(minutes=59))
        return found

    with monkeypatch.context() as patch:
        patch.setattr(check, "exposures", find_and_pay)
        row = checked(shop, NOW + timedelta(hours=1))
    assert (row.exposure, row.level, row.warned_at) == (-50, Level.OK, None)


def test_a_prepaid_center_is_warned_by_its_credit_after_whatever_raised_it(shop: Shop) -> None:
    terms(shop, PREPAID)
    opening = [(shop.center.pk, "USD", D(-80))]
    record_openings(reseller=shop.reseller, balances=opening, by=None, now=NOW)
    shop.pay("20")
    use(shop, "79")
    row = checked(shop)
    assert (row.base, row.available, row.level) == (100, 21, Level.OK)
    use(shop, "1", 4)
    assert checked(shop).level == Level.LOW
    shop.owe("5")
    assert checked(shop).base == 100


def test_what_a_center_contests_suspends_it_for_no_limit(shop: Shop) -> None:
    invoice = shop.owe("10", day=date(2026, 3, 2))
    terms(shop, LIMIT, "10")
    dunning_job(reseller=shop.reseller, now=NOW)
    assert desired(shop.center) == OFF
    dispute = open_dispute(invoice=invoice, because="a test", by=None, now=NOW)
    row = CreditTerms.objects.get()
    assert (row.exposure, row.level, desired(shop.center)) == (10, Level.LOW, ON)
    dunning_job(reseller=shop.reseller, now=NOW)
    assert desired(shop.center) == ON
    close_dispute(dispute=dispute, decision="a test", by=None, now=NOW)
    assert CreditTerms.objects.get().is_empty
    dunning_job(reseller=shop.reseller, now=NOW)
    assert desired(shop.center) == OFF


def test_every_change_of_a_balance_stores_the_exposure(shop: Shop) -> None:
    set_exchange_rate(
        reseller=shop.reseller, base="USD", quote="SAR", day=date(2026, 1, 1), rate=D(4), by=None, now=NOW
    )
    about: dict[str, Any] = {"by": None, "now": NOW}
    terms(shop, LIMIT, "100")
    shop.pay("50")
    stored: list[Decimal | None] = []

    def note() -> None:
        stored.append(CreditTerms.objects.get().exposure)

    note()
    refund_credit(center=shop.center, amount="10", currency="USD", reference="R-1", **about)
    note()
    currencies = {"from_currency": "USD", "to_currency": "SAR"}
    convert_credit(center=shop.center, amount="20", **currencies, **about)
    note()
    first, second = shop.owe("30", day=date(2026, 2, 11)), shop.owe("7", day=date(2026, 2, 12))
    (row,) = write_off(center=shop.center, invoices=[second.pk], because="a test", **about)
    note()
    reverse_write_off(row=row, because="a test", **about)
    note()
    assert stored == [-50, -40, -20, 10, 17]
    void_invoice(invoice=first, because="a test", **about)
    assert CreditTerms.objects.get().unbilled == 30
