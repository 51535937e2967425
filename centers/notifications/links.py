"""Links in messages that act without an account: signed, for one purpose, for a limited time.

Opening one shows a page with a button, because mail scanners open links; the button acts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core import signing
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from centers.errors import OperationRefused
from centers.models import Membership, Reseller, User
from centers.notifications import registry

ACTION_LIFE = timedelta(days=7)
UNSUBSCRIBE_LIFE = timedelta(days=365)
_ACTION, _UNSUBSCRIBE = "markaz.notification.action", "markaz.notification.unsubscribe"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkAction:
    """What a link may do. `question(subject)` is what its page says; `perform` returns what was done.

    Both run in the scope of the reseller and raise OperationRefused where it is not possible (any longer).
    """

    name: str
    button: str | Promise
    question: Callable[[Reseller, str], str]
    perform: Callable[[Reseller, str, User, datetime], str]


@dataclass(frozen=True, slots=True)
class Request:
    """A link that is valid: what is asked, by whom, about what."""

    action: LinkAction
    reseller: Reseller
    user: User
    about: str


_actions: dict[str, LinkAction] = {}


def register_action(action: LinkAction) -> None:
    """Add something links can do; called from the ready() of the app that does it."""
    _actions[action.name] = action


def action_url(name: str, *, reseller: int, user: int, about: str) -> str:
    """The path of the page that offers this person this action."""
    token = signing.dumps([name, reseller, user, about], salt=_ACTION)
    return reverse("notification_action", args=[token])


def read_action(token: str) -> Request:
    """What a link asks for; raises OperationRefused if it is invalid, too old, or its person has left."""
    try:
        name, reseller, user, about = signing.loads(token, salt=_ACTION, max_age=ACTION_LIFE)
        membership = Membership.objects.select_related("user", "reseller").filter(
            user=user, user__is_active=True, reseller=reseller, center=None
        )
        return Request(_actions[name], (found := membership.get()).reseller, found.user, about)
    except (signing.BadSignature, KeyError, ValueError, Membership.DoesNotExist) as error:
        raise OperationRefused(
            _("This link no longer works. Sign in to see what needs your attention.")
        ) from error


def unsubscribe_token(*, reseller: int, user: int, group: str) -> str:
    """What the address for leaving a group of messages holds."""
    return signing.dumps([reseller, user, group], salt=_UNSUBSCRIBE)


def read_unsubscribe(token: str) -> tuple[int, int, registry.Group]:
    """(reseller id, person's id, group) of a valid token; raises OperationRefused."""
    try:
        reseller, user, name = signing.loads(token, salt=_UNSUBSCRIBE, max_age=UNSUBSCRIBE_LIFE)
        return reseller, user, registry.group(name)
    except (signing.BadSignature, KeyError, ValueError) as error:
        raise OperationRefused(
            _("This link no longer works. Sign in to choose which messages you get.")
        ) from error
