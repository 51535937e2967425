"""Mails about an operation: built before it commits, handed over after it committed."""

from email.errors import MessageError

import structlog
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.utils.translation import gettext as _

from centers.errors import OperationRefused
from centers.mail.looks import OF_PRODUCT, Look, dress
from centers.mail.sending import MailFailed, hand_over
from centers.mail_delivery import is_delivered

log = structlog.get_logger(__name__)


def written(
    *, subject: str, body: str, to: str, look: Look = OF_PRODUCT, button: str = ""
) -> EmailMultiAlternatives:
    """A mail as text and HTML that is known to be well formed; call it inside the transaction of its operation.

    It comes from `look`, who is answered. The address in it that stands alone is a button with the label `button`.
    Raises OperationRefused when a header cannot be built, which rolls the operation back.
    """
    answers = [look.reply_to] if look.reply_to else None
    try:
        mail = EmailMultiAlternatives(" ".join(subject.split()), body, look.sender, [to], reply_to=answers)
        dress(mail, look, button=button)
        mail.message()
    except (ValueError, MessageError) as error:  # BadHeaderError and UnicodeError are ValueErrors
        log.warning("mail_cannot_be_written", error=type(error).__name__)
        raise OperationRefused(
            _("The email to %(address)s can't be written, so nothing was saved. Check names and addresses.")
            % {"address": " ".join(to.split())[:100]}
        ) from error
    return mail


def handed_over(mail: EmailMessage, **about: object) -> bool:
    """Whether a mail server accepted the mail. It never raises: the operation has already committed."""
    try:
        hand_over(mail)
    except MailFailed as failure:
        log.warning("mail_failed", why=failure.diagnosis.english, **about)
        return False
    if not is_delivered():
        log.warning("mail_unsent", **about)
        return False
    return True
