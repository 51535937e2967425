from django.db import migrations

from centers.migrations import _guards


class Migration(migrations.Migration):
    dependencies = [("centers", "0003_created_by_the_products_clock")]

    operations = _guards.OPERATIONS
