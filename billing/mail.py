"""Mails are stored first, in the transaction they are about and in the center's language, and sent by a job."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr
from smtplib import SMTPException, SMTPRecipientsRefused

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import translation

from billing.mail_texts import Text
from billing.models import Invoice, OutgoingMail
from centers import mail_delivery
from centers.audit import entries
from centers.models import Center, Reseller, User
from centers.queue.job_runs import RunRecorder
from centers.stored_messages import StoredMessage as _

State = OutgoingMail.State
# Delays before the next try; after the last one the mail has failed and is shown to staff.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480))


def write_mail(
    *,
    center: Center,
    kind: str,
    key: str,
    text: Callable[[], Text],
    now: datetime,
    invoice: Invoice | None = None,
) -> OutgoingMail:
    """Store a mail once per `key`, in the caller's transaction; `text` is called in the center's language."""
    with translation.override(center.language):
        mail_text = text()
    mail, _created = OutgoingMail.objects.get_or_create(
        reseller_id=center.reseller_id,
        key=key,
        defaults={
            "center": center,
            "kind": kind,
            "to": center.email,
            "language": center.language,
            "subject": " ".join(mail_text.subject.split())[:200],
            "body": mail_text.body,
            "invoice": invoice,
            "state": State.WAITING if center.email else State.NO_ADDRESS,
            "created_at": now,
            "next_try_at": now,
        },
    )
    return mail


def due_mails(reseller: Reseller, now: datetime) -> list[int]:
    """Ids of the mails to try now, oldest first."""
    rows = OutgoingMail.objects.filter(reseller=reseller, state=State.WAITING, next_try_at__lte=now)
    return list(rows.order_by("next_try_at", "pk").values_list("pk", flat=True)[:500])


def send_mails(*, reseller: Reseller, now: datetime, recorder: RunRecorder) -> None:
    """Try every due mail once; a failed one waits longer each time and does not delay the others."""
    for pk in due_mails(reseller, now):
        mail = _claim(pk, now)
        if mail is None:
            continue
        error = _send(mail, reseller)
        if error is None and not mail_delivery.is_delivered():
            OutgoingMail.objects.filter(pk=pk).update(state=State.UNSENT, error=mail_delivery.why_not())
            # A demo needs no mail server; elsewhere customers wait for this mail.
            if settings.DEMO:
                recorder.ok()
            else:
                recorder.fail(f"{mail.to} {mail.subject}", mail_delivery.why_not())
        elif error is None:
            OutgoingMail.objects.filter(pk=pk).update(state=State.SENT, sent_at=now, error="")
            recorder.ok()
        else:
            recorder.fail(f"{mail.to} {mail.subject}", error)
            given_up = mail.attempts > len(WAITS)
            OutgoingMail.objects.filter(pk=pk).update(
                error=error, state=State.FAILED if given_up else State.WAITING
            )


def send_again(*, mail: OutgoingMail, by: User | None, now: datetime) -> None:
    """Retry a mail that failed or had no address, using the center's current address."""
    with transaction.atomic():
        address = mail.center.email
        OutgoingMail.objects.filter(pk=mail.pk).exclude(state=State.SENT).update(
            to=address,
            state=State.WAITING if address else State.NO_ADDRESS,
            attempts=0,
            next_try_at=now,
            error="",
        )
        entries.record(
            "mail.sent_again",
            reseller=mail.reseller,
            center=mail.center,
            by=by,
            target=mail,
            now=now,
            topics=("billing",),
        )


def _claim(pk: int, now: datetime) -> OutgoingMail | None:
    """Claim the mail by moving its next try ahead, so that no second sender takes it now."""
    with transaction.atomic():
        mail: OutgoingMail | None = (
            OutgoingMail.objects.select_for_update(skip_locked=True)
            .filter(pk=pk, state=State.WAITING, next_try_at__lte=now)
            .first()
        )
        if mail is None:
            return None
        mail.next_try_at = now + WAITS[min(mail.attempts, len(WAITS) - 1)]
        mail.attempts += 1
        mail.save(update_fields=["next_try_at", "attempts"])
    return mail


def _send(mail: OutgoingMail, reseller: Reseller) -> str | None:
    try:
        EmailMessage(subject=mail.subject, body=mail.body, from_email=_sender(reseller), to=[mail.to]).send()
    except SMTPRecipientsRefused:
        return _("The mail server refused this address.")
    except (SMTPException, OSError, ValueError, MessageError) as error:
        return _("The email couldn't be handed to the mail server (%(why)s).") % {"why": type(error).__name__}
    return None


def _sender(reseller: Reseller) -> str:
    """The sender: the install's address under the reseller's name."""
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    name = " ".join(reseller.name.split())
    return str(Address(display_name=name, addr_spec=address))
