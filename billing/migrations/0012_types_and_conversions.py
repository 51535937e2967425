import django.contrib.postgres.constraints
import django.db.models.deletion
from django.db import migrations, models

import billing.models.claims
import centers.values.countries
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
        migrations.AddField(
            model_name="billingpolicy",
            name="one_off_type",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=64, verbose_name="one-off type to charge"
            ),
        ),
        migrations.AddField(
            model_name="billingpolicy",
            name="currencies_kept",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=60),
        ),
        migrations.AddField(
            model_name="centerpolicy",
            name="one_off_type",
            field=models.CharField(
                blank=True, max_length=64, null=True, verbose_name="one-off type to charge"
            ),
        ),
        migrations.AlterField(
            model_name="ratecategory",
            name="category",
            field=models.CharField(
                choices=[
                    ("message", "Messages"),
                    ("subscription", "Subscriptions"),
                    ("ignored", "Ignored"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="ratecategory",
            name="interval",
            field=models.CharField(
                blank=True,
                choices=[
                    ("month", "Monthly subscription"),
                    ("year", "Yearly subscription"),
                    ("once", "One-off charge"),
                ],
                db_default="",
                default="",
                max_length=5,
            ),
        ),
        migrations.CreateModel(
            name="MazbotCountry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("country_id", models.CharField(max_length=16)),
                (
                    "iso",
                    models.CharField(max_length=2, validators=[centers.values.countries.validate_country]),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="centers.reseller",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("reseller", "country_id"), name="mazbotcountry_once")
                ],
            },
        ),
        migrations.AlterField(
            model_name="invoiceline",
            name="kind",
            field=models.CharField(
                choices=[
                    ("usage", "Messages"),
                    ("subscription", "Subscription"),
                    ("adjustment", "Adjustment"),
                    ("carried", "Carried over"),
                    ("one_off", "One-off charge"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="subscriptionclaim",
            name="one_off",
            field=models.BooleanField(db_default=False, default=False),
        ),
        # The days of other claims stay apart; a one-off charge has none.
        migrations.RemoveConstraint(model_name="subscriptionclaim", name="subscriptionclaim_apart"),
        migrations.AddConstraint(
            model_name="subscriptionclaim",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("one_off", False), ("voided_at__isnull", True)),
                expressions=[("instance", "="), (billing.models.claims.CoveredDays(), "&&")],
                name="subscriptionclaim_apart",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscriptionclaim",
            constraint=models.UniqueConstraint(
                condition=models.Q(("one_off", True), ("voided_at__isnull", True)),
                fields=("instance",),
                name="subscriptionclaim_one_off_once",
            ),
        ),
    ]
