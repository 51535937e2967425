"""What a message about an alert says, in the recipient's language: to the reseller's team, and to a center's people."""

from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from centers.models import Membership, Notification
from centers.notifications.compose import open_page
from centers.notifications.followups import AGAIN, ESCALATED
from centers.notifications.links import action_url
from centers.notifications.message import Action
from centers.notifications.registry import Content
from centers.tenancy.permissions import Permission, may
from centers.values.formats import duration_text, moment_text, zone_of
from centers.values.page_urls import page_url
from whatsapp.models import Alert, Instance
from whatsapp.notifications.link_actions import ACKNOWLEDGE, SNOOZE
from whatsapp.pairing.message_links import message_link
from whatsapp.states import ADVICE, PORTAL_ADVICE

RESOLVED = "resolved"


def write(row: Notification, now: datetime) -> Content | None:
    """The message of one row; None if its alert no longer exists."""
    alert = _alert(row)
    if alert is None:
        return None
    event = row.event.partition(".")[0]
    if event == RESOLVED:
        return content_when_over(row, alert)
    if alert.resolved_at is not None:
        return None
    return content_of(row, alert, event, _pairing_link(alert, now), now)


def content_of(row: Notification, alert: Alert, event: str, link: str | None, now: datetime) -> Content:
    """The message about an alert that is open, with a link that pairs its phone if there is one."""
    detail = str(row.context.get("detail", ""))
    paragraphs = [_handled(row, alert, now), _facts(row), _advice(row, alert), detail]
    if event == ESCALATED:
        paragraphs.insert(0, _("No one has reacted to this alert yet."))
    if link is not None and is_for_center(row):
        paragraphs.append(
            _("Open the link on another screen, then scan the code with the phone of this number.")
        )
    return Content(
        subject=_subject(row, event),
        text="\n\n".join(filter(None, paragraphs)),
        actions=tuple(_actions(row, alert, link, acts=_acts(row, event))),
        wording=wording_name(row.kind, for_center=is_for_center(row), over=False),
        fields=_fields(row, alert),
    )


def context_of(alert: Alert) -> dict[str, object]:
    """What messages about the alert are made of."""
    return {
        "kind": alert.kind,
        "number": str(alert.instance) if alert.instance else "",
        "phone": alert.instance.whatsapp_number if alert.instance else "",
        "center": alert.center.name if alert.center else "",
        "since": alert.opened_at.isoformat(),
        "detail": alert.detail,
    }


def wording_name(kind: str, *, for_center: bool, over: bool) -> str:
    """The name under which a reseller words this message itself."""
    return f"{kind}.{'center' if for_center else 'team'}.{'over' if over else 'open'}"


def _fields(row: Notification, alert: Alert) -> dict[str, str]:
    context = row.context
    return {
        "what": _kind(row),
        "number": _name(row),
        "phone": str(context.get("phone", "")),
        "center": str(context.get("center", "")),
        "since": _since(row),
        "advice": _advice(row, alert),
        "details": str(context.get("detail", "")),
    }


def _since(row: Notification) -> str:
    return moment_text(datetime.fromisoformat(row.context["since"]), zone_of(row.reseller.time_zone))


def line(row: Notification) -> str:
    """The message in a list of several."""
    return _subject(row, row.event.partition(".")[0])


def overview(row: Notification) -> Action:
    """The button of a list: all alerts, or the numbers of the center."""
    if is_for_center(row) and row.center_id is not None:
        return open_page(_("Open my numbers"), reverse("portal_home", args=[row.center_id]))
    return open_page(_("Open alerts"), reverse("alerts", args=[row.reseller.slug]))


def page(row: Notification) -> str:
    """The page of the alert, or the numbers of the center."""
    if is_for_center(row) and row.center_id is not None:
        return reverse("portal_home", args=[row.center_id])
    return reverse("alert", args=[row.reseller.slug, row.about.partition(":")[2]])


def _alert(row: Notification) -> Alert | None:
    rows = Alert.objects.select_related(
        "instance__center", "instance__reseller", "reseller", "resolved_by", "acknowledged_by"
    )
    return rows.filter(pk=row.about.partition(":")[2]).first()


def is_for_center(row: Notification) -> bool:
    """Whether it tells the people of a center, not the reseller's team."""
    return bool(row.context.get("portal"))


def _kind(row: Notification) -> str:
    return str(Alert.Kind(row.context["kind"]).label)


def _name(row: Notification) -> str:
    return str(row.context.get("number", ""))


def _subject(row: Notification, event: str) -> str:
    place, pattern = _place(row), _patterns().get(event, "")
    if not place:
        return pattern % {"what": _kind(row)} if pattern else _kind(row)
    both = {"kind": _kind(row), "place": place}
    # Two colons in one line are hard to read.
    return pattern % {"what": _("%(kind)s, %(place)s") % both} if pattern else _("%(kind)s: %(place)s") % both


def _patterns() -> dict[str, str]:
    return {
        AGAIN: _("Still open: %(what)s"),
        ESCALATED: _("No one has reacted: %(what)s"),
        RESOLVED: _("Resolved: %(what)s"),
    }


def _place(row: Notification) -> str:
    """Which number; for the team also whose, since many centers have a "Reception"."""
    number, center = _name(row), "" if is_for_center(row) else str(row.context.get("center", ""))
    if number and center:
        return _("%(number)s (%(center)s)") % {"number": number, "center": center}
    return number or center


def _facts(row: Notification) -> str:
    """Which number, whose, and since when."""
    context = row.context
    facts = []
    if context.get("number"):
        facts.append(_("Number: %(name)s") % {"name": context["number"]})
    if context.get("phone"):
        facts.append(_("WhatsApp number: %(phone)s") % {"phone": f"\u2066{context['phone']}\u2069"})
    if context.get("center") and not is_for_center(row):
        facts.append(_("Center: %(name)s") % {"name": context["center"]})
    facts.append(_("Since: %(time)s") % {"time": _since(row)})
    return "\n".join(facts)


def _advice(row: Notification, alert: Alert) -> str:
    advice = (PORTAL_ADVICE if is_for_center(row) else ADVICE).get(alert.kind)
    return f"{advice.meaning} {advice.step}".strip() if advice is not None else ""


def _handled(row: Notification, alert: Alert, now: datetime) -> str:
    """Who looks after it, or until when it is snoozed: a message that had to wait may come after that."""
    if is_for_center(row):
        return ""
    if alert.acknowledged_by is not None:
        return _("%(person)s is looking after this alert.") % {"person": alert.acknowledged_by}
    if alert.snoozed_until is not None and alert.snoozed_until > now:
        until = moment_text(alert.snoozed_until, zone_of(row.reseller.time_zone))
        return _("This alert is snoozed until %(time)s.") % {"time": until}
    return ""


def _acts(row: Notification, event: str) -> bool:
    """Whether the recipient may act on it; an escalation goes to someone whose role may be another."""
    if row.recipient_id is None:
        return False
    if event != ESCALATED:
        return bool(row.context.get("acts"))
    roles = Membership.objects.filter(reseller=row.reseller_id, user=row.recipient_id, center=None)
    return any(may(role, Permission.MANAGE_ALERTS) for role in roles.values_list("role", flat=True))


def _pairing_link(alert: Alert, now: datetime) -> str | None:
    if not alert.needs_pairing or alert.instance is None:
        return None
    token = message_link(instance=alert.instance, now=now)
    return page_url("pairing_link", token) if token else None


def _actions(row: Notification, alert: Alert, link: str | None, *, acts: bool) -> list[Action]:
    """What solves it first: channels with one link take that."""
    pairing = [Action(_("Pair now"), link)] if link else []
    if is_for_center(row):
        path = reverse("portal_home", args=[alert.center_id])
        return [*pairing, open_page(_("Open my numbers"), path)] if alert.instance_id is not None else pairing
    buttons = []
    if acts and row.recipient_id is not None:
        for name, label in ((ACKNOWLEDGE, _("Acknowledge")), (SNOOZE, _("Snooze for 4 hours"))):
            if name == SNOOZE or alert.acknowledged_at is None:
                path = action_url(name, reseller=row.reseller_id, user=row.recipient_id, about=row.about)
                buttons.append(open_page(label, path))
    opened = _open_alert(row, alert)
    return [*pairing, *buttons, opened] if pairing else [opened, *buttons]


def _open_alert(row: Notification, alert: Alert) -> Action:
    return open_page(_("Open the alert"), reverse("alert", args=[row.reseller.slug, alert.pk]))


def content_when_over(row: Notification, alert: Alert) -> Content | None:
    """The alert is over: connected again, resolved by a person, or its cause is gone. None while it is open."""
    if alert.resolved_at is None:
        return None
    subject = _subject(row, RESOLVED)
    if alert.resolved_by is not None:
        text = _("%(person)s resolved the alert.") % {"person": alert.resolved_by}
    elif alert.instance is not None and _is_back(alert, alert.instance):
        subject = _("Connected again: %(name)s") % {"name": _place(row)}
        text = _("This number can send and receive messages again.")
    else:
        text = _("The problem is over. There's nothing left to do.")
    zone = zone_of(row.reseller.time_zone)
    times = [
        _("From: %(time)s") % {"time": moment_text(alert.opened_at, zone)},
        _("Until: %(time)s") % {"time": moment_text(alert.resolved_at, zone)},
        _("Lasted: %(length)s")
        % {"length": duration_text(_by_the_clock(alert.opened_at, alert.resolved_at))},
    ]
    actions = () if is_for_center(row) else (_open_alert(row, alert),)
    return Content(
        subject=subject,
        text="\n".join([text, "", *times]),
        actions=actions,
        wording=wording_name(row.kind, for_center=is_for_center(row), over=True),
        fields=_fields(row, alert) | {"until": moment_text(alert.resolved_at, zone)},
    )


def _by_the_clock(begin: datetime, end: datetime) -> timedelta:
    """From one shown minute to the other: between 12:08 and 12:12 are four minutes, whatever their seconds."""
    return end.replace(second=0, microsecond=0) - begin.replace(second=0, microsecond=0)


def _is_back(alert: Alert, instance: Instance) -> bool:
    return instance.is_connected and (alert.needs_pairing or alert.kind == Alert.Kind.UNKNOWN_STATUS)
