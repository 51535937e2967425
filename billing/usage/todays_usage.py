"""The usage of the running day of a number that is about to move: its old center's part of the day."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from billing.models import UsageRecord
from billing.periods import local_day
from billing.usage.odd_notes import odd_note
from billing.usage.sorting import UsageAnswer
from billing.usage.storing import merge
from centers.stored_messages import together
from centers.values.formats import moment_text, number_text, zone_of
from whatsapp.accounts import client_for, explain, note_error, note_success
from whatsapp.apps import give_connection_back
from whatsapp.mazbot import Lane, MazBotError
from whatsapp.models import Instance, InstanceAssignment, MazbotAccount
from whatsapp.ownership.billing_start import present_assignment
from whatsapp.ownership.todays_usage import Store, TodayUnknown

SECONDS = 10.0  # a person waits


def ask_todays_usage(instance: Instance, now: datetime) -> Store:
    """Ask MazBot what the number used today until now; no connection is held meanwhile. Raises TodayUnknown.

    Without an account, and for an archived number, there is nothing to ask.
    """
    account = MazbotAccount.objects.filter(reseller=instance.reseller).first()
    span = present_assignment(instance)
    if account is None or not account.is_set_up or span is None:
        return lambda: None
    day = local_day(now, ZoneInfo(account.time_zone))
    client = client_for(account)
    give_connection_back()
    try:
        usage = client.usage(span.mazbot_id, day, day, priority=Lane.PERSON, deadline=SECONDS)
    except MazBotError as error:
        note_error(account, error, now=now)
        raise _unknown(account, span, explain(error, by_hand=True), now) from error
    note_success(account, now=now)
    if not usage.is_billable:
        why = _("A figure in MazBot's response can't be read (%(note)s).") % {"note": odd_note(usage.odd)}
        raise _unknown(account, span, why, now)
    return lambda: merge(account, [UsageAnswer(span, day, usage, now)], now=now)


def _unknown(account: MazbotAccount, span: InstanceAssignment, why: str, now: datetime) -> TodayUnknown:
    """What happens to the day if the number moves without MazBot's answer."""
    day = local_day(now, ZoneInfo(account.time_zone))
    known = UsageRecord.objects.filter(assignment=span, day=day).first()
    if known is None:
        then = _(
            "Today's usage hasn't been fetched yet. If you move the number anyway, all of it is billed to the new "
            "center."
        )
    else:
        then = _(
            "Today's usage was last fetched at %(time)s: %(sent)s sent. If you move the number anyway, that stays with "
            "“%(center)s”, and the rest of today is billed to the new center."
        ) % {
            "time": moment_text(known.read_at, zone_of(account.reseller.time_zone)),
            "sent": number_text(known.sent),
            "center": span.center,
        }
    return TodayUnknown(together([why, then]), field="center")
