"""Empties the tables after a test that committed: those with rows in them, not every table there is.

Django truncates all of them and makes the content types and permissions of every app once more, after each such test:
a third of a second of one core, four fifths of it for nothing.
"""

from functools import cache
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import connection
from django.test import TransactionTestCase
from psycopg import sql

from config.services import configured
from devstack.embedded.postgres import ADMIN
from devstack.embedded.state import server_settings

#: Made by migrations and the same for every test.
KEPT = {"django_content_type", "auth_permission"}


def install() -> None:
    """Use it instead of Django's `flush` from now on."""
    TransactionTestCase._fixture_teardown = _empty_or_flush  # type: ignore[attr-defined]


def empty() -> None:
    """Delete every row of every table but KEPT, as the embedded server's superuser: past triggers and foreign keys."""
    server = server_settings("postgres")
    with psycopg.connect(
        host="127.0.0.1",
        port=server["port"],
        user=ADMIN,
        password=server["admin_password"],
        dbname=connection.settings_dict["NAME"],
        options="-c session_replication_role=replica -c synchronous_commit=off",
    ) as admin:
        for (table,) in admin.execute(_which_have_rows()).fetchall():
            admin.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))


@cache
def _which_have_rows() -> sql.Composed:
    tables = sorted(set(connection.introspection.django_table_names(only_existing=True)) - KEPT)
    return sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(sql.Literal(table), sql.Identifier(table))
        for table in tables
    )


def _empty_or_flush(_case: Any) -> None:
    if configured("DATABASE_URL"):
        call_command("flush", verbosity=0, interactive=False, reset_sequences=False)
    else:
        empty()
