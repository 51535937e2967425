"""Mails about a person's own account, in their language."""

from datetime import datetime

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from centers.models import User

log = structlog.get_logger(__name__)
#: Which page the link of a mail opens.
_PAGES = {
    "factor_reset_link": "second_factor_reset",
    "factor_reset_started": "second_factor_cancel",
    "factor_reset_done": "second_factor_cancel",
}


def send(name: str, user: User, *, token: str = "", due: datetime | None = None) -> bool:
    """Send the mail `centers/mail/<name>.txt`; False, and a line in the log, when the mail server refuses."""
    url = settings.SITE_URL + reverse(_PAGES[name], args=[token]) if token else ""
    context = {"user": user, "url": url, "due": due, "hours": settings.SECOND_FACTOR_RESET_HOURS}
    with translation.override(user.language or settings.LANGUAGE_CODE):
        subject = render_to_string(f"centers/mail/{name}_subject.txt", context).strip()
        body = render_to_string(f"centers/mail/{name}.txt", context)
    try:
        send_mail(subject, body, settings.DEFAULT_FROM_EMAIL, [user.email])
    except OSError as error:  # smtplib's errors are OSErrors
        log.warning("account_mail_failed", mail=name, user_id=user.pk, error=type(error).__name__)
        return False
    return True
