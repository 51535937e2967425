"""The text a pairing link is sent with."""

from django.utils import translation
from django.utils.translation import gettext as _

from centers.web.sharing import Share, letter
from whatsapp.models import Instance


def share_of_link(instance: Instance, url: str) -> Share:
    """The link, to the number's center, in its language."""
    center = instance.center
    what = _("pairing link")
    with translation.override(center.language):
        named = {"number": instance.label or instance.whatsapp_number or instance.instance_id}
        return Share(
            name="pairing",
            what=what,
            url=url,
            language=center.language,
            subject=_("Connect WhatsApp: %(number)s") % named,
            text=letter(
                _(
                    "The WhatsApp number %(number)s needs to be connected. Open this link on another screen than "
                    "the phone's, then scan the code with the phone:"
                )
                % named,
                url,
                sender=instance.reseller.name,
            ),
            phone=center.phone,
            email=center.email,
        )
