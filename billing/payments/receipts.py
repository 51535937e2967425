"""The messages about a payment: a receipt to the center's contact, and news to those of the team who chose them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from billing.advances.issuing import advance_of
from billing.documents.invoice import document_of, invoice_filename
from billing.documents.receipts import receipt_filename, receipt_for, receipt_sheet
from billing.ledger import sums
from billing.mail_texts import Receipt, payment_received
from billing.models import Invoice, Payment
from billing.money import format_amount
from centers.models import Center, Notification, Reseller, Role
from centers.notifications import followups
from centers.notifications.compose import open_page
from centers.notifications.message import Attachment
from centers.notifications.outbox import FIRST, News, notify
from centers.notifications.preferences import people_with
from centers.notifications.registry import Content, Group, Kind, register_group, register_kind
from centers.values.formats import day_text

ZERO = Decimal(0)
#: By default no one of the team gets them: the person who records a payment knows of it.
GROUP = Group(
    name="payments",
    label=gettext_lazy("Payments"),
    text=gettext_lazy("A payment of a center was recorded."),
    order=34,
    roles=(Role.OWNER, Role.BILLING),
    channels=(),
    lasting=False,
    overview=lambda row: open_page(_("Open payments"), reverse("payments", args=[row.reseller.slug])),
)
RECEIPT, TO_TEAM = "payment.received", "payment.recorded"


def connect() -> None:
    """Register the group and its kinds."""
    register_group(GROUP)
    register_kind(
        Kind(
            name=RECEIPT,
            group=GROUP.name,
            label=gettext_lazy("Receipt"),
            write=_to_contact,
            line=_line,
            condenses=False,
            to_contacts=True,
        )
    )
    register_kind(
        Kind(
            name=TO_TEAM,
            group=GROUP.name,
            label=gettext_lazy("Payment received"),
            write=_to_team,
            line=_line,
            page=lambda row: _page(row.reseller, row.center_id),
            counted=lambda row, count: (
                ngettext("%(n)s payment received", "%(n)s payments received", count) % {"n": count}
            ),
        )
    )


def open_amounts(center: Center, currency: str) -> dict[int, Decimal]:
    """What is open of each invoice of the center in a currency."""
    rows = Invoice.objects.filter(center=center, currency=currency, open_amount__gt=0)
    return dict(rows.values_list("pk", "open_amount"))


def paid_parts(payment: Payment, before: Mapping[int, Decimal]) -> dict[int, Decimal]:
    """What a payment paid of each invoice; `before` are the open amounts without it."""
    after = open_amounts(payment.center, payment.currency)
    return {pk: amount - after.get(pk, ZERO) for pk, amount in before.items()}


def write_messages(*, payment: Payment, paid: Mapping[int, Decimal], now: datetime) -> None:
    """Write the messages about a payment, in its transaction; `paid` is what it paid of each invoice."""
    center = payment.center
    context = {
        "amount": f"{payment.amount:f}",
        "currency": payment.currency,
        "center": center.name,
        "paid": {str(pk): f"{amount:f}" for pk, amount in paid.items() if amount > 0},
    }
    about, people = _about(payment), people_with(center.reseller, GROUP.roles)
    receipt = News(
        kind=RECEIPT, about=about, event=FIRST, for_contact=True, center=center.pk, context=context
    )
    news = News(
        kind=TO_TEAM,
        about=about,
        event=FIRST,
        people=people,
        for_team=True,
        center=center.pk,
        context=context,
    )
    notify(reseller=center.reseller, news=[receipt, news], now=now)


def withdraw_messages(payment: Payment) -> None:
    """Don't send what still waits about a payment that is reversed, in the transaction of that."""
    followups.drop(reseller=payment.center.reseller, about=[_about(payment)])


def kept_as_credit(payment: Payment, paid: Iterable[Decimal], balances: Mapping[str, Decimal]) -> Decimal:
    """What of a payment is credit: neither `paid` of invoices nor, by the center's balances with it, of other debts."""
    rest = payment.amount - sum(paid, ZERO)
    return min(rest, max(ZERO, -balances.get(payment.currency, ZERO)))


def receipt_of(payment: Payment, paid: Mapping[str, str]) -> Receipt:
    """What the payment did: of what it `paid` at first (amounts by invoice), what still holds."""
    rows = Invoice.objects.filter(pk__in=paid, voided_at=None).order_by("due_on", "pk")
    parts = [
        (row, min(Decimal(paid[str(row.pk)]), row.left - row.written_off - row.open_amount)) for row in rows
    ]
    used = tuple((row, amount) for row, amount in parts if amount > 0)
    balances = sums(payment.center)
    return Receipt(
        payment=payment,
        paid=used,
        credit=kept_as_credit(payment, (amount for _row, amount in used), balances),
        unpaid={currency: due for currency, due in balances.items() if due > 0},
    )


def example(reseller: Reseller) -> Receipt | None:
    """The receipt of the latest payment, as though it had paid the invoices that were paid last."""
    payment = Payment.objects.filter(reseller=reseller, reversed_at=None).order_by("-pk").first()
    if payment is None:
        return None
    row = Notification.objects.filter(reseller=reseller, about=_about(payment), kind=RECEIPT).first()
    payment.center.reseller = reseller
    return receipt_of(payment, row.context["paid"] if row else {})


def news_of(receipt: Receipt) -> Content:
    """What the team is sent about a payment."""
    payment = receipt.payment
    values = {"amount": receipt.amount, "center": payment.center.name}
    facts = [
        _("Center: %(name)s") % {"name": payment.center},
        _("Amount: %(amount)s") % values,
        _("Received on: %(date)s") % {"date": day_text(payment.received_on)},
        _("Reference: %(reference)s") % {"reference": payment},
    ]
    if payment.recorded_by is not None:
        facts.append(_("Recorded by: %(person)s") % {"person": payment.recorded_by})
    left = receipt.left
    unpaid = _("Still unpaid: %(amount)s") % {"amount": left} if left else _("Nothing is left to pay.")
    return Content(
        subject=_("Payment of %(amount)s from %(center)s") % values,
        text="\n\n".join(filter(None, ["\n".join(facts), receipt.lines, unpaid])),
        actions=(open_page(_("Open the center"), _page(payment.center.reseller, payment.center_id)),),
        wording=TO_TEAM,
        fields={
            **values,
            "date": day_text(payment.received_on),
            "reference": str(payment),
            "used_for": receipt.lines,
            "unpaid": left,
        },
    )


def _to_contact(row: Notification, now: datetime) -> Content | None:
    receipt = _receipt(row)
    return _with_document(payment_received(receipt), receipt.payment, now) if receipt is not None else None


def _with_document(content: Content, payment: Payment, now: datetime) -> Content:
    """What the PDF says is read here, and typeset once the message is handed over."""
    issued = receipt_for(payment, now)
    files = [Attachment(receipt_filename(issued), "application/pdf", receipt_sheet(issued).pdf)]
    if (paid := advance_of(payment)) is not None:
        name = invoice_filename(paid.advance)
        files.append(Attachment(name, "application/pdf", document_of(paid.advance).typeset))
    return replace(content, attachments=tuple(files))


def _to_team(row: Notification, now: datetime) -> Content | None:
    receipt = _receipt(row)
    return news_of(receipt) if receipt is not None else None


def _receipt(row: Notification) -> Receipt | None:
    """None once the payment is reversed."""
    payments = Payment.objects.select_related("center", "recorded_by")
    payment = payments.get(pk=row.about.partition(":")[2])
    payment.center.reseller = row.reseller
    return receipt_of(payment, row.context["paid"]) if payment.reversed_at is None else None


def _line(row: Notification) -> str:
    amount = format_amount(Decimal(row.context["amount"]), row.context["currency"])
    return _("Payment of %(amount)s from %(center)s") % {"amount": amount, "center": row.context["center"]}


def _page(reseller: Reseller, center: int | None) -> str:
    return reverse("center", args=[reseller.slug, center])


def _about(payment: Payment) -> str:
    return f"payment:{payment.pk}"
