"""Email: text and HTML, in a thread per subject, with the headers that let a mail program unsubscribe."""

import hashlib
from email.errors import MessageError
from email.utils import parseaddr

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

from centers import mail_delivery
from centers.mail.looks import Look, html_of
from centers.mail.problems import Diagnosis, Problem
from centers.mail.sending import MailFailed, hand_over
from centers.notifications.message import Accepted, Attachment, ChannelError, Message
from centers.stored_messages import StoredMessage as _

log = structlog.get_logger(__name__)
#: The name under which a provider keeps the message's key, from which the Message-ID follows.
KEY = "key"


class EmailChannel:
    """Hands a message to the mail server of the install; the destination is an email address."""

    def send(self, message: Message, destination: str) -> Accepted:
        """Hand the mail over once; the id of the mail is the same at every try."""
        if not mail_delivery.is_delivered():
            raise ChannelError(mail_delivery.why_not(), permanent=True)
        files = [(file.name, _made(file), file.media_type) for file in message.attachments]
        try:
            mail = written(message, destination)
            for file in files:
                mail.attach(*file)
            mail.message()
        except (ValueError, MessageError) as error:  # BadHeaderError and UnicodeError are ValueErrors
            raise _refused(Diagnosis(Problem.WRITING, permanent=True)) from error
        try:
            provider_id = hand_over(mail)
        except MailFailed as failure:
            raise _refused(failure.diagnosis) from failure
        return Accepted(provider_id=provider_id or mail.extra_headers["Message-ID"])


def written(message: Message, destination: str) -> EmailMultiAlternatives:
    """The mail with its headers, in the language of the message."""
    look = Look(message.sender, message.color, message.logo_url, message.contact, message.reply_to)
    subject = " ".join(message.subject.split())
    with translation.override(message.language):
        text = render_to_string("centers/mail/notification.txt", {"message": message})
        html = html_of(
            subject=subject,
            text=message.text,
            look=look,
            actions=[(action.label, action.url) for action in message.actions],
            unsubscribe_url=message.unsubscribe_url,
        )
    mail = EmailMultiAlternatives(
        subject=subject,
        body=text.strip() + "\n",
        from_email=look.sender,
        to=[destination],
        reply_to=[message.reply_to] if message.reply_to else None,
        headers=_headers(message),
    )
    mail.attach_alternative(html, "text/html")
    # Of django-anymail: it comes back with a provider's events (centers.notifications.channels.bounces).
    mail.metadata = {KEY: message.key}  # type: ignore[attr-defined]
    return mail


def _made(attachment: Attachment) -> bytes:
    try:
        return attachment.make()
    except Exception as error:
        log.exception("attachment_not_made", file=attachment.name)
        raise ChannelError(
            _("The file %(name)s couldn't be created (%(error)s).")
            % {"name": attachment.name, "error": type(error).__name__}
        ) from error


def _headers(message: Message) -> dict[str, str]:
    headers = {"Message-ID": message_id(message.key), "Auto-Submitted": "auto-generated"}
    if message.thread:
        headers["References"] = headers["In-Reply-To"] = message_id(f"thread:{message.thread}")
    if message.unsubscribe_url:
        headers["List-Unsubscribe"] = f"<{message.unsubscribe_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def message_id(key: str) -> str:
    """The Message-ID of the mail of a message, from the message's key."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "markaz.invalid"
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{domain}>"


def _refused(why: Diagnosis) -> ChannelError:
    return ChannelError(
        why.sentences,
        answer=why.answer,
        permanent=why.permanent,
        dead=why.dead,
        unsure=why.unsure,
        retry_after=why.retry_after,
    )
