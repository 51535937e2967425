"""Mails to centers as the outbox holds them, and what they say."""

from django.db.models import QuerySet

from centers.models import Notification
from centers.notifications.compose import compose
from centers.notifications.message import Message


def mails(**limits: object) -> QuerySet[Notification]:
    """The mails to contacts, in the order of writing."""
    return Notification.objects.filter(group="center_mails", **limits).order_by("pk")


def the_mail(**limits: object) -> Notification:
    return mails().get(**limits)


def message_of(row: Notification) -> Message:
    """What it says when it is sent at once."""
    found = compose(row, [row], row.created_at)
    assert found is not None
    return found


def text_of(row: Notification) -> str:
    return message_of(row).text
