"""Opening the scope of one tenant; without it, reading a tenant's rows raises."""

from collections.abc import Iterator
from contextlib import contextmanager

from django_scopes import scope, scopes_disabled

from centers.models import Center, Reseller

__all__ = ["every_tenant", "tenant"]

#: For ticks and migrations only, which must read across resellers to find what is due.
every_tenant = scopes_disabled


@contextmanager
def tenant(reseller: Reseller | int, center: Center | int | None = None) -> Iterator[None]:
    """Limit every scoped read to one reseller and, for the portal, to one of its centers."""
    with scope(reseller=_pk(reseller), center=None if center is None else _pk(center)):
        yield


def _pk(row: Reseller | Center | int) -> int:
    return row if isinstance(row, int) else row.pk
