"""The manager of every tenant-owned model."""

from typing import Any, TypeVar

from django.db import models
from django_scopes import get_scope
from django_scopes.manager import DisabledQuerySet

M = TypeVar("M", bound=models.Model)


class _Unscoped(DisabledQuerySet):  # type: ignore[misc]
    """django-scopes' query set that raises, with the methods it leaves open (`exists`, `exclude` and others) closed."""

    alias = bulk_update = contains = defer = difference = distinct = exclude = DisabledQuerySet.error
    exists = explain = extra = in_bulk = intersection = DisabledQuerySet.error
    prefetch_related = select_related = DisabledQuerySet.error


class TenantManager(models.Manager[M]):
    """django-scopes' ScopedManager as a class that type checkers can read.

    `scopes` maps a dimension of the scope ("reseller", "center") to the field that holds it. A read while a
    dimension is missing raises ScopeError; a dimension that is None does not limit. With `with_shared` a center sees
    what its reseller has for all centers, too: rows without any.
    """

    def __init__(self, *, with_shared: bool = False, **scopes: str) -> None:
        super().__init__()
        self._scopes, self._with_shared = scopes, with_shared

    def deconstruct(self) -> Any:
        raise NotImplementedError("Migrations do not carry scoped managers.")

    def get_queryset(self) -> models.QuerySet[M]:
        """The model's rows within the open scope."""
        current = get_scope()
        if not current.get("_enabled", True):
            return super().get_queryset()
        missing = set(self._scopes) - set(current)
        if missing:
            return _Unscoped(self.model, using=self._db, missing_scopes=missing)
        rows = super().get_queryset()
        for name, field in self._scopes.items():
            if current[name] is not None:
                rows = rows.filter(self._limit(name, field, current[name]))
        return rows

    def _limit(self, name: str, field: str, value: Any) -> models.Q:
        own = models.Q(**{field: value})
        return own | models.Q(**{field: None}) if self._with_shared and name == "center" else own
