"""A row of every tenant-owned model, made from its fields alone, so that a new model is guarded from its first day."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import IntegrityError, connection, models, transaction
from django_scopes import scopes_disabled

from billing.models import (
    AdvanceEntry,
    CreditConversion,
    Gateway,
    Invoice,
    InvoiceLine,
    InvoiceTax,
    LedgerEntry,
)
from centers.models import Center, Membership, Reseller, Role, User
from centers.models.managers import TenantManager
from tests.factories import CenterFactory, InstanceFactory, member
from whatsapp.models import Instance, InstanceAssignment, MazbotAccount

APPS = ("centers", "whatsapp", "billing")
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

#: Values that fields alone do not show, by model name. An address no one answers: no test calls the real MazBot.
_SPECIAL: dict[str, dict[str, Any]] = {
    "mazbotaccount": {
        "base_url": "http://127.0.0.1:9/api",
        "time_zone": "Asia/Riyadh",
        "cost_currency": "USD",
        "stale_hours": "24",
    },
    "invitation": {"role": Role.SUPPORT, "center": None},
    "maintenancewindow": {"instance": None},
    "exchangerate": {"base": "USD", "quote": "LYD"},
    "margin": {"level": "reseller", "center": None},
    "centerversion": {"name": "mazbot_country", "value": "2", "valid_from": NOW.date()},
    "invoice": {"line_count": 1},
    "charge": {"first_day": date(2026, 1, 1), "every": "month", "terms": ...},
    "discount": {"on": "everything", "percent": Decimal(10)},
    "writeoff": {"reversed_at": NOW},  # the invoice is open
    "chargeclaim": {
        "instance": None,
        "first_day": date(2026, 1, 2),
        "end_day": date(2026, 1, 3),
    },
    "beyondclaim": {"instance": None, "first_day": date(2026, 1, 2), "end_day": date(2026, 1, 3)},
    "payment": {"reference": ...},
    "invoicetax": {"category": "O", "percent": 0, "net": 1, "tax": 0},
    "taxrate": {"category": "S", "percent": 15},
    "usagerecord": {"day": NOW.date()},  # its center has held the number since NOW
    "billingperiod": {"outcome": "invoiced", "invoice": ...},  # ...: the row made before
    "usageclaim": {"period": ...},
    "carriedamount": {"period": ...},
    "creditconversion": {"from_currency": "USD", "to_currency": "LYD"},
    "advanceentry": {"net": 1, "tax": 0},
    "ledgerentry": {"kind": "payment", "amount": Decimal(-1), "payment": ...},
}


#: The entries of a conversion have its id plus once and twice this; an advance invoice that of its entry plus this.
ENTRIES = 10_000_000


def tenant_models() -> list[type[models.Model]]:
    """Every model whose manager asks for a tenant's scope."""
    return [
        model
        for app in APPS
        for model in apps.get_app_config(app).get_models()
        if isinstance(model._default_manager, TenantManager)
    ]


class TenantRows:
    """A reseller with its people and one row (or more) of every tenant-owned model, all with ids of their own."""

    def __init__(self, reseller: Reseller, first_pk: int) -> None:
        self.reseller = reseller
        self.pk = first_pk
        self.user: User = member(reseller, Role.OWNER)
        self.center: Center = CenterFactory(reseller=reseller, pk=first_pk)
        self.instance: Instance = self._number(first_pk)
        self.missing: dict[str, str] = {}
        self._number_used = first_pk
        self.add(first_pk)

    def add(self, pk: int) -> None:
        """One more row of every model, all with the id `pk`; models without a row are named in `missing`."""
        with scopes_disabled():
            if pk != self.pk:
                self.center = CenterFactory(reseller=self.reseller, pk=pk)
                self.instance = self._number(pk)
            person = member(self.reseller, Role.SUPPORT)
            Membership.objects.filter(user=person).update(id=pk)
            waiting = [
                model for model in tenant_models() if model not in (Center, Instance, InstanceAssignment)
            ]
            for _attempt in range(3):  # a model may need a row of one that comes later
                waiting = [model for model in waiting if not self._made(model, pk)]

    def of(self, model: type[models.Model]) -> Any:
        """The tenant's first row of a model."""
        return model._base_manager.get(pk=self.pk)

    def _number(self, pk: int) -> Instance:
        """A number; the span that its row begins has the same id."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT setval('whatsapp_instanceassignment_id_seq', %s, false)", [pk])
        number: Instance = InstanceFactory(center=self.center, pk=pk, held_since=NOW)
        return number

    def _made(self, model: type[models.Model], pk: int) -> bool:
        name = model._meta.model_name or ""
        try:
            with transaction.atomic():
                if model is AdvanceEntry:
                    self._add_advance(pk)
                row = model(pk=pk, **self._values(model))
                models.Model.save(row, force_insert=True)
                if isinstance(row, CreditConversion):
                    _post_entries(row)
        except (IntegrityError, models.ObjectDoesNotExist, ValueError) as error:
            if model in (MazbotAccount, Gateway) and pk != self.pk:
                return True  # one per reseller
            self.missing[name] = str(error).splitlines()[0]
            return False
        self.missing.pop(name, None)
        return True

    def _values(self, model: type[models.Model]) -> dict[str, Any]:
        special = _SPECIAL.get(model._meta.model_name or "", {})
        values = dict(special)
        for field in model._meta.concrete_fields:
            empty = field.null or (field.blank and field.empty_strings_allowed)
            needed = not (field.primary_key or empty or field.has_default() or field.generated)
            tenant = field.remote_field is not None and field.remote_field.model in (Center, Instance)
            if (field.name not in special and (needed or tenant)) or special.get(field.name) is ...:
                values[field.name] = self._value(field)
        if model is AdvanceEntry:
            own = Invoice._base_manager.filter(reseller=self.reseller, kind="advance")
            paid = LedgerEntry._base_manager.filter(reseller=self.reseller, kind="payment")
            values |= {"advance": own.latest("pk"), "entry": paid.latest("pk")}
        return values

    def _add_advance(self, pk: int) -> None:
        """An advance invoice, which no other row names."""
        advance = Invoice(pk=pk + ENTRIES, **self._values(Invoice) | {"kind": "advance"})
        models.Model.save(advance, force_insert=True)
        for part in (InvoiceLine, InvoiceTax):
            values = self._values(part) | {"invoice": advance}
            models.Model.save(part(pk=pk + ENTRIES, **values), force_insert=True)

    def _value(self, field: Any) -> Any:  # noqa: PLR0911  # a table of field kinds
        if field.remote_field is not None:
            return self._related(field.remote_field.model)
        if field.choices:
            return field.choices[0][0]
        number = self._number_used
        self._number_used += 1
        if isinstance(field, models.EmailField):
            return f"row{number}@example.com"
        if isinstance(field, models.DateTimeField):
            return NOW + timedelta(seconds=number)
        if isinstance(field, models.DateField):
            return date(2026, 1, 1) + timedelta(days=number % 300)
        if isinstance(field, models.DecimalField):
            return Decimal(1)
        if isinstance(field, models.BooleanField):
            return False
        if isinstance(field, models.IntegerField):
            return number % 30_000
        if isinstance(field, models.JSONField):
            return {}
        if isinstance(field, ArrayField):
            return []
        if isinstance(field, models.BinaryField):
            return b"\x89PNG"
        if "currency" in field.name:
            return "USD"
        return str(number)[: field.max_length or 20]

    def _related(self, model: type[models.Model]) -> Any:
        known = {Reseller: self.reseller, Center: self.center, Instance: self.instance, User: self.user}
        if model in known:
            return known[model]
        rows = model._base_manager.filter(reseller=self.reseller)
        if model is Invoice:
            rows = rows.exclude(kind="advance")
        return rows.latest("pk")  # raises DoesNotExist


def _post_entries(row: CreditConversion) -> None:
    """The two entries without which the database refuses a conversion; there must be credit to take."""
    sides = ((row.from_amount, row.from_currency), (-row.to_amount, row.to_currency))
    for place, (amount, currency) in enumerate(sides, start=1):
        LedgerEntry._base_manager.create(
            pk=row.pk + place * ENTRIES,
            reseller_id=row.reseller_id,
            center_id=row.center_id,
            kind=LedgerEntry.Kind.CONVERSION,
            amount=amount,
            currency=currency,
            conversion=row,
            at=row.at,
        )


def snapshot(reseller: Reseller) -> dict[str, list[Any]]:
    """Everything stored about a reseller, to tell that nothing of it has changed."""
    with scopes_disabled():
        rows = {
            model.__name__: sorted(
                str(row) for row in model._base_manager.filter(reseller=reseller).values_list()
            )
            for model in tenant_models()
        }
    rows["Membership"] = sorted(
        str(row) for row in Membership.objects.filter(reseller=reseller).values_list()
    )
    rows["Reseller"] = [str(row) for row in Reseller.objects.filter(pk=reseller.pk).values_list()]
    return rows
