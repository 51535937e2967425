"""Links in messages that act without an account: signed, for one purpose, for a limited time.

Opening one shows a page with a button, because mail scanners open links; the button acts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core import signing
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from centers.errors import LinkOver, OperationRefused
from centers.models import Membership, Reseller, User
from centers.notifications import registry
from centers.values.signed_tokens import read_token

ACTION_LIFE = timedelta(days=7)
UNSUBSCRIBE_LIFE = timedelta(days=365)
_SIGN_IN = _("Sign in to see what needs your attention.")
_CHOOSE = _("Sign in to choose which messages you get.")
_ACTION, _UNSUBSCRIBE = "markaz.notification.action", "markaz.notification.unsubscribe"


class AlreadyResolved(OperationRefused):
    """What a link would have solved is over: good news, not a failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkAction:
    """What a link may do. `question(subject)` is what its page says; `perform` returns what was done.

    Both run in the scope of the reseller and raise OperationRefused where it is not possible, AlreadyResolved where it
    is no longer needed.
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


@dataclass(frozen=True, slots=True)
class Leaving:
    """A valid link for leaving a group of messages: whose, and which group."""

    reseller: Reseller
    user: User
    group: registry.Group


_actions: dict[str, LinkAction] = {}


def register_action(action: LinkAction) -> None:
    """Add something links can do; called from the ready() of the app that does it."""
    _actions[action.name] = action


def action_url(name: str, *, reseller: int, user: int, about: str) -> str:
    """The path of the page that offers this person this action."""
    token = signing.dumps([name, reseller, user, about], salt=_ACTION)
    return reverse("notification_action", args=[token])


def read_action(token: str) -> Request:
    """What a link asks for; raises LinkOver if it is too old, OperationRefused if it is invalid or its person left."""
    try:
        (name, reseller, user, about), is_over = read_token(token, salt=_ACTION, life=ACTION_LIFE)
        rows = Membership.objects.filter(user=user, user__is_active=True, reseller=reseller, center=None)
        found = _with_people(rows).get()
        asked = Request(_actions[name], found.reseller, found.user, about)
    except (signing.BadSignature, KeyError, ValueError, Membership.DoesNotExist) as error:
        raise OperationRefused(_SIGN_IN) from error
    if is_over:
        raise LinkOver(_SIGN_IN, asked)
    return asked


def unsubscribe_token(*, reseller: int, user: int, group: str) -> str:
    """What the address for leaving a group of messages holds."""
    return signing.dumps([reseller, user, group], salt=_UNSUBSCRIBE)


def read_unsubscribe(token: str) -> Leaving:
    """What a link for leaving asks for; raises as read_action does."""
    try:
        (reseller, user, name), is_over = read_token(token, salt=_UNSUBSCRIBE, life=UNSUBSCRIBE_LIFE)
        group = registry.group(name)
    except (signing.BadSignature, KeyError, ValueError) as error:
        raise OperationRefused(_CHOOSE) from error
    found = _with_people(Membership.objects.filter(user=user, reseller=reseller)).first()
    if found is None:
        raise OperationRefused(_("You are no longer part of this organization and get no messages from it."))
    leaving = Leaving(found.reseller, found.user, group)
    if is_over:
        raise LinkOver(_CHOOSE, leaving)
    return leaving


def _with_people(rows: QuerySet[Membership]) -> QuerySet[Membership]:
    return rows.select_related("user", "reseller").defer("reseller__logo")
