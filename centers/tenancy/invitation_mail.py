"""The mails of an invitation: the one that carries its link, and the one with a code for a copied link."""

from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from centers import clock
from centers.mail.looks import look_of
from centers.mailing import handed_over, written
from centers.models import Invitation, User
from centers.tenancy.scoping import every_tenant
from centers.values.page_urls import page_url


def invitation_url(token: str) -> str:
    """The full address that accepts an invitation."""
    return page_url("invitation", token)


def write_code(invitation: Invitation, code: str) -> EmailMessage:
    """The mail with the code of a copied link, in the language of the page that asked for it.

    Raises OperationRefused when it cannot be built; call it before the code is committed.
    """
    place, look = invitation.center or invitation.reseller, look_of(invitation.reseller)
    context = {"invitation": invitation, "place": place, "code": code, "sender": look}
    subject = render_to_string("centers/mail/address_code_subject.txt", context)
    body = render_to_string("centers/mail/address_code.txt", context)
    return written(subject=subject, body=body, to=invitation.email, look=look)


def write(invitation: Invitation, token: str, person: User | None) -> EmailMessage:
    """The mail with the link that proves the address.

    In the language of the person, else of the center, else of the reseller. Raises OperationRefused when it cannot be
    built; call it before the invitation is committed.
    """
    place, look = invitation.center or invitation.reseller, look_of(invitation.reseller)
    with translation.override((person.language if person else "") or place.language):
        context = {"invitation": invitation, "place": place, "url": invitation_url(token), "sender": look}
        subject = render_to_string("centers/mail/invitation_subject.txt", context)
        body = render_to_string("centers/mail/invitation.txt", context)
        button = _("Accept invitation")
        return written(subject=subject, body=body, to=invitation.email, look=look, button=button)


def send(invitation: Invitation, mail: EmailMessage) -> bool:
    """Hand the mail over and note when.

    A mail server that refuses must not undo the invitation: the failure is logged, `mailed_at` stays empty, and
    the page offers the link to copy and to send again.
    """
    if not handed_over(mail, invitation_id=invitation.pk):
        return False
    with every_tenant():
        Invitation.objects.filter(pk=invitation.pk).update(mailed_at=clock.now())
    return True
