"""Whether mail reaches anyone: some of Django's backends print or keep it on this machine and call it sent."""

from django.conf import settings

from centers.stored_messages import StoredMessage
from centers.stored_messages import StoredMessage as _

_BACKENDS = "django.core.mail.backends."
# A mail that is printed or dropped reaches no one, in any kind of install.
_NOWHERE = frozenset({_BACKENDS + "console.EmailBackend", _BACKENDS + "dummy.EmailBackend"})
_SERVER = _BACKENDS + "smtp.EmailBackend"
# Where tests and demos read their mails; real customers never receive these.
_KEPT_HERE = frozenset({_BACKENDS + "filebased.EmailBackend", _BACKENDS + "locmem.EmailBackend"})


def is_delivered() -> bool:
    """Whether a mail that was handed over leaves this machine (or goes where a demo or test keeps its mails)."""
    backend = settings.EMAIL_BACKEND
    if backend == _SERVER and not settings.EMAIL_HOST:  # `smtp://` without a host connects to nothing
        return False
    return backend not in _NOWHERE and (settings.CLOCK_MAY_MOVE or backend not in _KEPT_HERE)


def why_not() -> StoredMessage:
    """The reason to show beside a mail that `is_delivered` says went nowhere."""
    return _(
        "No mail server is set up, so the email only reached this server's log or disk. Set "
        "EMAIL_URL, then send it again."
    )
