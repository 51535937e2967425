"""Sessions that expired, and what was remembered about them."""

from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils import timezone

#: A session and what is remembered of it are written one after the other.
_JUST_BEGUN = timedelta(hours=1)


def clear() -> int:
    """Delete expired sessions, and the devices listed for sessions that are gone; return how many sessions.

    By real time, as sessions expire: moving a demo's clock signs no one out.
    """
    now = timezone.now()
    expired, _by_model = Session.objects.filter(expire_date__lt=now).delete()
    gone = UserSession.objects.filter(created_at__lt=now - _JUST_BEGUN)
    gone.exclude(session_key__in=Session.objects.values("session_key")).delete()
    return expired
