"""The messages about alerts whose texts a reseller can word itself."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from centers.models import Notification, Reseller
from centers.notifications.message_texts import Wording, register_wordings
from centers.notifications.outbox import FIRST
from centers.notifications.registry import Content, Group
from centers.values.page_urls import page_url
from whatsapp.models import Alert
from whatsapp.notifications import texts

_FIELDS = {
    "what": _("what happened"),
    "number": _("the name of the number"),
    "phone": _("its phone number"),
    "center": _("the name of the center"),
    "since": _("since when"),
    "advice": _("what it means and what to do"),
    "details": _("what MazBot or Markaz reported"),
}


def register(
    group: Group, kinds: Iterable[tuple[str, Alert.Kind]], for_centers: Iterable[Alert.Kind]
) -> None:
    """Add the messages of a group: to the team, and to the people of a center."""
    register_wordings(one for name, kind in kinds for one in _of_kind(group, name, kind, for_centers))


def _of_kind(
    group: Group, name: str, kind: Alert.Kind, for_centers: Iterable[Alert.Kind]
) -> Iterator[Wording]:
    for center in (False, True) if kind in for_centers else (False,):
        audience = _("to the center") if center else _("to your team")
        for over in (False, True):
            yield Wording(
                name=texts.wording_name(name, for_center=center, over=over),
                section=group.label,
                label=_("%(about)s, resolved") if over else kind.label,
                about=kind.label if over else "",
                audience=audience,
                fields=_FIELDS | ({"until": _("until when")} if over else {}),
                example=_Example(name, kind, center=center, over=over),
            )


class _Example:
    """The message about the reseller's latest alert of a kind."""

    def __init__(self, name: str, kind: Alert.Kind, *, center: bool, over: bool) -> None:
        self._name, self._kind, self._center, self._over = name, kind, center, over

    def __call__(self, reseller: Reseller, now: datetime) -> Content | None:
        rows = Alert.objects.filter(reseller=reseller, kind=self._kind)
        if self._over:
            rows = rows.filter(resolved_at__isnull=False)
        alert = rows.select_related("instance__center", "center", "resolved_by").order_by("-pk").first()
        if alert is None:
            return None
        row = Notification(
            reseller=reseller,
            center_id=alert.center_id,
            kind=self._name,
            about=f"alert:{alert.pk}",
            event=texts.RESOLVED if self._over else FIRST,
            context=texts.context_of(alert) | ({"portal": True} if self._center else {"acts": True}),
        )
        if self._over:
            return texts.content_when_over(row, alert)
        # What says where the link leads belongs to the text; an example pairs nothing.
        return texts.content_of(row, alert, FIRST, page_url("home") if alert.needs_pairing else None, now)
