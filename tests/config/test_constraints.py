"""The database has every constraint and index that the models name: a migration can drop one by accident."""

import pytest
from django.apps import apps
from django.db import connection


@pytest.mark.django_db
@pytest.mark.parametrize("app", ["centers", "whatsapp", "billing"])
def test_every_constraint_and_index_of_the_models_exists(app: str) -> None:
    missing = []
    with connection.cursor() as cursor:
        for model in apps.get_app_config(app).get_models():
            there = set(connection.introspection.get_constraints(cursor, model._meta.db_table))
            named = [*model._meta.constraints, *model._meta.indexes]
            missing += [f"{model._meta.label}: {one.name}" for one in named if one.name not in there]
    assert missing == []
