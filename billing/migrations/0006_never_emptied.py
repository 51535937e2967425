from django.db import migrations

from billing.migrations import _guards


class Migration(migrations.Migration):
    dependencies = [("billing", "0005_waivers"), ("centers", "0004_audit_guards")]

    operations = _guards.EMPTYING
