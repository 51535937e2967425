"""The effective rules of a center: its reseller's, with the center's exceptions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.dates import WEEKDAYS

from billing.models import BillingPolicy, CenterPolicy, DunningPolicy
from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import Center, Reseller, User
from centers.stored_messages import of_lazy


@dataclass(frozen=True, slots=True)
class Policy:
    """A center's effective rules; see BillingPolicy for what each means."""

    auto_invoice: bool
    billable: str
    subscription_type: str
    one_off_type: str
    payment_terms_days: int
    reminder_days: tuple[int, ...]
    warning_days: int | None
    suspend: bool
    grace_days: int
    minimum_amount: Decimal
    quiet_weekdays: frozenset[int]
    quiet_dates: frozenset[date]
    late_fee_percent: Decimal
    late_fee_amounts: Mapping[str, Decimal]  # by currency
    late_fee_days: int
    late_fee_monthly: bool
    late_fee_ceiling: int

    @property
    def has_late_fee(self) -> bool:
        """Whether unpaid invoices are charged late fees."""
        return bool(self.late_fee_percent or self.late_fee_amounts)

    def is_quiet(self, day: date) -> bool:
        """Whether `day` is a quiet day: no reminders, no suspensions."""
        return day.isoweekday() in self.quiet_weekdays or day in self.quiet_dates


_NAMES = tuple(field.name for field in fields(Policy))
LATE_FEES = (
    "late_fee_percent",
    "late_fee_amounts",
    "late_fee_days",
    "late_fee_monthly",
    "late_fee_ceiling",
)
#: What named rules have.
DUNNING = (
    "reminder_days",
    "warning_days",
    "suspend",
    "grace_days",
    "minimum_amount",
    "quiet_weekdays",
    "quiet_dates",
    *LATE_FEES,
)
_SHAPES: dict[str, Any] = {
    "reminder_days": tuple,
    "quiet_weekdays": frozenset,
    "quiet_dates": frozenset,
    "late_fee_amounts": lambda value: {currency: Decimal(amount) for currency, amount in value.items()},
}


def reseller_policy(reseller: Reseller) -> BillingPolicy:
    """The reseller's row, or an unsaved one with the defaults."""
    return BillingPolicy.objects.filter(reseller=reseller).first() or BillingPolicy(reseller=reseller)


def policy_for(center: Center) -> Policy:
    """The effective rules of one center."""
    return policies_for(center.reseller, [center])[center.pk]


def policies_for(reseller: Reseller, centers: Iterable[Center]) -> dict[int, Policy]:
    """Effective rules by center id, in two queries for any number of centers of one reseller."""
    general = general_policy(reseller)
    ids = [center.pk for center in centers]
    rows = CenterPolicy.objects.filter(center_id__in=ids).select_related("dunning_policy")
    own = {row.center_id: _of_center(general, row) for row in rows}
    return {pk: own.get(pk, general) for pk in ids}


def general_policy(reseller: Reseller) -> Policy:
    """The rules of centers without exceptions and named rules."""
    return Policy(**_values(reseller_policy(reseller)))


def named_policy(general: Policy, named: DunningPolicy) -> Policy:
    """The rules of centers that follow named ones, and have no exceptions."""
    return replace(general, **{name: _shaped(name, getattr(named, name)) for name in DUNNING})


def _of_center(general: Policy, row: CenterPolicy) -> Policy:
    """The named rules that the center follows stand before the general ones, its own exceptions before both."""
    followed = named_policy(general, row.dunning_policy) if row.dunning_policy else general
    return replace(followed, **_values(row))


def save_policy(*, reseller: Reseller, by: User | None, now: datetime, **values: Any) -> BillingPolicy:
    """Change the reseller's rules. OperationRefused with the first field's message if a value is invalid."""
    with transaction.atomic():
        Reseller.objects.select_for_update().get(pk=reseller.pk)
        policy = reseller_policy(reseller)
        changes = _change(policy, values)
        if changes:
            entries.record(
                "billing_policy.changed",
                reseller=reseller,
                by=by,
                now=now,
                topics=("billing",),
                changes=changes,
            )
    return policy


def save_center_policy(*, center: Center, by: User | None, now: datetime, **values: Any) -> CenterPolicy:
    """Change one center's exceptions; None lets a field follow the reseller's rules again."""
    with transaction.atomic():
        Center.objects.select_for_update().get(pk=center.pk)
        policy = CenterPolicy.objects.filter(center=center).first() or CenterPolicy(
            center=center, reseller_id=center.reseller_id
        )
        changes = _change(policy, values)
        if changes:
            entries.record(
                "center_policy.changed",
                reseller=center.reseller,
                center=center,
                by=by,
                now=now,
                topics=("billing",),
                changes=changes,
            )
    return policy


def _change(policy: BillingPolicy | CenterPolicy, values: dict[str, Any]) -> dict[str, list[Any]]:
    """Store the values; return those that differ as [before, after], as the audit log keeps them."""
    before = {name: recorded(policy, name) for name in values}
    for name, value in values.items():
        setattr(policy, name, value)
    try:
        policy.full_clean(exclude=["reseller", "center"], validate_unique=False)
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise OperationRefused(messages[0], field=field) from None
    policy.save()
    after = {name: recorded(policy, name) for name in values}
    return {name: [before[name], after[name]] for name in values if before[name] != after[name]}


def recorded(policy: BillingPolicy | CenterPolicy | DunningPolicy, name: str) -> Any:
    """A value as the audit log keeps it: JSON that a person can read in any language."""
    field: Any = policy._meta.get_field(name)
    if field.is_relation:
        return str(getattr(policy, name) or "")
    value = field.to_python(getattr(policy, name))  # a default of 0 is an amount, too
    if name == "quiet_weekdays" and value is not None:
        return [of_lazy(WEEKDAYS[day - 1]) for day in sorted(value)]
    if isinstance(value, dict):
        return value or None
    if isinstance(value, list | tuple):
        return [item.isoformat() if isinstance(item, date) else item for item in sorted(value)]
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


def _values(row: BillingPolicy | CenterPolicy) -> dict[str, Any]:
    # A center has no late fees of its own: it follows named rules for that.
    found = {name: getattr(row, name, None) for name in _NAMES}
    if isinstance(row, CenterPolicy):
        found = {name: value for name, value in found.items() if value is not None}
    return {name: _shaped(name, value) for name, value in found.items()}


def _shaped(name: str, value: Any) -> Any:
    return _SHAPES[name](value) if name in _SHAPES else value
