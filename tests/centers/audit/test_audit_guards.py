"""Audit entries stay as they were written, even against direct SQL."""

import pytest
from django.db import IntegrityError, connection, transaction

from centers.audit import entries
from centers.models import AuditEntry, Center, Reseller, User
from centers.tenancy.scoping import tenant
from tests.factories import CenterFactory, member

pytestmark = pytest.mark.django_db
TABLE = AuditEntry._meta.db_table


@pytest.fixture
def event() -> AuditEntry:
    center: Center = CenterFactory()
    with tenant(center.reseller):
        return entries.record(
            "center.edited", reseller=center.reseller, by=member(center.reseller), target=center, x=1
        )


def sql(statement: str, *values: object) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(
    "change",
    [
        "at = now() - interval '1 day'", "action = 'x'", "actor_label = 'someone else'", "target_id = '0'",
        "target_label = ''", "target_type = ''", "data = '{}'", "id = id + 1",
    ],
)  # fmt: skip
def test_nothing_of_it_is_changed(event: AuditEntry, change: str) -> None:
    with pytest.raises(IntegrityError, match="never changed"):
        sql(f"UPDATE {TABLE} SET {change}")


def test_it_is_laid_to_no_one_elses_charge(event: AuditEntry) -> None:
    other = member(event.reseller)
    with pytest.raises(IntegrityError, match="never said anew"):
        sql(f"UPDATE {TABLE} SET actor_id = %s", other.pk)
    with pytest.raises(IntegrityError, match="never said anew"):
        sql(f"UPDATE {TABLE} SET center_id = %s", CenterFactory(reseller=event.reseller).pk)
    with pytest.raises(IntegrityError):
        sql(f"UPDATE {TABLE} SET reseller_id = %s", CenterFactory().reseller_id)


def test_it_outlives_its_person_and_its_center_and_still_names_them(event: AuditEntry) -> None:
    label = event.actor_label
    User.objects.all().delete()
    with tenant(event.reseller):
        Center.objects.all().delete()
        kept = AuditEntry.objects.get()
    assert (kept.actor, kept.center, kept.actor_label) == (None, None, label)
    with pytest.raises(IntegrityError, match="never said anew"):
        sql(f"UPDATE {TABLE} SET actor_id = %s", member(event.reseller).pk)


def test_it_is_not_removed_while_its_reseller_is_there(event: AuditEntry) -> None:
    with pytest.raises(IntegrityError, match="never removed"):
        sql(f"DELETE FROM {TABLE}")
    with tenant(event.reseller), transaction.atomic():
        AuditEntry.objects.all().delete()
        with pytest.raises(IntegrityError, match="never removed"), transaction.atomic():
            connection.check_constraints()
        transaction.set_rollback(True)


def test_it_goes_with_its_reseller(event: AuditEntry) -> None:
    with tenant(event.reseller):
        Reseller.objects.filter(pk=event.reseller_id).delete()
        connection.check_constraints()
        assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    "table", ["centers_auditentry", "billing_invoice", "billing_ledgerentry", "billing_usagerecord"]
)
def test_no_table_with_a_trace_or_money_is_emptied(table: str) -> None:
    with pytest.raises(IntegrityError, match="never emptied"):
        sql(f"SET LOCAL markaz.may_truncate = off; TRUNCATE {table} CASCADE")


def test_every_table_that_is_never_changed_is_never_emptied_either() -> None:
    query = """
        SELECT c.relname, bool_or(t.tgtype & 32 > 0) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
         WHERE NOT t.tgisinternal AND c.relname IN
               (SELECT r.relname FROM pg_trigger x JOIN pg_class r ON r.oid = x.tgrelid WHERE x.tgname LIKE '%%_frozen')
         GROUP BY c.relname
    """
    with connection.cursor() as cursor:
        cursor.execute(query)
        guarded = dict(cursor.fetchall())
    assert len(guarded) >= 10
    assert [table for table, kept in guarded.items() if not kept] == []
