"""The e-mail that carries an invitation's link."""

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from centers import clock
from centers.models import Invitation, User
from centers.scoping import every_tenant

log = structlog.get_logger(__name__)


def invitation_url(token: str) -> str:
    """The full address that accepts an invitation."""
    return settings.SITE_URL + reverse("invitation", args=[token])


def send(invitation: Invitation, token: str, person: User | None) -> bool:
    """Send the link in the language of the person, else of the center, else of the reseller.

    A mail server that refuses must not undo the invitation: the failure is logged, `mailed_at` stays empty, and
    the page offers the link to copy and to send again.
    """
    place = invitation.center or invitation.reseller
    with translation.override((person.language if person else "") or place.language):
        context = {"invitation": invitation, "place": place, "url": invitation_url(token)}
        subject = render_to_string("centers/mail/invitation_subject.txt", context).strip()
        body = render_to_string("centers/mail/invitation.txt", context)
    try:
        send_mail(subject, body, settings.DEFAULT_FROM_EMAIL, [invitation.email])
    except OSError as error:  # smtplib's errors are OSErrors
        log.warning("invitation_mail_failed", invitation_id=invitation.pk, error=type(error).__name__)
        return False
    with every_tenant():
        Invitation.objects.filter(pk=invitation.pk).update(mailed_at=clock.now())
    return True
