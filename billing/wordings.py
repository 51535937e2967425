"""The mails to centers about money whose texts a reseller can word itself."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billing import mail_texts
from billing.models import Invoice
from centers.models import Center, Reseller
from centers.notifications.message_texts import Wording, register_wordings
from centers.notifications.registry import Content

Fields = Mapping[str, str | Promise]
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
_A_WEEK = timedelta(days=7)


def connect() -> None:
    """Register the mails."""
    register_wordings(_wordings())


def _wordings() -> Iterator[Wording]:
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
        days,
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
        _("Credit note over a part"),
        note,
        lambda one, _day: mail_texts.invoice_credited(one, one),
    )
    yield _center(
        "center.suspended",
        _("Numbers suspended"),
        {"amount_due": _("what is overdue"), "invoices": _("the numbers of the invoices")},
        lambda one: mail_texts.suspended(one, Decimal(100), one.currency, "INV-1"),
    )
    yield _center("center.resumed", _("Numbers active again"), {}, mail_texts.resumed)


def _invoice(name: str, label: Promise, fields: Fields, write: Callable[[Invoice, date], Content]) -> Wording:
    def example(reseller: Reseller, now: datetime) -> Content | None:
        rows = Invoice.objects.filter(reseller=reseller, kind=Invoice.Kind.INVOICE)
        latest = rows.select_related("center__reseller").order_by("-pk").first()
        return write(latest, now.date()) if latest is not None else None

    return _wording(name, label, {**_LETTER, **_INVOICE, **fields}, example)


def _center(name: str, label: Promise, fields: Fields, write: Callable[[Center], Content]) -> Wording:
    def example(reseller: Reseller, _now: datetime) -> Content | None:
        rows = Center.objects.filter(reseller=reseller, archived_at=None)
        latest = rows.select_related("reseller").order_by("pk").first()
        return write(latest) if latest is not None else None

    return _wording(name, label, {**_LETTER, **fields}, example)


def _wording(
    name: str, label: Promise, fields: Fields, example: Callable[[Reseller, datetime], Content | None]
) -> Wording:
    return Wording(name=name, section=_("Emails to centers"), label=label, fields=fields, example=example)
