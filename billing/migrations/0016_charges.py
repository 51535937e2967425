import billing.models.invoices
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models

from billing.migrations import _charge_guards


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0015_closing_together"),
        ("centers", "0006_names_that_look_the_same"),
        ("whatsapp", "0016_rates_unknown"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="invoiceline",
            name="description",
            field=models.CharField(blank=True, db_default="", default="", max_length=120),
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
                    ("charge", "Charge"),
                    ("recurring", "Recurring charge"),
                ],
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="Charge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("description", models.CharField(max_length=120, verbose_name="description")),
                ("amount", models.DecimalField(decimal_places=4, max_digits=18, verbose_name="amount")),
                ("currency", models.CharField(max_length=3)),
                (
                    "every",
                    models.CharField(
                        choices=[("once", "Once"), ("month", "Every month"), ("year", "Every year")],
                        max_length=5,
                        verbose_name="charged",
                    ),
                ),
                (
                    "per_number",
                    models.BooleanField(db_default=False, default=False, verbose_name="for each number"),
                ),
                ("first_day", models.DateField(verbose_name="first day")),
                ("end_day", models.DateField(null=True)),
                ("created_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "center",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="charges",
                        to="centers.center",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="centers.reseller",
                    ),
                ),
            ],
            options={
                "ordering": ["-first_day", "-pk"],
            },
        ),
        migrations.AddField(
            model_name="invoiceline",
            name="charge",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lines",
                to="billing.charge",
            ),
        ),
        migrations.CreateModel(
            name="ChargeClaim",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("first_day", models.DateField()),
                ("end_day", models.DateField()),
                ("once", models.BooleanField(db_default=False, default=False)),
                ("voided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "charge",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="claims",
                        to="billing.charge",
                    ),
                ),
                (
                    "instance",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="whatsapp.instance",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.invoiceline",
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="charge_claims",
                        to="billing.billingperiod",
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="centers.reseller",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="charge",
            index=models.Index(fields=["center", "-first_day"], name="charge_of_center"),
        ),
        migrations.AddConstraint(
            model_name="charge",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0), ("amount__lt", 1000000000)),
                name="charge_amount_bounded",
            ),
        ),
        migrations.AddConstraint(
            model_name="charge",
            constraint=models.CheckConstraint(
                condition=models.Q(("description", ""), _negated=True), name="charge_is_described"
            ),
        ),
        migrations.AddConstraint(
            model_name="charge",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("end_day__isnull", True), ("end_day__gt", models.F("first_day")), _connector="OR"
                ),
                name="charge_has_days",
            ),
        ),
        migrations.AddConstraint(
            model_name="charge",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("end_day__isnull", True),
                    ("per_number", True),
                    models.Q(("every", "once"), _negated=True),
                    _connector="OR",
                ),
                name="charge_once_has_no_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="chargeclaim",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("voided_at__isnull", True)),
                expressions=[
                    ("charge", "="),
                    (django.db.models.functions.comparison.Coalesce("instance_id", 0), "="),
                    (
                        billing.models.invoices.DateRange(
                            models.F("first_day"),
                            models.F("end_day"),
                            django.contrib.postgres.fields.ranges.RangeBoundary(),
                        ),
                        "&&",
                    ),
                ],
                name="chargeclaim_apart",
            ),
        ),
        migrations.AddConstraint(
            model_name="chargeclaim",
            constraint=models.UniqueConstraint(
                condition=models.Q(("once", True), ("voided_at__isnull", True)),
                fields=("charge", "instance"),
                name="chargeclaim_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="chargeclaim",
            constraint=models.CheckConstraint(
                condition=models.Q(("first_day__lt", models.F("end_day"))), name="chargeclaim_has_days"
            ),
        ),
        migrations.AddField(
            model_name="invoiceline",
            name="discount_percent",
            field=models.DecimalField(db_default=0, decimal_places=4, default=0, max_digits=7),
        ),
        migrations.AddField(
            model_name="invoiceline",
            name="discount_amount",
            field=models.DecimalField(db_default=0, decimal_places=4, default=0, max_digits=18),
        ),
        migrations.CreateModel(
            name="Discount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "on",
                    models.CharField(
                        choices=[("all", "Everything"), ("messages", "Messages"), ("charge", "One charge")],
                        max_length=8,
                        verbose_name="on",
                    ),
                ),
                (
                    "percent",
                    models.DecimalField(decimal_places=4, max_digits=7, null=True, verbose_name="percent"),
                ),
                (
                    "amount",
                    models.DecimalField(decimal_places=4, max_digits=18, null=True, verbose_name="amount"),
                ),
                ("first_day", models.DateField(verbose_name="first day")),
                ("end_day", models.DateField(null=True)),
                ("created_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "center",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="discounts",
                        to="centers.center",
                    ),
                ),
                (
                    "charge",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="discounts",
                        to="billing.charge",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="centers.reseller",
                    ),
                ),
            ],
            options={"ordering": ["-first_day", "-pk"]},
        ),
        migrations.AddConstraint(
            model_name="discount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount__isnull", True), ("percent__gt", 0), ("percent__lte", 100)),
                    models.Q(("amount__gt", 0), ("on", "charge"), ("percent__isnull", True)),
                    _connector="OR",
                ),
                name="discount_is_bounded",
            ),
        ),
        migrations.AddConstraint(
            model_name="discount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("charge__isnull", False), ("on", "charge")),
                    models.Q(("charge__isnull", True), models.Q(("on", "charge"), _negated=True)),
                    _connector="OR",
                ),
                name="discount_names_its_charge",
            ),
        ),
        migrations.AddConstraint(
            model_name="discount",
            constraint=models.CheckConstraint(
                condition=models.Q(("end_day__isnull", True))
                | models.Q(("end_day__gt", models.F("first_day"))),
                name="discount_has_days",
            ),
        ),
        migrations.AddConstraint(
            model_name="discount",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("withdrawn_at__isnull", True)),
                expressions=[
                    ("center", "="),
                    ("on", "="),
                    (django.db.models.functions.comparison.Coalesce("charge_id", 0), "="),
                    (
                        billing.models.invoices.DateRange(
                            models.F("first_day"),
                            models.F("end_day"),
                            django.contrib.postgres.fields.ranges.RangeBoundary(),
                        ),
                        "&&",
                    ),
                ],
                name="discount_apart",
            ),
        ),
        *_charge_guards.CHANGES,
    ]
