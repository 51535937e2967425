import django.db.models.deletion
from django.db import migrations, models

from billing.migrations import _conversion_guards


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0011_taxes"),
        ("centers", "0006_names_that_look_the_same"),
    ]

    operations = [
        migrations.AddField(
            model_name="creditconversion",
            name="is_typed",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="creditconversion",
            name="reason",
            field=models.CharField(blank=True, db_default="", default="", max_length=300),
        ),
        migrations.AddField(
            model_name="creditconversion",
            name="reverses",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reversal",
                to="billing.creditconversion",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditconversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("is_typed", False), ("reverses", None)),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="creditconversion_has_a_reason",
            ),
        ),
        *_conversion_guards.CHANGES,
        migrations.AddField(
            model_name="jobschedule",
            name="basis",
            field=models.CharField(db_default="", default="", editable=False, max_length=64),
        ),
    ]
