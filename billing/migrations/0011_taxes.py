import django.db.models.deletion
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models

from billing.migrations import _tax_guards


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0010_price_history"),
        ("centers", "0006_names_that_look_the_same"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="invoice",
            name="tax",
            field=models.DecimalField(db_default=0, decimal_places=4, default=0, max_digits=18),
        ),
        migrations.AddField(
            model_name="invoiceline",
            name="tax_category",
            field=models.CharField(db_default="O", default="O", max_length=1),
        ),
        migrations.AddField(
            model_name="invoiceline",
            name="tax_included",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="invoiceline",
            name="tax_percent",
            field=models.DecimalField(db_default=0, decimal_places=4, default=0, max_digits=7),
        ),
        migrations.AddField(
            model_name="invoiceline",
            name="tax_reason",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
        migrations.CreateModel(
            name="TaxProfile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "is_registered",
                    models.BooleanField(db_default=False, default=False, verbose_name="registered for tax"),
                ),
                (
                    "prices_include_tax",
                    models.BooleanField(db_default=False, default=False, verbose_name="prices include tax"),
                ),
                (
                    "reseller",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tax_profile",
                        to="centers.reseller",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="InvoiceTax",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "category",
                    models.CharField(
                        choices=[
                            ("S", "Standard rate"),
                            ("Z", "Zero rate"),
                            ("E", "Exempt"),
                            ("O", "Out of scope"),
                        ],
                        max_length=1,
                    ),
                ),
                ("percent", models.DecimalField(decimal_places=4, max_digits=7)),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("net", models.DecimalField(decimal_places=4, max_digits=18)),
                ("tax", models.DecimalField(decimal_places=4, max_digits=18)),
                (
                    "invoice",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="taxes",
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
            ],
            options={
                "ordering": ["-percent", "category"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("invoice", "category", "percent"), name="invoicetax_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("category", "S"), models.Q(("percent", 0), ("tax", 0)), _connector="OR"
                        ),
                        name="invoicetax_fits_category",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LegalIdentity",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("legal_name", models.CharField(blank=True, max_length=160, verbose_name="legal name")),
                ("address", models.CharField(blank=True, max_length=120, verbose_name="address")),
                (
                    "address_more",
                    models.CharField(blank=True, max_length=120, verbose_name="address, second line"),
                ),
                ("city", models.CharField(blank=True, max_length=80, verbose_name="city")),
                ("postal_code", models.CharField(blank=True, max_length=16, verbose_name="postal code")),
                ("tax_number", models.CharField(blank=True, max_length=32, verbose_name="tax number")),
                (
                    "registration_number",
                    models.CharField(
                        blank=True, max_length=32, verbose_name="commercial registration number"
                    ),
                ),
                (
                    "center",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="legal_identity",
                        to="centers.center",
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
                "indexes": [models.Index(fields=["reseller"], name="legalidentity_reseller")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("center__isnull", True)),
                        fields=("reseller",),
                        name="legalidentity_one_seller",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TaxRate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "category",
                    models.CharField(
                        choices=[
                            ("S", "Standard rate"),
                            ("Z", "Zero rate"),
                            ("E", "Exempt"),
                            ("O", "Out of scope"),
                        ],
                        max_length=1,
                        verbose_name="category",
                    ),
                ),
                (
                    "percent",
                    models.DecimalField(
                        decimal_places=4, default=Decimal("0"), max_digits=7, verbose_name="percent"
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="reason")),
                ("withdrawn", models.BooleanField(default=False)),
                ("valid_from", models.DateField(verbose_name="valid from")),
                ("created_at", models.DateTimeField()),
                (
                    "center",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tax_rates",
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
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tax_rates",
                        to="centers.reseller",
                    ),
                ),
            ],
            options={
                "ordering": ["-valid_from", "-pk"],
                "indexes": [
                    models.Index(fields=["reseller", "center", "-valid_from"], name="taxrate_lookup")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("category", "S"), ("percent__gt", 0), ("percent__lte", 100)),
                            models.Q(("category__in", ["Z", "E", "O"]), ("percent", 0)),
                            _connector="OR",
                        ),
                        name="taxrate_percent_fits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("category__in", ["E", "O"]), _negated=True),
                            ("withdrawn", True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="taxrate_has_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("withdrawn", False),
                            models.Q(("category", "O"), ("center__isnull", False), ("reason", "")),
                            _connector="OR",
                        ),
                        name="taxrate_withdrawn_is_bare",
                    ),
                ],
            },
        ),
        *_tax_guards.CHANGES,
    ]
