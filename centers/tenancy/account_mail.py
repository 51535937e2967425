"""Mails about a person's own account, in their language."""

from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from centers.mailing import handed_over, written
from centers.models import User
from centers.values.page_urls import page_url

#: Which page the link of a mail opens, and what the link is called.
_PAGES = {
    "factor_reset_link": ("second_factor_reset", _("Reset two-factor sign-in")),
    "factor_reset_started": ("second_factor_cancel", _("Cancel reset")),
    "factor_reset_done": ("second_factor_cancel", _("Close account")),
}


def send(name: str, user: User, *, token: str = "", due: datetime | None = None) -> bool:
    """Send the mail `centers/mail/<name>.txt`; False, and a line in the log, when the mail server refuses."""
    page, button = _PAGES.get(name, ("", ""))
    url = page_url(page, token) if token else ""
    context = {"user": user, "url": url, "due": due, "hours": settings.SECOND_FACTOR_RESET_HOURS}
    with translation.override(user.language or settings.LANGUAGE_CODE):
        subject = render_to_string(f"centers/mail/{name}_subject.txt", context)
        body = render_to_string(f"centers/mail/{name}.txt", context)
        mail = written(subject=subject, body=body, to=user.email, button=str(button))
    return handed_over(mail, kind=name, user_id=user.pk)
