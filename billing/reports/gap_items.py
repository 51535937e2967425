"""The life of differences: found by the jobs, decided by people, followed by the alert."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext

from billing.alerts import keep_alert
from billing.models import GapItem
from billing.reports.reconciliation import TOLERANCE
from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import Membership, Reseller, Role, User
from centers.stored_messages import StoredMessage as _
from centers.tenancy.permissions import Permission, may
from centers.tenancy.scoping import tenant
from centers.values.formats import exact_text
from centers.values.text import several_lines
from whatsapp.models import Alert

#: What a difference is about: kind, day or first day of the month, currency.
Key = tuple[str, date, str]
ALERT = Alert.Kind.USAGE_GAP
ZERO = Decimal(0)
LONGEST_NOTE = 2000  # characters
State, Reason = GapItem.State, GapItem.Reason


def update_items(reseller: Reseller, amounts: Mapping[Key, Decimal], now: datetime) -> None:
    """Bring the items to what was compared just now; what could not be compared is not among `amounts`, and stays.

    A difference opens an item. One whose amount is no longer what was explained or settled opens again; one that is
    gone is settled. The alert follows.
    """
    with transaction.atomic():
        _locked(reseller)
        days = {day for _kind, day, _currency in amounts}
        rows = GapItem.objects.filter(reseller=reseller, first_day__in=days)
        items = {(row.kind, row.first_day, row.currency): row for row in rows}
        for key, amount in sorted(amounts.items()):
            if key in items:
                _follow(items[key], amount, now)
            elif abs(amount) > TOLERANCE:
                _open(reseller, key, amount, now)
        _keep_alert(reseller, now)


def decide(
    *,
    item: GapItem,
    version: int,
    state: str,
    reason: str,
    note: str,
    owner: User | None,
    by: User,
    now: datetime,
) -> GapItem:
    """Set the item's state, reason, note and owner; `version` is the one the person saw.

    OperationRefused if it has changed since, or something is missing.
    """
    reseller, written = item.reseller, _written(note)
    _check(state, reason, written)
    if owner is not None and not possible_owners(reseller).filter(pk=owner.pk).exists():
        raise OperationRefused(gettext("This person isn't on your team, or can't see costs."), field="owner")
    with transaction.atomic():
        _locked(reseller)
        row: GapItem = GapItem.objects.select_for_update().get(pk=item.pk)
        if row.version != version:
            raise OperationRefused(
                gettext("This difference changed in the meantime. Check what is shown now, then save again.")
            )
        row.state, row.reason, row.note, row.owner = state, reason, written, owner
        _save(row, "gap.decided", by, now)
        _keep_alert(reseller, now)
    return row


def possible_owners(reseller: Reseller) -> QuerySet[User]:
    """The people of the team who see the reconciliation, in the order in which they joined."""
    roles = [role for role in Role if may(role, Permission.VIEW_COSTS)]
    team = Membership.objects.filter(reseller=reseller, center=None, role__in=roles)
    return User.objects.filter(pk__in=team.values("user")).order_by("name", "pk")


def leave_items(reseller: Reseller, person: User, by: User | None, now: datetime) -> None:
    """Leave the items of someone who leaves the team without an owner, whatever scope is open."""
    with tenant(reseller), transaction.atomic():
        _locked(reseller)
        for row in GapItem.objects.filter(owner=person).select_for_update():
            row.owner = None
            _save(row, "gap.decided", by, now)


def _written(note: str) -> str:
    try:
        written = several_lines(note)
    except ValidationError as error:
        raise OperationRefused(error.messages[0], field="note") from error
    if len(written) > LONGEST_NOTE:
        longest = gettext("A note can have up to %(n)s characters. Shorten it.") % {"n": LONGEST_NOTE}
        raise OperationRefused(longest, field="note")
    return written


def _check(state: str, reason: str, note: str) -> None:
    if state not in State.values or reason not in Reason.values:
        raise OperationRefused(gettext("Choose one of the options."))
    if state != State.OPEN and not reason:
        raise OperationRefused(gettext("Choose the reason for the difference."), field="reason")
    if reason == Reason.OTHER and not note:
        raise OperationRefused(gettext("Explain the difference in a note."), field="note")


def _locked(reseller: Reseller) -> None:
    """One change at a time: the alert is about all items, and two jobs find the same difference."""
    Reseller.objects.select_for_update(no_key=True).get(pk=reseller.pk)


def _open(reseller: Reseller, key: Key, amount: Decimal, now: datetime) -> None:
    kind, day, currency = key
    row = GapItem(
        reseller=reseller,
        kind=kind,
        first_day=day,
        currency=currency,
        amount=amount,
        opened_at=now,
        version=0,
    )
    _save(row, "gap.opened", None, now)


def _follow(row: GapItem, amount: Decimal, now: datetime) -> None:
    """Bring one item to the amount found now."""
    if abs(amount) <= TOLERANCE:
        if row.is_open or row.amount:
            reason = Reason.GONE if row.is_open or not row.reason else row.reason
            row.amount, row.state, row.reason = ZERO, State.SETTLED, reason
            _save(row, "gap.settled", None, now)
    elif abs(amount - row.amount) > TOLERANCE:
        action = "gap.changed" if row.is_open else "gap.reopened"
        if not row.is_open:
            row.opened_at, row.state, row.reason = now, State.OPEN, Reason.UNKNOWN
        row.amount = amount
        _save(row, action, None, now)


def _save(row: GapItem, action: str, by: User | None, now: datetime) -> None:
    row.changed_at, row.version = now, row.version + 1
    row.save()
    entries.record(
        action,
        reseller=row.reseller,
        by=by,
        target=row,
        now=now,
        topics=("billing",),
        kind=row.kind,
        amount=exact_text(row.amount, row.currency),
        state=row.state,
        reason=row.reason,
        note=row.note,
        assigned_to=str(row.owner) if row.owner else "",
    )


def _keep_alert(reseller: Reseller, now: datetime) -> None:
    """One alert while an item is open. Without amounts: not everyone who reads alerts may see costs."""
    rows = list(
        GapItem.objects.filter(reseller=reseller, state=State.OPEN)
        .order_by("-first_day")
        .values_list("kind", "first_day")
    )
    detail = ""
    if rows:
        kind, day = rows[0]
        params = {"day": day, "count": len(rows)}
        detail = _("Differences that need an explanation: %(count)s, most recently %(day)s.") % params
        if len(rows) == 1 and kind == GapItem.Kind.DAY:
            detail = (
                _("%(day)s: the cost of the main account doesn't match the cost of all numbers.") % params
            )
    keep_alert(reseller=reseller, kind=ALERT, detail=detail, now=now)
