"""A test email to the person who asks for it, and what is wrong if it isn't taken."""

from datetime import datetime, timedelta

import structlog
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.db import connection, transaction
from django.utils.translation import gettext as _

from centers import mail_delivery
from centers.audit import entries
from centers.errors import OperationRefused
from centers.mail.looks import OF_PRODUCT, dress
from centers.mail.problems import Diagnosis, server_name
from centers.mail.sending import MailFailed, hand_over
from centers.models import AuditEntry, Reseller, User

log = structlog.get_logger(__name__)
#: Each test may keep a thread of the pages busy for a while, and is a mail.
MOST_PER_HOUR = 10
_HOUR = timedelta(hours=1)
_ACTION = "email.tested"


def send_test(*, reseller: Reseller, by: User, now: datetime) -> Diagnosis | None:
    """Send a test to the person's own address, and return why it wasn't taken; None: it was.

    Gives the database connection back while it waits for the mail server. Raises OperationRefused without a mail
    server, for an address that isn't proven, and over MOST_PER_HOUR.
    """
    if not mail_delivery.is_delivered():
        raise OperationRefused(mail_delivery.why_not())
    if by.email_proven_at is None:
        raise OperationRefused(_("Your email address isn't confirmed. Confirm it on your profile first."))
    # Recorded before it is sent, or many requests at once would pass the limit.
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).only("pk").get(pk=by.pk)
        _check_limit(reseller, by, now)
        entries.record(_ACTION, reseller=reseller, by=by, now=now, what=by.email)
    if not connection.in_atomic_block:
        connection.close()
    try:
        hand_over(
            trial_mail(
                by.email,
                _(
                    "This is a test. Emails from %(reseller)s are sent through %(server)s, and this one reached you."
                )
                % {"reseller": reseller, "server": server_name()},
            )
        )
    except MailFailed as failure:
        log.warning("mail_failed", why=failure.diagnosis.english, kind="test", reseller_id=reseller.pk)
        return failure.diagnosis
    return None


def trial_mail(to: str, text: str) -> EmailMessage:
    """The email, from the install's own sender, as text and HTML like every other."""
    mail = EmailMultiAlternatives(_("Test email"), f"{text}\n", None, [to])
    dress(mail, OF_PRODUCT)
    return mail


def _check_limit(reseller: Reseller, by: User, now: datetime) -> None:
    sent = AuditEntry.objects.filter(reseller=reseller, actor=by, action=_ACTION, at__gt=now - _HOUR).count()
    if sent >= MOST_PER_HOUR:
        raise OperationRefused(
            _("You can send %(count)s tests in an hour. Try again later.") % {"count": MOST_PER_HOUR}
        )
