"""Proof that a person reads what arrives at a destination: a code goes there, and is entered on the page.

The code follows from the destination and from when it was requested, so neither it nor the outbox holds the code.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import Destination, Notification, User
from centers.notifications import registry
from centers.notifications.log import TEST, write_to
from centers.notifications.registry import Content, Kind
from centers.values.codes import plain_digits, wrong_code

KIND = "destination_code"
DIGITS = 6
GOOD_FOR = timedelta(minutes=15)
PAUSE = timedelta(minutes=1)
MOST_TRIES = 5
#: Codes that one person requests in a day: each may be a message that costs something.
MOST_A_DAY = 10


def send_code(*, destination: Destination, by: User, now: datetime) -> None:
    """Send a new code to the destination; an earlier one stops working.

    Raises OperationRefused when one was just sent, or too many were sent today.
    """
    with transaction.atomic():
        rows = Destination.objects.select_for_update(of=("self",)).select_related("reseller")
        place = rows.get(pk=destination.pk)
        if place.code_sent_at is not None and place.code_sent_at > now - PAUSE:
            raise OperationRefused(_("A code was just sent. Wait a minute before you request another."))
        of_today = Notification.objects.filter(
            about=f"{KIND}:{by.pk}", created_at__gt=now - timedelta(days=1)
        )
        if of_today.count() >= MOST_A_DAY:
            raise OperationRefused(_("You requested too many codes today. Try again tomorrow."))
        place.code_sent_at, place.code_tries = now, 0
        place.save(update_fields=["code_sent_at", "code_tries"])
        write_to(place, kind=KIND, by=by, now=now)


def verify(*, destination: Destination, code: str, by: User, now: datetime) -> None:
    """Have messages go to the destination, if the code is right; every try counts. Raises OperationRefused."""
    with transaction.atomic():
        rows = Destination.objects.select_for_update(of=("self",)).select_related("reseller")
        row = rows.get(pk=destination.pk)
        left = MOST_TRIES - row.code_tries
        if row.code_sent_at is None or row.code_sent_at <= now - GOOD_FOR or left <= 0:
            raise OperationRefused(_("This code no longer works. Send a new one."), field="code")
        row.code_tries += 1
        fits = constant_time_compare(code_of(row), plain_digits(code))
        if fits:
            row.verified_at, row.code_sent_at = now, None
            entries.record(
                "destination.verified",
                reseller=row.reseller,
                by=by,
                now=now,
                what=str(row),
                topics=("notifications",),
            )
        row.save(update_fields=["code_tries", "verified_at", "code_sent_at"])
    if not fits:
        raise OperationRefused(wrong_code(left - 1), field="code")


def code_of(destination: Destination) -> str:
    """The digits that were sent last."""
    sent_at = destination.code_sent_at
    digest = salted_hmac(
        "centers.notifications.verification", f"{destination.pk}:{sent_at}", algorithm="sha256"
    )
    return f"{int(digest.hexdigest(), 16) % 10**DIGITS:0{DIGITS}d}"


def connect() -> None:
    """Register the message with the code; called from the app's ready()."""
    registry.register_kind(
        Kind(
            name=KIND,
            group=TEST,
            label=gettext_lazy("Verification code"),
            write=_write,
            line=lambda row: _("Verification code"),
            urgent=True,
            condenses=False,
            verifies=True,
        )
    )


def _write(row: Notification, now: datetime) -> Content | None:
    place = row.destination
    if place is None or place.code_sent_at is None or place.verified_at is not None:
        return None
    code = code_of(place)
    return Content(
        # Without the code: the log shows the subject to others.
        subject=_("Your code for %(reseller)s") % {"reseller": row.reseller},
        text=_(
            "Enter %(code)s in Markaz to get messages from %(reseller)s here. It works for %(minutes)d minutes. If you "
            "didn't expect this message, ignore it. You won't get another one."
        )
        % {"code": code, "reseller": row.reseller, "minutes": GOOD_FOR.total_seconds() // 60},
    )
