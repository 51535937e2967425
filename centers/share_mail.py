"""Sending a link by email, in the words of the person who sends it."""

from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from centers.audit import entries
from centers.errors import OperationRefused
from centers.mail.looks import look_of
from centers.mailing import handed_over, written
from centers.models import AuditEntry, Reseller, User

#: The text is free, so this must not become a way to send mail to anyone: each person sends a few, each with a link of
#: ours, and all of them are in the audit log.
MOST_PER_HOUR = 30
_HOUR = timedelta(hours=1)
_ACTION = "share.mailed"


def mail_link(
    *, reseller: Reseller, to: str, subject: str, text: str, language: str = "", by: User, now: datetime
) -> None:
    """Send the text to `to`; answers go to the sender. What it says is not kept: its link may open a door.

    `language` is that of the text. Raises OperationRefused without a link of this install in it, over MOST_PER_HOUR,
    and if no mail server takes it.
    """
    if f"{settings.SITE_URL}/" not in text:
        raise OperationRefused(
            _("The link is missing from the text. Copy it from the page and paste it into the message."),
            field="text",
        )
    # Recorded before it is sent, or many requests at once would pass the limit.
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).only("pk").get(pk=by.pk)
        _check_limit(reseller, by, now)
        look = replace(look_of(reseller), reply_to=by.email)
        with translation.override(language or translation.get_language()):
            button = pgettext("button", "Open")
            mail = written(subject=subject, body=text, to=to, look=look, button=button)
        entries.record(_ACTION, reseller=reseller, by=by, now=now, email=to)
    if not handed_over(mail, reseller_id=reseller.pk):
        entries.record("share.undelivered", reseller=reseller, by=by, now=now, email=to)
        raise OperationRefused(
            _(
                "The email wasn't sent: no mail server accepted it. Send the link on WhatsApp, or try again later."
            )
        )


def _check_limit(reseller: Reseller, by: User, now: datetime) -> None:
    sent = AuditEntry.objects.filter(reseller=reseller, actor=by, action=_ACTION, at__gt=now - _HOUR).count()
    if sent >= MOST_PER_HOUR:
        raise OperationRefused(
            _(
                "You can send %(count)s links by email in an hour. Try again later, or send this one on WhatsApp."
            )
            % {"count": MOST_PER_HOUR}
        )
