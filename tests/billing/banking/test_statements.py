"""Lines of statements: proposed to centers, confirmed by staff, taken once."""

from decimal import Decimal

import pytest

from billing.banking.matching import Matcher, Proposal
from billing.banking.statements import import_statement, pass_line, record_line
from billing.models import BankLine, BankStatement, Payment
from centers.errors import OperationRefused
from centers.models import Center
from tests.billing.conftest import NOW, Shop
from tests.billing.threads import at_once


def upload(shop: Shop, *lines: str) -> BankStatement:
    text = "\n".join(["Date,Name,Description,Reference,Amount", *lines])
    return import_statement(
        reseller=shop.reseller, content=text.encode(), filename="bank.csv", currency="USD", by=None, now=NOW
    )


def proposal(shop: Shop, line: BankLine) -> Proposal | None:
    return Matcher(shop.reseller, [line]).propose(line)


def named(shop: Shop, name: str) -> Center:
    center: Center = shop.new_center(name=name)
    return center


def test_an_invoice_number_in_the_text_is_a_proposal_strong_if_the_amount_agrees(shop: Shop) -> None:
    invoice = shop.owe("10")
    dashless = invoice.number.replace("-", " ")
    upload(shop, f"2026-03-01,,pay {invoice.number},A,10.00", f"2026-03-01,,{dashless.lower()},B,9.00")
    strong, weak = (proposal(shop, line) for line in BankLine.objects.order_by("number"))
    assert strong is not None
    assert weak is not None
    assert (strong.invoices, strong.why, strong.strong) == ([invoice], "number", True)
    assert (weak.invoices, weak.strong) == ([invoice], False)


def test_a_name_with_its_amount_is_strong_and_an_amount_alone_is_not(shop: Shop) -> None:
    noor, qamar = named(shop, "Al Noor Clinic"), named(shop, "Al Qamar Dental")
    bill, other = shop.owe("10", noor), shop.owe("22", qamar)
    upload(
        shop,
        "2026-03-01,AL  NOOR CLINIC LLC,transfer,A,10.00",
        "2026-03-01,,unknown,B,22.00",
        "2026-03-01,Al Noor Clinic,,C,3.00",
        "2026-03-01,Stranger,,D,77.00",
    )
    found = [proposal(shop, line) for line in BankLine.objects.order_by("number")]
    facts = [(one.center, one.invoices, one.why, one.strong) if one else None for one in found]
    assert facts == [
        (noor, [bill], "name_and_amount", True),
        (qamar, [other], "amount", False),
        (noor, [], "name", False),
        None,
    ]


def test_what_fits_two_centers_is_no_proposal(shop: Shop) -> None:
    one, two = shop.owe("10", named(shop, "One Place")), shop.owe("10", named(shop, "Two Place"))
    upload(shop, "2026-03-01,,,A,10.00", f"2026-03-01,,{one.number} and {two.number},B,20.00")
    assert [proposal(shop, line) for line in BankLine.objects.order_by("number")] == [None, None]


def test_a_line_is_recorded_once_with_the_banks_reference(shop: Shop) -> None:
    invoice = shop.owe("10")
    upload(shop, "2026-03-01,Payer,text,FT-77,10.00")
    line = BankLine.objects.get()
    payment = record_line(line=line, center=shop.center, settles=[invoice.pk], by=None, now=NOW)
    assert (payment.method, payment.reference, str(payment.received_on)) == ("bank", "FT-77", "2026-03-01")
    invoice.refresh_from_db()
    assert invoice.open_amount == 0
    for again in (
        lambda: record_line(line=line, center=shop.center, settles=[], by=None, now=NOW),
        lambda: pass_line(line=line, by=None, now=NOW),
    ):
        with pytest.raises(OperationRefused, match="already been decided"):
            again()


def test_a_payment_that_was_recorded_by_hand_is_named_and_not_recorded_again(shop: Shop) -> None:
    shop.pay("10", reference="ft 77")
    upload(shop, "2026-03-01,Payer,text,FT 77,10.00")
    line = BankLine.objects.get()
    with pytest.raises(OperationRefused, match="already been recorded"):
        record_line(line=line, center=shop.center, settles=[], by=None, now=NOW)
    pass_line(line=line, by=None, now=NOW)
    assert Payment.objects.count() == 1


def test_overlapping_files_bring_each_line_once(shop: Shop) -> None:
    first = "2026-03-01,Payer,text,,10.00"
    one = upload(shop, first, first)
    two = upload(shop, first, first, "2026-03-02,Payer,text,,11.00", "2026-03-02,,fees,,-1.00")
    assert (one.known_before, two.known_before, len(two.left_out)) == (0, 2, 1)
    assert BankLine.objects.count() == 3
    references = {line.own_reference for line in BankLine.objects.all()}
    assert len(references) == 3


def test_two_who_upload_and_record_at_once_have_one_effect(committed_shop: Shop) -> None:
    shop = committed_shop
    at_once(lambda _thread: upload(shop, "2026-03-01,Payer,text,,10.00"), reseller=shop.reseller, times=4)
    line = BankLine.objects.get()
    results = at_once(
        lambda _thread: record_line(line=line, center=shop.center, settles=[], by=None, now=NOW),
        reseller=shop.reseller,
        times=4,
    )
    assert sum(isinstance(one, Payment) for one in results) == 1
    assert Payment.objects.get().amount == Decimal(10)
