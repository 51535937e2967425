"""Random documents of six countries, recalculated with fractions: lines, taxes by EN 16931, notes, the ledger."""

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.db.models import Sum

from billing.charges import add_charge
from billing.invoicing import Part, credit_invoice, issue_invoice, lines_left, void_invoice
from billing.ledger import sums
from billing.models import Invoice, InvoiceLine, UsageClaim
from billing.pricing.exchange_rates import set_exchange_rate
from billing.tax.report import documents_of, report_lines, tax_report
from centers.errors import OperationRefused
from centers.models import Center
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.invoices import MARCH
from tests.billing.tax.shops import DIGITS, due, half_up, number_of, register, sums_by_rate, tax_rate
from tests.thorough import THOROUGH

#: Currency, what a dollar costs, and the standard rate; None: the reseller isn't registered.
COUNTRIES: dict[str, tuple[str, str, str | None]] = {
    "SA": ("SAR", "3.75", "15"),
    "AE": ("AED", "3.6725", "5"),
    "OM": ("OMR", "0.384497", "5"),
    "EG": ("EGP", "47.813", "14"),
    "BH": ("BHD", "0.376", "10"),
    "KW": ("KWD", "0.306871", None),
}
INVOICES = (
    220 if THOROUGH else 5
)  # per country and way of entry; with their credit notes more than 5,000 documents
CHANGE = date(2026, 2, 14)
OUTSIDE = ("O", Decimal(0))
#: Taxes of charges; "" is that of the center.
OWN = [("", "0"), ("S", "15"), ("S", "5"), ("S", "2.125"), ("Z", "0"), ("E", "0"), ("O", "0"), ("AE", "0")]


@dataclass
class Books:
    """One reseller, a source of chance, and the taxes that its centers should pay: from which day, category, rate."""

    shop: Shop
    chance: random.Random
    currency: str
    included: bool
    rates: list[tuple[date, str, Decimal]] = field(default_factory=list)
    own: dict[int, tuple[date, str, Decimal]] = field(default_factory=dict)
    sold: dict[int, tuple[str, Decimal]] = field(
        default_factory=dict
    )  # the taxes of charges that have their own

    def expected(self, center_id: int, day: date) -> tuple[str, Decimal]:
        rows = [*self.rates, *([self.own[center_id]] if center_id in self.own else [])]
        found = [(category, percent) for since, category, percent in rows if since <= day]
        return found[-1] if found else OUTSIDE


@pytest.fixture(params=[(code, kind) for code in COUNTRIES for kind in ("exclusive", "inclusive")])
def books(request: pytest.FixtureRequest, shop: Shop) -> Books:
    code, kind = request.param
    currency, dollar, percent = COUNTRIES[code]
    set_exchange_rate(
        reseller=shop.reseller,
        base="USD",
        quote=currency,
        day=date(2026, 1, 1),
        rate=Decimal(dollar),
        by=None,
        now=NOW,
    )
    made = Books(shop, random.Random(f"{code} {kind}"), currency, kind == "inclusive")
    if percent is not None:
        register(shop, included=made.included)
        for since, share in ((date(2020, 1, 1), percent), (CHANGE, str(Decimal(percent) + 2))):
            tax_rate(shop, share, valid_from=since)
            made.rates.append((since, "S", Decimal(share)))
    return made


def new_center(books: Books) -> Center:
    """A center; of a registered reseller one in three with a tax of its own, some from a day within the month."""
    center = books.shop.new_center(currency=books.currency)
    if books.rates and books.chance.random() < 0.35:
        category, percent = books.chance.choice(
            [("E", "0"), ("Z", "0"), ("O", "0"), ("AE", "0"), ("S", "7.25")]
        )
        since = books.chance.choice([date(2020, 1, 1), date(2026, 2, 9)])
        tax_rate(books.shop, percent, category=category, valid_from=since, center=center)
        # A center's own rate applies whatever those of all centers do.
        books.own[center.pk] = (since, category, Decimal(percent))
    return center


def use(books: Books, center: Center) -> None:
    books.shop.margin(
        str(Decimal(books.chance.randint(0, 900_000)) / 10_000),
        str(Decimal(books.chance.randint(0, 99_999)) / 1_000_000),
        center=center,
    )
    for _number in range(books.chance.randint(1, 3)):
        number = books.shop.number(center)
        for day in books.chance.sample(range(28), books.chance.randint(1, 4)):
            sent = books.chance.randint(1, 400)
            failed = books.chance.choice([0, 0, sent // 7])
            cost = Decimal(books.chance.randint(1, 90_000_000)) / 1_000_000
            at = FEBRUARY.first_day + timedelta(days=day)
            books.shop.read(number, at, sent=sent, failed=failed, cost=str(cost))


def charge(books: Books, center: Center) -> None:
    """Up to three charges, once or for all of the month, and most with a tax of their own: of any category."""
    Center.objects.filter(pk=center.pk).update(created_at=datetime(2026, 1, 1, 9, tzinfo=UTC))
    for _number in range(books.chance.choice([0, 0, 1, 2, 3])):
        category, percent = books.chance.choice(OWN)
        if category == "AE":
            number_of(books.shop, center)
        units = books.chance.randint(1, 900_000)
        is_once = books.chance.random() < 0.7
        row = add_charge(
            center=center,
            amount=Decimal(units).scaleb(-DIGITS[books.currency]),
            description="Charge",
            every="once" if is_once else "month",
            day=FEBRUARY.first_day + timedelta(days=books.chance.randint(0, 27) if is_once else 0),
            by=None,
            now=NOW,
            tax_category=category,
            tax_percent=Decimal(percent),
            tax_reason="Article 9",
        )
        if category and books.rates:
            books.sold[row.pk] = (category, Decimal(percent))


def credit(books: Books, invoice: Invoice) -> None:
    """A random credit note; what is refused leaves the invoice as it is."""
    left = [row for row in lines_left(invoice) if row.amount > 0]
    if not left:
        return
    row = books.chance.choice(left)
    units = int(row.amount * 10 ** DIGITS[books.currency])
    amount = Decimal(books.chance.randint(1, units)).scaleb(-DIGITS[books.currency])
    part = books.chance.choice(
        [Part(), Part(amount=amount), Part(quantity=books.chance.randint(1, row.quantity or 1))]
    )
    common: dict[str, Any] = {"invoice": invoice, "because": "chance", "by": None, "now": NOW}
    try:
        if books.chance.random() < 0.2:
            void_invoice(**common)
        else:
            everything = books.chance.random() < 0.2
            credit_invoice(**common, parts={row.line.pk: part}, everything=everything)
    except OperationRefused:
        return


@pytest.mark.timeout(1800)  # hundreds of documents with MARKAZ_THOROUGH=1
def test_taxes_of_random_documents(books: Books) -> None:
    for _ in range(INVOICES):
        center = new_center(books)
        use(books, center)
        charge(books, center)
        invoice = issue_invoice(center=center, period=FEBRUARY, by=None, now=NOW)
        check_lines(books, invoice)
        check_documents(books, invoice)
        for _note in range(books.chance.choice([0, 1, 1, 2, 4])):
            credit(books, invoice)
            invoice.refresh_from_db()
            check_documents(books, invoice)
        check_ledger(books, center)
    assert Invoice.objects.filter(kind="credit_note").count() > INVOICES // 2
    check_report(books)


def check_lines(books: Books, invoice: Invoice) -> None:
    """Each line has the tax of its days, and the net price of its usage."""
    for line in invoice.lines.all():
        days = set(UsageClaim.objects.filter(line=line).values_list("usage_record__day", flat=True))
        if line.charge:  # of a month: taxed by its last day
            days = {line.first_day if line.charge.is_once else FEBRUARY.last_day}
        expected = {books.sold.get(line.charge_id) or books.expected(invoice.center_id, day) for day in days}
        assert expected == {(line.tax_category, line.tax_percent)}
        exact = price(line)
        assert abs(Fraction(line.exact) - exact) <= Fraction(1, 10**30)
        assert Fraction(line.amount) == half_up(exact, DIGITS[books.currency])
        assert line.tax_included is (books.included and line.tax != OUTSIDE and invoice.taxes.exists())


def price(line: InvoiceLine) -> Fraction:
    cost, percent, fixed = Fraction(line.cost), Fraction(line.percent), Fraction(line.fixed)
    whole = (cost + cost * percent / 100 + fixed * line.quantity) * Fraction(line.exchange_rate)
    return whole / (1 + Fraction(line.tax_percent) / 100) if line.tax_included else whole


def check_documents(books: Books, invoice: Invoice) -> None:
    """The invoice is taxed by the rule, and so is what its notes left of it; each note nearly so alone."""
    notes = list(Invoice.objects.filter(credits=invoice).order_by("pk"))
    registered = bool(books.rates)
    for count in range(len(notes) + 1):
        documents = [invoice, *notes[:count]]
        net = sums_by_rate(documents)
        tax = due(net, books.currency)
        rows: dict[Any, list[Fraction]] = {}
        for document in documents:
            for row in document.taxes.all():
                sums_of = rows.setdefault((row.category, Fraction(row.percent)), [Fraction(0), Fraction(0)])
                sums_of[0] += Fraction(row.net)
                sums_of[1] += Fraction(row.tax)
        assert rows == ({key: [net[key], tax[key]] for key in net} if registered else {})
        whole = sum(net.values()) + sum(tax.values())
        assert sum(Fraction(document.total) for document in documents) == whole >= 0
        assert sum(Fraction(document.tax) for document in documents) == sum(tax.values())
    for document in (invoice, *notes):
        assert document.total == document.net + document.tax
        assert document.tax == sum(row.tax for row in document.taxes.all())
    unit = Fraction(1, 10 ** DIGITS[books.currency])
    for note in notes:
        for row in note.taxes.all():
            assert abs(Fraction(row.tax) - Fraction(row.net) * Fraction(row.percent) / 100) <= unit
    if invoice.voided_at:
        assert -sum(note.total for note in notes) == invoice.total == invoice.credited
        assert -sum(note.tax for note in notes) == invoice.tax


def check_report(books: Books) -> None:
    """The report of the period, and the lines of its file, are the documents' sums: of each invoice with its notes."""
    expected: dict[Any, list[Fraction]] = {}
    for invoice in Invoice.objects.filter(kind="invoice"):
        net = sums_by_rate([invoice, *Invoice.objects.filter(credits=invoice)])
        for group, tax in due(net, books.currency).items():
            found = expected.setdefault(group, [Fraction(0), Fraction(0)])
            found[0], found[1] = found[0] + net[group], found[1] + tax
    rows = tax_report(books.shop.reseller, MARCH)
    assert {
        (row.category, Fraction(row.percent)): [Fraction(row.net), Fraction(row.tax)] for row in rows
    } == expected
    written = [own for _row, sums in report_lines(documents_of(books.shop.reseller, MARCH)) for own in sums]
    assert sum(own.tax for own in written) == sum(row.tax for row in rows)
    assert sum(own.gross for own in written) == sum(Invoice.objects.values_list("total", flat=True))


def check_ledger(books: Books, center: Center) -> None:
    """What the center owes is the gross of its documents."""
    gross = Invoice.objects.filter(center=center).aggregate(sum=Sum("total"))["sum"]
    assert sums(center)[books.currency] == gross
    opened = Invoice.objects.filter(center=center).aggregate(sum=Sum("open_amount"))["sum"]
    assert opened == gross
