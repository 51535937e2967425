"""TRUNCATE passes the row triggers of 0002_guards: the tables with money refuse it by themselves."""

from django.db import migrations

TABLES = [
    "billing_margin",
    "billing_exchangerate",
    "billing_ledgerentry",
    "billing_invoiceline",
    "billing_invoice",
    "billing_payment",
    "billing_usageclaim",
    "billing_subscriptionclaim",
    "billing_billingperiod",
    "billing_usageday",
    "billing_waiver",
]


def _never_emptied(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION centers_refuse_truncate();",
        f"DROP TRIGGER {table}_not_emptied ON {table};",
    )


class Migration(migrations.Migration):
    dependencies = [("billing", "0005_waivers"), ("centers", "0004_audit_guards")]

    operations = [_never_emptied(table) for table in TABLES]
