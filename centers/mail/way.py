"""How mail leaves this install, for people: never with a name, password or key."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from centers.mail.events import endpoint
from centers.mail.problems import server_name
from centers.mail_delivery import is_delivered, why_not


@dataclass(frozen=True, slots=True)
class Way:
    """`facts` are labels and values, in the active language; `why_not` says why mail reaches no one, or is ""."""

    facts: list[tuple[str, str]]
    why_not: str

    @property
    def sends(self) -> bool:
        """Whether mail leaves this machine."""
        return not self.why_not


def way() -> Way:
    """What EMAIL_URL and DEFAULT_FROM_EMAIL say."""
    if settings.EMAIL_PROVIDER:
        facts = [(_("Sent by"), _("%(provider)s (API)") % {"provider": server_name()})]
    elif settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        facts = _of_server()
    else:
        facts = [(_("Sent by"), _("No mail server: emails stay on this machine"))]
    reported = (
        _("Reported by %(provider)s") % {"provider": server_name()} if endpoint() else _("Not reported")
    )
    facts += [(_("Sender"), settings.DEFAULT_FROM_EMAIL), (_("Bounces and complaints"), reported)]
    return Way(facts, "" if is_delivered() else why_not())


def _of_server() -> list[tuple[str, str]]:
    signs_in = settings.EMAIL_HOST_USER and settings.EMAIL_HOST_PASSWORD
    return [
        (_("Mail server"), server_name()),
        (_("Port"), str(settings.EMAIL_PORT)),
        (_("Encryption"), _encryption()),
        (_("Sign-in"), _("With name and password") if signs_in else _("Without signing in")),
    ]


def _encryption() -> str:
    if settings.EMAIL_USE_SSL:
        return _("TLS from the first byte")
    return _("TLS (STARTTLS)") if settings.EMAIL_USE_TLS else _("None: emails are sent unencrypted")
