"""Email: text and HTML, in a thread per subject, with the headers that let a mail program unsubscribe."""

import hashlib
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr
from smtplib import (
    SMTPDataError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string
from django.utils import translation

from centers import mail_delivery
from centers.notifications.message import Accepted, ChannelError, Message
from centers.stored_messages import StoredMessage as _

_COLOR = "#0f766e"  # of resellers without their own


class EmailChannel:
    """Hands a message to the mail server of the install; the destination is an email address."""

    def send(self, message: Message, destination: str) -> Accepted:
        """Hand the mail over once; the id of the mail is the same at every try."""
        if not mail_delivery.is_delivered():
            raise ChannelError(mail_delivery.why_not(), permanent=True)
        try:
            mail = written(message, destination)
            mail.message()
        except (ValueError, MessageError) as error:  # BadHeaderError and UnicodeError are ValueErrors
            raise ChannelError(
                _("The email can't be written. Check names and addresses."), permanent=True
            ) from error
        connection = get_connection()
        try:
            connection.open()
        except (OSError, SMTPException) as error:
            raise _unreachable(error) from error
        try:
            connection.send_messages([mail])
        except (OSError, SMTPException) as error:
            raise _refused(error) from error
        finally:
            _close(connection)
        return Accepted(provider_id=mail.extra_headers["Message-ID"])


def written(message: Message, destination: str) -> EmailMultiAlternatives:
    """The mail with its headers, in the language of the message."""
    with translation.override(message.language):
        context = {
            "message": message,
            "paragraphs": [part.split("\n") for part in message.text.split("\n\n")],
            "color": message.color or _COLOR,
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
    return mail


def _sender(message: Message) -> str:
    """The install's address under the reseller's name."""
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return str(Address(display_name=" ".join(message.sender.split()) or name, addr_spec=address))


def _headers(message: Message) -> dict[str, str]:
    headers = {"Message-ID": _id(message.key), "Auto-Submitted": "auto-generated"}
    if message.thread:
        headers["References"] = headers["In-Reply-To"] = _id(f"thread:{message.thread}")
    if message.unsubscribe_url:
        headers["List-Unsubscribe"] = f"<{message.unsubscribe_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def _id(key: str) -> str:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "markaz.invalid"
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{domain}>"


def _unreachable(error: Exception) -> ChannelError:
    if isinstance(error, SMTPResponseException) and error.smtp_code == 535:
        return ChannelError(
            _("The mail server refused the sign-in. Check the name and password in EMAIL_URL."),
            answer=_said(error),
        )
    return ChannelError(
        _("The mail server couldn't be reached (%(error)s).") % {"error": type(error).__name__},
        answer=_said(error),
    )


def _refused(error: Exception) -> ChannelError:
    if isinstance(error, SMTPRecipientsRefused):
        code, _text = next(iter(error.recipients.values()), (550, b""))
        permanent = code >= 500
        return ChannelError(
            _("The mail server refused this address."),
            answer=_said(error),
            permanent=permanent,
            dead=permanent,
        )
    if isinstance(error, SMTPSenderRefused):
        return ChannelError(
            _("The mail server refused the sender. Check DEFAULT_FROM_EMAIL."), answer=_said(error)
        )
    if isinstance(error, SMTPDataError):
        return ChannelError(
            _("The mail server refused this email."), answer=_said(error), permanent=error.smtp_code >= 500
        )
    lost = isinstance(error, SMTPServerDisconnected | TimeoutError | ConnectionError)
    return ChannelError(
        _("The mail server stopped answering (%(error)s).") % {"error": type(error).__name__}, unsure=lost
    )


def _said(error: Exception) -> str:
    """The server's answer without what it was asked."""
    if isinstance(error, SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()), (0, b""))
        return _answer(code, text)
    if isinstance(error, SMTPResponseException):
        return _answer(error.smtp_code, error.smtp_error)
    return type(error).__name__


def _answer(code: int, text: bytes | str) -> str:
    return f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"[:300]


def _close(connection: object) -> None:
    """End the session; the mail is handed over or refused by now, whatever comes."""
    try:
        connection.close()  # type: ignore[attr-defined]
    except (OSError, SMTPException):
        return
