"""Every model that belongs to a reseller refuses to be read without saying whose rows are meant."""

import pytest
from django.apps import apps
from django.db import models
from django_scopes.exceptions import ScopeError

from centers.models import Center, Invitation, Membership, Reseller
from centers.models.managers import TenantManager
from centers.tenancy.scoping import tenant
from tests.factories import ResellerFactory
from tests.guards.rows import APPS, ENTRIES, TenantRows, tenant_models

#: Models with a reseller that are read before it is known which one a request is for, and why that is right.
UNSCOPED = {Membership: "decides which scope a request gets"}
MODELS = tenant_models()
# fmt: off
READS = [
    "all", "aggregate", "alias", "annotate", "bulk_update", "contains", "count", "dates", "datetimes",
    "defer", "difference", "distinct", "earliest", "exclude", "exists", "explain", "extra", "filter",
    "first", "get", "get_or_create", "in_bulk", "intersection", "iterator", "last", "latest", "only",
    "order_by", "prefetch_related", "raw", "reverse", "select_for_update", "select_related", "union",
    "update", "update_or_create", "values", "values_list",
]
# fmt: on


def belongs_to_a_reseller(model: type[models.Model]) -> bool:
    return any(
        field.is_relation and field.many_to_one and field.related_model in (Reseller, Center)
        for field in model._meta.get_fields()
    )


@pytest.mark.parametrize(
    "model", [m for app in APPS for m in apps.get_app_config(app).get_models()], ids=lambda m: m.__name__
)
def test_a_model_of_a_reseller_has_the_scoped_manager(model: type[models.Model]) -> None:
    if belongs_to_a_reseller(model) and model not in UNSCOPED:
        assert isinstance(model._default_manager, TenantManager), (
            f"{model.__name__} can be read across resellers"
        )


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)
@pytest.mark.django_db
def test_reading_without_a_scope_raises(model: type[models.Model]) -> None:
    for read in READS:
        with pytest.raises(ScopeError):
            list(getattr(model._default_manager, read)())


@pytest.mark.django_db
def test_every_model_shows_the_rows_of_the_open_reseller_alone() -> None:
    mine, theirs = (TenantRows(ResellerFactory(), first_pk=pk) for pk in (800_001, 900_001))
    assert mine.missing == {}
    for model in MODELS:
        with tenant(mine.reseller):
            found = {pk % ENTRIES for pk in model._default_manager.values_list("pk", flat=True)}
            assert found == {mine.pk}, model.__name__
        with tenant(theirs.reseller):
            assert not model._default_manager.filter(pk=mine.pk).exists(), model.__name__


@pytest.mark.django_db
def test_a_portal_sees_its_own_center_alone() -> None:
    rows = TenantRows(ResellerFactory(), first_pk=800_001)
    first = rows.center
    rows.add(800_002)
    for model in MODELS:
        manager = model._default_manager
        if "center" not in manager._scopes or model is Invitation:
            continue
        with tenant(rows.reseller, first):
            found = {pk % ENTRIES for pk in manager.values_list("pk", flat=True)}
            assert found == {800_001}, model.__name__
