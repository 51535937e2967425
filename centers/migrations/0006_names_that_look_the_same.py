from django.db import migrations, models

import centers.values.names
from centers.migrations import _names

UNIQUE = models.UniqueConstraint(
    models.F("reseller"), centers.values.names.NameKey("name"), name="center_name_unique_per_reseller"
)


class Migration(migrations.Migration):
    dependencies = [
        ("centers", "0005_bounces"),
    ]

    operations = [
        # The constraint is dropped first, both ways: its index holds the keys of the other rule.
        migrations.RemoveConstraint(model_name="center", name=UNIQUE.name),
        migrations.RunSQL(migrations.RunSQL.noop, _names.REINDEX),
        migrations.RunSQL(_names.KEY, _names.KEY_BACK),
        migrations.RunPython(_names.tell_apart, migrations.RunPython.noop),
        migrations.RunSQL(_names.REINDEX, migrations.RunSQL.noop),
        migrations.AddConstraint(model_name="center", constraint=UNIQUE),
    ]
