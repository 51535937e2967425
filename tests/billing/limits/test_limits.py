"""Credit limits and prepaid centers: exposure, warnings, suspension at 100 %, and a payment that resumes."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.charges import add_charge, add_discount
from billing.dunning import hold, planned_for, preview
from billing.dunning.over_limit import set_credit_terms
from billing.dunning.suspension import may_disable
from billing.invoicing import issue_invoice, void_invoice
from billing.jobs import due_resellers, dunning_job, limits_job
from billing.limits.exposure import exposures
from billing.limits.notices import request_top_up
from billing.limits.terms import LIMIT, NO_LIMIT, PREPAID
from billing.models import Charge, CreditTerms, Discount, SafetyStop, Suspension
from billing.periods import Period
from billing.policies import save_policy
from billing.pricing.exchange_rates import set_exchange_rate
from centers.errors import OperationRefused
from centers.models import AuditEntry, Center, Notification
from tests.billing.conftest import NOW, Shop
from tests.billing.mails.reading import text_of
from tests.billing.pricing.test_price_list import rates
from tests.billing.tax.shops import register, tax_rate
from tests.factories import UserFactory
from whatsapp.models import DesiredReason, Instance, MazbotAccount, Service

D = Decimal
Level = CreditTerms.Level
THIRD = Period(date(2026, 3, 3), date(2026, 3, 4))
OFF = {(Service.DISABLED.value, DesiredReason.NON_PAYMENT.value)}
ON = {(Service.ENABLED.value, "")}


def terms(shop: Shop, kind: str, limit: str | None = None, center: Center | None = None) -> None:
    amount = None if limit is None else Decimal(limit)
    set_credit_terms(center=center or shop.center, kind=kind, limit=amount, by=UserFactory(), now=NOW)


def use(shop: Shop, cost: str, day: int = 3, center: Center | None = None) -> Instance:
    number = shop.number(center, held_since=datetime(2026, 3, 1, tzinfo=UTC))
    shop.read(number, date(2026, 3, day), sent=10, cost=cost)
    return number


def checked(shop: Shop, now: datetime = NOW) -> CreditTerms:
    """The center's row after the job."""
    run = limits_job(reseller=shop.reseller, now=now)
    assert run.failed == 0
    return CreditTerms.objects.get(center=shop.center)


def desired(center: Center) -> set[tuple[str, str]]:
    return set(Instance.objects.filter(center=center).values_list("desired_state", "desired_reason"))


def test_exposure_is_unpaid_and_unbilled_with_tax_less_credit(shop: Shop) -> None:
    register(shop)
    tax_rate(shop)
    shop.margin("10")
    terms(shop, LIMIT, "1000")
    shop.owe("100")  # 126.50 with margin and tax
    shop.pay("26.50")
    use(shop, "50")  # 63.25
    row = checked(shop)
    assert (row.exposure, row.unbilled, row.available) == (D("163.25"), D("63.25"), D("836.75"))
    assert (row.level, row.percent) == (Level.OK, 16)
    invoice = issue_invoice(center=shop.center, period=THIRD, by=None, now=NOW)
    assert invoice.total == D("63.25")
    row = checked(shop, NOW + timedelta(hours=1))
    assert (row.exposure, row.unbilled) == (D("163.25"), 0)
    shop.pay("500", now=NOW + timedelta(hours=2))
    row.refresh_from_db()
    assert row.exposure == D("-336.75")


def test_charges_count_as_they_accrue_and_discounts_lower_what_counts(shop: Shop) -> None:
    terms(shop, LIMIT, "100")
    use(shop, "10")
    Center.objects.update(created_at=datetime(2026, 2, 1, tzinfo=UTC))
    about: dict[str, Any] = {"center": shop.center, "by": None, "now": NOW}
    add_charge(**about, amount="7", description="Set-up", day=date(2026, 2, 1))
    monthly: dict[str, Any] = {"amount": "31", "description": "Support", "every": Charge.Every.MONTH}
    add_charge(**about, **monthly, day=date(2026, 3, 1))
    assert checked(shop).unbilled == 22  # 10 of usage, 7 at once, 5 of 31 days
    add_discount(**about, on=Discount.On.MESSAGES, percent=D(50), day=date(2026, 3, 1))
    row = checked(shop, NOW + timedelta(hours=1))
    assert row.unbilled == 17


def test_days_of_a_voided_invoice_count_again_however_old(shop: Shop) -> None:
    terms(shop, LIMIT, "1000")
    old, _later = shop.owe("7", day=date(2025, 5, 1)), shop.owe("5", day=date(2025, 9, 1))
    assert checked(shop).exposure == 12
    void_invoice(invoice=old, because="a test", by=None, now=NOW)
    row = checked(shop)
    assert (row.exposure, row.unbilled) == (12, 7)


def test_subscriptions_count_as_they_accrue_and_another_currency_needs_a_rate(shop: Shop) -> None:
    rates(shop, "1", monthly_subscription="31")
    save_policy(reseller=shop.reseller, subscription_type="monthly_subscription", by=None, now=NOW)
    shop.number(held_since=datetime(2026, 3, 1, tzinfo=UTC))
    terms(shop, LIMIT, "100")
    assert checked(shop).unbilled == 5  # five days of March at one dollar a day
    use(shop, "10")
    CreditTerms.objects.update(currency="SAR")
    assert checked(shop).level == Level.UNKNOWN
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
    assert (row.unbilled, row.level) == (75, Level.OK)  # 10 for messages, 5 for each of two numbers


def test_a_limit_warns_once_at_80_percent_and_suspends_at_100(shop: Shop) -> None:
    terms(shop, LIMIT, "100")
    use(shop, "79.99")
    assert checked(shop).level == Level.OK
    use(shop, "0.01", 4)
    for _each in range(2):
        assert checked(shop).level == Level.LOW
    mail = Notification.objects.get(kind="credit.low")
    assert "20.00" in text_of(mail)
    dunning_job(reseller=shop.reseller, now=NOW)
    assert desired(shop.center) == ON
    use(shop, "20", 5)
    assert checked(shop).level == Level.EMPTY
    assert planned_for(shop.center, NOW) is not None
    (planned,) = preview(shop.reseller, NOW)
    assert (planned.on, planned.amount, planned.limit) == (NOW.date(), 100, 100)
    dunning_job(reseller=shop.reseller, now=NOW)
    case = Suspension.objects.get()
    assert (case.amount, case.limit, case.is_for_limit, case.is_for_prepaid) == (100, 100, True, False)
    assert desired(shop.center) == OFF
    assert may_disable(Instance.objects.earliest("pk"), NOW)
    suspended = Notification.objects.get(kind="center.suspended")
    assert "credit limit is used up" in text_of(suspended)
    shop.pay("0.01")
    case.refresh_from_db()
    assert case.ended_at is not None
    assert desired(shop.center) == ON
    assert CreditTerms.objects.get().level == Level.LOW


def test_a_prepaid_center_runs_empty_and_is_topped_up(shop: Shop) -> None:
    terms(shop, PREPAID)
    assert checked(shop).level == Level.EMPTY
    assert "Nothing is left of what you paid in advance" in text_of(
        Notification.objects.get(kind="credit.low")
    )
    Notification.objects.all().delete()
    shop.pay("50")
    assert CreditTerms.objects.get().warned_at is None, (
        "used up again before the next check, it is warned again"
    )
    use(shop, "39")
    assert checked(shop).level == Level.OK
    use(shop, "1", 4)
    row = checked(shop)
    assert (row.level, row.base, row.available, row.percent) == (Level.LOW, 50, 10, 80)
    assert "10.00" in text_of(Notification.objects.get(kind="credit.low"))
    use(shop, "10", 5)
    checked(shop)
    dunning_job(reseller=shop.reseller, now=NOW)
    assert Suspension.objects.get().is_for_prepaid
    assert "paid in advance is used up" in text_of(Notification.objects.get(kind="center.suspended"))
    shop.pay("100")
    assert desired(shop.center) == ON
    assert checked(shop).warned_at is None
    use(shop, "85")
    checked(shop, NOW + timedelta(hours=1))
    assert Notification.objects.filter(kind="credit.low").count() == 2


def test_holds_provider_incidents_and_the_safety_stop_prevent_it(shop: Shop) -> None:
    centers = [shop.new_center() for _each in range(6)]
    for center in centers:
        use(shop, "5", center=center)
        terms(shop, LIMIT, "5", center)
    MazbotAccount.objects.update(failing_since=NOW)
    dunning_job(reseller=shop.reseller, now=NOW)
    assert not Suspension.objects.exists()
    MazbotAccount.objects.update(failing_since=None)
    dunning_job(reseller=shop.reseller, now=NOW)
    assert len(SafetyStop.objects.get().center_ids) == 6
    until = NOW.date() + timedelta(days=3)
    hold(center=centers[0], until=until, because="promised", by=None, now=NOW)
    dunning_job(reseller=shop.reseller, now=NOW)
    assert Suspension.objects.count() == 5
    held = planned_for(centers[0], NOW)
    assert held is not None
    assert (held.on, held.hold is not None) == (until, True)


def test_what_is_stored_decides_nothing_right_before_the_call(shop: Shop) -> None:
    """A payment, or another limit, between the check and the run."""
    use(shop, "10")
    terms(shop, LIMIT, "10")
    CreditTerms.objects.update(level=Level.EMPTY, limit=11)
    dunning_job(reseller=shop.reseller, now=NOW)
    assert not Suspension.objects.exists()
    CreditTerms.objects.update(limit=10)
    dunning_job(reseller=shop.reseller, now=NOW)
    terms(shop, LIMIT, "50")
    assert desired(shop.center) == ON
    assert Suspension.objects.get().ended_at is not None
    terms(shop, NO_LIMIT)
    assert not CreditTerms.objects.exists()
    said = [
        row.data["changes"]["credit_terms"]
        for row in AuditEntry.objects.filter(action="credit_terms.changed")
    ]
    assert sorted(said) == [["10.00 USD", "50.00 USD"], ["50.00 USD", NO_LIMIT], [NO_LIMIT, "10.00 USD"]]


@pytest.mark.parametrize("limit", [None, "0", "-1", "1.005"])
def test_a_limit_is_an_amount_of_the_centers_currency(shop: Shop, limit: str | None) -> None:
    with pytest.raises(OperationRefused) as refused:
        terms(shop, LIMIT, limit)
    assert refused.value.field == "limit"


def test_more_centers_take_no_more_queries_and_no_limit_takes_no_job(shop: Shop) -> None:
    assert due_resellers("limits", NOW) == []
    assert exposures(shop.reseller, NOW) == []
    counts = []
    for count in (1, 2):
        for _each in range(count):
            center = shop.new_center()
            use(shop, "5", center=center)
            terms(shop, LIMIT, "50", center)
        with CaptureQueriesContext(connection) as queries:
            limits_job(reseller=shop.reseller, now=NOW)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert due_resellers("limits", NOW) == [shop.reseller.pk]


def test_a_top_up_is_asked_for_once_a_day(shop: Shop) -> None:
    person = UserFactory()
    request_top_up(center=shop.center, by=person, now=NOW)
    with pytest.raises(OperationRefused, match="today"):
        request_top_up(center=shop.center, by=person, now=NOW)
    request_top_up(center=shop.center, by=person, now=NOW + timedelta(days=1))
    assert AuditEntry.objects.filter(action="credit.top_up_asked").count() == 2
