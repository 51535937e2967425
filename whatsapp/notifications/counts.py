"""How many alerts of a kind a list has, in words: "48 numbers disconnected"."""

from datetime import datetime

from django.utils.translation import ngettext, ngettext_lazy

from centers.models import Notification
from whatsapp.models import Alert
from whatsapp.notifications.texts import RESOLVED

Kind = Alert.Kind
_WORDS = {
    Kind.DISCONNECTED: ngettext_lazy("%(n)s number disconnected", "%(n)s numbers disconnected", "n"),
    Kind.EXPIRED: ngettext_lazy("%(n)s session expired", "%(n)s sessions expired", "n"),
    Kind.UNKNOWN_STATUS: ngettext_lazy(
        "%(n)s number with an unknown status", "%(n)s numbers with an unknown status", "n"
    ),
    Kind.NEEDS_QR: ngettext_lazy("%(n)s phone logged out", "%(n)s phones logged out", "n"),
    Kind.FLAPPING: ngettext_lazy("%(n)s unstable connection", "%(n)s unstable connections", "n"),
    Kind.STALE: ngettext_lazy(
        "%(n)s number not seen for a long time", "%(n)s numbers not seen for a long time", "n"
    ),
    Kind.SILENT: ngettext_lazy(
        "%(n)s number with fewer messages than usual", "%(n)s numbers with fewer messages than usual", "n"
    ),
    Kind.FAILING: ngettext_lazy(
        "%(n)s number with more failed messages than usual",
        "%(n)s numbers with more failed messages than usual",
        "n",
    ),
    Kind.NOT_FOUND: ngettext_lazy("%(n)s number unknown to MazBot", "%(n)s numbers unknown to MazBot", "n"),
    Kind.SWITCH_UNCONFIRMED: ngettext_lazy(
        "%(n)s number whose service change isn't confirmed",
        "%(n)s numbers whose service change isn't confirmed",
        "n",
    ),
    Kind.WEBHOOK_UNCONFIRMED: ngettext_lazy(
        "%(n)s webhook address not confirmed", "%(n)s webhook addresses not confirmed", "n"
    ),
    Kind.BILLING_BLOCKED: ngettext_lazy("%(n)s invoice blocked", "%(n)s invoices blocked", "n"),
}


def counted(row: Notification, count: int) -> str:
    """What so many alerts of the row's kind say; those that are over are counted together."""
    if _is_over(row):
        return ngettext("%(n)s alert resolved", "%(n)s alerts resolved", count) % {"n": count}
    kind = Kind(row.context["kind"])
    if kind in _WORDS:
        return str(_WORDS[kind] % {"n": count})
    # One at a time, as a rule: an account, a rate list.
    if count == 1:
        return str(kind.label)
    text = ngettext("%(what)s (%(n)s time)", "%(what)s (%(n)s times)", count)
    return text % {"what": kind.label, "n": count}


def since(row: Notification) -> datetime:
    """When the alert opened, or was over."""
    return row.created_at if _is_over(row) else datetime.fromisoformat(row.context["since"])


def _is_over(row: Notification) -> bool:
    return row.event.partition(".")[0] == RESOLVED
