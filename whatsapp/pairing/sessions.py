"""Pairing a phone by QR: one code at a time per number, for all who ask."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext as _

from centers.audit import entries
from centers.errors import LinkOver, OperationRefused
from centers.models import User
from centers.queue.dispatch import enqueue_on_commit
from centers.tenancy.scoping import every_tenant
from whatsapp.accounts import account_of, explain_kind
from whatsapp.models import Connection, Instance, PairingAttempt, PairingLink, Service
from whatsapp.monitoring.scheduler import check_now
from whatsapp.pairing.links import end_links, is_used_up, new_link, token_hash
from whatsapp.pairing_attempts import OPEN, tell

CODES_IN_A_ROW = 6  # after this many automatic codes a person has to ask
LONGEST_ASKING = timedelta(seconds=30)  # then the worker counts as dead
RECENT = timedelta(minutes=10)
STUCK, BAD_IMAGE = "stuck", "bad_image"

State = PairingAttempt.State


class Phase(StrEnum):
    """What the pairing page shows."""

    NONE = "none"  # nothing asked yet, a code can be asked for
    BLOCKED = "blocked"  # disabled, archived or already connected: `message` has the reason
    ASKING = "asking"
    SHOWN = "shown"
    EXPIRED = "expired"
    FAILED = "failed"
    CONNECTED = "connected"


@dataclass(frozen=True, slots=True)
class PairingState:
    """`seconds_left` of the code on screen; `message` is translated; `may_renew`: the page may ask automatically."""

    phase: Phase
    attempt: PairingAttempt | None
    seconds_left: int
    message: str
    may_start: bool
    may_renew: bool

    @property
    def is_connected(self) -> bool:
        """Whether the code was scanned."""
        return self.phase == Phase.CONNECTED


def start_pairing(
    *,
    instance: Instance,
    by: User | None,
    via: PairingAttempt.Via,
    now: datetime,
    link: PairingLink | None = None,
    auto: bool = False,
) -> PairingAttempt:
    """Request a code, or return the one requested or on screen; `auto`: the page asks automatically.

    A worker asks MazBot within a moment, and a live hint updates the page. Raises OperationRefused for a number that is
    disabled, archived or already connected, and for a seventh automatic code in a row.
    """
    account_of(instance.reseller)
    with transaction.atomic():
        row = (
            Instance.objects.select_for_update(of=("self",))
            .select_related("center", "reseller")
            .get(pk=instance.pk)
        )
        free_stuck(now=now, instance=row)
        live = PairingAttempt.objects.filter(instance=row, state__in=OPEN).first()
        if live is None:
            message = _obstacle(row)
            if not message:
                renewal = _renewal(row, now) if auto else 0
                new = PairingAttempt(instance=row, by=by, via=via, link=link, renewal=renewal, started_at=now)
                return _begin(new, now)
        elif link is not None and live.link_id is None:
            live.link = link
            live.save(update_fields=["link"])
    if live is not None:
        return live
    if row.connection == Connection.CONNECTED:
        # The known status may be a minute old: check it, so that a phone that was logged out is noticed soon.
        check_now(instance=row, now=now)
    raise OperationRefused(message)


def pairing_state(instance: Instance, now: datetime) -> PairingState:
    """What the page shows now; reads only."""
    attempt = (
        PairingAttempt.objects.filter(instance=instance, started_at__gt=now - RECENT)
        .order_by("-started_at", "-pk")
        .first()
    )
    phase = _phase(instance, attempt, now)
    left = 0
    if phase == Phase.SHOWN and attempt is not None and attempt.expires_at is not None:
        left = max(0, round((attempt.expires_at - now).total_seconds()))
    return PairingState(
        phase=phase,
        attempt=attempt,
        seconds_left=left,
        message=_sentence(phase, instance, attempt),
        may_start=phase in (Phase.NONE, Phase.EXPIRED, Phase.FAILED),
        may_renew=phase == Phase.EXPIRED and attempt is not None and attempt.renewal < CODES_IN_A_ROW - 1,
    )


def pairing_image(instance: Instance, now: datetime) -> bytes | None:
    """The PNG of the code on screen; None when there is none or it has expired."""
    shown = PairingAttempt.objects.filter(instance=instance, state=State.SHOWN, expires_at__gt=now)
    image = shown.order_by("-started_at").values_list("image", flat=True).first()
    return None if image is None else bytes(image)


def free_stuck(*, now: datetime, instance: Instance | None = None) -> int:
    """End attempts with an expired code or a dead worker, of one number or of the whole scope.

    The time of an attempt that waits for an earlier request starts when that one is over.
    """
    attempts = PairingAttempt.objects.filter(state__in=OPEN)
    if instance is not None:
        attempts = attempts.filter(instance=instance)
    asked = Q(state=State.ASKING, begun__lte=now - LONGEST_ASKING)
    in_turn = Greatest(F("started_at"), F("instance__connect_claimed_until"))  # ignores NULL in PostgreSQL
    begun = attempts.annotate(begun=Coalesce(F("asked_at"), in_turn))
    with transaction.atomic():
        over = attempts.filter(state=State.SHOWN, expires_at__lte=now)
        touched = list(over.values_list("reseller_id", "instance_id"))
        touched += begun.filter(asked).values_list("reseller_id", "instance_id")
        over.update(state=State.EXPIRED, image=None, ended_at=now)
        stuck = begun.filter(asked).values("pk")
        PairingAttempt.objects.filter(pk__in=stuck).update(
            state=State.FAILED, error_kind=STUCK, image=None, ended_at=now
        )
        for reseller_id in {reseller for reseller, _pk in touched}:
            tell(reseller_id, [pk for reseller, pk in touched if reseller == reseller_id])
    return len(touched)


def create_link(*, instance: Instance, by: User, now: datetime) -> tuple[PairingLink, str]:
    """Create a link, valid until the number stays connected, and its unstored token; earlier links are revoked."""
    if instance.archived_at:
        raise OperationRefused(_obstacle(instance))
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        end_links(instance=instance, now=now)
        link = new_link(instance=instance, token=token, by=by, now=now)
    return link, token


class LinkUsedUp(LinkOver):
    """The link was used successfully."""


def open_link(token: str, now: datetime) -> PairingLink:
    """The link, with instance, center and reseller loaded. Needs no scope.

    Raises OperationRefused for a link that doesn't exist or was revoked, LinkOver for one that is no longer valid, and
    LinkUsedUp if that is because its number has been connected.
    """
    with every_tenant():
        link = (
            PairingLink.objects.select_related("instance__center", "instance__reseller", "reseller")
            .filter(token_hash=token_hash(token), revoked_at=None)
            .first()
        )
        used_up = link is not None and is_used_up(link, now)
    over = _("This pairing link no longer works. Ask for a new one.")
    if link is None:
        raise OperationRefused(over)
    if link.expires_at <= now or link.instance.archived_at:
        raise LinkOver(over, link)
    if used_up:
        raise LinkUsedUp(
            _("This link has already connected this number to WhatsApp. There's nothing more to do."), link
        )
    return link


def _begin(attempt: PairingAttempt, now: datetime) -> PairingAttempt:
    if attempt.renewal >= CODES_IN_A_ROW:
        raise OperationRefused(
            _("Several codes expired without being scanned. Select “New code” when the phone is ready.")
        )
    instance = attempt.instance
    attempt.reseller = instance.reseller
    attempt.save()
    if not attempt.renewal:
        entries.record(
            "pairing.started",
            reseller=instance.reseller,
            by=attempt.by,
            target=instance,
            center=instance.center,
            now=now,
            via=str(attempt.via),
        )
    enqueue_on_commit("whatsapp.ask_code", reseller_id=instance.reseller_id, attempt_pk=attempt.pk)
    tell(instance.reseller_id, [instance.pk])
    return attempt


def _renewal(instance: Instance, now: datetime) -> int:
    last = PairingAttempt.objects.filter(instance=instance, started_at__gt=now - RECENT).first()
    return 0 if last is None else last.renewal + 1


def _obstacle(instance: Instance) -> str:
    """Why no code can be asked for, or ""."""
    if instance.archived_at or instance.center.archived_at:
        return _("This number is archived. Restore it before pairing.")
    if Service.DISABLED in (instance.desired_state, instance.service):
        return _("This number is disabled. You can pair it once it's enabled again.")
    if instance.connection == Connection.CONNECTED:
        return _(
            "This number is already connected. If its phone was just logged out, try again in a few seconds."
        )
    return ""


def _phase(instance: Instance, attempt: PairingAttempt | None, now: datetime) -> Phase:
    if instance.connection == Connection.CONNECTED:
        by_us = attempt is not None and attempt.state == State.CONNECTED
        return Phase.CONNECTED if by_us else Phase.BLOCKED
    if _obstacle(instance):
        return Phase.BLOCKED
    if attempt is None or attempt.state == State.CONNECTED:
        return Phase.NONE
    if attempt.state == State.SHOWN and (attempt.expires_at is None or attempt.expires_at <= now):
        return Phase.EXPIRED
    if attempt.state == State.ASKING and _begun(attempt, instance) <= now - LONGEST_ASKING:
        return Phase.FAILED
    return Phase(attempt.state)


def _begun(attempt: PairingAttempt, instance: Instance) -> datetime:
    """Since when an answer to the attempt could come, as in `free_stuck`."""
    return attempt.asked_at or max(attempt.started_at, instance.connect_claimed_until or attempt.started_at)


def _sentence(phase: Phase, instance: Instance, attempt: PairingAttempt | None) -> str:
    sentences = {
        Phase.BLOCKED: _obstacle(instance),
        Phase.CONNECTED: _("The number is connected."),
        Phase.EXPIRED: _("The code has expired."),
        Phase.FAILED: _why_failed(attempt),
        Phase.NONE: _why_again(attempt),
    }
    return sentences.get(phase, "")


def _why_again(attempt: PairingAttempt | None) -> str:
    """Whether a scan did not last: the phone was connected and no longer is."""
    if attempt is None or attempt.state != State.CONNECTED:
        return ""
    return _(
        "The phone was connected, but WhatsApp has ended the connection. Ask for a new code and scan it again."
    )


def _why_failed(attempt: PairingAttempt | None) -> str:
    if attempt is None or attempt.error_kind in (STUCK, ""):
        return _("No code arrived in time. Ask for a new code.")
    if attempt.error_kind == BAD_IMAGE:
        return _("MazBot didn't send a QR code. Ask for a new code.")
    return f"{explain_kind(attempt.error_kind, by_hand=True)} {attempt.error}".strip()
