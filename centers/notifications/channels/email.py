"""Email: text and HTML, in a thread per subject, with the headers that let a mail program unsubscribe."""

import hashlib
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

from centers import mail_delivery
from centers.mail.problems import Diagnosis, Problem
from centers.mail.sending import MailFailed, hand_over
from centers.notifications.message import Accepted, Attachment, ChannelError, Message
from centers.stored_messages import StoredMessage as _

log = structlog.get_logger(__name__)
_COLOR = "#0f766e"  # of resellers without their own
_DARK, _WHITE = "#101828", "#ffffff"
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
    color = message.color or _COLOR
    light = is_light(color)
    with translation.override(message.language):
        context = {
            "message": message,
            "paragraphs": [part.split("\n") for part in message.text.split("\n\n")],
            "color": color,
            "on_color": _DARK if light else _WHITE,
            "text_color": _DARK if light else color,
            "rtl": translation.get_language_bidi(),
        }
        text = render_to_string("centers/mail/notification.txt", context)
        html = render_to_string("centers/mail/notification.html", context)
    mail = EmailMultiAlternatives(
        subject=" ".join(message.subject.split()),
        body=text.strip() + "\n",
        from_email=_sender(message),
        to=[destination],
        reply_to=[message.reply_to] if message.reply_to else None,
        headers=_headers(message),
    )
    mail.attach_alternative(html, "text/html")
    # Of django-anymail: it comes back with a provider's events (centers.notifications.channels.bounces).
    mail.metadata = {KEY: message.key}  # type: ignore[attr-defined]
    return mail


def is_light(color: str) -> bool:
    """Whether dark text reads better on `color` ("#rrggbb") than white, by the contrast of WCAG 2; as in theme.js."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [one / 12.92 if one <= 0.03928 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179


def _made(attachment: Attachment) -> bytes:
    try:
        return attachment.make()
    except Exception as error:
        log.exception("attachment_not_made", file=attachment.name)
        raise ChannelError(
            _("The file %(name)s couldn't be made (%(error)s).")
            % {"name": attachment.name, "error": type(error).__name__}
        ) from error


def _sender(message: Message) -> str:
    """The install's address under the reseller's name."""
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return str(Address(display_name=" ".join(message.sender.split()) or name, addr_spec=address))


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
