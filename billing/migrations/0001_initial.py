import billing.models.claims
import billing.models.invoices
import billing.models.lines
import billing.models.policy
import centers.secrets
import centers.stored_messages
import centers.values.countries
import centers.values.names
import centers.values.validators
import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import django.db.models.functions.text
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models

from billing.migrations import (
    _advance_guards,
    _assignments,
    _charge_guards,
    _conversion_guards,
    _credit_guards,
    _document_guards,
    _guards,
    _kept_reports,
    _payment_guards,
    _policy_guards,
    _report_guards,
    _tax_guards,
    _usage_sums,
    _version_guards,
    _write_off_guards,
)


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("centers", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("whatsapp", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="InvoiceNumber",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                ("kind", models.CharField(max_length=12)),
                ("year", models.PositiveSmallIntegerField()),
                ("last", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("reseller", "kind", "year"), name="invoicenumber_counter")
                ],
            },
        ),
        migrations.CreateModel(
            name="Invoice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoices",
                        to="centers.reseller",
                    ),
                ),
                (
                    "center",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoices",
                        to="centers.center",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("invoice", "Invoice"),
                            ("credit_note", "Credit note"),
                            ("advance", "Advance invoice"),
                        ],
                        default="invoice",
                        max_length=12,
                    ),
                ),
                ("number", models.CharField(max_length=24)),
                ("year", models.PositiveSmallIntegerField()),
                ("sequence", models.PositiveIntegerField()),
                ("first_day", models.DateField()),
                ("end_day", models.DateField()),
                ("period_start", models.DateTimeField()),
                ("period_end", models.DateTimeField()),
                ("currency", models.CharField(max_length=3)),
                ("total", models.DecimalField(decimal_places=4, max_digits=18)),
                ("tax", models.DecimalField(db_default=0, decimal_places=4, default=0, max_digits=18)),
                ("line_count", models.PositiveIntegerField()),
                ("issued_at", models.DateTimeField()),
                ("issued_on", models.DateField()),
                ("due_on", models.DateField()),
                (
                    "issued_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("language", models.CharField(max_length=5)),
                ("parties", models.JSONField()),
                (
                    "credits",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credit_notes",
                        to="billing.invoice",
                    ),
                ),
                (
                    "credit_kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("void", "Voids the invoice"),
                            ("correction", "Usage was corrected"),
                            ("partial", "Credited by staff"),
                            ("rounding", "Rounding returned"),
                            ("advance", "No longer paid in advance"),
                        ],
                        db_default="",
                        default="",
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("open_amount", models.DecimalField(decimal_places=4, default=0, max_digits=18)),
                ("credited", models.DecimalField(db_default=0, decimal_places=4, default=0, max_digits=18)),
                (
                    "written_off",
                    models.DecimalField(db_default=0, decimal_places=4, default=0, max_digits=18),
                ),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                ("voided_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-issued_at", "-pk"],
                "indexes": [
                    models.Index(fields=["reseller", "-issued_at", "-id"], name="invoice_by_time"),
                    models.Index(fields=["center", "due_on", "id"], name="invoice_of_center"),
                    models.Index(
                        models.F("reseller"),
                        models.F("due_on"),
                        condition=models.Q(("open_amount__gt", 0)),
                        name="invoice_open",
                    ),
                    models.Index(
                        models.F("reseller"), models.F("due_on"), models.F("id"), name="invoice_by_due_date"
                    ),
                    models.Index(
                        models.F("reseller"),
                        models.F("currency"),
                        models.F("total"),
                        models.F("id"),
                        name="invoice_by_total",
                    ),
                    models.Index(
                        models.F("reseller"),
                        models.F("currency"),
                        models.F("open_amount"),
                        models.F("id"),
                        name="invoice_by_open_amount",
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("number"), name="gin_trgm_ops"
                        ),
                        name="invoice_number_trgm",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("reseller", "number"), name="invoice_number_once"),
                    models.UniqueConstraint(
                        fields=("reseller", "kind", "year", "sequence"), name="invoice_sequence_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "invoice"), ("voided_at__isnull", True)),
                        fields=("center", "kind", "first_day", "end_day"),
                        name="invoice_once_per_period",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("kind", "invoice"), ("voided_at__isnull", True)),
                        expressions=[
                            ("center", "="),
                            (
                                billing.models.invoices.DateRange(
                                    models.F("first_day"),
                                    models.F("end_day"),
                                    django.contrib.postgres.fields.ranges.RangeBoundary(),
                                ),
                                "&&",
                            ),
                        ],
                        name="invoice_periods_apart",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("first_day__lt", models.F("end_day"))), name="invoice_has_days"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("period_start__lt", models.F("period_end"))),
                        name="invoice_has_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("credit_kind", ""),
                                ("credits__isnull", True),
                                ("kind__in", ["invoice", "advance"]),
                            ),
                            models.Q(
                                ("credits__isnull", False),
                                ("kind", "credit_note"),
                                models.Q(("credit_kind", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="invoice_credit_note_credits",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("credit_kind", "void")),
                        fields=("credits",),
                        name="invoice_voided_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("open_amount__gte", 0),
                            models.Q(
                                ("open_amount", 0),
                                (
                                    "open_amount__lte",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("total"), "-", models.F("credited")
                                    ),
                                ),
                                _connector="OR",
                            ),
                        ),
                        name="invoice_open_amount_bounded",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("credited__gte", 0),
                            models.Q(("credited", 0), ("credited__lte", models.F("total")), _connector="OR"),
                        ),
                        name="invoice_credited_bounded",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("written_off__gte", 0),
                            models.Q(
                                ("written_off", 0), ("written_off__lte", models.F("total")), _connector="OR"
                            ),
                        ),
                        name="invoice_written_off_bounded",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BillingPeriod",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="centers.reseller"
                    ),
                ),
                (
                    "center",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="billing_periods",
                        to="centers.center",
                    ),
                ),
                ("first_day", models.DateField()),
                ("end_day", models.DateField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[("invoiced", "Invoiced"), ("waived", "Nothing to charge")], max_length=8
                    ),
                ),
                (
                    "invoice",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="period",
                        to="billing.invoice",
                    ),
                ),
                ("closed_at", models.DateTimeField()),
                (
                    "closed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("voided_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-first_day", "-pk"],
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("voided_at__isnull", True)),
                        expressions=[
                            ("center", "="),
                            (
                                billing.models.invoices.DateRange(
                                    models.F("first_day"),
                                    models.F("end_day"),
                                    django.contrib.postgres.fields.ranges.RangeBoundary(),
                                ),
                                "&&",
                            ),
                        ],
                        name="billingperiod_apart",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("first_day__lt", models.F("end_day"))),
                        name="billingperiod_has_days",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CarriedAmount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="centers.reseller"
                    ),
                ),
                (
                    "center",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="carried_amounts",
                        to="centers.center",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("rounding", "Left by rounding"),
                            ("billed", "Billed"),
                            ("credited", "Credited before"),
                            ("voided", "Voided with its invoice"),
                            ("settled", "Settled when the center was closed"),
                        ],
                        max_length=8,
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=30, max_digits=50)),
                ("currency", models.CharField(max_length=3)),
                (
                    "period",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="carried",
                        to="billing.billingperiod",
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="carried",
                        to="billing.invoice",
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "indexes": [models.Index(fields=["center", "currency", "id"], name="carried_of_center")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("period__isnull", False)),
                        fields=("period", "kind", "currency"),
                        name="carried_once_per_period",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("document__isnull", False)),
                        fields=("document", "kind", "currency"),
                        name="carried_once_per_document",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("kind__in", ["rounding", "credited"]),
                                models.Q(
                                    ("period__isnull", False), ("document__isnull", False), _connector="OR"
                                ),
                            ),
                            models.Q(("document__isnull", False), ("kind__in", ["billed", "voided"])),
                            models.Q(("kind", "settled"), ("period__isnull", True)),
                            _connector="OR",
                        ),
                        name="carried_fits_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount", 0), _negated=True), name="carried_is_something"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CenterVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                (
                    "center",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="center_versions",
                        to="centers.center",
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        choices=[("mazbot_country", "Country at MazBot"), ("invoice_currency", "Currency")],
                        max_length=16,
                    ),
                ),
                ("value", models.CharField(blank=True, max_length=16)),
                ("valid_from", models.DateField(null=True, verbose_name="valid from")),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": [models.OrderBy(models.F("valid_from"), descending=True, nulls_last=True), "-pk"],
                "indexes": [
                    models.Index(
                        fields=["reseller", "center", "name", "-valid_from"], name="centerversion_lookup"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("valid_from", None)),
                        fields=("center", "name"),
                        name="centerversion_one_beginning",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("name", "mazbot_country"),
                            models.Q(("name", "invoice_currency"), models.Q(("value", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="centerversion_fits",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Plan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("currency", models.CharField(max_length=3)),
                (
                    "per_number",
                    models.BooleanField(db_default=False, default=False, verbose_name="for each number"),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("archived_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["name", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("archived_at", None)),
                        fields=("reseller", "name"),
                        name="plan_name_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="plan_is_named"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PlanTerms",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "tax_category",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("S", "Standard rate"),
                            ("Z", "Zero rate"),
                            ("E", "Exempt"),
                            ("O", "Out of scope"),
                            ("AE", "Reverse charge"),
                        ],
                        db_default="",
                        default="",
                        max_length=2,
                        verbose_name="tax category",
                    ),
                ),
                (
                    "tax_percent",
                    models.DecimalField(
                        db_default=Decimal("0"),
                        decimal_places=4,
                        default=Decimal("0"),
                        max_digits=7,
                        verbose_name="percent",
                    ),
                ),
                (
                    "tax_reason",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=200, verbose_name="reason"
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
                (
                    "plan",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="terms",
                        to="billing.plan",
                    ),
                ),
                ("valid_from", models.DateField(verbose_name="valid from")),
                (
                    "price",
                    models.DecimalField(decimal_places=4, max_digits=18, verbose_name="price of a month"),
                ),
                ("included", models.PositiveIntegerField(verbose_name="included messages")),
                (
                    "beyond",
                    models.DecimalField(
                        decimal_places=8, max_digits=18, null=True, verbose_name="price beyond"
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-valid_from", "-pk"],
                "indexes": [models.Index(fields=["plan", "-valid_from"], name="planterms_of_plan")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("price__gt", 0), ("price__lt", 1000000000)),
                        name="planterms_price_bounded",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("beyond", None),
                            models.Q(("beyond__gt", 0), ("beyond__lt", 1000000)),
                            _connector="OR",
                        ),
                        name="planterms_beyond_bounded",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("tax_category", "S"), ("tax_percent__gt", 0), ("tax_percent__lte", 100)
                            ),
                            models.Q(("tax_category__in", ["", "Z", "E", "O", "AE"]), ("tax_percent", 0)),
                            _connector="OR",
                        ),
                        name="planterms_tax_percent_fits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("tax_category__in", ["E", "O", "AE"]), _negated=True),
                            models.Q(("tax_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="planterms_tax_has_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("tax_category", "AE"), _negated=True),
                        name="planterms_tax_is_for_all",
                    ),
                ],
            },
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
                (
                    "tax_category",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("S", "Standard rate"),
                            ("Z", "Zero rate"),
                            ("E", "Exempt"),
                            ("O", "Out of scope"),
                            ("AE", "Reverse charge"),
                        ],
                        db_default="",
                        default="",
                        max_length=2,
                        verbose_name="tax category",
                    ),
                ),
                (
                    "tax_percent",
                    models.DecimalField(
                        db_default=Decimal("0"),
                        decimal_places=4,
                        default=Decimal("0"),
                        max_digits=7,
                        verbose_name="percent",
                    ),
                ),
                (
                    "tax_reason",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=200, verbose_name="reason"
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
                (
                    "center",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="charges",
                        to="centers.center",
                    ),
                ),
                ("description", models.CharField(max_length=120, verbose_name="description")),
                ("amount", models.DecimalField(decimal_places=4, max_digits=18, verbose_name="amount")),
                ("currency", models.CharField(max_length=3)),
                (
                    "late_for",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="late_fees",
                        to="billing.invoice",
                    ),
                ),
                ("late_step", models.PositiveSmallIntegerField(null=True)),
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
                (
                    "terms",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="charges",
                        to="billing.planterms",
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("withdrawn_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["-first_day", "-pk"],
                "indexes": [models.Index(fields=["center", "-first_day"], name="charge_of_center")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0), ("amount__lt", 1000000000)),
                        name="charge_amount_bounded",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("tax_category", "S"), ("tax_percent__gt", 0), ("tax_percent__lte", 100)
                            ),
                            models.Q(("tax_category__in", ["", "Z", "E", "O", "AE"]), ("tax_percent", 0)),
                            _connector="OR",
                        ),
                        name="charge_tax_percent_fits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("tax_category__in", ["E", "O", "AE"]), _negated=True),
                            models.Q(("tax_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="charge_tax_has_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("description", ""), _negated=True), name="charge_is_described"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("end_day__isnull", True), ("end_day__gt", models.F("first_day")), _connector="OR"
                        ),
                        name="charge_has_days",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("end_day__isnull", True),
                            ("per_number", True),
                            models.Q(("every", "once"), _negated=True),
                            _connector="OR",
                        ),
                        name="charge_once_has_no_end",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("late_for__isnull", True), ("late_step__isnull", True)),
                            models.Q(
                                ("every", "once"),
                                ("late_for__isnull", False),
                                ("late_step__gte", 1),
                                ("per_number", False),
                            ),
                            _connector="OR",
                        ),
                        name="charge_late_fee_is_once",
                    ),
                    models.UniqueConstraint(
                        fields=("late_for", "late_step"), name="charge_late_fee_step_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("terms__isnull", True), ("every", "month"), _connector="OR"),
                        name="charge_of_plan_is_monthly",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("terms__isnull", False), ("withdrawn_at__isnull", True)),
                        expressions=[
                            ("center", "="),
                            (
                                billing.models.invoices.DateRange(
                                    models.F("first_day"),
                                    models.F("end_day"),
                                    django.contrib.postgres.fields.ranges.RangeBoundary(),
                                ),
                                "&&",
                            ),
                        ],
                        name="charge_plans_apart",
                    ),
                ],
            },
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
                    "reseller",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="centers.reseller",
                    ),
                ),
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
                    "on",
                    models.CharField(
                        choices=[
                            ("everything", "Everything"),
                            ("each_message", "Messages"),
                            ("charge", "One charge"),
                        ],
                        max_length=12,
                        verbose_name="on",
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
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("withdrawn_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["-first_day", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("amount__isnull", True), ("percent__gt", 0), ("percent__lte", 100)),
                            models.Q(("amount__gt", 0), ("on", "charge"), ("percent__isnull", True)),
                            _connector="OR",
                        ),
                        name="discount_is_bounded",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("charge__isnull", False), ("on", "charge")),
                            models.Q(("charge__isnull", True), models.Q(("on", "charge"), _negated=True)),
                            _connector="OR",
                        ),
                        name="discount_names_its_charge",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("end_day__isnull", True), ("end_day__gt", models.F("first_day")), _connector="OR"
                        ),
                        name="discount_has_days",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
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
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                ("mazbot_id", models.CharField(blank=True, max_length=64)),
                ("month", models.DateField(verbose_name="month")),
                ("asked_at", models.DateTimeField()),
                ("checked_at", models.DateTimeField(null=True)),
                ("closing_at", models.DateTimeField(null=True)),
                ("problem", models.CharField(blank=True, db_default="", default="", max_length=20)),
                ("sent_gap", models.BigIntegerField(db_default=0, default=0)),
                ("received_gap", models.BigIntegerField(db_default=0, default=0)),
                ("failed_gap", models.BigIntegerField(db_default=0, default=0)),
                (
                    "cost_gap",
                    models.DecimalField(
                        db_default=Decimal("0"), decimal_places=10, default=Decimal("0"), max_digits=24
                    ),
                ),
            ],
            options={
                "ordering": ["-month"],
                "constraints": [
                    models.UniqueConstraint(fields=("reseller", "mazbot_id", "month"), name="usagecheck_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="DunningPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "late_fee_percent",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=4,
                        default=0,
                        max_digits=7,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("0")),
                            django.core.validators.MaxValueValidator(Decimal("100")),
                        ],
                        verbose_name="late fee, percent of the overdue amount",
                    ),
                ),
                (
                    "late_fee_amounts",
                    models.JSONField(
                        blank=True,
                        db_default=models.Value({}, models.JSONField()),
                        default=dict,
                        verbose_name="late fee, fixed amounts",
                    ),
                ),
                (
                    "late_fee_days",
                    models.PositiveSmallIntegerField(
                        db_default=7,
                        default=7,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(365),
                        ],
                        verbose_name="late fee, days after the due date",
                    ),
                ),
                (
                    "late_fee_monthly",
                    models.BooleanField(
                        db_default=False, default=False, verbose_name="late fee again every month"
                    ),
                ),
                (
                    "late_fee_ceiling",
                    models.PositiveSmallIntegerField(
                        db_default=20,
                        default=20,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="late fees at most, percent of the invoice",
                    ),
                ),
                ("suspend", models.BooleanField(default=True, verbose_name="suspend unpaid centers")),
                (
                    "grace_days",
                    models.PositiveSmallIntegerField(
                        default=10,
                        validators=[
                            django.core.validators.MinValueValidator(-365),
                            django.core.validators.MaxValueValidator(365),
                        ],
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
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(
                            validators=[
                                django.core.validators.MinValueValidator(1),
                                django.core.validators.MaxValueValidator(7),
                            ]
                        ),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="quiet weekdays",
                    ),
                ),
                (
                    "quiet_dates",
                    django.contrib.postgres.fields.ArrayField(
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
                ("name", models.CharField(max_length=60, verbose_name="name")),
                (
                    "reminder_days",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.SmallIntegerField(
                            validators=[
                                django.core.validators.MinValueValidator(-365),
                                django.core.validators.MaxValueValidator(365),
                            ]
                        ),
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
                        validators=[
                            django.core.validators.MinValueValidator(-365),
                            django.core.validators.MaxValueValidator(365),
                        ],
                        verbose_name="final warning, days after the due date",
                    ),
                ),
            ],
            options={
                "ordering": ["name", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("reseller"),
                        centers.values.names.NameKey("name"),
                        name="dunningpolicy_name_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BillingPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "late_fee_percent",
                    models.DecimalField(
                        db_default=0,
                        decimal_places=4,
                        default=0,
                        max_digits=7,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("0")),
                            django.core.validators.MaxValueValidator(Decimal("100")),
                        ],
                        verbose_name="late fee, percent of the overdue amount",
                    ),
                ),
                (
                    "late_fee_amounts",
                    models.JSONField(
                        blank=True,
                        db_default=models.Value({}, models.JSONField()),
                        default=dict,
                        verbose_name="late fee, fixed amounts",
                    ),
                ),
                (
                    "late_fee_days",
                    models.PositiveSmallIntegerField(
                        db_default=7,
                        default=7,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(365),
                        ],
                        verbose_name="late fee, days after the due date",
                    ),
                ),
                (
                    "late_fee_monthly",
                    models.BooleanField(
                        db_default=False, default=False, verbose_name="late fee again every month"
                    ),
                ),
                (
                    "late_fee_ceiling",
                    models.PositiveSmallIntegerField(
                        db_default=20,
                        default=20,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="late fees at most, percent of the invoice",
                    ),
                ),
                ("suspend", models.BooleanField(default=True, verbose_name="suspend unpaid centers")),
                (
                    "grace_days",
                    models.PositiveSmallIntegerField(
                        default=10,
                        validators=[
                            django.core.validators.MinValueValidator(-365),
                            django.core.validators.MaxValueValidator(365),
                        ],
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
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(
                            validators=[
                                django.core.validators.MinValueValidator(1),
                                django.core.validators.MaxValueValidator(7),
                            ]
                        ),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="quiet weekdays",
                    ),
                ),
                (
                    "quiet_dates",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DateField(),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="quiet dates",
                    ),
                ),
                (
                    "reseller",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="billing_policy",
                        to="centers.reseller",
                    ),
                ),
                (
                    "auto_invoice",
                    models.BooleanField(default=True, verbose_name="issue monthly invoices automatically"),
                ),
                (
                    "close_after_days",
                    models.PositiveSmallIntegerField(
                        default=1,
                        validators=[
                            django.core.validators.MinValueValidator(-20),
                            django.core.validators.MaxValueValidator(20),
                        ],
                        verbose_name="days to wait after a month's end",
                    ),
                ),
                (
                    "reread_days",
                    models.PositiveSmallIntegerField(
                        default=1,
                        validators=[
                            django.core.validators.MinValueValidator(-31),
                            django.core.validators.MaxValueValidator(31),
                        ],
                        verbose_name="past days to fetch every day",
                    ),
                ),
                (
                    "today_reads",
                    models.PositiveSmallIntegerField(
                        db_default=1,
                        default=1,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(24),
                        ],
                        verbose_name="times a day to fetch today's usage",
                    ),
                ),
                (
                    "check_months",
                    models.PositiveSmallIntegerField(
                        db_default=2,
                        default=2,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(12),
                        ],
                        verbose_name="past months whose totals are compared every week",
                    ),
                ),
                (
                    "usage_tolerance",
                    models.DecimalField(
                        db_default=Decimal("1.2"),
                        decimal_places=2,
                        default=Decimal("1.2"),
                        max_digits=5,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(100),
                        ],
                        verbose_name="flag usage above the highest rate multiplied by",
                    ),
                ),
                (
                    "rate_change_percent",
                    models.PositiveSmallIntegerField(
                        db_default=50,
                        default=50,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1000),
                        ],
                        verbose_name="confirm rates that change by more than",
                    ),
                ),
                (
                    "billable",
                    models.CharField(
                        choices=[("delivered", "Sent minus failed"), ("sent", "All sent messages")],
                        default="delivered",
                        max_length=9,
                        verbose_name="billable messages",
                    ),
                ),
                (
                    "subscription_type",
                    models.CharField(blank=True, max_length=64, verbose_name="subscription type to charge"),
                ),
                (
                    "one_off_type",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=64,
                        verbose_name="one-off type to charge",
                    ),
                ),
                (
                    "currencies_kept",
                    models.CharField(blank=True, db_default="", default="", editable=False, max_length=60),
                ),
                (
                    "subscription_share",
                    models.CharField(
                        choices=[("held", "Per day"), ("full", "In full")],
                        db_default="held",
                        default="held",
                        max_length=4,
                        verbose_name="charge incomplete months",
                    ),
                ),
                (
                    "exchange_warn_days",
                    models.PositiveSmallIntegerField(
                        db_default=35,
                        default=35,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(3650),
                        ],
                        verbose_name="warn when an exchange rate is older than",
                    ),
                ),
                (
                    "exchange_block_days",
                    models.PositiveSmallIntegerField(
                        db_default=95,
                        default=95,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(3650),
                        ],
                        verbose_name="block invoices when an exchange rate is older than",
                    ),
                ),
                (
                    "price_notice_days",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(365)],
                        verbose_name="announce price changes, days before",
                    ),
                ),
                (
                    "payment_terms_days",
                    models.PositiveSmallIntegerField(
                        default=14,
                        validators=[
                            django.core.validators.MinValueValidator(-365),
                            django.core.validators.MaxValueValidator(365),
                        ],
                        verbose_name="days until an invoice is due",
                    ),
                ),
                (
                    "reminder_days",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.SmallIntegerField(
                            validators=[
                                django.core.validators.MinValueValidator(-365),
                                django.core.validators.MaxValueValidator(365),
                            ]
                        ),
                        blank=True,
                        default=billing.models.policy.default_reminder_days,
                        size=None,
                        verbose_name="reminders, days from the due date",
                    ),
                ),
                (
                    "warning_days",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        default=7,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(-365),
                            django.core.validators.MaxValueValidator(365),
                        ],
                        verbose_name="final warning, days after the due date",
                    ),
                ),
                (
                    "whatsapp_reminders",
                    models.BooleanField(
                        db_default=False, default=False, verbose_name="send reminders by WhatsApp, too"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("exchange_warn_days__lte", models.F("exchange_block_days"))),
                        name="billingpolicy_warns_before_it_blocks",
                        violation_error_message="The warning comes before invoices are blocked: enter at least as many days for blocking.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CenterPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="centers.reseller"
                    ),
                ),
                (
                    "center",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="billing_policy",
                        to="centers.center",
                    ),
                ),
                (
                    "dunning_policy",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="billing.dunningpolicy",
                        verbose_name="rules for unpaid invoices",
                    ),
                ),
                (
                    "auto_invoice",
                    models.BooleanField(
                        blank=True, null=True, verbose_name="issue monthly invoices automatically"
                    ),
                ),
                (
                    "billable",
                    models.CharField(
                        blank=True,
                        choices=[("delivered", "Sent minus failed"), ("sent", "All sent messages")],
                        max_length=9,
                        null=True,
                        verbose_name="billable messages",
                    ),
                ),
                (
                    "subscription_type",
                    models.CharField(
                        blank=True, max_length=64, null=True, verbose_name="subscription type to charge"
                    ),
                ),
                (
                    "one_off_type",
                    models.CharField(
                        blank=True, max_length=64, null=True, verbose_name="one-off type to charge"
                    ),
                ),
                (
                    "payment_terms_days",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(-365),
                            django.core.validators.MaxValueValidator(365),
                        ],
                        verbose_name="days until an invoice is due",
                    ),
                ),
                (
                    "reminder_days",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.SmallIntegerField(
                            validators=[
                                django.core.validators.MinValueValidator(-365),
                                django.core.validators.MaxValueValidator(365),
                            ]
                        ),
                        blank=True,
                        null=True,
                        size=None,
                        verbose_name="reminders, days from the due date",
                    ),
                ),
                (
                    "warning_days",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(-365),
                            django.core.validators.MaxValueValidator(365),
                        ],
                        verbose_name="final warning, days after the due date",
                    ),
                ),
                ("suspend", models.BooleanField(blank=True, null=True, verbose_name="suspend when unpaid")),
                (
                    "grace_days",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(-365),
                            django.core.validators.MaxValueValidator(365),
                        ],
                        verbose_name="suspend this many days after the due date",
                    ),
                ),
                (
                    "minimum_amount",
                    models.DecimalField(
                        blank=True,
                        decimal_places=4,
                        max_digits=18,
                        null=True,
                        verbose_name="never suspend below this amount",
                    ),
                ),
                (
                    "quiet_weekdays",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(
                            validators=[
                                django.core.validators.MinValueValidator(1),
                                django.core.validators.MaxValueValidator(7),
                            ]
                        ),
                        blank=True,
                        null=True,
                        size=None,
                        verbose_name="quiet weekdays",
                    ),
                ),
                (
                    "quiet_dates",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DateField(),
                        blank=True,
                        null=True,
                        size=None,
                        verbose_name="quiet dates",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RateFetch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rate_fetches",
                        to="centers.reseller",
                    ),
                ),
                ("country_id", models.CharField(blank=True, max_length=16)),
                ("first_fetched_at", models.DateTimeField()),
                ("fetched_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("applied", "Applied"),
                            ("waiting", "Waiting for confirmation"),
                            ("declined", "Refused"),
                            ("replaced", "No longer sent by MazBot"),
                        ],
                        db_default="applied",
                        default="applied",
                        max_length=8,
                    ),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["country_id", "-pk"],
                "indexes": [models.Index(fields=["reseller", "country_id", "-id"], name="ratefetch_latest")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "waiting")),
                        fields=("reseller", "country_id"),
                        name="ratefetch_one_waits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "applied"),
                            models.Q(("decided_at", None), ("state__in", ["waiting", "replaced"])),
                            models.Q(("decided_at__isnull", False), ("state", "declined")),
                            _connector="OR",
                        ),
                        name="ratefetch_decided_fits",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Rate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="centers.reseller"
                    ),
                ),
                (
                    "fetch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rates",
                        to="billing.ratefetch",
                    ),
                ),
                ("type", models.CharField(max_length=64)),
                ("cost", models.DecimalField(decimal_places=10, max_digits=24)),
                ("currency", models.CharField(max_length=3)),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("fetch", "type"), name="rate_once_per_fetch")
                ],
            },
        ),
        migrations.CreateModel(
            name="RateCategory",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                ("type", models.CharField(max_length=64)),
                (
                    "category",
                    models.CharField(
                        choices=[
                            ("message", "Messages"),
                            ("subscription", "Subscriptions"),
                            ("ignored", "Ignored"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "interval",
                    models.CharField(
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
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("reseller", "type"), name="ratecategory_once")
                ],
            },
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
                (
                    "reseller",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="centers.reseller",
                    ),
                ),
                ("country_id", models.CharField(max_length=16)),
                (
                    "iso",
                    models.CharField(max_length=2, validators=[centers.values.countries.validate_country]),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("reseller", "country_id"), name="mazbotcountry_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Margin",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="margins",
                        to="centers.reseller",
                    ),
                ),
                (
                    "level",
                    models.CharField(
                        choices=[("reseller", "All centers"), ("country", "Country"), ("center", "Center")],
                        max_length=8,
                    ),
                ),
                (
                    "center",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="margins",
                        to="centers.center",
                    ),
                ),
                ("country_id", models.CharField(blank=True, max_length=16)),
                (
                    "category",
                    models.CharField(
                        choices=[("message", "Messages"), ("subscription", "Subscriptions")], max_length=12
                    ),
                ),
                ("percent", models.DecimalField(decimal_places=4, max_digits=9, verbose_name="percent")),
                ("fixed", models.DecimalField(decimal_places=8, max_digits=18, verbose_name="fixed amount")),
                ("withdrawn", models.BooleanField(default=False)),
                ("valid_from", models.DateField(verbose_name="valid from")),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-valid_from", "-pk"],
                "indexes": [
                    models.Index(fields=["reseller", "category", "-valid_from"], name="margin_lookup")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("center__isnull", True), ("country_id", ""), ("level", "reseller")),
                            models.Q(
                                ("center__isnull", True),
                                ("level", "country"),
                                models.Q(("country_id", ""), _negated=True),
                            ),
                            models.Q(("center__isnull", False), ("country_id", ""), ("level", "center")),
                            _connector="OR",
                        ),
                        name="margin_level_fits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("percent__gte", -100), ("percent__lte", 10000)),
                        name="margin_percent_bounded",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("fixed__gte", -1000000), ("fixed__lte", 1000000)),
                        name="margin_fixed_bounded",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("withdrawn", False),
                            models.Q(
                                ("fixed", 0), ("percent", 0), models.Q(("level", "reseller"), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="margin_withdrawn_is_bare",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ExchangeRate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="exchange_rates",
                        to="centers.reseller",
                    ),
                ),
                (
                    "base",
                    models.CharField(
                        max_length=3,
                        validators=[centers.values.validators.validate_currency],
                        verbose_name="from currency",
                    ),
                ),
                (
                    "quote",
                    models.CharField(
                        max_length=3,
                        validators=[centers.values.validators.validate_currency],
                        verbose_name="to currency",
                    ),
                ),
                ("day", models.DateField(verbose_name="valid from")),
                ("rate", models.DecimalField(decimal_places=10, max_digits=20, verbose_name="rate")),
                ("entered_at", models.DateTimeField()),
                (
                    "entered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-day", "-pk"],
                "indexes": [
                    models.Index(fields=["reseller", "base", "quote", "-day", "-id"], name="exchange_lookup")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("rate__gt", 0), ("rate__lt", 1000000000)),
                        name="exchange_rate_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("base", models.F("quote")), _negated=True),
                        name="exchange_between_two",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="InvoiceLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="centers.reseller"
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="billing.invoice",
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("usage", "Messages"),
                            ("subscription", "Subscription"),
                            ("adjustment", "Adjustment"),
                            ("carried", "Carried over"),
                            ("one_off", "One-off charge"),
                            ("charge", "Charge"),
                            ("recurring", "Recurring charge"),
                            ("plan", "Price of the plan"),
                            ("beyond", "Messages beyond the plan"),
                            ("advance", "Paid in advance"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "instance",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="whatsapp.instance",
                    ),
                ),
                ("number_label", models.CharField(max_length=160)),
                ("rate_type", models.CharField(blank=True, max_length=64)),
                (
                    "charge",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="billing.charge",
                    ),
                ),
                ("description", models.CharField(blank=True, db_default="", default="", max_length=120)),
                ("first_day", models.DateField()),
                ("end_day", models.DateField()),
                ("quantity", models.BigIntegerField()),
                (
                    "billable",
                    models.CharField(
                        blank=True,
                        choices=[("delivered", "Sent minus failed"), ("sent", "All sent messages")],
                        max_length=9,
                    ),
                ),
                ("sent", models.BigIntegerField(default=0)),
                ("received", models.BigIntegerField(default=0)),
                ("failed", models.BigIntegerField(default=0)),
                ("cost", models.DecimalField(decimal_places=10, max_digits=24)),
                ("unit_cost", models.DecimalField(decimal_places=10, max_digits=24)),
                ("cost_currency", models.CharField(max_length=3)),
                (
                    "margin",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.margin",
                    ),
                ),
                ("percent", models.DecimalField(decimal_places=4, max_digits=9)),
                ("fixed", models.DecimalField(decimal_places=8, max_digits=18)),
                (
                    "discount_percent",
                    models.DecimalField(db_default=0, decimal_places=4, default=0, max_digits=7),
                ),
                (
                    "discount_amount",
                    models.DecimalField(db_default=0, decimal_places=4, default=0, max_digits=18),
                ),
                ("exchange_rate", models.DecimalField(decimal_places=10, max_digits=20)),
                ("unit_price", models.DecimalField(decimal_places=10, max_digits=24)),
                ("amount", models.DecimalField(decimal_places=4, max_digits=18)),
                ("currency", models.CharField(max_length=3)),
                ("exact", models.DecimalField(decimal_places=30, max_digits=50, null=True)),
                ("tax_category", models.CharField(db_default="O", default="O", max_length=2)),
                ("tax_percent", models.DecimalField(db_default=0, decimal_places=4, default=0, max_digits=7)),
                ("tax_reason", models.CharField(blank=True, db_default="", default="", max_length=200)),
                ("tax_included", models.BooleanField(db_default=False, default=False)),
                (
                    "corrects",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="billing.invoiceline",
                    ),
                ),
            ],
            options={
                "ordering": ["position"],
                "constraints": [
                    models.UniqueConstraint(fields=("invoice", "position"), name="invoiceline_position_once")
                ],
            },
            bases=(billing.models.lines.LineKinds, models.Model),
        ),
        migrations.CreateModel(
            name="UsageRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                (
                    "center",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="usage_records",
                        to="centers.center",
                    ),
                ),
                (
                    "instance",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="usage_records",
                        to="whatsapp.instance",
                    ),
                ),
                (
                    "assignment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="usage_records",
                        to="whatsapp.instanceassignment",
                    ),
                ),
                ("day", models.DateField()),
                ("sent", models.BigIntegerField()),
                ("received", models.BigIntegerField()),
                ("failed", models.BigIntegerField()),
                ("cost", models.DecimalField(decimal_places=10, max_digits=24)),
                ("currency", models.CharField(max_length=3)),
                ("first_read_at", models.DateTimeField()),
                ("read_at", models.DateTimeField()),
                ("repeats", models.PositiveIntegerField(default=0)),
            ],
            options={
                "ordering": ["-day", "instance"],
                "indexes": [
                    models.Index(fields=["instance", "day"], name="usagerecord_of_number"),
                    models.Index(fields=["center", "day"], name="usagerecord_of_center"),
                    models.Index(fields=["reseller", "day"], name="usagerecord_of_reseller"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("assignment", "day"), name="usagerecord_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("cost__gte", 0),
                            ("cost__lt", 100000000000000),
                            ("failed__gte", 0),
                            ("received__gte", 0),
                            ("sent__gte", 0),
                        ),
                        name="usagerecord_counts",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FlaggedUsage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="centers.reseller"
                    ),
                ),
                (
                    "center",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="centers.center",
                    ),
                ),
                (
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="flagged_usage",
                        to="whatsapp.instance",
                    ),
                ),
                (
                    "assignment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="whatsapp.instanceassignment",
                    ),
                ),
                ("day", models.DateField()),
                ("sent", models.BigIntegerField(null=True)),
                ("received", models.BigIntegerField(null=True)),
                ("failed", models.BigIntegerField(null=True)),
                ("cost", models.DecimalField(decimal_places=10, max_digits=24, null=True)),
                ("sent_before", models.BigIntegerField(null=True)),
                ("failed_before", models.BigIntegerField(null=True)),
                ("cost_before", models.DecimalField(decimal_places=10, max_digits=24, null=True)),
                ("note", models.CharField(blank=True, db_default="", default="", max_length=300)),
                ("currency", models.CharField(max_length=3)),
                ("read_at", models.DateTimeField()),
                (
                    "flag",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Changed later"),
                            ("decreased", "Decreased"),
                            ("late", "Received after the invoice"),
                            ("future", "For a future day"),
                            ("odd", "A figure can't be read"),
                            ("impossible", "Not plausible"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "resolution",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Open"),
                            ("accepted", "Accepted"),
                            ("dismissed", "Dismissed"),
                            ("superseded", "Corrected by MazBot"),
                            ("waived", "Recorded, not charged"),
                        ],
                        max_length=10,
                    ),
                ),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "resolved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-read_at", "-pk"],
                "indexes": [models.Index(fields=["center", "day"], name="flaggedusage_of_center")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("resolved_at__isnull", True), models.Q(("flag", ""), _negated=True)
                        ),
                        fields=("assignment", "day", "flag"),
                        name="flaggedusage_open_flag_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AccountUsageRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="account_usage_records",
                        to="centers.reseller",
                    ),
                ),
                ("day", models.DateField()),
                ("sent", models.BigIntegerField(null=True)),
                ("received", models.BigIntegerField(null=True)),
                ("failed", models.BigIntegerField(null=True)),
                ("cost", models.DecimalField(decimal_places=10, max_digits=24, null=True)),
                ("currency", models.CharField(max_length=3)),
                (
                    "available_quota",
                    models.DecimalField(blank=True, decimal_places=4, max_digits=24, null=True),
                ),
                ("quota_is_unlimited", models.BooleanField(db_default=False, default=False)),
                ("odd", models.CharField(blank=True, db_default="", default="", max_length=500)),
                ("read_at", models.DateTimeField()),
                ("numbers_changed_at", models.DateTimeField(blank=True, null=True)),
                ("changed_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-day"],
                "constraints": [
                    models.UniqueConstraint(fields=("reseller", "day"), name="accountusagerecord_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Waiver",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="centers.reseller"
                    ),
                ),
                (
                    "center",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="waivers",
                        to="centers.center",
                    ),
                ),
                ("because", models.CharField(max_length=300)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("because", ""), _negated=True), name="waiver_has_a_reason"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UsageClaim",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="centers.reseller"
                    ),
                ),
                (
                    "usage_record",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="claims",
                        to="billing.usagerecord",
                    ),
                ),
                (
                    "period",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="claims",
                        to="billing.billingperiod",
                    ),
                ),
                (
                    "waiver",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="claims",
                        to="billing.waiver",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="claims",
                        to="billing.invoiceline",
                    ),
                ),
                (
                    "margin",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.margin",
                    ),
                ),
                ("revision", models.PositiveIntegerField()),
                ("sent", models.BigIntegerField()),
                ("received", models.BigIntegerField()),
                ("failed", models.BigIntegerField()),
                ("sent_before", models.BigIntegerField()),
                ("failed_before", models.BigIntegerField()),
                ("cost", models.DecimalField(decimal_places=10, max_digits=24)),
                ("voided_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("voided_at__isnull", True)),
                        fields=("usage_record", "revision"),
                        name="usageclaim_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("period__isnull", False), ("waiver__isnull", True)),
                            models.Q(
                                ("line__isnull", True), ("period__isnull", True), ("waiver__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="usageclaim_billed_or_waived",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SubscriptionClaim",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="centers.reseller"
                    ),
                ),
                (
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="whatsapp.instance"
                    ),
                ),
                ("month", models.DateField()),
                ("first_day", models.DateField(null=True)),
                ("end_day", models.DateField(null=True)),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subscription_claims",
                        to="billing.billingperiod",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.invoiceline",
                    ),
                ),
                ("one_off", models.BooleanField(db_default=False, default=False)),
                ("voided_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("one_off", False), ("voided_at__isnull", True)),
                        expressions=[("instance", "="), (billing.models.claims.CoveredDays(), "&&")],
                        name="subscriptionclaim_apart",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("one_off", True), ("voided_at__isnull", True)),
                        fields=("instance",),
                        name="subscriptionclaim_one_off_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("end_day__isnull", True), ("first_day__isnull", True)),
                            ("first_day__lt", models.F("end_day")),
                            _connector="OR",
                        ),
                        name="subscriptionclaim_has_days",
                    ),
                ],
            },
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
                (
                    "reseller",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="centers.reseller",
                    ),
                ),
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
                ("first_day", models.DateField()),
                ("end_day", models.DateField()),
                ("once", models.BooleanField(db_default=False, default=False)),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="charge_claims",
                        to="billing.billingperiod",
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
                ("voided_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
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
                    models.UniqueConstraint(
                        condition=models.Q(("once", True), ("voided_at__isnull", True)),
                        fields=("charge", "instance"),
                        name="chargeclaim_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("first_day__lt", models.F("end_day"))),
                        name="chargeclaim_has_days",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BeyondClaim",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                (
                    "charge",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="beyond_claims",
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
                ("first_day", models.DateField()),
                ("end_day", models.DateField()),
                ("revision", models.PositiveIntegerField()),
                (
                    "billable",
                    models.CharField(
                        choices=[("delivered", "Sent minus failed"), ("sent", "All sent messages")],
                        max_length=9,
                    ),
                ),
                ("included", models.PositiveIntegerField()),
                ("messages", models.BigIntegerField()),
                ("quantity", models.BigIntegerField()),
                ("cost", models.DecimalField(decimal_places=10, max_digits=24)),
                ("currency", models.CharField(max_length=3)),
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="beyond_claims",
                        to="billing.billingperiod",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="beyond_claims",
                        to="billing.invoiceline",
                    ),
                ),
                ("voided_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("voided_at__isnull", True)),
                        fields=("charge", "instance", "first_day", "currency", "revision"),
                        name="beyondclaim_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("first_day__lt", models.F("end_day"))),
                        name="beyondclaim_has_days",
                    ),
                ],
            },
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
                (
                    "reseller",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="centers.reseller",
                    ),
                ),
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
                ("amount", models.DecimalField(decimal_places=4, max_digits=18)),
                ("currency", models.CharField(max_length=3)),
                ("because", models.CharField(max_length=300, verbose_name="reason")),
                ("written_off_on", models.DateField()),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("reversed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "reversed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("reversal_reason", models.CharField(blank=True, max_length=300)),
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
        migrations.CreateModel(
            name="Payment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="centers.reseller",
                    ),
                ),
                (
                    "center",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="centers.center",
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=4, max_digits=18, verbose_name="amount")),
                ("currency", models.CharField(max_length=3)),
                ("reference", models.CharField(blank=True, max_length=80, verbose_name="reference")),
                (
                    "method",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("bank", "Bank transfer"),
                            ("cash", "Cash"),
                            ("card", "Card"),
                            ("wallet", "Mobile wallet"),
                            ("gateway", "Payment gateway"),
                        ],
                        db_default="",
                        default="",
                        max_length=7,
                        verbose_name="method",
                    ),
                ),
                ("received_on", models.DateField(verbose_name="received on")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="note")),
                ("recorded_at", models.DateTimeField()),
                (
                    "recorded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("reversed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "reversed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("reversal_reason", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "ordering": ["-received_on", "-pk"],
                "indexes": [
                    models.Index(fields=["reseller", "-received_on", "-id"], name="payment_by_day"),
                    models.Index(
                        models.F("reseller"),
                        models.F("reference"),
                        models.F("id"),
                        name="payment_by_reference",
                    ),
                    models.Index(
                        models.F("reseller"),
                        models.F("currency"),
                        models.F("amount"),
                        models.F("id"),
                        name="payment_by_amount",
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            centers.values.names.NameKey("reference"), name="gin_trgm_ops"
                        ),
                        name="payment_reference_trgm",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("reseller"),
                        centers.values.names.NameKey("reference"),
                        condition=models.Q(("reference", ""), _negated=True),
                        name="payment_reference_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("method", "cash"), models.Q(("reference", ""), _negated=True), _connector="OR"
                        ),
                        name="payment_reference_unless_cash",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0), ("amount__lt", 100000000000000)),
                        name="payment_positive",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CreditConversion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="centers.reseller"
                    ),
                ),
                (
                    "center",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credit_conversions",
                        to="centers.center",
                    ),
                ),
                ("from_amount", models.DecimalField(decimal_places=4, max_digits=18)),
                ("from_currency", models.CharField(max_length=3)),
                ("to_amount", models.DecimalField(decimal_places=4, max_digits=18)),
                ("to_currency", models.CharField(max_length=3)),
                ("rate", models.DecimalField(decimal_places=10, max_digits=20)),
                ("divisor", models.DecimalField(decimal_places=10, max_digits=20)),
                ("rate_day", models.DateField()),
                ("is_typed", models.BooleanField(db_default=False, default=False)),
                ("reason", models.CharField(blank=True, db_default="", default="", max_length=300)),
                (
                    "reverses",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversal",
                        to="billing.creditconversion",
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("from_amount__gt", 0),
                            ("to_amount__gt", 0),
                            models.Q(("from_currency", models.F("to_currency")), _negated=True),
                        ),
                        name="creditconversion_between_two",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("is_typed", False), ("reverses", None)),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="creditconversion_has_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LedgerEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="centers.reseller"
                    ),
                ),
                (
                    "center",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ledger_entries",
                        to="centers.center",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("invoice", "Invoice"),
                            ("credit_note", "Credit note"),
                            ("payment", "Payment"),
                            ("reversal", "Payment reversed"),
                            ("refund", "Credit refunded"),
                            ("conversion", "Credit converted"),
                            ("write_off", "Written off"),
                            ("recovery", "Write-off reversed"),
                            ("opening", "Opening balance"),
                        ],
                        max_length=12,
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=4, max_digits=18)),
                ("currency", models.CharField(max_length=3)),
                (
                    "invoice",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="billing.invoice",
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="billing.payment",
                    ),
                ),
                (
                    "conversion",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="billing.creditconversion",
                    ),
                ),
                (
                    "write_off",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="billing.writeoff",
                    ),
                ),
                ("reference", models.CharField(blank=True, max_length=80)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
                "indexes": [models.Index(fields=["center", "currency", "id"], name="ledger_of_center")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("invoice__isnull", False)),
                        fields=("invoice",),
                        name="ledger_invoice_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("payment__isnull", False)),
                        fields=("payment", "kind"),
                        name="ledger_payment_once",
                    ),
                    models.UniqueConstraint(
                        models.F("reseller"),
                        centers.values.names.NameKey("reference"),
                        condition=models.Q(("kind", "refund")),
                        name="ledger_refund_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("conversion__isnull", False)),
                        fields=("conversion", "currency"),
                        name="ledger_conversion_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("invoice__isnull", False),
                                ("kind__in", ["invoice", "credit_note"]),
                                ("payment__isnull", True),
                            ),
                            models.Q(
                                ("amount__lt", 0),
                                ("invoice__isnull", True),
                                ("kind", "payment"),
                                ("payment__isnull", False),
                            ),
                            models.Q(
                                ("amount__gt", 0),
                                ("invoice__isnull", True),
                                ("kind", "reversal"),
                                ("payment__isnull", False),
                            ),
                            models.Q(
                                ("amount__gt", 0),
                                ("invoice__isnull", True),
                                ("kind", "refund"),
                                ("payment__isnull", True),
                            ),
                            models.Q(
                                ("invoice__isnull", True),
                                ("kind__in", ["conversion", "opening"]),
                                ("payment__isnull", True),
                            ),
                            models.Q(
                                ("amount__lt", 0),
                                ("invoice__isnull", True),
                                ("kind", "write_off"),
                                ("payment__isnull", True),
                            ),
                            models.Q(
                                ("amount__gt", 0),
                                ("invoice__isnull", True),
                                ("kind", "recovery"),
                                ("payment__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="ledger_entry_fits_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("conversion__isnull", False), ("kind", "conversion")),
                            models.Q(
                                models.Q(("kind", "conversion"), _negated=True), ("conversion__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="ledger_conversion_fits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind__in", ["write_off", "recovery"]), ("write_off__isnull", False)),
                            models.Q(
                                models.Q(("kind__in", ["write_off", "recovery"]), _negated=True),
                                ("write_off__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="ledger_write_off_fits",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("write_off__isnull", False)),
                        fields=("write_off", "kind"),
                        name="ledger_write_off_once",
                    ),
                ],
            },
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
                    "reseller",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="document_settings",
                        to="centers.reseller",
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
            ],
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
                    "reseller",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="centers.reseller",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("invoice", "Invoices"),
                            ("credit_note", "Credit notes"),
                            ("receipt", "Receipts"),
                            ("advance", "Advance invoices"),
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
                        choices=[("yyyy", "2026"), ("yy", "26"), ("running", "none, numbering continues")],
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
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("reseller", "kind"), name="numberformat_once")
                ],
            },
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
                (
                    "reseller",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="centers.reseller",
                    ),
                ),
                ("version", models.CharField(max_length=16)),
                ("picture", models.BinaryField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("reseller", "version"), name="documentlogo_once")
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
                (
                    "reseller",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipts",
                        to="centers.reseller",
                    ),
                ),
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
                ("number", models.CharField(max_length=24)),
                ("year", models.PositiveSmallIntegerField()),
                ("sequence", models.PositiveIntegerField()),
                ("issued_at", models.DateTimeField()),
                ("issued_on", models.DateField()),
                ("language", models.CharField(max_length=5)),
                ("parties", models.JSONField()),
                ("paid", models.JSONField()),
                ("left", models.DecimalField(decimal_places=4, max_digits=18)),
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
        migrations.CreateModel(
            name="Reminder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="centers.reseller"
                    ),
                ),
                (
                    "center",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reminders",
                        to="centers.center",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reminders",
                        to="billing.invoice",
                    ),
                ),
                ("step", models.CharField(max_length=16)),
                ("at", models.DateTimeField()),
                ("skipped", models.BooleanField(db_default=False, default=False)),
            ],
            options={
                "ordering": ["-at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("invoice", "step"), name="reminder_step_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="centers.reseller"
                    ),
                ),
                (
                    "center",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="holds", to="centers.center"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("hold", "Hold"), ("promise", "Promise to pay")],
                        db_default="hold",
                        default="hold",
                        max_length=7,
                    ),
                ),
                ("until", models.DateField(verbose_name="don't suspend before")),
                ("because", models.CharField(max_length=300, verbose_name="reason")),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=4, max_digits=18, null=True, verbose_name="promised amount"
                    ),
                ),
                ("currency", models.CharField(blank=True, db_default="", default="", max_length=3)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("", "Promised"), ("kept", "Promise kept"), ("broken", "Promise broken")],
                        db_default="",
                        default="",
                        max_length=6,
                    ),
                ),
                ("judged_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("released_at", models.DateTimeField(blank=True, null=True)),
                (
                    "released_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("released_at__isnull", True)),
                        fields=("center",),
                        name="hold_one_per_center",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("amount__isnull", True), ("currency", ""), ("kind", "hold"), ("outcome", "")
                            ),
                            models.Q(
                                ("amount__gt", 0),
                                ("kind", "promise"),
                                models.Q(("currency", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="hold_promises_an_amount",
                    ),
                ],
            },
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
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="centers.reseller"
                    ),
                ),
                (
                    "center",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="centers.center",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="billing.invoice",
                    ),
                ),
                ("because", models.CharField(max_length=300, verbose_name="reason")),
                ("opened_at", models.DateTimeField()),
                (
                    "opened_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("decision", models.CharField(blank=True, max_length=300, verbose_name="decision")),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "closed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
        migrations.CreateModel(
            name="SafetyStop",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="safety_stops",
                        to="centers.reseller",
                    ),
                ),
                ("pulled_at", models.DateTimeField()),
                (
                    "center_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                ("limit", models.PositiveIntegerField()),
                ("active_centers", models.PositiveIntegerField()),
                ("released_at", models.DateTimeField(blank=True, null=True)),
                (
                    "released_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-pulled_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("closed_at__isnull", True)),
                        fields=("reseller",),
                        name="safety_stop_one_per_reseller",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Suspension",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="centers.reseller"
                    ),
                ),
                (
                    "center",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="suspensions",
                        to="centers.center",
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                ("amount", models.DecimalField(decimal_places=4, max_digits=18)),
                ("currency", models.CharField(max_length=3)),
                ("because", models.CharField(max_length=300)),
                ("limit", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                (
                    "safety_stop",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cases",
                        to="billing.safetystop",
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "ending",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Suspended"),
                            ("paid", "Paid"),
                            ("held", "Put on hold"),
                            ("settled", "No longer required"),
                        ],
                        max_length=8,
                    ),
                ),
            ],
            options={
                "ordering": ["-opened_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("center",),
                        name="suspension_one_per_center",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="GapItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("account_day", "Main account and numbers, one day"),
                            ("account_month", "Main account, a month and its days"),
                            ("unbilled", "Usage not invoiced"),
                        ],
                        max_length=13,
                        verbose_name="kind",
                    ),
                ),
                ("first_day", models.DateField(verbose_name="day or month")),
                ("currency", models.CharField(max_length=3)),
                ("amount", models.DecimalField(decimal_places=10, max_digits=24, verbose_name="difference")),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("explained", "Explained"), ("settled", "Settled")],
                        db_default="open",
                        default="open",
                        max_length=9,
                        verbose_name="status",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Not known yet"),
                            ("other_numbers", "Numbers that aren't in Markaz"),
                            ("own_use", "Own use, charged to no center"),
                            ("late", "Counted late by MazBot"),
                            ("mazbot", "Wrong figures from MazBot"),
                            ("rounding", "Rounding"),
                            ("no_invoice", "Not invoiced on purpose"),
                            ("other", "Something else"),
                            ("gone", "The figures match again"),
                        ],
                        db_default="",
                        default="",
                        max_length=13,
                        verbose_name="reason",
                    ),
                ),
                (
                    "note",
                    models.TextField(
                        blank=True, db_default="", default="", max_length=2000, verbose_name="note"
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("version", models.PositiveIntegerField(db_default=1, default=1)),
            ],
            options={
                "ordering": ["-first_day", "kind", "pk"],
                "indexes": [
                    models.Index(fields=["reseller", "state", "-first_day"], name="gapitem_by_state")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("reseller", "kind", "first_day", "currency"), name="gapitem_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "open"), models.Q(("reason", ""), _negated=True), _connector="OR"
                        ),
                        name="gapitem_decided_has_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AdvanceEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                (
                    "center",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="centers.center"
                    ),
                ),
                (
                    "advance",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="advance_entries",
                        to="billing.invoice",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("issued", "Issued"),
                            ("deducted", "Deducted"),
                            ("released", "No longer deducted"),
                            ("credited", "Credited"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="advances_in",
                        to="billing.invoice",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deductions",
                        to="billing.invoice",
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="advance_entries",
                        to="billing.ledgerentry",
                    ),
                ),
                ("net", models.DecimalField(decimal_places=4, max_digits=18)),
                ("tax", models.DecimalField(decimal_places=4, max_digits=18)),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("advance", "document", "kind", "invoice"),
                        name="advanceentry_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                models.Q(
                                    ("kind__in", ["issued", "released"]), ("net__gte", 0), ("tax__gte", 0)
                                ),
                                models.Q(
                                    ("kind__in", ["deducted", "credited"]), ("net__lte", 0), ("tax__lte", 0)
                                ),
                                _connector="OR",
                            ),
                            models.Q(("net", 0), ("tax", 0), _negated=True),
                        ),
                        name="advanceentry_sign_fits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("invoice__isnull", False), ("kind__in", ["deducted", "released"])),
                            models.Q(("invoice__isnull", True), ("kind__in", ["issued", "credited"])),
                            _connector="OR",
                        ),
                        name="advanceentry_invoice_fits",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BankStatement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                ("filename", models.CharField(blank=True, max_length=200)),
                ("uploaded_at", models.DateTimeField()),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("lines_read", models.PositiveIntegerField()),
                ("known_before", models.PositiveIntegerField()),
                ("left_out", models.JSONField(default=list)),
            ],
            options={
                "ordering": ["-pk"],
                "indexes": [models.Index(fields=["reseller", "-id"], name="bankstatement_list")],
            },
        ),
        migrations.CreateModel(
            name="BankLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                (
                    "statement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="billing.bankstatement",
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("fingerprint", models.CharField(max_length=64)),
                ("booked_on", models.DateField()),
                ("amount", models.DecimalField(decimal_places=4, max_digits=18)),
                ("currency", models.CharField(max_length=3)),
                ("text", models.CharField(blank=True, max_length=500)),
                ("payer", models.CharField(blank=True, max_length=200)),
                ("reference", models.CharField(blank=True, max_length=80)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("unmatched", "To match"),
                            ("recorded", "Recorded"),
                            ("passed", "Not a center's payment"),
                        ],
                        default="unmatched",
                        max_length=9,
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.payment",
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-booked_on", "-pk"],
                "indexes": [
                    models.Index(fields=["reseller", "state", "-booked_on", "-id"], name="bankline_list")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("reseller", "fingerprint"), name="bankline_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="PaymentAllocation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                (
                    "center",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="centers.center"
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="allocations",
                        to="billing.payment",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="allocations",
                        to="billing.invoice",
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=4, max_digits=18)),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("payment", "invoice"), name="allocation_once"),
                    models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="allocation_positive"),
                ],
            },
        ),
        migrations.CreateModel(
            name="PaymentAttachment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                (
                    "payment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attachments",
                        to="billing.payment",
                    ),
                ),
                ("kind", models.CharField(choices=[("png", "PNG"), ("pdf", "PDF")], max_length=3)),
                ("content", models.BinaryField()),
                ("added_at", models.DateTimeField()),
                (
                    "added_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="ReportedPayment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                (
                    "center",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="centers.center"
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reported_payments",
                        to="billing.invoice",
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=4, max_digits=18)),
                ("currency", models.CharField(max_length=3)),
                ("reference", models.CharField(max_length=80)),
                (
                    "kind",
                    models.CharField(blank=True, choices=[("png", "PNG"), ("pdf", "PDF")], max_length=3),
                ),
                ("content", models.BinaryField(null=True)),
                ("reported_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("undecided", "To check"),
                            ("recorded", "Recorded"),
                            ("declined", "Refused"),
                        ],
                        default="undecided",
                        max_length=9,
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.payment",
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("decision", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "ordering": ["-reported_at", "-pk"],
                "indexes": [
                    models.Index(
                        fields=["reseller", "state", "-reported_at", "-id"], name="reportedpayment_list"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("invoice"),
                        centers.values.names.NameKey("reference"),
                        condition=models.Q(("state", "undecided")),
                        name="reportedpayment_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)), name="reportedpayment_positive"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RevokedLinks",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                (
                    "invoice",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="revoked_links",
                        to="billing.invoice",
                    ),
                ),
                ("generation", models.PositiveIntegerField()),
                ("revoked_at", models.DateTimeField()),
                (
                    "revoked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PriceLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                (
                    "center",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="price_links",
                        to="centers.center",
                    ),
                ),
                ("address_mark", models.CharField(max_length=16)),
                ("made_at", models.DateTimeField()),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("opened_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "revoked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-made_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Gateway",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="gateways",
                        to="centers.reseller",
                    ),
                ),
                (
                    "provider",
                    models.CharField(
                        choices=[("stripe", "Stripe"), ("moyasar", "Moyasar"), ("hook", "Your own systems")],
                        max_length=7,
                    ),
                ),
                ("is_active", models.BooleanField(default=False, verbose_name="payments by link")),
                ("base_url", models.URLField(blank=True, max_length=300, verbose_name="address of the API")),
                ("api_key", centers.secrets.SecretField(blank=True, verbose_name="secret key")),
                ("webhook_secret", centers.secrets.SecretField(blank=True, verbose_name="webhook secret")),
                ("old_secret", centers.secrets.SecretField(blank=True)),
                ("old_secret_until", models.DateTimeField(null=True)),
                ("last_ok_at", models.DateTimeField(null=True)),
                ("last_error_at", models.DateTimeField(null=True)),
                ("last_error", centers.stored_messages.StoredMessageField(blank=True)),
            ],
            options={
                "ordering": ["provider"],
                "constraints": [
                    models.UniqueConstraint(fields=("reseller", "provider"), name="gateway_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="PaymentLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                (
                    "center",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="centers.center"
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payment_links",
                        to="billing.invoice",
                    ),
                ),
                (
                    "gateway",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="links",
                        to="billing.gateway",
                    ),
                ),
                ("key", models.CharField(max_length=36, unique=True)),
                ("amount", models.DecimalField(decimal_places=4, max_digits=18)),
                ("currency", models.CharField(max_length=3)),
                ("external_id", models.CharField(blank=True, max_length=120)),
                ("url", models.URLField(blank=True, max_length=2000)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("creating", "Being created"),
                            ("ready", "Ready to pay"),
                            ("complete", "Paid"),
                            ("outdated", "No longer valid"),
                        ],
                        max_length=8,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("expires_at", models.DateTimeField()),
                ("ask_at", models.DateTimeField(null=True)),
                (
                    "payment",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.payment",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("ask_at__isnull", False)),
                        fields=["ask_at"],
                        name="paymentlink_asked",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("external_id", ""), _negated=True),
                        fields=("gateway", "external_id"),
                        name="paymentlink_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["creating", "ready"])),
                        fields=("invoice", "gateway"),
                        name="paymentlink_one_open",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GatewayEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                (
                    "gateway",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="billing.gateway",
                    ),
                ),
                ("event_id", models.CharField(max_length=120)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("paid", "Paid"),
                            ("returned", "Money returned"),
                            ("ended", "Not paid"),
                            ("other", "Something else"),
                        ],
                        max_length=8,
                    ),
                ),
                ("what", models.CharField(blank=True, max_length=80)),
                ("link_key", models.CharField(blank=True, max_length=120)),
                ("transaction", models.CharField(blank=True, max_length=120)),
                ("amount", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("details", models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict)),
                ("received_at", models.DateTimeField()),
                ("deliveries", models.PositiveIntegerField(db_default=1, default=1)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("stored", "Not processed yet"),
                            ("recorded", "Payment recorded"),
                            ("flagged", "Flagged"),
                            ("nothing", "No effect"),
                        ],
                        default="stored",
                        max_length=8,
                    ),
                ),
                ("processed_at", models.DateTimeField(null=True)),
                (
                    "payment",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.payment",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("processed_at__isnull", True)),
                        fields=["reseller"],
                        name="gatewayevent_waiting",
                    ),
                    models.Index(
                        condition=models.Q(("outcome", "recorded")),
                        fields=["payment"],
                        name="gatewayevent_of_payment",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("gateway", "event_id"), name="gatewayevent_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="FlaggedPayment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                (
                    "gateway",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.gateway",
                    ),
                ),
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="flagged",
                        to="billing.gatewayevent",
                    ),
                ),
                (
                    "link",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.paymentlink",
                    ),
                ),
                (
                    "center",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="centers.center",
                    ),
                ),
                (
                    "why",
                    models.CharField(
                        choices=[
                            ("unknown_link", "No matching payment link"),
                            ("other_amount", "Amount differs from the link's"),
                            ("other_currency", "Currency differs from the link's"),
                            ("void", "The invoice was voided"),
                            ("nothing_open", "The invoice was already paid"),
                            ("twice", "The link was paid a second time"),
                            ("returned", "The gateway returned the money"),
                            ("no_center", "No matching center or invoice"),
                            ("unrecorded", "It couldn't be recorded"),
                        ],
                        max_length=16,
                    ),
                ),
                ("problem", centers.stored_messages.StoredMessageField(blank=True)),
                ("amount", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("reference", models.CharField(blank=True, max_length=120)),
                ("received_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("undecided", "To check"),
                            ("recorded", "Recorded"),
                            ("dismissed", "Dismissed"),
                        ],
                        default="undecided",
                        max_length=9,
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.payment",
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("decision", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "ordering": ["-received_at", "-pk"],
                "indexes": [
                    models.Index(
                        fields=["reseller", "state", "-received_at", "-id"], name="flaggedpayment_list"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("reference", ""), _negated=True),
                        fields=("gateway", "reference", "why"),
                        name="flaggedpayment_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="JournalAccounts",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reseller",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="journal_accounts",
                        to="centers.reseller",
                    ),
                ),
                ("receivable", models.CharField(default="1200", max_length=20, verbose_name="receivables")),
                ("revenue", models.CharField(default="4000", max_length=20, verbose_name="revenue")),
                ("tax", models.CharField(default="2200", max_length=20, verbose_name="tax due")),
                ("bank", models.CharField(default="1010", max_length=20, verbose_name="bank")),
                ("cash", models.CharField(default="1000", max_length=20, verbose_name="cash")),
                ("card", models.CharField(default="1020", max_length=20, verbose_name="cards")),
                ("wallet", models.CharField(default="1030", max_length=20, verbose_name="mobile wallets")),
                ("gateway", models.CharField(default="1040", max_length=20, verbose_name="payment gateways")),
                (
                    "exchange",
                    models.CharField(default="1900", max_length=20, verbose_name="currency exchange"),
                ),
                ("opening", models.CharField(default="3900", max_length=20, verbose_name="opening balances")),
                (
                    "advance_tax",
                    models.CharField(
                        db_default="1290", default="1290", max_length=20, verbose_name="tax on advances"
                    ),
                ),
                (
                    "write_offs",
                    models.CharField(
                        db_default="6800", default="6800", max_length=20, verbose_name="write-offs"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CreditTerms",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                (
                    "center",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="credit_terms",
                        to="centers.center",
                    ),
                ),
                ("is_prepaid", models.BooleanField(default=False)),
                ("limit", models.DecimalField(decimal_places=4, max_digits=18, verbose_name="credit limit")),
                ("currency", models.CharField(max_length=3)),
                ("set_at", models.DateTimeField()),
                (
                    "set_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("exposure", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                ("unbilled", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                ("base", models.DecimalField(decimal_places=4, default=0, max_digits=18)),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("ok", "Enough left"),
                            ("nearly", "Nearly used up"),
                            ("empty", "Used up"),
                            ("no_rate", "Exchange rate missing"),
                        ],
                        default="ok",
                        max_length=7,
                    ),
                ),
                ("checked_at", models.DateTimeField(null=True)),
                ("warned_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["reseller", "level"], name="creditterms_by_level")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("is_prepaid", True), ("limit", 0)),
                            models.Q(("is_prepaid", False), ("limit__gt", 0)),
                            _connector="OR",
                        ),
                        name="creditterms_limit_fits",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ReportedMonth",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                ("month", models.DateField()),
                ("currency", models.CharField(max_length=3)),
                ("revenue", models.DecimalField(decimal_places=10, max_digits=30)),
                ("cost", models.DecimalField(decimal_places=10, max_digits=30)),
                ("reported_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-month", "currency"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("reseller", "month", "currency"), name="reportedmonth_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="JobSchedule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                ("job", models.CharField(max_length=24)),
                ("next_at", models.DateTimeField()),
                ("by_person", models.BooleanField(db_default=False, default=False)),
                ("basis", models.CharField(db_default="", default="", editable=False, max_length=64)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("reseller", "job"), name="jobschedule_once")],
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
                (
                    "reseller",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="centers.reseller",
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
                    "purchase_order",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=60, verbose_name="purchase order"
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
            name="TaxProfile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "tax_category",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("S", "Standard rate"),
                            ("Z", "Zero rate"),
                            ("E", "Exempt"),
                            ("O", "Out of scope"),
                            ("AE", "Reverse charge"),
                        ],
                        db_default="",
                        default="",
                        max_length=2,
                        verbose_name="tax category",
                    ),
                ),
                (
                    "tax_percent",
                    models.DecimalField(
                        db_default=Decimal("0"),
                        decimal_places=4,
                        default=Decimal("0"),
                        max_digits=7,
                        verbose_name="percent",
                    ),
                ),
                (
                    "tax_reason",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=200, verbose_name="reason"
                    ),
                ),
                (
                    "reseller",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tax_profile",
                        to="centers.reseller",
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
                    "top_ups",
                    models.CharField(
                        choices=[
                            ("receipt", "A receipt: VAT with the later invoices"),
                            ("invoice", "A tax invoice: VAT at once"),
                        ],
                        db_default="receipt",
                        default="receipt",
                        max_length=7,
                        verbose_name="top-ups",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("tax_category", "S"), ("tax_percent__gt", 0), ("tax_percent__lte", 100)
                            ),
                            models.Q(("tax_category__in", ["", "Z", "E", "O", "AE"]), ("tax_percent", 0)),
                            _connector="OR",
                        ),
                        name="taxprofile_tax_percent_fits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("tax_category__in", ["E", "O", "AE"]), _negated=True),
                            models.Q(("tax_reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="taxprofile_tax_has_reason",
                    ),
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
                    "reseller",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tax_rates",
                        to="centers.reseller",
                    ),
                ),
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
                    "category",
                    models.CharField(
                        choices=[
                            ("S", "Standard rate"),
                            ("Z", "Zero rate"),
                            ("E", "Exempt"),
                            ("O", "Out of scope"),
                            ("AE", "Reverse charge"),
                        ],
                        max_length=2,
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
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                            models.Q(("category__in", ["Z", "E", "O", "AE"]), ("percent", 0)),
                            _connector="OR",
                        ),
                        name="taxrate_percent_fits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("category__in", ["E", "O", "AE"]), _negated=True),
                            ("withdrawn", True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="taxrate_has_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("category", "AE"), _negated=True),
                            ("center__isnull", False),
                            _connector="OR",
                        ),
                        name="taxrate_reverse_has_center",
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
                    "reseller",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="centers.reseller",
                    ),
                ),
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
                    "category",
                    models.CharField(
                        choices=[
                            ("S", "Standard rate"),
                            ("Z", "Zero rate"),
                            ("E", "Exempt"),
                            ("O", "Out of scope"),
                            ("AE", "Reverse charge"),
                        ],
                        max_length=2,
                    ),
                ),
                ("percent", models.DecimalField(decimal_places=4, max_digits=7)),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("net", models.DecimalField(decimal_places=4, max_digits=18)),
                ("tax", models.DecimalField(decimal_places=4, max_digits=18)),
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
        *_guards.CHANGES,
        *_assignments.CHANGES,
        *_credit_guards.CHANGES,
        *_conversion_guards.CHANGES,
        *_version_guards.CHANGES,
        *_tax_guards.CHANGES,
        *_payment_guards.CHANGES,
        *_document_guards.CHANGES,
        *_advance_guards.CHANGES,
        *_charge_guards.CHANGES,
        *_kept_reports.CHANGES,
        *_policy_guards.CHANGES,
        *_report_guards.CHANGES,
        *_usage_sums.CHANGES,
        *_write_off_guards.CHANGES,
    ]
