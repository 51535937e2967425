"""The messages about money whose texts a reseller can word itself."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import F
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billing import mail_texts
from billing.dunning import promise_notices as promises
from billing.dunning import tomorrow
from billing.gateways import notices as flagged
from billing.limits import notices as limits
from billing.limits.texts import limit_reached, little_left
from billing.models import Invoice
from billing.payments import receipts
from billing.payments import report_notices as reports
from centers.models import Center, Reseller
from centers.notifications.message_texts import Wording, register_wordings
from centers.notifications.registry import Content, Group

Fields = Mapping[str, str | Promise]
Example = Callable[[Reseller, datetime], Content | None]
_LETTER: Fields = {
    "name": _("the contact, else the center's name"),
    "center": _("the name of the center"),
    "how_to_pay": _("your payment instructions"),
}
_INVOICE: Fields = {
    "invoice": _("the number of the invoice"),
    "amount": _("its total"),
    "amount_due": _("what is still unpaid"),
    "due_date": _("the due date"),
}
_PAYMENT: Fields = {
    "amount": _("its amount"),
    "date": _("when it was received"),
    "reference": _("its reference"),
    "used_for": _("the invoices that it paid, and what is left as credit"),
    "unpaid": _("what is still unpaid"),
}
_A_WEEK = timedelta(days=7)


def connect() -> None:
    """Register the messages."""
    for some in (_about_invoices(), _about_centers(), _to_team()):
        register_wordings(some)


def _about_invoices() -> Iterator[Wording]:
    days = {"days": _("how many days until or since the due date")}
    note = {
        "note": _("the number of the credit note"),
        "credited": _("what it credits"),
        "reason": _("its reason"),
    }
    yield _invoice(
        "invoice.issued", _("Invoice issued"), {}, lambda one, _day: mail_texts.invoice_issued(one)
    )
    yield _invoice(
        "invoice.reminder",
        _("Reminder before the due date"),
        days,
        lambda one, _day: mail_texts.reminder(one, one.due_on - _A_WEEK),
    )
    yield _invoice(
        "invoice.overdue",
        _("Reminder after the due date"),
        {**days, "late_fees": _("late fees charged for it so far, if there are any")},
        lambda one, _day: mail_texts.reminder(one, one.due_on + _A_WEEK),
    )
    yield _invoice(
        "invoice.final_warning",
        _("Final warning"),
        {"suspension_day": _("the day of the suspension")},
        lambda one, day: mail_texts.final_warning(one, day + _A_WEEK),
    )
    yield _invoice(
        "invoice.voided",
        _("Credit note"),
        note,
        lambda one, _day: mail_texts.invoice_voided(one, one),
    )
    yield _invoice(
        "invoice.credited",
        _("Partial credit note"),
        note,
        lambda one, _day: mail_texts.invoice_credited(one, one),
    )


def _about_centers() -> Iterator[Wording]:
    yield _center(
        "center.suspended",
        _("Numbers suspended"),
        {"amount_due": _("what is overdue"), "invoices": _("the numbers of the invoices")},
        lambda one: mail_texts.suspended(one, Decimal(100), one.currency, "INV-1"),
    )
    yield _center(
        "center.limit_reached",
        _("Limit used up: numbers suspended"),
        {"amount_due": _("what is unpaid or not invoiced yet")},
        lambda one: limit_reached(one, Decimal(100), one.currency, is_prepaid=False),
    )
    yield _center(
        "credit.low",
        _("Low balance"),
        {"left": _("what is left")},
        lambda one: little_left(one, Decimal(20), one.currency, is_prepaid=True),
    )
    yield _center("center.resumed", _("Numbers active again"), {}, mail_texts.resumed)
    yield _wording(
        receipts.RECEIPT,
        _("Payment received"),
        {**_LETTER, **_PAYMENT},
        _receipt(mail_texts.payment_received),
    )
    yield _price_change()


def _to_team() -> Iterator[Wording]:
    center = {"center": _("the name of the center")}
    yield _team(
        receipts.TO_TEAM,
        receipts.GROUP,
        _("Payment received"),
        center | dict(_PAYMENT),
        _receipt(receipts.news_of),
    )
    suspended = {
        "centers": _("the centers, and what each still has to pay"),
        "count": _("the number of centers"),
        "amount": _("the total unpaid"),
        "day": _("the day of the suspension"),
    }
    yield _team(tomorrow.KIND, tomorrow.GROUP, tomorrow.GROUP.label, suspended, tomorrow.example)
    payment = {"amount": _("its amount"), "reference": _("its reference")}
    where = {"gateway": _("where it was paid"), "reason": _("why it wasn't recorded")}
    yield _team(flagged.KIND, flagged.GROUP, _("Payment flagged"), payment | where, flagged.example)
    invoice = center | {"invoice": _("the number of the invoice")}
    label = _("Payment reported by a center")
    yield _team(reports.KIND, flagged.GROUP, label, invoice | payment, reports.example)
    promise = {
        "amount": _("what was promised"),
        "day": _("the last day of the promise"),
        "note": _("the note of the promise"),
    }
    yield _team(promises.KIND, promises.GROUP, _("Promise broken"), center | promise, promises.example)
    left, asked = {"left": _("what is left")}, {"asked_by": _("who asked for it")}
    low, top_up = _of_center(limits.low_example), _of_center(limits.top_up_example)
    yield _team(limits.LOW_TEAM, limits.GROUP, _("Limit nearly used up"), center | left, low)
    yield _team(limits.TOP_UP, limits.GROUP, _("Top-up requested"), center | asked, top_up)


def _team(name: str, group: Group, label: str | Promise, fields: Fields, example: Example) -> Wording:
    return Wording(
        name=name,
        section=group.label,
        label=label,
        audience=_("to your team"),
        fields=fields,
        example=example,
    )


def _receipt(
    write: Callable[[mail_texts.Receipt], Content],
) -> Example:
    def example(reseller: Reseller, _now: datetime) -> Content | None:
        receipt = receipts.example(reseller)
        return write(receipt) if receipt is not None else None

    return example


def _price_change() -> Wording:
    return _center(
        "prices.changed",
        _("Price change"),
        {"day": _("the first day of the new prices"), "prices": _("the prices before and from then on")},
        lambda one: mail_texts.prices_changed(one, date(2026, 1, 1), ["marketing: 0.0138 → 0.0150"]),
    )


def _invoice(name: str, label: Promise, fields: Fields, write: Callable[[Invoice, date], Content]) -> Wording:
    def example(reseller: Reseller, now: datetime) -> Content | None:
        rows = Invoice.objects.filter(reseller=reseller, kind=Invoice.Kind.INVOICE)
        unpaid_first = F("settled_at").desc(nulls_first=True)
        latest = rows.select_related("center__reseller").order_by(unpaid_first, "-pk").first()
        return write(latest, now.date()) if latest is not None else None

    return _wording(name, label, {**_LETTER, **_INVOICE, **fields}, example)


def _center(name: str, label: Promise, fields: Fields, write: Callable[[Center], Content]) -> Wording:
    return _wording(name, label, {**_LETTER, **fields}, _of_center(write))


def _of_center(write: Callable[[Center], Content]) -> Example:
    def example(reseller: Reseller, _now: datetime) -> Content | None:
        rows = Center.objects.filter(reseller=reseller, archived_at=None)
        latest = rows.select_related("reseller").order_by("pk").first()
        return write(latest) if latest is not None else None

    return example


def _wording(name: str, label: Promise, fields: Fields, example: Example) -> Wording:
    return Wording(name=name, section=_("Emails to centers"), label=label, fields=fields, example=example)
