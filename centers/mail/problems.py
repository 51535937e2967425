"""What can be wrong when a mail is sent: for each problem a sentence that says what, and one that says what to do."""

from dataclasses import dataclass
from email.utils import parseaddr
from enum import StrEnum

from django.conf import settings
from django.utils.translation import gettext_noop as _

from centers.mail.providers import PROVIDERS
from centers.stored_messages import StoredMessage, together


class Problem(StrEnum):
    """Why a mail was not taken, by what has to be changed."""

    NAME = "name"
    CLOSED = "closed"
    SILENT = "silent"
    NO_ROUTE = "no_route"
    EXPIRED = "certificate_expired"
    OTHER_NAME = "certificate_of_another"
    UNTRUSTED = "certificate_untrusted"
    NO_TLS = "no_tls"
    TLS = "tls"
    NO_STARTTLS = "no_starttls"
    MUST_ENCRYPT = "must_encrypt"
    NO_SIGN_IN = "no_sign_in"
    SIGN_IN = "sign_in"
    MUST_SIGN_IN = "must_sign_in"
    UNREACHABLE = "unreachable"
    KEY = "key"
    NOT_SERVED = "not_served"
    SENDER = "sender"
    RECIPIENT = "recipient"
    RELAY = "relay"
    MESSAGE = "message"
    TOO_LARGE = "too_large"
    LIMITED = "limited"
    BUSY = "busy"
    LOST = "lost"
    WRITING = "writing"
    SETTINGS = "settings"
    UNKNOWN = "unexpected"


P = Problem
#: What is wrong, and what to do. `server` is the host or the provider; all values are on every sentence.
SENTENCES: dict[Problem, tuple[str, str]] = {
    P.NAME: (
        _("The name of the mail server, %(server)s, wasn't found (DNS)."),
        _("Check how it is spelled in EMAIL_URL, and that this machine can look up names."),
    ),
    P.CLOSED: (
        _("%(server)s refused the connection on port %(port)s."),
        _("Check the port in EMAIL_URL (587 with submission://, 465 with smtps://) and that the mail server runs."),
    ),
    P.SILENT: (
        _("%(server)s didn't answer on port %(port)s within %(seconds)s seconds."),
        _(
            "Often a firewall is the reason: ask your hosting provider to open the port for mail. Port 465 needs "
            "smtps://, port 587 submission://."
        ),
    ),
    P.NO_ROUTE: (
        _("There's no network route to %(server)s."),
        _("Check this machine's network and firewall, and the host in EMAIL_URL."),
    ),
    P.EXPIRED: (
        _("The certificate of %(server)s has expired."),
        _("Renew it on the mail server."),
    ),
    P.OTHER_NAME: (
        _("The certificate of %(server)s was issued for another name."),
        _("Put the name in the certificate into EMAIL_URL, or issue the certificate for this one."),
    ),
    P.UNTRUSTED: (
        _("The certificate of %(server)s isn't from an authority that this machine trusts."),
        _("Use a certificate of a public authority, or add your own authority to this machine (SSL_CERT_FILE)."),
    ),
    P.NO_TLS: (
        _("%(server)s doesn't begin with TLS on port %(port)s, as smtps:// expects."),
        _("Use submission:// with port 587, or the port on which the mail server begins with TLS, mostly 465."),
    ),
    P.TLS: (
        _("%(server)s and this machine found no common encryption (TLS)."),
        _("The mail server must offer TLS 1.2 or newer."),
    ),
    P.NO_STARTTLS: (
        _("%(server)s offers no encryption (STARTTLS) on port %(port)s."),
        _(
            "Use the port for submission, mostly 587, or smtps:// with port 465. smtp:// sends unencrypted: only "
            "inside your own network."
        ),
    ),
    P.MUST_ENCRYPT: (
        _("%(server)s accepts email only over an encrypted connection."),
        _("Use submission:// or smtps:// in EMAIL_URL."),
    ),
    P.NO_SIGN_IN: (
        _("%(server)s offers no sign-in on port %(port)s that Markaz can use."),
        _("Many mail servers offer it only when encrypted: use submission:// or smtps:// in EMAIL_URL."),
    ),
    P.SIGN_IN: (
        _("%(server)s refused the sign-in."),
        _(
            "Check the name and password in EMAIL_URL. Characters such as @, : and / in them must be percent-encoded, "
            "and some mail servers want an app password."
        ),
    ),
    P.MUST_SIGN_IN: (
        _("%(server)s accepts email only after signing in."),
        _("Put a name and password into EMAIL_URL: submission://name:password@%(server)s:587."),
    ),
    P.UNREACHABLE: (
        _("%(server)s can't be reached (%(error)s)."),
        _("Check that this machine can open https connections to the internet: names (DNS), firewall, certificates."),
    ),
    P.KEY: (
        _("%(server)s refused the key."),
        _("Check the key in EMAIL_URL, what it is allowed to do, and that the account is active."),
    ),
    P.NOT_SERVED: (
        _("%(server)s doesn't accept email from this machine."),
        _("Its answer says why. Its address may be on a block list: ask the mail server's operator."),
    ),
    P.SENDER: (
        _("%(server)s refused the sender, %(sender)s."),
        _("Set DEFAULT_FROM_EMAIL to an address that this account may send from; most want its domain verified."),
    ),
    P.RECIPIENT: (
        _("The mail server refused this address."),
        _("Check how it is spelled, and that the mailbox still exists."),
    ),
    P.RELAY: (
        _("%(server)s doesn't relay email from this machine to other domains."),
        _("Put a name and password into EMAIL_URL, or allow this machine on the mail server."),
    ),
    P.MESSAGE: (
        _("The mail server refused this email."),
        _("Its answer says why. Often it is taken for spam: set up SPF and DKIM for the sender's domain."),
    ),
    P.TOO_LARGE: (
        _("This email is too large for the mail server."),
        _("Raise its limit for the size of an email."),
    ),
    P.LIMITED: (
        _("%(server)s accepts no more email for now: a limit has been reached."),
        _("Wait, or raise the limit there."),
    ),
    P.BUSY: (
        _("%(server)s can't accept email at the moment."),
        _("Mostly this passes within minutes. If it lasts, its answer says why."),
    ),
    P.LOST: (
        _("%(server)s stopped responding while it received the email."),
        _("The email may have arrived anyway."),
    ),
    P.WRITING: (
        _("The email can't be written."),
        _("Check names and addresses."),
    ),
    P.SETTINGS: (
        _("The settings for %(server)s are incomplete."),
        _("Compare EMAIL_URL with Running Markaz, and run manage.py check --deploy."),
    ),
    P.UNKNOWN: (
        _("%(server)s can't be used (%(error)s)."),
        _("The log of this process has more."),
    ),
}  # fmt: skip
#: No retry helps this mail, though the same address and server may take others.
PERMANENT = frozenset({P.RECIPIENT, P.MESSAGE, P.TOO_LARGE, P.WRITING})


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why a mail was not taken. `answer` is what the mail server said, without what it was asked.

    `permanent`: no retry helps this mail. `dead`: the recipient's mailbox doesn't exist. `unsure`: it may have been
    taken all the same. `retry_after` is in seconds.
    """

    problem: Problem
    answer: str = ""
    error: str = ""  # the name of the exception
    permanent: bool = False
    dead: bool = False
    unsure: bool = False
    retry_after: float | None = None

    @property
    def text(self) -> StoredMessage:
        """What is wrong."""
        return self._filled(SENTENCES[self.problem][0])

    @property
    def remedy(self) -> StoredMessage:
        """What to do."""
        return self._filled(SENTENCES[self.problem][1])

    @property
    def sentences(self) -> StoredMessage:
        """Both."""
        return together([self.text, self.remedy])

    @property
    def english(self) -> str:
        """Both, for logs and for the operator; translates nothing, so it needs no app to be loaded."""
        return " ".join(pattern % self._values() for pattern in SENTENCES[self.problem])

    def _filled(self, pattern: str) -> StoredMessage:
        used = {name: value for name, value in self._values().items() if f"%({name})s" in pattern}
        return StoredMessage(pattern, used or None)

    def _values(self) -> dict[str, object]:
        return {
            "server": server_name(),
            "port": settings.EMAIL_PORT,
            "seconds": settings.EMAIL_TIMEOUT,
            "sender": parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
            "error": self.error,
        }


def server_name() -> str:
    """The provider or the host that takes this install's mail."""
    provider = PROVIDERS.get(settings.EMAIL_PROVIDER)
    return provider.label if provider else str(settings.EMAIL_HOST or "EMAIL_URL")
