"""What rounding leaves: carried to the next invoice, exact, never lost, never twice; settled when a center closes."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from billing.documents.invoice import invoice_pdf
from billing.dunning.write_offs import write_off
from billing.invoicing import (
    NothingToCharge,
    carried,
    close_period,
    credit_invoice,
    preview_invoice,
    settle_closed_centers,
    void_invoice,
)
from billing.invoicing.flagged_usage import accept_flagged_usage
from billing.ledger import sums
from billing.models import CarriedAmount, FlaggedUsage, Invoice
from billing.money import total_of, truncated
from billing.periods import Period
from billing.policies import save_center_policy, save_policy
from billing.queries import portal_lines
from centers.models import AuditEntry, Center
from centers.tenancy.lifecycle import archive_center
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.invoices import APRIL_5, MARCH, corrected, issue
from tests.billing.invoicing.test_subscriptions import JANUARY_1, TYPE, number_of, rates
from whatsapp.models import Instance, InstanceAssignment

D = Decimal
DAY = date(2026, 2, 3)
IN_MARCH = date(2026, 3, 3)
APRIL = Period(date(2026, 4, 1), date(2026, 5, 1))
MAY_5 = datetime(2026, 5, 5, 9, tzinfo=UTC)


def used(shop: Shop, cost: str, day: date = DAY, *, numbers: int = 1) -> list[Instance]:
    made = [shop.number() for _ in range(numbers)]
    shop.read_all([(number, day) for number in made], sent=1, cost=cost)
    return made


def kinds() -> list[tuple[str, Decimal]]:
    return [(row.kind, row.amount) for row in CarriedAmount.objects.order_by("pk")]


def test_fifty_numbers_below_half_a_cent_are_billed_on_the_next_invoice(shop: Shop) -> None:
    used(shop, "0.0049", numbers=50)
    with pytest.raises(NothingToCharge):
        issue(shop)
    assert carried(shop.center) == {"USD": D("0.245")}
    used(shop, "1", IN_MARCH)
    invoice = issue(shop, MARCH, now=APRIL_5)
    line = invoice.lines.get(kind="carried")
    assert (invoice.total, line.amount, line.number_label) == (D("1.24"), D("0.24"), "")
    assert carried(shop.center) == {"USD": D("0.005")}
    assert kinds() == [("rounding", D("0.245")), ("billed", D("-0.24"))]


def test_what_is_carried_makes_an_invoice_of_its_own_once_it_is_a_cent(shop: Shop) -> None:
    used(shop, "0.004", numbers=2)
    close_period(center=shop.center, period=FEBRUARY, by=None, now=NOW)
    close_period(center=shop.center, period=MARCH, by=None, now=APRIL_5)
    assert (Invoice.objects.count(), carried(shop.center)) == (0, {"USD": D("0.008")})
    used(shop, "0.004", date(2026, 4, 3))
    close_period(center=shop.center, period=APRIL, by=None, now=MAY_5)
    june = Period(date(2026, 5, 1), date(2026, 6, 1))
    invoice = issue(shop, june, now=datetime(2026, 6, 5, tzinfo=UTC))
    assert [(line.kind, line.amount) for line in invoice.lines.all()] == [("carried", D("0.01"))]
    assert carried(shop.center) == {"USD": D("0.002")}


def test_what_was_rounded_up_lowers_the_next_invoice(shop: Shop) -> None:
    used(shop, "0.005", numbers=5)
    assert issue(shop).total == D("0.05")
    assert carried(shop.center) == {"USD": D("-0.025")}
    used(shop, "1", IN_MARCH)
    assert issue(shop, MARCH, now=APRIL_5).total == D("0.98")
    assert carried(shop.center) == {"USD": D("-0.005")}


def test_an_invoice_never_falls_below_zero_by_what_is_carried(shop: Shop) -> None:
    used(shop, "0.005", numbers=5)
    issue(shop)
    used(shop, "0.012", IN_MARCH)
    draft = preview_invoice(shop.center, MARCH)
    assert [line.amount for line in draft.lines] == [D("0.01"), D("-0.01")]
    with pytest.raises(NothingToCharge):
        issue(shop, MARCH, now=APRIL_5)
    assert carried(shop.center) == {"USD": D("-0.013")}  # 0.012 used, nothing billed


def test_voiding_voids_what_the_invoice_left_and_billed(shop: Shop) -> None:
    used(shop, "0.0049", numbers=50)
    close_period(center=shop.center, period=FEBRUARY, by=None, now=NOW)
    used(shop, "1.003", IN_MARCH)
    invoice = issue(shop, MARCH, now=APRIL_5)
    assert carried(shop.center) == {"USD": D("0.008")}
    note = void_invoice(invoice=invoice, because="x", by=None, now=APRIL_5)
    assert (note.total, note.line_count) == (-invoice.total, 2)
    assert carried(shop.center) == {"USD": D("0.245")}
    again = issue(shop, MARCH, now=APRIL_5)
    assert (again.total, carried(shop.center)) == (invoice.total, {"USD": D("0.008")})
    assert invoice_pdf(again).startswith(b"%PDF")


def test_a_credit_note_leaves_its_rounding_too(shop: Shop) -> None:
    [number] = used(shop, "10.004")
    invoice = issue(shop)
    shop.read(number, DAY, sent=1, cost="4.0001", at=NOW)
    accept_flagged_usage(flagged=FlaggedUsage.objects.get(), by=None, now=NOW)
    [note] = corrected(shop)
    assert (note.total, carried(shop.center)) == (-6, {"USD": D("0.0001")})
    void_invoice(invoice=invoice, because="x", by=None, now=APRIL_5)
    assert carried(shop.center) == {}
    assert issue(shop, now=APRIL_5).total == 4


def test_a_reduction_of_a_month_too_small_to_invoice_is_carried_as_well(shop: Shop) -> None:
    [number] = used(shop, "0.004")
    close_period(center=shop.center, period=FEBRUARY, by=None, now=NOW)
    shop.read(number, DAY, sent=1, cost="0.001", at=NOW)
    accept_flagged_usage(flagged=FlaggedUsage.objects.get(), by=None, now=NOW)
    assert corrected(shop) == []
    assert carried(shop.center) == {"USD": D("0.001")}


def test_the_share_of_a_month_is_carried_with_thirty_decimals(shop: Shop) -> None:
    save_policy(reseller=shop.reseller, by=None, now=NOW, subscription_type=TYPE)
    rates(shop, JANUARY_1, **{TYPE: "10"})
    shop.read(number_of(shop, date(2026, 2, 28)), date(2026, 2, 28), sent=1, cost="0")
    line = issue(shop).lines.get(kind="subscription")
    assert line.exact == D("0.357142857142857142857142857143")  # 10 / 28
    assert carried(shop.center) == {"USD": total_of((line.exact, -line.amount))}


def test_the_center_sees_the_line_and_profit_counts_it(shop: Shop) -> None:
    used(shop, "0.0049", numbers=50)
    close_period(center=shop.center, period=FEBRUARY, by=None, now=NOW)
    used(shop, "1", IN_MARCH)
    lines = portal_lines(issue(shop, MARCH, now=APRIL_5))
    assert [(line.is_carried, line.amount) for line in lines] == [(False, 1), (True, D("0.24"))]


def archived(shop: Shop) -> Center:
    """The center, whose numbers were archived on the day after the last one they were used."""
    for number in Instance.objects.all():
        own, used_on = Instance.objects.filter(pk=number.pk), number.usage_records.latest("day").day
        ended = datetime.combine(used_on, time(9), UTC) + timedelta(days=1)
        own.update(held_since=ended)
        shop.read(number, ended.date())
        own.update(archived_at=ended)
    archive_center(center=shop.center, by=None, now=APRIL_5)
    shop.center.refresh_from_db()
    return shop.center


def test_a_closed_center_is_not_charged_what_was_left(shop: Shop) -> None:
    used(shop, "0.0049", numbers=50)
    close_period(center=shop.center, period=FEBRUARY, by=None, now=NOW)
    assert settle_closed_centers(shop.reseller, APRIL_5) == []
    center = archived(shop)
    assert settle_closed_centers(shop.reseller, APRIL_5) == [center]
    assert (carried(center), sums(center)) == ({}, {})
    assert kinds()[-1] == ("settled", D("-0.245"))
    assert AuditEntry.objects.get(action="carried.settled").data["amount"] == "0.245 USD"
    assert settle_closed_centers(shop.reseller, APRIL_5) == []


def test_usage_that_is_never_charged_does_not_keep_a_center_open(shop: Shop) -> None:
    """Days before a number is billed."""
    used(shop, "0.0049")
    close_period(center=shop.center, period=FEBRUARY, by=None, now=NOW)
    save_center_policy(center=shop.center, by=None, now=NOW, auto_invoice=False)
    [free] = used(shop, "1", IN_MARCH)
    center = archived(shop)
    assert settle_closed_centers(shop.reseller, APRIL_5) == []
    InstanceAssignment.objects.filter(instance=free).update(billed_from=APRIL_5.date())
    assert settle_closed_centers(shop.reseller, APRIL_5) == [center]


def test_a_closed_center_gets_back_what_was_billed_too_much(shop: Shop) -> None:
    used(shop, "0.005", numbers=53)
    invoice = issue(shop)
    assert (invoice.total, carried(shop.center)) == (D("0.53"), {"USD": D("-0.265")})
    center = archived(shop)
    settle_closed_centers(shop.reseller, APRIL_5)
    note = Invoice.objects.get(kind="credit_note")
    assert (note.total, note.credits, note.credit_kind) == (D("-0.27"), invoice, "rounding")
    assert "Rounding" in note.reason
    assert (carried(center), kinds()[-1]) == ({}, ("settled", D("0.265")))
    assert sums(center) == {"USD": D("0.26")}
    assert invoice_pdf(note).startswith(b"%PDF")


def test_what_was_billed_too_much_is_returned_on_the_latest_invoice_with_something_left(shop: Shop) -> None:
    used(shop, "0.005", numbers=3)
    first = issue(shop)
    used(shop, "0.005", IN_MARCH, numbers=2)
    second = issue(shop, MARCH, now=APRIL_5)
    assert (second.total, carried(shop.center)) == (D("0.01"), {"USD": D("-0.015")})
    center = archived(shop)
    settle_closed_centers(shop.reseller, APRIL_5)
    notes = Invoice.objects.filter(kind="credit_note").order_by("pk")
    assert [(note.credits, note.total) for note in notes] == [(second, D("-0.01")), (first, D("-0.01"))]
    assert carried(center) == {}


def test_an_invoice_that_is_credited_whole_gets_no_note_for_rounding(shop: Shop) -> None:
    used(shop, "0.005", numbers=3)
    first = issue(shop)
    used(shop, "0.005", IN_MARCH, numbers=2)
    second = issue(shop, MARCH, now=APRIL_5)
    credit_invoice(invoice=second, parts={}, everything=True, because="Goodwill", by=None, now=APRIL_5)
    archived(shop)
    settle_closed_centers(shop.reseller, APRIL_5)
    notes = Invoice.objects.filter(credit_kind="rounding")
    assert {note.credits for note in notes} == {first}


def test_nothing_is_returned_on_an_invoice_that_was_written_off(shop: Shop) -> None:
    used(shop, "0.005", numbers=53)
    invoice = issue(shop)
    write_off(center=shop.center, invoices=[invoice.pk], because="Closed", by=None, now=APRIL_5)
    center = archived(shop)
    settle_closed_centers(shop.reseller, APRIL_5)
    assert not Invoice.objects.filter(kind="credit_note").exists()
    invoice.refresh_from_db()
    assert (invoice.written_off, carried(center)) == (D("0.53"), {})


def test_a_closed_center_waits_for_its_last_invoice(shop: Shop) -> None:
    used(shop, "0.0049", numbers=50)
    close_period(center=shop.center, period=FEBRUARY, by=None, now=NOW)
    used(shop, "1", IN_MARCH)
    save_center_policy(center=shop.center, by=None, now=NOW, auto_invoice=False)
    archived(shop)
    assert settle_closed_centers(shop.reseller, APRIL_5) == []
    issue(shop, MARCH, now=APRIL_5)
    assert settle_closed_centers(shop.reseller, APRIL_5) == [shop.center]


def test_a_center_that_is_restored_meanwhile_is_left_alone(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    used(shop, "0.0049")
    close_period(center=shop.center, period=FEBRUARY, by=None, now=NOW)
    center = archived(shop)

    def restored(asked: Center) -> Center:
        Center.objects.update(archived_at=None)
        asked.refresh_from_db()
        return asked

    monkeypatch.setattr("billing.invoicing.closing.lock", restored)
    settle_closed_centers(shop.reseller, APRIL_5)
    assert carried(center) == {"USD": D("0.0049")}


def test_sums_keep_every_digit() -> None:
    parts = [D("1234567890123.000000000000000000000000000001"), D("0.000000000000000000000000000001")]
    assert total_of(parts) == D("1234567890123.000000000000000000000000000002")
    assert (truncated(D("-0.019"), "USD"), truncated(D("0.0199"), "LYD")) == (D("-0.01"), D("0.019"))


def entry(shop: Shop, **fields: object) -> CarriedAmount:
    values = {
        "reseller": shop.reseller,
        "center": shop.center,
        "currency": "USD",
        "at": NOW,
        "kind": "rounding",
    }
    return CarriedAmount(**values | fields)


def test_the_database_refuses_to_bill_more_than_is_carried(shop: Shop) -> None:
    used(shop, "1.004")
    invoice = issue(shop)
    with pytest.raises(IntegrityError, match="more than is carried"), transaction.atomic():
        entry(shop, kind="billed", amount=D("-0.01"), document=invoice).save()
    with pytest.raises(IntegrityError, match="more than is carried"), transaction.atomic():
        entry(shop, kind="settled", amount=D("-0.005")).save()
    with pytest.raises(IntegrityError, match="carried_once"), transaction.atomic():
        entry(shop, amount=D(1), document=invoice).save()
    with pytest.raises(IntegrityError, match="carried_fits_kind"), transaction.atomic():
        entry(shop, amount=D(1)).save()
    with pytest.raises(IntegrityError, match="carried_is_something"), transaction.atomic():
        entry(shop, kind="settled", amount=D(0)).save()


@pytest.mark.parametrize(
    "column", ["amount", "currency", "kind", "document_id", "period_id", "center_id", "at"]
)
def test_what_is_carried_is_never_rewritten(shop: Shop, column: str) -> None:
    used(shop, "1.004")
    issue(shop)
    changed = {"amount": "1", "currency": "'EUR'", "kind": "'settled'", "at": "now()"}.get(column, "NULL")
    for statement, why in (
        (f"UPDATE billing_carriedamount SET {column} = {changed}", "never changed"),
        ("DELETE FROM billing_carriedamount", "never removed"),
    ):
        with pytest.raises(IntegrityError, match=why), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_an_invoice_bills_nothing_as_carried_that_was_not_taken(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    used(shop, "0.0049", numbers=3)
    close_period(center=shop.center, period=FEBRUARY, by=None, now=NOW)
    used(shop, "1", IN_MARCH)
    monkeypatch.setattr("billing.invoicing.run.writing.billed", lambda **_values: [])
    issue(shop, MARCH, now=APRIL_5)
    with pytest.raises(IntegrityError, match="was not carried"), transaction.atomic():
        connection.check_constraints()
    transaction.set_rollback(True)
