"""Named rules for unpaid centers: adding, changing and deleting them."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from billing.models import CenterPolicy, DunningPolicy
from billing.policies import recorded
from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import Center, Reseller, User

#: More would be exceptions of single centers.
MOST = 20


def save_dunning_policy(
    *, reseller: Reseller, policy: DunningPolicy | None, by: User | None, now: datetime, **values: Any
) -> DunningPolicy:
    """Add named rules, or change these. OperationRefused with the first field's message if a value is invalid."""
    with transaction.atomic():
        Reseller.objects.select_for_update(no_key=True).get(pk=reseller.pk)
        if policy is None and DunningPolicy.objects.filter(reseller=reseller).count() >= MOST:
            raise OperationRefused(_("There can be at most %(count)s rules.") % {"count": MOST})
        row = policy or DunningPolicy(reseller=reseller)
        before = {name: recorded(row, name) for name in values} if policy else {}
        for name, value in values.items():
            setattr(row, name, value)
        _store(row)
        after = {name: recorded(row, name) for name in values}
        changes = {
            name: [before.get(name), after[name]] for name in values if before.get(name) != after[name]
        }
        if changes:
            entries.record(
                "dunning_policy.changed", reseller=reseller, by=by, target=row, now=now, topics=("billing",),
                changes=changes,
            )  # fmt: skip
    return row


def delete_dunning_policy(*, policy: DunningPolicy, by: User | None, now: datetime) -> int:
    """Delete named rules; return how many centers follow the general ones from now on.

    OperationRefused if a center gets them at the same moment.
    """
    following = CenterPolicy.objects.filter(dunning_policy=policy)
    try:
        with transaction.atomic():
            # The centers first, as in saving the rules of one; two that wait for each other would be a deadlock.
            centers = Center.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
            list(centers.filter(pk__in=following.values("center")).values_list("pk", flat=True))
            Reseller.objects.select_for_update(no_key=True).get(pk=policy.reseller_id)
            followed = sorted(following.values_list("center_id", flat=True))
            entries.record(
                "dunning_policy.deleted", reseller=policy.reseller, by=by, target=policy, now=now,
                topics=("billing",), count=len(followed), centers=followed,
            )  # fmt: skip
            policy.delete()
    except IntegrityError:
        raise OperationRefused(_("A center was given these rules at the same moment. Try again.")) from None
    return len(followed)


def _store(row: DunningPolicy) -> None:
    try:
        row.full_clean(exclude=["reseller"], validate_unique=False, validate_constraints=False)
        with transaction.atomic():
            row.save()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise OperationRefused(messages[0], field=field) from None
    except IntegrityError:
        raise OperationRefused(_("There are already rules with this name."), field="name") from None
