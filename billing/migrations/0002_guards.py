from django.db import migrations

from billing.migrations import _guards


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = _guards.CHANGES
