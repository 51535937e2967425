"""Late fees: when, how much, for which invoices, once each; on the next invoice, and what takes them back."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from billing.charges import add_discount, withdraw_charge
from billing.dunning import hold, open_dispute, promise
from billing.dunning.late_fees import fee_of, step_on
from billing.dunning.named_policies import save_dunning_policy
from billing.dunning.write_offs import write_off
from billing.invoicing import void_invoice
from billing.jobs import dunning_job
from billing.models import BillingPolicy, Charge, Invoice, TaxProfile, TaxRate
from billing.policies import policy_for, save_center_policy, save_policy
from billing.tax.identity import save_tax_profile
from billing.tax.own import TaxEntry
from billing.tax.rates import tax_profile
from billing.unbilled.accrued import numbers_so_far
from centers.errors import OperationRefused
from centers.models import AuditEntry, Center
from centers.tenancy.lifecycle import archive_center
from tests.billing.conftest import NOW, Shop
from tests.billing.invoices import MARCH, issue
from tests.billing.mails.reading import mails, message_of
from tests.billing.tax.shops import register, tax_rate

D = Decimal
DUE = date(2026, 2, 26)  # of an invoice over February 10, issued on the 12th


def at(offset: int) -> datetime:
    """That many days from the due date."""
    return datetime(DUE.year, DUE.month, DUE.day, 9, tzinfo=UTC) + timedelta(days=offset)


def dun(shop: Shop, *offsets: int) -> None:
    for offset in offsets:
        dunning_job(reseller=shop.reseller, now=at(offset))


def rule(shop: Shop, **values: Any) -> None:
    """10 % once, 5 days after the due date; no suspensions."""
    rules = {"late_fee_percent": D(10), "late_fee_days": 5, "suspend": False, "late_fee_ceiling": 100}
    save_policy(reseller=shop.reseller, by=None, now=at(0), **(rules | values))


def fees() -> list[tuple[date, Decimal]]:
    rows = Charge.objects.filter(late_for__isnull=False, withdrawn_at=None).order_by("pk")
    return list(rows.values_list("first_day", "amount"))


def test_without_a_rule_there_are_none(shop: Shop) -> None:
    shop.owe("10")
    with CaptureQueriesContext(connection) as queries:
        dun(shop, 5)
    assert not Charge.objects.exists()
    assert not [query for query in queries if "late_step" in query["sql"]]


def test_a_fee_is_charged_once_and_stands_on_the_next_invoice(shop: Shop) -> None:
    rule(shop, late_fee_amounts={"USD": "2.00", "SAR": "9.00"})
    unpaid = shop.owe("100")
    dun(shop, 4)
    assert fees() == []
    dun(shop, 5, 5, 6, 40)
    assert fees() == [(at(5).date(), D(12))]
    charge = Charge.objects.get()
    assert (charge.description, charge.late_for, charge.late_step) == (
        f"Late fee: invoice {unpaid}",
        unpaid,
        1,
    )
    entry = AuditEntry.objects.get(action="charge.late_fee")
    assert (entry.actor, entry.target_label, entry.data["amount"]) == (None, str(charge), "12.00 USD")
    line = issue(shop, MARCH, now=at(40)).lines.get(charge=charge)
    assert (line.amount, line.heading) == (12, str(charge))


def test_a_fee_has_the_tax_that_was_chosen_for_fees(shop: Shop) -> None:
    register(shop)
    tax_rate(shop, "15")
    late_fees: TaxEntry = {"tax_category": "O", "tax_percent": None, "tax_reason": "Compensation"}
    common: dict[str, Any] = {"reseller": shop.reseller, "is_registered": True, "prices_include_tax": False}
    for wrong in ({"tax_category": "AE", "tax_reason": "x"}, {"tax_category": "O"}, {"tax_category": "S"}):
        with pytest.raises(OperationRefused):
            save_tax_profile(**common, late_fees=wrong, by=None, now=NOW)
    save_tax_profile(**common, late_fees=late_fees, by=None, now=NOW)
    rule(shop)
    shop.owe("100")
    dun(shop, 5)
    charge = Charge.objects.get(late_for__isnull=False)
    assert (charge.tax_category, charge.tax_percent, charge.tax_reason) == ("O", 0, "Compensation")
    save_tax_profile(**common, by=None, now=NOW)
    assert tax_profile(shop.reseller).tax_category == "O"


def test_every_month_until_the_ceiling_is_reached(shop: Shop) -> None:
    rule(shop, late_fee_monthly=True, late_fee_ceiling=25)
    shop.owe("100")
    for offset in range(0, 130, 3):
        dun(shop, offset)
    # On 3 March, 3 April and 3 May, each seen by the first run after it.
    assert [amount for _day, amount in fees()] == [10, 10, 5]
    assert list(Charge.objects.order_by("pk").values_list("late_step", flat=True)) == [1, 2, 3]


def test_a_fee_is_of_what_is_unpaid_then(shop: Shop) -> None:
    rule(shop)
    shop.owe("100")
    shop.pay("70", received_on=DUE, now=at(1))
    dun(shop, 5)
    assert fees() == [(at(5).date(), 3)]


def test_no_fee_for_a_fee(shop: Shop) -> None:
    """The next invoice has one with its tax: only the rest of it is the base."""
    TaxProfile.objects.create(reseller=shop.reseller, is_registered=True)
    TaxRate.objects.create(
        reseller=shop.reseller, category="S", percent=15, valid_from=date(2020, 1, 1), created_at=at(0)
    )
    rule(shop, late_fee_percent=D(0), late_fee_amounts={"USD": "20"}, late_fee_ceiling=50)
    shop.owe("100")
    dun(shop, 5)
    second = issue(shop, MARCH, now=at(40))
    assert second.lines.get().amount == 20
    dun(shop, (second.due_on - DUE).days + 5)
    assert len(fees()) == 1, "the second invoice is nothing but the fee of the first"


@pytest.mark.parametrize("why", ["hold", "promise", "dispute", "written off", "paid", "archived"])
def test_what_is_agreed_about_costs_nothing(shop: Shop, why: str) -> None:
    rule(shop)
    invoice = shop.owe("100")
    values: dict[str, Any] = {"by": None, "now": at(1)}
    if why == "hold":
        hold(center=shop.center, until=at(30).date(), because="x", **values)
    elif why == "promise":
        promise(center=shop.center, amount="50", currency="USD", pays_by=at(30).date(), **values)
    elif why == "dispute":
        open_dispute(invoice=invoice, because="x", **values)
    elif why == "written off":
        write_off(center=shop.center, invoices=[invoice.pk], because="x", **values)
    elif why == "paid":
        shop.pay("100", received_on=DUE, now=at(1))
    else:
        archive_center(center=shop.center, by=None, now=at(1))
    dun(shop, 5, 9)
    assert fees() == []
    dun(shop, 31)
    assert fees() == [], "a fee of long ago isn't made up for"


def test_named_rules_have_their_own(shop: Shop) -> None:
    strict = save_dunning_policy(
        reseller=shop.reseller, policy=None, by=None, now=at(0), name="Strict", late_fee_amounts={"USD": "7"}
    )
    other = shop.new_center()
    save_center_policy(center=other, by=None, now=at(0), dunning_policy=strict)
    for center in (shop.center, other):
        shop.owe("100", center)
    dun(shop, 7)
    assert [row.center for row in Charge.objects.all()] == [other]


def test_staff_withdraw_one_before_it_is_invoiced_and_it_does_not_come_again(shop: Shop) -> None:
    rule(shop)
    shop.owe("100")
    dun(shop, 5)
    withdraw_charge(charge=Charge.objects.get(), by=None, now=at(5))
    dun(shop, 6)
    assert fees() == []
    assert Charge.objects.count() == 1


def test_voiding_the_invoice_withdraws_those_that_no_invoice_has(shop: Shop) -> None:
    rule(shop, late_fee_monthly=True)
    unpaid = shop.owe("100")
    dun(shop, 5)
    issue(shop, MARCH, now=at(35))
    dun(shop, 36)
    assert len(fees()) == 2
    void_invoice(invoice=unpaid, because="x", by=None, now=at(37))
    assert fees() == [(at(5).date(), 10)]


def test_no_discount_applies(shop: Shop) -> None:
    rule(shop)
    shop.owe("100")
    dun(shop, 5)
    charge = Charge.objects.get()
    values: dict[str, Any] = {"center": shop.center, "percent": D(50), "by": None, "now": at(5)}
    add_discount(day=date(2026, 3, 1), **values)
    with pytest.raises(OperationRefused, match="no discount"):
        add_discount(day=charge.first_day, charge=charge, **values)
    assert numbers_so_far(shop.center, at(6)) == 10
    assert issue(shop, MARCH, now=at(40)).total == 10


def test_the_description_is_in_the_language_of_the_center(shop: Shop) -> None:
    Center.objects.filter(pk=shop.center.pk).update(language="ar")
    rule(shop)
    invoice = shop.owe("100")
    dun(shop, 5)
    description = Charge.objects.get().description
    assert str(invoice) in description
    assert "Late" not in description


def test_reminders_name_what_was_charged(shop: Shop) -> None:
    rule(shop, reminder_days=[6])
    shop.owe("100")
    dun(shop, 5, 6)
    text = message_of(mails(kind="invoice.reminder").get()).text
    assert "Late fees charged for it so far: 10.00 USD." in text


def test_two_fees_of_one_step_are_refused_by_the_database(shop: Shop) -> None:
    rule(shop)
    shop.owe("100")
    dun(shop, 5)
    charge = Charge.objects.get()
    charge.pk = None
    with pytest.raises(IntegrityError, match="charge_late_fee_step_once"), transaction.atomic():
        charge.save(force_insert=True)


def test_what_changed_since_the_list_was_read_counts(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was paid, or charged by another process, while this one came to it."""
    from billing.dunning import late_fees

    rule(shop)
    invoice = shop.owe("100")
    real = late_fees.policies_for

    def paid_meanwhile(*args: Any) -> Any:
        Invoice.objects.filter(pk=invoice.pk).update(open_amount=0)
        return real(*args)

    monkeypatch.setattr(late_fees, "policies_for", paid_meanwhile)
    dun(shop, 5)
    assert fees() == []


@pytest.mark.parametrize(
    ("day", "step"),
    [(30, None), (31, 1), (38, 1), (39, None), (59, 2), (61, 2), (66, 2), (67, None), (90, 3)],
)
def test_the_days_of_monthly_fees(shop: Shop, day: int, step: int | None) -> None:
    """Due on 1 January, 30 days later: the last day of shorter months."""
    rule(shop, late_fee_days=30, late_fee_monthly=True)
    due = date(2026, 1, 1)
    assert step_on(due, policy_for(shop.center), due + timedelta(days=day - 1)) == step


def test_amounts_are_rounded_once_and_bounded(shop: Shop) -> None:
    rule(shop, late_fee_percent=D("1.5"), late_fee_amounts={"KWD": "0.5"}, late_fee_ceiling=10)
    policy = policy_for(shop.center)

    def fee(base: str, currency: str, before: str = "0", total: str = "100") -> Decimal:
        return fee_of(base=D(base), total=D(total), before=D(before), currency=currency, policy=policy)

    assert fee("33.33", "USD") == D("0.50")
    assert fee("33.333", "KWD") == D("1.000")
    assert fee("0", "USD") == 0
    assert fee("100", "USD", before="9.5") == D("0.5")
    assert fee("100", "USD", before="11") == 0
    assert fee("900000000000", "USD", total="900000000000") == 999_999_999


def test_rules_are_bounded(shop: Shop) -> None:
    for wrong in ({"late_fee_percent": D(101)}, {"late_fee_days": 0}, {"late_fee_ceiling": 101}):
        with pytest.raises(OperationRefused):
            save_policy(reseller=shop.reseller, by=None, now=at(0), **wrong)
    assert not BillingPolicy.objects.exists()
