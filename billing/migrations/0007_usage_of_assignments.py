import django.db.models.deletion
from django.db import migrations, models

from billing.migrations import _assignments


def _assignment(related_name: str, *, null: bool) -> models.ForeignKey:
    return models.ForeignKey(
        db_index=False,
        null=null,
        on_delete=django.db.models.deletion.PROTECT,
        related_name=related_name,
        to="whatsapp.instanceassignment",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0006_mails_in_the_outbox"),
        ("whatsapp", "0014_instance_assignments"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="flaggedusage", name="flaggedusage_open_flag_once"),
        migrations.RemoveConstraint(model_name="usagerecord", name="usagerecord_once"),
        migrations.AddField("flaggedusage", "assignment", _assignment("+", null=True)),
        migrations.AddField("usagerecord", "assignment", _assignment("usage_records", null=True)),
        *_assignments.OPERATIONS_ON_ROWS,
        migrations.AlterField("flaggedusage", "assignment", _assignment("+", null=False)),
        migrations.AlterField("usagerecord", "assignment", _assignment("usage_records", null=False)),
        migrations.AddIndex(
            model_name="usagerecord",
            index=models.Index(fields=["instance", "day"], name="usagerecord_of_number"),
        ),
        migrations.AddConstraint(
            model_name="flaggedusage",
            constraint=models.UniqueConstraint(
                condition=models.Q(("resolved_at__isnull", True), models.Q(("flag", ""), _negated=True)),
                fields=("assignment", "day", "flag"),
                name="flaggedusage_open_flag_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="usagerecord",
            constraint=models.UniqueConstraint(fields=("assignment", "day"), name="usagerecord_once"),
        ),
        *_assignments.OPERATIONS_ON_TABLES,
    ]
