"""From a row of the outbox to the message that its channel gets, in the recipient's language."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from centers.mail.looks import look_of
from centers.models import Notification
from centers.notifications import links, registry
from centers.notifications.message import Action, Message
from centers.notifications.message_texts import worded
from centers.notifications.registry import Content
from centers.values.formats import moment_text, zone_of
from centers.values.languages import active_language
from centers.values.page_urls import absolute, page_url

#: How many lines a list has; it counts the others. More would push its button off a phone's screen.
MOST_LINES = 10
#: So many kinds are named; the others are counted, or the subject would be longer than a phone shows.
_NAMED = 2


def compose(lead: Notification, rows: Sequence[Notification], now: datetime) -> Message | None:
    """The message of one row, or of several as a list under the first; None if none of them is needed any longer.

    Needs the scope of the reseller.
    """
    with translation.override(_language(lead) or settings.LANGUAGE_CODE):
        content = _list(rows, now) if len(rows) > 1 else _single(lead, now)
        if content is None:
            return None
        return _message(lead, content, now, listed=len(rows) > 1)


def subject_of(rows: Sequence[Notification], now: datetime) -> str:
    """Such as "48 numbers disconnected since 02:14 — Noor Telecom", in the active language."""
    return _("%(what)s since %(time)s — %(reseller)s") % {
        "what": _what(rows),
        "time": _since(rows, now),
        "reseller": rows[0].reseller.name,
    }


def _language(row: Notification) -> str:
    """The one that the recipient has now, else the one that was right when it was written."""
    if row.is_to_contact and row.center is not None:
        return row.center.language
    return (row.recipient.language if row.recipient else "") or row.language


def _single(row: Notification, now: datetime) -> Content | None:
    kind = registry.kind(row.kind)
    content = kind.write(row, now) if kind is not None else None
    return worded(content, row.reseller) if content is not None else None


def _list(rows: Sequence[Notification], now: datetime) -> Content:
    lines = [f"• {registry.line_of(row)}" for row in rows[:MOST_LINES]]
    left = len(rows) - len(lines)
    if left:
        more = ngettext("and %(n)s more", "and %(n)s more", left) % {"n": left}
        lines.append(f"• {more}")
    text = _("Since your last message:")
    overview = registry.group(rows[0].group).overview
    actions = (overview(rows[0]),) if overview is not None else ()
    return Content(subject=subject_of(rows, now), text=f"{text}\n\n" + "\n".join(lines), actions=actions)


def _what(rows: Sequence[Notification]) -> str:
    alike: dict[str, list[Notification]] = {}
    for row in rows:
        alike.setdefault(registry.counted(row, 1), []).append(row)
    groups = sorted(alike.values(), key=lambda own: (not own[0].urgent, -len(own)))
    parts = [registry.counted(own[0], len(own)) for own in groups[:_NAMED]]
    comma = active_language().comma
    left = sum(len(own) for own in groups[_NAMED:])
    if not left:
        return comma.join(parts)
    others = ngettext("%(n)s other", "%(n)s others", left) % {"n": left}
    return _("%(first)s and %(others)s") % {"first": comma.join(parts), "others": others}


def _since(rows: Sequence[Notification], now: datetime) -> str:
    zone = zone_of(rows[0].reseller.time_zone)
    first = min(registry.since(row) for row in rows).astimezone(zone)
    if first.date() != now.astimezone(zone).date():
        return moment_text(first, zone)
    return f"{first:%H:%M}"


def _message(lead: Notification, content: Content, now: datetime, *, listed: bool) -> Message:
    look = look_of(lead.reseller)
    return Message(
        key=f"{lead.reseller_id}:{lead.key}" + (":list" if listed else ""),
        kind=lead.kind,
        reseller_id=lead.reseller_id,
        language=translation.get_language() or settings.LANGUAGE_CODE,
        subject=" ".join(content.subject.split())[:200],
        text=content.text,
        actions=content.actions,
        urgent=lead.urgent,
        thread=f"{lead.reseller_id}:{lead.about}" if not listed else "",
        sender=look.name,
        color=look.color,
        logo_url=look.logo_url,
        contact=look.contact,
        reply_to=look.reply_to,
        unsubscribe_url=_unsubscribe(lead),
        open_count=_open_count(lead, now),
        attachments=content.attachments,
    )


def _open_count(row: Notification, now: datetime) -> int | None:
    channel, count = registry.channel(row.channel), registry.group(row.group).open_count
    return count(row, now) if channel is not None and channel.counts and count is not None else None


def _unsubscribe(row: Notification) -> str:
    # What no role gets unless it asks, such as a test, can't be left.
    if row.recipient_id is None or not registry.group(row.group).roles:
        return ""
    token = links.unsubscribe_token(reseller=row.reseller_id, user=row.recipient_id, group=row.group)
    return page_url("notifications_unsubscribe", token)


def open_page(label: str, path: str) -> Action:
    """An action that opens a page of this install."""
    return Action(label=label, url=absolute(path))
