"""What a test commits is gone before the next one begins."""

import pytest
from django.apps import apps

from tests.emptying import KEPT, empty
from tests.factories import ResellerFactory
from tests.guards.rows import TenantRows


def filled() -> dict[str, int]:
    """How many rows each table has that has any."""
    models = apps.get_models(include_auto_created=True)
    counts = {model._meta.db_table: model._base_manager.count() for model in models if model._meta.managed}
    return {table: count for table, count in counts.items() if count}


@pytest.mark.django_db(transaction=True)
def test_no_table_keeps_a_row_but_those_that_migrations_fill() -> None:
    """Nor those whose triggers forbid to delete, nor what others refer to."""
    empty()
    before = filled()
    TenantRows(ResellerFactory(), first_pk=800_001)
    assert len(filled()) > 40
    empty()
    assert filled() == before
    assert set(before) == KEPT
