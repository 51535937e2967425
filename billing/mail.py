"""Mails to the billing contacts of centers: messages of the outbox, written in the transaction they are about.

What they say is made when they are sent (billing/notifications.py), in the center's language.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from billing.models import AdvanceEntry, Invoice
from billing.policies import reseller_policy
from centers.models import Center, Notification, Reseller, User
from centers.notifications.log import send_again
from centers.notifications.outbox import News, notify

ISSUED, SUSPENDED, RESUMED = "issued", "suspended", "resumed"
#: The kinds that ask for money that is late, or soon due.
REMINDERS = ("invoice.reminder", "invoice.warning")
#: Those that the phones of centers get on WhatsApp, too, where the reseller wants it.
BY_WHATSAPP = (*REMINDERS, f"center.{SUSPENDED}", f"center.{RESUMED}")


def write_mail(*, center: Center, kind: str, about: str, event: str, now: datetime, **context: str) -> None:
    """Write a mail to the center's contact once per `about` and `event`, in the caller's transaction.

    Where the reseller's rules say so, reminders and news of suspensions go to its phone on WhatsApp, too.
    """
    also = kind in BY_WHATSAPP and center.phone and reseller_policy(center.reseller).whatsapp_reminders
    news = News(
        kind=kind,
        about=about,
        event=event,
        for_contact=True,
        also_by=("whatsapp",) if also else (),
        center=center.pk,
        context=context,
    )
    notify(reseller=center.reseller, news=[news], now=now)


def write_mail_about(invoice: Invoice, *, kind: str, event: str, now: datetime, **context: str) -> None:
    """Write a mail about an invoice or a credit note to its center's contact."""
    about = _about(invoice)
    number = invoice.number
    write_mail(center=invoice.center, kind=kind, about=about, event=event, now=now, number=number, **context)


def write_mails_about(
    invoices: Iterable[Invoice], *, reseller: Reseller, kind: str, event: str, now: datetime
) -> None:
    """The same about documents of several centers of the reseller at once."""
    news = [
        News(
            kind=kind,
            about=_about(invoice),
            event=event,
            for_contact=True,
            center=invoice.center_id,
            context={"number": invoice.number},
        )
        for invoice in invoices
    ]
    notify(reseller=reseller, news=news, now=now)


def mails_about(invoice: Invoice) -> QuerySet[Notification]:
    """The mails about an invoice or a credit note, newest first; of an advance invoice those with its receipt."""
    about = Q(about=_about(invoice))
    if invoice.is_advance:
        issued = AdvanceEntry.objects.select_related("entry").get(
            advance=invoice, kind=AdvanceEntry.Kind.ISSUED
        )
        about |= Q(about=f"payment:{issued.entry.payment_id}", recipient=None)
    return Notification.objects.filter(about, reseller=invoice.reseller_id)


def send_undelivered_again(*, invoice: Invoice, by: User, now: datetime) -> int:
    """Send the mails about an invoice that did not arrive once more; return how many."""
    with transaction.atomic():
        found = mails_about(invoice).select_related("reseller", "center").defer("reseller__logo")
        rows = [row for row in found if row.has_failed]
        for row in rows:
            send_again(notification=row, by=by, now=now)
    return len(rows)


def mails_waiting(
    reseller: Reseller, invoices: Iterable[Invoice], *, kinds: Collection[str]
) -> QuerySet[Notification]:
    """The mails of these kinds about invoices that are still to be sent and that no one is sending; locked."""
    about = [_about(invoice) for invoice in invoices]
    rows = Notification.objects.select_for_update(of=("self",), skip_locked=True)
    return rows.filter(
        reseller=reseller,
        about__in=about,
        kind__in=kinds,
        state=Notification.State.WAITING,
        claimed_until=None,
    )


_FAILED = (Notification.State.FAILED, Notification.State.BOUNCED)


def undelivered_by_center(invoices: Iterable[Invoice]) -> dict[int, list[Notification]]:
    """The mails about these invoices of one reseller that did not arrive, by center; one query."""
    about = [_about(invoice) for invoice in invoices]
    rows = Notification.objects.filter(about__in=about, state__in=_FAILED)
    found: dict[int, list[Notification]] = {}
    for row in rows.select_related("reseller", "center").defer("reseller__logo").order_by("pk"):
        if row.center_id is not None:
            found.setdefault(row.center_id, []).append(row)
    return found


def _about(invoice: Invoice) -> str:
    return f"invoice:{invoice.pk}"
