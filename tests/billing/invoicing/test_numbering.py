"""Numbers of invoices and credit notes: no gaps, one series for each reseller, kind and year; the rest of the head."""

from datetime import date

from django.db import transaction

from billing.documents.frozen import parties
from billing.invoicing.numbering import due_date, number_for
from billing.models import Invoice, InvoiceNumber
from billing.policies import policy_for, save_center_policy
from centers.models import Center, Reseller
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW, Shop, make_shop

INVOICE, CREDIT_NOTE = Invoice.Kind.INVOICE, Invoice.Kind.CREDIT_NOTE


def test_numbers_follow_each_other_in_one_series_for_all_centers(shop: Shop) -> None:
    other = shop.new_center()
    found = [number_for(center, INVOICE, 2026) for center in (shop.center, other, shop.center)]
    assert found == [("INV-2026-0001", 1), ("INV-2026-0002", 2), ("INV-2026-0003", 3)]


def test_each_kind_year_and_reseller_counts_from_one(shop: Shop) -> None:
    stranger = make_shop().center
    number_for(shop.center, INVOICE, 2026)
    assert number_for(shop.center, CREDIT_NOTE, 2026) == ("CN-2026-0001", 1)
    assert number_for(shop.center, INVOICE, 2027) == ("INV-2027-0001", 1)
    with tenant(stranger.reseller):
        assert number_for(stranger, INVOICE, 2026) == ("INV-2026-0001", 1)
    assert number_for(shop.center, INVOICE, 2026) == ("INV-2026-0002", 2)


def test_a_number_that_was_not_used_is_given_again(shop: Shop) -> None:
    with transaction.atomic():
        number_for(shop.center, INVOICE, 2026)
        transaction.set_rollback(True)
    assert number_for(shop.center, INVOICE, 2026) == ("INV-2026-0001", 1)


def test_more_than_9999_invoices_a_year_get_longer_numbers(shop: Shop) -> None:
    number_for(shop.center, INVOICE, 2026)
    InvoiceNumber.objects.update(last=9999)
    assert number_for(shop.center, INVOICE, 2026) == ("INV-2026-10000", 10000)


def test_the_parties_are_named_as_they_are_now(shop: Shop) -> None:
    ours = {"name": "Rima", "support_contact": "help@rima.example", "payment_instructions": "IBAN 1"}
    theirs = {
        "name": "Zahra",
        "contact_name": "Huda",
        "email": "huda@zahra.example",
        "phone": "+966500000000",
    }
    Reseller.objects.filter(pk=shop.reseller.pk).update(**ours)
    Center.objects.filter(pk=shop.center.pk).update(**theirs)
    center = Center.objects.select_related("reseller").get(pk=shop.center.pk)
    named = parties(center)
    assert (named["reseller"], named["center"]) == (ours, theirs)
    assert named["document"]["languages"] == [center.language]


def test_an_invoice_is_due_by_the_terms_of_its_center(shop: Shop) -> None:
    assert due_date(policy_for(shop.center), date(2026, 2, 20)) == date(2026, 3, 6), (
        "two weeks unless agreed otherwise"
    )
    save_center_policy(center=shop.center, by=None, now=NOW, payment_terms_days=30)
    assert due_date(policy_for(shop.center), date(2026, 2, 20)) == date(2026, 3, 22)
