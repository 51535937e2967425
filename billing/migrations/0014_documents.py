import django.core.validators
import django.db.models.deletion
from decimal import Decimal
from django.db import migrations, models

from billing.migrations import _document_guards


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0013_payments"),
        ("centers", "0006_names_that_look_the_same"),
    ]

    operations = [
        migrations.AddField(
            model_name="legalidentity",
            name="purchase_order",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=60, verbose_name="purchase order"
            ),
        ),
        migrations.CreateModel(
            name="DocumentSettings",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "languages",
                    models.CharField(
                        choices=[
                            ("center", "The center's language"),
                            ("en", "English"),
                            ("ar", "Arabic"),
                            ("both", "English and Arabic, side by side"),
                        ],
                        db_default="center",
                        default="center",
                        max_length=6,
                        verbose_name="language of documents",
                    ),
                ),
                (
                    "simplified",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        verbose_name="simplified tax invoices for centers without a tax number",
                    ),
                ),
                (
                    "note",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=1000,
                        verbose_name="note on every invoice",
                    ),
                ),
                (
                    "reseller",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="document_settings",
                        to="centers.reseller",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DocumentLogo",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.CharField(max_length=16)),
                ("picture", models.BinaryField()),
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
                    models.UniqueConstraint(fields=("reseller", "version"), name="documentlogo_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="NumberFormat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("invoice", "Invoices"),
                            ("credit_note", "Credit notes"),
                            ("receipt", "Receipts"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "prefix",
                    models.CharField(
                        max_length=8,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Z]+([-/][A-Z]+)*\\Z", "Use capital letters, with - or / between them."
                            )
                        ],
                        verbose_name="prefix",
                    ),
                ),
                (
                    "year",
                    models.CharField(
                        choices=[("yyyy", "2026"), ("yy", "26"), ("running", "none, numbers run on")],
                        default="yyyy",
                        max_length=7,
                        verbose_name="year",
                    ),
                ),
                (
                    "digits",
                    models.PositiveSmallIntegerField(
                        default=4,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(8),
                        ],
                        verbose_name="digits",
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
                "constraints": [
                    models.UniqueConstraint(fields=("reseller", "kind"), name="numberformat_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Receipt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.CharField(max_length=24)),
                ("year", models.PositiveSmallIntegerField()),
                ("sequence", models.PositiveIntegerField()),
                ("issued_at", models.DateTimeField()),
                ("issued_on", models.DateField()),
                ("language", models.CharField(max_length=5)),
                ("parties", models.JSONField()),
                ("paid", models.JSONField()),
                ("left", models.DecimalField(decimal_places=4, max_digits=18)),
                (
                    "center",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipts",
                        to="centers.center",
                    ),
                ),
                (
                    "payment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipt",
                        to="billing.payment",
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipts",
                        to="centers.reseller",
                    ),
                ),
            ],
            options={
                "ordering": ["-issued_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("reseller", "number"), name="receipt_number_once"),
                    models.UniqueConstraint(
                        fields=("reseller", "year", "sequence"), name="receipt_sequence_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("left__gte", Decimal("0"))), name="receipt_left_bounded"
                    ),
                ],
            },
        ),
        *_document_guards.CHANGES,
    ]
