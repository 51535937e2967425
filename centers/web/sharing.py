"""Links that people pass on: each with a text in the recipient's language, for WhatsApp and for email."""

from dataclasses import dataclass
from urllib.parse import quote

from django.utils import translation
from django.utils.translation import gettext as _

from centers.models import Invitation
from centers.values.languages import language_named
from centers.values.phones import whatsapp_digits

#: Opens a chat with a number, the text typed in: https://faq.whatsapp.com/5913398998672934
_CHAT = "https://wa.me/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A link with the text to send it with, shown by components/share.html.

    `name` is unique on its page; `what` names the link in the sender's language. `phone` is E.164. `text` and `subject`
    are in the recipient's `language`; the sender can change them, and the recipient, before sending.
    """

    name: str
    what: str
    url: str
    language: str
    subject: str
    text: str
    phone: str = ""
    email: str = ""

    @property
    def whatsapp_url(self) -> str:
        """Opens WhatsApp with the text; without a phone number the sender chooses the chat there."""
        return f"{_CHAT}{whatsapp_digits(self.phone)}?text={quote(self.text, safe='')}"

    @property
    def direction(self) -> str:
        """In which direction the text is written."""
        return "rtl" if language_named(self.language).right_to_left else "ltr"


def letter(*paragraphs: str, sender: str) -> str:
    """A short text: a greeting, its paragraphs, the sender. Call it with the recipient's language active."""
    return "\n\n".join([_("Hello,"), *paragraphs, sender])


def share_of_invitation(invitation: Invitation, url: str) -> Share:
    """An invitation's link, in the language of the place it is for."""
    place = invitation.center or invitation.reseller
    what = _("invitation link")
    with translation.override(place.language):
        return Share(
            name="invitation",
            what=what,
            url=url,
            language=place.language,
            subject=_("Invitation to %(name)s") % {"name": place.name},
            text=letter(
                _("You're invited to join %(name)s. Open this link to accept:") % {"name": place.name},
                url,
                _("We'll email you a code to make sure the link reached the right person."),
                sender=invitation.reseller.name,
            ),
            email=invitation.email,
        )
