"""Invoices: what they say, what blocks them, that they are issued once."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction

from billing.invoicing import (
    NothingToCharge,
    blockers,
    close_period,
    issue_invoice,
    preview_invoice,
    void_invoice,
)
from billing.invoicing.flagged_usage import waive_days
from billing.invoicing.issue import MOST_REASONS
from billing.ledger import balances
from billing.models import (
    BillingPeriod,
    Category,
    Invoice,
    InvoiceLine,
    Rate,
    RateFetch,
    SubscriptionClaim,
    UsageClaim,
    UsageRecord,
)
from billing.periods import Period
from billing.policies import save_policy
from billing.pricing.exchange_rates import MissingRate, set_exchange_rate
from billing.queries import portal_invoices, portal_lines
from centers.errors import OperationRefused
from centers.models import AuditEntry, Center
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.invoices import APRIL_5, MARCH, issue
from tests.billing.mails.reading import text_of, the_mail
from tests.factories import UserFactory
from whatsapp.models import Instance, MazbotAccount

D = Decimal


def test_a_line_is_the_price_list_applied_to_the_usage(shop: Shop) -> None:
    margin = shop.margin("20", "0.01")
    number = shop.number(label="Desk")
    shop.read(number, date(2026, 2, 3), sent=100, received=40, failed=10, cost="5.005")
    shop.read(number, date(2026, 2, 4), sent=50, failed=0, cost="2.5")
    invoice = issue(shop)
    line = InvoiceLine.objects.get()
    # 7.505 x 1.2 + 0.01 x 140 = 10.406
    assert (line.amount, line.quantity, line.cost) == (D("10.41"), 140, D("7.505"))
    assert (line.margin, line.percent, line.fixed, line.exchange_rate) == (margin, 20, D("0.01"), 1)
    assert line.number_label == f"Desk ({number.instance_id})"
    assert (invoice.number, invoice.total, invoice.open_amount) == ("INV-2026-0001", D("10.41"), D("10.41"))
    assert (invoice.issued_on, invoice.due_on) == (date(2026, 3, 5), date(2026, 3, 19))
    # Riyadh is three hours ahead of UTC the whole year.
    assert invoice.period_start == datetime(2026, 1, 31, 21, tzinfo=UTC)
    assert invoice.period_end == datetime(2026, 2, 28, 21, tzinfo=UTC)
    assert balances(shop.center, NOW)[0].due == D("10.41")
    shop.center.refresh_from_db()
    assert (shop.center.payment_status, shop.center.version) == ("open", 1)


def test_a_charge_that_no_column_holds_is_refused_by_name(shop: Shop) -> None:
    shop.margin("10000")
    number = shop.number(label="Desk")
    shop.read(number, date(2026, 2, 3), sent=1, cost="9999999999999")
    with pytest.raises(OperationRefused, match="Desk"):
        issue(shop)
    assert not Invoice.objects.exists()


def test_one_transaction_writes_mail_audit_and_ledger(shop: Shop) -> None:
    user = UserFactory()
    shop.read(shop.number(), date(2026, 2, 3), sent=1, cost="91827.36")
    shop.margin("100")
    invoice = issue_invoice(center=shop.center, period=FEBRUARY, by=user, now=NOW)
    mail = the_mail()
    assert (mail.about, mail.center) == (f"invoice:{invoice.pk}", shop.center)
    assert "183,654.72" in text_of(mail)
    assert "91,827.36" not in text_of(mail).replace("183,654.72", "")
    assert AuditEntry.objects.get(action="invoice.issued").actor == user
    assert invoice.entries.get().amount == D("183654.72")


def test_parties_stay_as_they_were(shop: Shop) -> None:
    shop.owe("5")
    Center.objects.filter(pk=shop.center.pk).update(name="Renamed")
    assert Invoice.objects.get().parties["center"]["name"] == shop.center.name


def test_margin_versions_make_lines_of_their_own(shop: Shop) -> None:
    number = shop.number()
    first = shop.margin("10")
    second = shop.margin("50", valid_from=date(2026, 2, 15))
    shop.read(number, date(2026, 2, 14), sent=1, cost="1")
    shop.read(number, date(2026, 2, 15), sent=1, cost="1")
    issue(shop)
    lines = InvoiceLine.objects.order_by("position")
    assert [(line.margin, line.amount) for line in lines] == [(first, D("1.10")), (second, D("1.50"))]


def test_sent_messages_count_where_the_policy_says_so(shop: Shop) -> None:
    save_policy(reseller=shop.reseller, by=None, now=NOW, billable="sent")
    shop.margin("0", "1")
    shop.read(shop.number(), date(2026, 2, 3), sent=10, failed=4, cost="1")
    assert preview_invoice(shop.center, FEBRUARY).total == D(11)


def test_the_same_period_is_refused_with_its_number(shop: Shop) -> None:
    shop.read(shop.number(), date(2026, 2, 3), sent=1, cost="1")
    issue(shop)
    with pytest.raises(OperationRefused, match="INV-2026-0001"):
        issue(shop)
    with pytest.raises(OperationRefused, match="INV-2026-0001"):
        issue(shop, Period(date(2026, 2, 28), date(2026, 3, 2)))
    assert Invoice.objects.count() == 1


def test_adjoining_periods_share_no_day(shop: Shop) -> None:
    number = shop.number()
    for day in (9, 10):
        shop.read(number, date(2026, 2, day), sent=1, cost="1")
    assert issue(shop, Period(date(2026, 2, 1), date(2026, 2, 10))).total == 1
    assert issue(shop, Period(date(2026, 2, 10), date(2026, 3, 1))).total == 1
    assert UsageClaim.objects.count() == 2


def test_a_period_that_is_not_over_is_refused(shop: Shop) -> None:
    with pytest.raises(OperationRefused, match="isn't over yet"):
        issue(shop, Period(date(2026, 3, 1), date(2026, 3, 6)))


def test_the_first_of_many_reasons_are_named(shop: Shop) -> None:
    for _number in range(MOST_REASONS + 2):
        shop.number(held_since=datetime(2026, 2, 27, 9, tzinfo=UTC))
    with pytest.raises(OperationRefused) as refused:
        issue(shop)
    assert refused.value.message.count("hasn't been fetched") == MOST_REASONS
    assert refused.value.message.endswith("The invoice's page lists more reasons: 2.")


def test_unread_days_block(shop: Shop) -> None:
    number = shop.number(label="Desk")
    Instance.objects.filter(pk=number.pk).update(held_since=datetime(2026, 2, 27, 9, tzinfo=UTC))
    shop.read(number, date(2026, 2, 27), sent=1, cost="1")
    assert "Desk" in blockers(shop.center, FEBRUARY, NOW)[0]
    assert "28 Feb 2026" in blockers(shop.center, FEBRUARY, NOW)[0]
    # Read while the day was still going on.
    shop.read(number, date(2026, 2, 28), sent=1, cost="1", at=datetime(2026, 2, 28, 20, tzinfo=UTC))
    assert blockers(shop.center, FEBRUARY, NOW)
    shop.read(number, date(2026, 2, 28), sent=1, cost="1")
    assert blockers(shop.center, FEBRUARY, NOW) == []


def test_days_after_archiving_need_no_reading(shop: Shop) -> None:
    number = shop.number()
    Instance.objects.filter(pk=number.pk).update(held_since=datetime(2026, 2, 27, 9, tzinfo=UTC))
    Instance.objects.filter(pk=number.pk).update(archived_at=datetime(2026, 2, 27, 10, tzinfo=UTC))
    shop.read(number, date(2026, 2, 27), sent=1, cost="1")
    assert blockers(shop.center, FEBRUARY, NOW) == []


def test_days_that_mazbot_cannot_tell_of_can_be_waived(shop: Shop) -> None:
    number = shop.number()
    Instance.objects.filter(pk=number.pk).update(held_since=datetime(2026, 2, 26, 9, tzinfo=UTC))
    shop.read(number, date(2026, 2, 27), sent=1, cost="1", at=datetime(2026, 2, 27, 9, tzinfo=UTC))
    with pytest.raises(OperationRefused):
        waive_days(instance=number, period=FEBRUARY, because=" ", by=None, now=NOW)
    number.refresh_from_db()
    whole = Period(date(2026, 2, 1), date(2026, 3, 9))  # today and days to come are not waived with it
    waive_days(instance=number, period=whole, because="Number is gone", by=None, now=NOW)
    assert UsageRecord.objects.latest("day").day == date(2026, 3, 4)
    with pytest.raises(OperationRefused, match="nothing left to waive"):
        waive_days(instance=number, period=whole, because="Number is gone", by=None, now=NOW)
    assert blockers(shop.center, FEBRUARY, NOW) == []
    assert issue(shop).total == 1


def test_nothing_to_charge_closes_the_period_without_an_invoice(shop: Shop) -> None:
    number = shop.number()
    shop.read(number, date(2026, 2, 3), received=5)
    with pytest.raises(NothingToCharge):
        issue(shop)
    assert Invoice.objects.count() == 0
    assert BillingPeriod.objects.get().outcome == "waived"
    assert UsageClaim.objects.get().line is None
    with pytest.raises(OperationRefused, match="closed"):
        issue(shop)


def test_money_is_converted_with_the_rate_of_the_last_day(shop: Shop) -> None:
    center = shop.new_center(currency="LYD")
    shop.read(shop.number(center), date(2026, 2, 3), sent=1, cost="10")
    with pytest.raises(MissingRate, match=r"USD to LYD for 28 Feb 2026"):
        issue(shop, center=center)
    for day, rate in ((date(2026, 2, 1), "4.8"), (date(2026, 2, 20), "4.85555"), (date(2026, 3, 1), "9")):
        set_exchange_rate(
            reseller=shop.reseller, base="USD", quote="LYD", day=day, rate=D(rate), by=None, now=NOW
        )
    invoice = issue(shop, center=center)
    assert (invoice.total, invoice.currency) == (D("48.556"), "LYD")
    assert InvoiceLine.objects.get().exchange_rate == D("4.85555")


def test_a_silent_number_needs_no_exchange_rate(shop: Shop) -> None:
    center = shop.new_center(currency="LYD")
    shop.read(shop.number(center), date(2026, 2, 3))
    assert close_period(center=center, period=FEBRUARY, by=None, now=NOW).outcome == "waived"


def test_a_day_without_cost_is_on_the_line_of_the_others_and_corrected_at_its_rate(shop: Shop) -> None:
    center = shop.new_center(currency="EGP")
    number = shop.number(center)
    set_exchange_rate(
        reseller=shop.reseller, base="USD", quote="EGP", day=date(2026, 2, 1), rate=D(49), by=None, now=NOW
    )
    shop.read(number, date(2026, 2, 3), sent=1, cost="1")
    shop.read(number, date(2026, 2, 4), received=5)
    first = issue(shop, center=center)
    assert (first.total, first.line_count) == (49, 1)
    shop.read(number, date(2026, 2, 4), sent=1, received=5, cost="1", at=NOW)
    assert issue(shop, MARCH, center, now=APRIL_5).total == 49


def test_a_line_over_nothing_that_went_without_a_rate_is_corrected_at_a_real_one(shop: Shop) -> None:
    center = shop.new_center(currency="EGP")
    paid, free = shop.number(center), shop.number(center)
    common = {"reseller": shop.reseller, "quote": "EGP", "day": date(2026, 2, 1), "by": None, "now": NOW}
    set_exchange_rate(base="USD", rate=D(49), **common)
    shop.read(paid, date(2026, 2, 3), sent=1, cost="1")
    MazbotAccount.objects.update(cost_currency="SAR")
    shop.account.refresh_from_db()
    shop.read(free, date(2026, 2, 3), received=5)
    assert issue(shop, center=center).total == 49
    shop.read(free, date(2026, 2, 3), sent=1, received=5, cost="1", at=NOW)
    with pytest.raises(MissingRate):
        issue(shop, MARCH, center, now=APRIL_5)
    set_exchange_rate(base="SAR", rate=D(13), **common)
    assert issue(shop, MARCH, center, now=APRIL_5).total == 13


def test_a_correction_that_costs_nothing_needs_no_exchange_rate(shop: Shop) -> None:
    center = shop.new_center(currency="EGP")
    number = shop.number(center)
    shop.read(number, date(2026, 2, 3))
    close_period(center=center, period=FEBRUARY, by=None, now=NOW)
    shop.read(number, date(2026, 2, 3), received=1, at=NOW)
    assert close_period(center=center, period=MARCH, by=None, now=APRIL_5).outcome == "waived"
    shop.read(number, date(2026, 2, 3), sent=1, received=1, at=APRIL_5)
    with pytest.raises(OperationRefused, match="no exchange rate"):
        issue(shop, Period(date(2026, 4, 1), date(2026, 4, 4)), center, now=APRIL_5)


def subscription_rate(shop: Shop, cost: str = "10") -> None:
    fetch = RateFetch.objects.create(
        reseller=shop.reseller, country_id="1", first_fetched_at=NOW, fetched_at=NOW
    )
    Rate.objects.create(
        reseller=shop.reseller, fetch=fetch, type="subscription_monthly", cost=D(cost), currency="USD"
    )


def test_subscriptions_are_charged_per_number_and_month(shop: Shop) -> None:
    save_policy(reseller=shop.reseller, by=None, now=NOW, subscription_type="subscription_monthly")
    subscription_rate(shop)
    shop.margin("50", "1", category=Category.SUBSCRIPTION)
    early, archived, later, without = (shop.number() for _ in range(4))
    numbers = Instance.objects.filter(reseller=shop.reseller)
    numbers.update(held_since=datetime(2026, 1, 31, 21, tzinfo=UTC))
    numbers.filter(pk=archived.pk).update(held_since=datetime(2026, 1, 31, 19, tzinfo=UTC))
    numbers.filter(pk=archived.pk).update(archived_at=datetime(2026, 1, 31, 20, tzinfo=UTC))
    numbers.filter(pk=later.pk).update(held_since=datetime(2026, 2, 28, 21, tzinfo=UTC))
    numbers.filter(pk=without.pk).update(
        center=shop.new_center(), held_since=datetime(2026, 1, 31, 21, 1, tzinfo=UTC)
    )
    draft = preview_invoice(shop.center, FEBRUARY)
    assert [(line.instance, line.amount, line.month) for line in draft.lines] == [
        (early, D(16), date(2026, 2, 1))
    ]
    assert preview_invoice(shop.center, Period(date(2026, 2, 1), date(2026, 2, 28))).lines == ()


def test_a_subscription_is_charged_once(shop: Shop) -> None:
    rules = {"subscription_type": "subscription_monthly", "subscription_share": "full"}
    save_policy(reseller=shop.reseller, by=None, now=NOW, **rules)
    subscription_rate(shop)
    number = shop.number()
    Instance.objects.filter(pk=number.pk).update(held_since=datetime(2026, 2, 28, 9, tzinfo=UTC))
    shop.read(number, date(2026, 2, 28), sent=1, cost="1")
    invoice = issue(shop)
    assert invoice.total == 11
    assert SubscriptionClaim.objects.get().line.rate_type == "subscription_monthly"
    assert preview_invoice(shop.center, FEBRUARY).lines == ()
    void_invoice(invoice=invoice, because="Wrong", by=None, now=NOW)
    assert preview_invoice(shop.center, FEBRUARY).total == 11


def test_numbers_restart_each_year_and_have_no_gaps(shop: Shop) -> None:
    for month in (11, 12):
        shop.owe("1", day=date(2025, month, 3))
    with pytest.raises(OperationRefused):
        issue(shop, Period(date(2025, 12, 3), date(2025, 12, 4)))
    shop.owe("1", day=date(2025, 12, 29))
    shop.owe("1", day=date(2025, 12, 30))  # issued on 2026-01-01
    numbers = Invoice.objects.order_by("pk").values_list("number", flat=True)
    assert list(numbers) == ["INV-2025-0001", "INV-2025-0002", "INV-2025-0003", "INV-2026-0001"]


def test_a_failed_issue_leaves_no_gap(shop: Shop) -> None:
    shop.owe("1")
    with transaction.atomic():
        shop.owe("1", day=date(2026, 2, 11))
        transaction.set_rollback(True)
    assert shop.owe("1", day=date(2026, 2, 12)).number == "INV-2026-0002"


def test_cairo_without_a_midnight_bills_every_day_once(shop: Shop) -> None:
    shop.reseller.time_zone = "Africa/Cairo"
    shop.reseller.save()
    april, may = (Period(date(2024, m, 1), date(2024, m + 1, 1)) for m in (4, 5))
    broken = Period(date(2024, 4, 1), date(2024, 4, 26))
    rest = Period(date(2024, 4, 26), date(2024, 5, 1))
    number = shop.number()
    shop.read_all([(number, day) for day in april.days()], sent=1, cost="1")
    shop.center.refresh_from_db()
    first, second = issue(shop, broken), issue(shop, rest)
    assert (first.total, second.total) == (25, 5)
    assert first.period_end == second.period_start == datetime(2024, 4, 25, 22, tzinfo=UTC)
    assert may.first_day == rest.end_day


def test_a_portal_reads_no_cost(shop: Shop) -> None:
    shop.margin("100")
    shop.read(shop.number(), date(2026, 2, 3), sent=1, cost="91827.36")
    issue(shop)
    with connection.execute_wrapper(_no_cost):
        invoice = portal_invoices(shop.center).get()
        lines = portal_lines(invoice)
    assert lines[0].amount == D("183654.72")
    assert "91827.36" not in str(lines)


def _no_cost(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
    assert "cost" not in sql
    assert "margin" not in sql
    return execute(sql, params, many, context)


def test_a_draft_is_worked_out_in_a_fixed_number_of_queries(shop: Shop, django_assert_num_queries) -> None:
    def fill(center: Center, numbers: int) -> None:
        for _ in range(numbers):
            number = shop.number(center)
            for day in range(1, 4):
                shop.read(number, date(2026, 2, day) + timedelta(days=numbers), sent=1, cost="1")

    one, many = shop.new_center(), shop.new_center()
    fill(one, 1)
    fill(many, 4)
    one, many = (Center.objects.select_related("reseller").get(pk=row.pk) for row in (one, many))
    with django_assert_num_queries(13):
        preview_invoice(one, FEBRUARY)
    with django_assert_num_queries(13):
        preview_invoice(many, FEBRUARY)
