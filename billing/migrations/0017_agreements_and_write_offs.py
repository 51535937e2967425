import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import migrations, models

from billing.migrations import _guards, _write_off_guards
from centers.values.names import NameKey

_PERSON = {
    "null": True,
    "on_delete": django.db.models.deletion.SET_NULL,
    "related_name": "+",
    "to": settings.AUTH_USER_MODEL,
}
_DAYS = [MinValueValidator(-365), MaxValueValidator(365)]
_PROMISES = models.Q(kind="hold", amount__isnull=True, currency="", outcome="") | (
    models.Q(kind="promise", amount__gt=0) & ~models.Q(currency="")
)
_WRITTEN_OFF = models.Q(written_off__gte=0) & (
    models.Q(written_off=0) | models.Q(written_off__lte=models.F("total"))
)
_NAMES_WRITE_OFF = models.Q(kind__in=["write_off", "recovery"], write_off__isnull=False) | (
    ~models.Q(kind__in=["write_off", "recovery"]) & models.Q(write_off__isnull=True)
)
_FITS_KIND = (
    models.Q(kind__in=["invoice", "credit_note"], invoice__isnull=False, payment__isnull=True)
    | models.Q(kind="payment", payment__isnull=False, invoice__isnull=True, amount__lt=0)
    | models.Q(kind="reversal", payment__isnull=False, invoice__isnull=True, amount__gt=0)
    | models.Q(kind="refund", payment__isnull=True, invoice__isnull=True, amount__gt=0)
    | models.Q(kind="conversion", payment__isnull=True, invoice__isnull=True)
    | models.Q(kind="write_off", payment__isnull=True, invoice__isnull=True, amount__lt=0)
    | models.Q(kind="recovery", payment__isnull=True, invoice__isnull=True, amount__gt=0)
)


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0015_closing_together"),
        ("centers", "0006_names_that_look_the_same"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="hold",
            name="kind",
            field=models.CharField(
                choices=[("hold", "Hold"), ("promise", "Promise to pay")],
                db_default="hold",
                default="hold",
                max_length=7,
            ),
        ),
        migrations.AddField(
            model_name="hold",
            name="amount",
            field=models.DecimalField(
                decimal_places=4, max_digits=18, null=True, verbose_name="promised amount"
            ),
        ),
        migrations.AddField(
            model_name="hold",
            name="currency",
            field=models.CharField(blank=True, db_default="", default="", max_length=3),
        ),
        migrations.AddField(
            model_name="hold",
            name="outcome",
            field=models.CharField(
                blank=True,
                choices=[("", "Promised"), ("kept", "Promise kept"), ("broken", "Promise broken")],
                db_default="",
                default="",
                max_length=6,
            ),
        ),
        migrations.AddField(
            model_name="hold",
            name="judged_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=_PROMISES,
                name="hold_promises_an_amount",
            ),
        ),
        migrations.CreateModel(
            name="Dispute",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("because", models.CharField(max_length=300, verbose_name="reason")),
                ("opened_at", models.DateTimeField()),
                ("decision", models.CharField(blank=True, max_length=300, verbose_name="decision")),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "center",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="centers.center",
                    ),
                ),
                ("closed_by", models.ForeignKey(**_PERSON)),
                (
                    "invoice",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="billing.invoice",
                    ),
                ),
                ("opened_by", models.ForeignKey(**_PERSON)),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="centers.reseller",
                    ),
                ),
            ],
            options={
                "ordering": ["-opened_at", "-pk"],
                "indexes": [models.Index(fields=["invoice"], name="dispute_of_invoice")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("closed_at__isnull", True)),
                        fields=("invoice",),
                        name="dispute_one_per_invoice",
                    )
                ],
            },
        ),
        _guards.paired("billing_dispute"),
        migrations.AddField(
            model_name="invoice",
            name="written_off",
            field=models.DecimalField(db_default=0, decimal_places=4, default=0, max_digits=18),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=_WRITTEN_OFF,
                name="invoice_written_off_bounded",
            ),
        ),
        migrations.CreateModel(
            name="WriteOff",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=4, max_digits=18)),
                ("currency", models.CharField(max_length=3)),
                ("because", models.CharField(max_length=300, verbose_name="reason")),
                ("written_off_on", models.DateField()),
                ("at", models.DateTimeField()),
                ("reversed_at", models.DateTimeField(blank=True, null=True)),
                ("reversal_reason", models.CharField(blank=True, max_length=300)),
                ("by", models.ForeignKey(**_PERSON)),
                (
                    "center",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="write_offs",
                        to="centers.center",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="write_offs",
                        to="billing.invoice",
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
                ("reversed_by", models.ForeignKey(**_PERSON)),
            ],
            options={
                "ordering": ["-written_off_on", "-pk"],
                "indexes": [
                    models.Index(fields=["reseller", "-written_off_on", "-id"], name="writeoff_by_day")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0), ("amount__lt", 100000000000000)),
                        name="writeoff_positive",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="write_off",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="billing.writeoff",
            ),
        ),
        migrations.AlterField(
            model_name="ledgerentry",
            name="kind",
            field=models.CharField(
                choices=[
                    ("invoice", "Invoice"),
                    ("credit_note", "Credit note"),
                    ("payment", "Payment"),
                    ("reversal", "Payment reversed"),
                    ("refund", "Credit refunded"),
                    ("conversion", "Credit converted"),
                    ("write_off", "Written off"),
                    ("recovery", "Write-off reversed"),
                ],
                max_length=12,
            ),
        ),
        migrations.RemoveConstraint(model_name="ledgerentry", name="ledger_entry_fits_kind"),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(condition=_FITS_KIND, name="ledger_entry_fits_kind"),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=_NAMES_WRITE_OFF,
                name="ledger_write_off_fits",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("write_off__isnull", False)),
                fields=("write_off", "kind"),
                name="ledger_write_off_once",
            ),
        ),
        *_write_off_guards.CHANGES,
        migrations.CreateModel(
            name="DunningPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                (
                    "reminder_days",
                    ArrayField(
                        base_field=models.SmallIntegerField(validators=_DAYS),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="reminders, days from the due date",
                    ),
                ),
                (
                    "warning_days",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=_DAYS,
                        verbose_name="final warning, days after the due date",
                    ),
                ),
                ("suspend", models.BooleanField(default=True, verbose_name="suspend unpaid centers")),
                (
                    "grace_days",
                    models.PositiveSmallIntegerField(
                        default=10,
                        validators=_DAYS,
                        verbose_name="suspend this many days after the due date",
                    ),
                ),
                (
                    "minimum_amount",
                    models.DecimalField(
                        decimal_places=4,
                        default=0,
                        max_digits=18,
                        verbose_name="never suspend below this amount",
                    ),
                ),
                (
                    "quiet_weekdays",
                    ArrayField(
                        base_field=models.PositiveSmallIntegerField(
                            validators=[MinValueValidator(1), MaxValueValidator(7)]
                        ),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="quiet weekdays",
                    ),
                ),
                (
                    "quiet_dates",
                    ArrayField(
                        base_field=models.DateField(),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="quiet dates",
                    ),
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
                "ordering": ["name", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("reseller"), NameKey("name"), name="dunningpolicy_name_once"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="centerpolicy",
            name="dunning_policy",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="billing.dunningpolicy",
                verbose_name="rules for unpaid invoices",
            ),
        ),
    ]
