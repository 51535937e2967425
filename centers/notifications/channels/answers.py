"""What the answer of a service means for a message: taken, later, never, or a dead destination."""

from centers.notifications.message import Accepted, ChannelError
from centers.outbound.requesting import Answer
from centers.stored_messages import StoredMessage
from centers.stored_messages import StoredMessage as _

GONE = frozenset({410})
#: No retry helps: the service read the message and refused it as it is.
UNUSABLE = frozenset({400, 405, 406, 413, 414, 415, 422})
MOVED = frozenset({301, 308})


def judged(answer: Answer, *, service: str, dead: frozenset[int] = GONE) -> Accepted:
    """The answer of a service that took the message; raises ChannelError for all others.

    `service` is shown to people; `dead` are the statuses that mean that the destination no longer exists.
    """
    status = answer.status
    named = {"service": service, "status": status}
    if 200 <= status < 300:
        return Accepted(answer=answer.text)
    if status in dead:
        gone = _(
            "%(service)s no longer accepts messages for this destination (HTTP %(status)s). Set it up again."
        )
        raise ChannelError(gone % named, answer=answer.text, permanent=True, dead=True)
    if 300 <= status < 400:
        moved = _("%(service)s redirects to another address (HTTP %(status)s). Enter the final address.")
        final = status in MOVED
        raise ChannelError(moved % named, answer=answer.text, permanent=final, dead=final)
    if status == 429:
        limited = _("%(service)s accepts no more messages for now (HTTP %(status)s).") % named
        raise ChannelError(limited, answer=answer.text, retry_after=answer.retry_after)
    if status in (401, 403):
        refused = _(
            "%(service)s refused access (HTTP %(status)s). Check the key or token of this destination."
        )
        raise ChannelError(refused % named, answer=answer.text)
    raise ChannelError(
        _("%(service)s answered with an error (HTTP %(status)s).") % named,
        answer=answer.text,
        permanent=status in UNUSABLE,
        retry_after=answer.retry_after if status == 503 else None,
    )


def refused(service: str) -> StoredMessage:
    """The reason where a service says no more than that it did not take the message."""
    return _("%(service)s didn't accept the message.") % {"service": service}


def without_key() -> StoredMessage:
    """The reason where the operator has not set up browser push."""
    return _("Browser push isn't set up on this server. Ask the operator to set VAPID_PRIVATE_KEY.")
