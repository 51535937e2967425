"""Adding, changing, moving and archiving the numbers of a center."""

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from centers import clock, live
from centers.audit import entries
from centers.errors import OperationRefused
from centers.model_errors import checked_line
from centers.models import Center, User
from centers.values.phones import normalise_phone
from centers.values.text import typed_code
from whatsapp.alerts.lifecycle import resolve_alert
from whatsapp.models import Alert, DesiredReason, Instance, Service
from whatsapp.ownership.billing_start import present_assignment, set_billing_start
from whatsapp.ownership.todays_usage import Store
from whatsapp.pairing.links import end_links
from whatsapp.pairing_attempts import end_open
from whatsapp.service.desired_state import request_again, set_desired_state
from whatsapp.service.webhook_url import is_ours, reset_webhook_url, send_webhook_url_again


def add_instance(
    *,
    center: Center,
    instance_id: str,
    label: str = "",
    whatsapp_number: str = "",
    billed_from: date | None = None,
    by: User | None,
    now: datetime | None = None,
) -> Instance:
    """Add a number to the center; it is checked within seconds, and billed from today or `billed_from` on.

    Raises OperationRefused for an invalid or known id, for an invalid phone number, and for a day too far away.
    """
    when = now or clock.now()
    instance = Instance(
        reseller=center.reseller,
        center=center,
        instance_id=clean_instance_id(instance_id),
        label=_clean_label(label),
        whatsapp_number=_clean_number(whatsapp_number, center),
        next_check_at=when,
        held_since=when,
    )
    try:
        with transaction.atomic():
            _keep_in_use(center)
            instance.save()
            if billed_from is not None:
                set_billing_start(instance=instance, day=billed_from, now=when)
            entries.record(
                "instance.added",
                reseller=center.reseller,
                by=by,
                target=instance,
                center=center,
                now=when,
                topics=("instances", "centers"),
                billed_from=billed_from.isoformat() if billed_from else "",
            )
    except IntegrityError as error:
        raise OperationRefused(_known(instance), field="instance_id") from error
    return instance


def edit_instance(
    *,
    instance: Instance,
    by: User | None,
    instance_id: str | None = None,
    label: str | None = None,
    whatsapp_number: str | None = None,
    billed_from: date | None = None,
    now: datetime | None = None,
) -> Instance:
    """Change the label, the phone number or the first billed day, or correct the instance id.

    With another id, states and pending calls are reset and requested again, and the center is billed for it from today
    on: what that phone used before is not this center's. Raises OperationRefused for an invalid phone number, for an
    invalid or known id, while MazBot sends the events of the old id to a center's server, and as `set_billing_start`.
    """
    when = now or clock.now()
    changes: dict[str, object] = {}
    if label is not None and _clean_label(label) != instance.label:
        changes["label"] = _clean_label(label)
    if whatsapp_number is not None and whatsapp_number != instance.whatsapp_number:
        number = _clean_number(whatsapp_number, instance.center)
        if number != instance.whatsapp_number:
            changes["whatsapp_number"] = number
    if instance_id is not None and clean_instance_id(instance_id) != instance.instance_id:
        _check_forwarding(instance)
        changes |= {"instance_id": clean_instance_id(instance_id), "next_check_at": when, "check_failures": 0}
        changes["held_since"] = when
    start = present_assignment(instance)
    new_start = billed_from if start and billed_from != start.billed_from else None
    if not changes and new_start is None:
        return instance
    shown = ("label", "whatsapp_number", "instance_id")
    before = {name: getattr(instance, name) for name in shown if name in changes}
    try:
        with transaction.atomic():
            Instance.objects.filter(pk=instance.pk).update(**changes, version=F("version") + 1)
            if "instance_id" in changes:
                request_again(instance=instance, now=when)
                send_webhook_url_again(instance=instance, now=when)
                end_open(instance=instance, now=when)
            instance.refresh_from_db()
            changed = {name: [old, getattr(instance, name)] for name, old in before.items()}
            if new_start and (earlier := set_billing_start(instance=instance, day=new_start, now=when)):
                changed["billed_from"] = [earlier.isoformat(), new_start.isoformat()]
            _record(instance, "instance.changed", by, when, changes=changed)
    except IntegrityError as error:
        instance.instance_id = str(changes["instance_id"])
        raise OperationRefused(_known(instance), field="instance_id") from error
    return instance


def archive_instance(*, instance: Instance, by: User | None, now: datetime | None = None) -> None:
    """Archive the number: disabled at MazBot, its events sent only to our server, no longer checked, its alerts
    closed. Does nothing if it is already archived."""
    when = now or clock.now()
    with transaction.atomic():
        first = Instance.objects.filter(pk=instance.pk, archived_at=None).update(archived_at=when)
        if not first:
            return
        set_desired_state(
            instances=[instance], state=Service.DISABLED, reason=DesiredReason.ARCHIVED, by=by, now=when
        )
        reset_webhook_url(instance=instance, by=by, now=when)
        resolve_alert(reseller=instance.reseller, kind=list(Alert.Kind), instance=instance, now=when)
        end_open(instance=instance, now=when)
        end_links(instance=instance, now=when)
        instance.refresh_from_db()
        _record(instance, "instance.archived", by, when)


def restore_instance(*, instance: Instance, by: User | None, now: datetime | None = None) -> None:
    """Restore an archived number. One that was off manually before stays off (see service/desired_state.py)."""
    when = now or clock.now()
    with transaction.atomic():
        _keep_in_use(instance.center)
        back = (
            Instance.objects.filter(pk=instance.pk)
            .exclude(archived_at=None)
            .update(
                archived_at=None,
                held_since=when,
                next_check_at=when,
                check_failures=0,
                version=F("version") + 1,
            )
        )
        if not back:
            return
        set_desired_state(
            instances=[instance], state=Service.ENABLED, reason=DesiredReason.ARCHIVED, by=by, now=when
        )
        instance.refresh_from_db()
        _record(instance, "instance.restored", by, when)


def move(
    *,
    instance: Instance,
    center: Center,
    by: User | None,
    now: datetime | None = None,
    store_usage: Store | None = None,
) -> Instance:
    """Move the number to another center of the same reseller. The old center's debt no longer keeps it off, and the old
    center's server no longer gets its events.

    What is stored of today's usage, after `store_usage` if given, stays with the old center; the new one gets the rest.
    """
    when = now or clock.now()
    if center.reseller_id != instance.reseller_id:
        raise OperationRefused(
            _("A number can only be moved to a center of the same reseller."), field="center"
        )
    before = instance.center
    if before.pk == center.pk:
        return instance
    with transaction.atomic():
        _keep_in_use(center)
        # Locked first: storing usage locks the number's span, which the change of this row ends.
        list(Instance.objects.select_for_update(no_key=True, of=("self",)).filter(pk=instance.pk))
        reset_webhook_url(instance=instance, by=by, now=when)  # while the number is still the old center's
        if store_usage:
            store_usage()
        Instance.objects.filter(pk=instance.pk).update(
            center=center, held_since=when, version=F("version") + 1
        )
        Alert.objects.filter(instance=instance, resolved_at=None).update(center=center)
        end_links(instance=instance, now=when)
        set_desired_state(
            instances=[instance], state=Service.ENABLED, reason=DesiredReason.NON_PAYMENT, by=by, now=when
        )
        instance.refresh_from_db()
        _record(instance, "instance.moved", by, when, before=str(before), split=store_usage is not None)
        live.publish(instance.reseller_id, "instances", centers=(before.pk,))
    return instance


def clean_instance_id(text: str) -> str:
    """The id without surrounding space. Raises OperationRefused with a message that names it."""
    value = typed_code(text)
    field = Instance._meta.get_field("instance_id")
    try:
        field.run_validators(value)
    except ValidationError as error:
        raise OperationRefused(f"“{value[:70]}”: {' '.join(error.messages)}", field="instance_id") from error
    if not value:
        raise OperationRefused(_("Enter the instance ID."), field="instance_id")
    return value


def _keep_in_use(center: Center) -> None:
    """Lock the center against being archived until the transaction ends.

    Raises OperationRefused if it is already archived.
    """
    locked = Center.objects.select_for_update(no_key=True).filter(pk=center.pk, archived_at=None)
    if not locked.values_list("pk", flat=True).first():
        raise OperationRefused(
            _("“%(center)s” is archived. Restore it first.") % {"center": center}, field="center"
        )


def _clean_label(text: str) -> str:
    label = checked_line(text, len(text))
    if len(label) > 80:
        raise OperationRefused(_("The label is longer than 80 characters."), field="label")
    return label


def _clean_number(text: str, center: Center) -> str:
    try:
        return normalise_phone(text, center.phone_country)
    except ValidationError as error:
        raise OperationRefused(error.messages[0], field="whatsapp_number") from error


def _check_forwarding(instance: Instance) -> None:
    """Refuse while the center's address is set: with another id, the old one's address could no longer be reset."""
    if instance.webhook_url and not is_ours(instance.webhook_url, instance.reseller):
        raise OperationRefused(
            _(
                "MazBot sends the events of “%(id)s” to a webhook address. Send them here first, then "
                "correct the ID."
            )
            % {"id": instance.instance_id},
            field="instance_id",
        )


def _known(instance: Instance) -> str:
    owner = (
        Instance.objects.select_related("center")
        .filter(reseller=instance.reseller_id, instance_id=instance.instance_id)
        .first()
    )
    if owner is None:
        return _("The instance ID “%(id)s” is already in use.") % {"id": instance.instance_id}
    text = _("The instance ID “%(id)s” already belongs to “%(center)s”.")
    if owner.archived_at:
        text = _(
            "The instance ID “%(id)s” already belongs to an archived number of “%(center)s”. Restore "
            "that number instead."
        )
    return text % {"id": instance.instance_id, "center": owner.center}


def _record(instance: Instance, action: str, by: User | None, now: datetime, **data: object) -> None:
    entries.record(
        action,
        reseller=instance.reseller,
        by=by,
        target=instance,
        center=instance.center,
        now=now,
        topics=("instances", "centers"),
        **data,
    )
