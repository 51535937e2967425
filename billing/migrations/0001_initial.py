import billing.models.claims
import billing.models.invoices
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
import billing.models.policy
import centers.stored_messages
import centers.values.validators
import django.contrib.postgres.fields
import django.core.validators
from decimal import Decimal
from billing.migrations import _guards
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("whatsapp", "0001_initial"),
        ("centers", "0001_initial"),
    ]

    operations = [
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
                (
                    "center",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="billing_policy",
                        to="centers.center",
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="centers.reseller"
                    ),
                ),
            ],
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
                    "kind",
                    models.CharField(
                        choices=[("invoice", "Invoice"), ("credit_note", "Credit note")],
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
                ("line_count", models.PositiveIntegerField()),
                ("issued_at", models.DateTimeField()),
                ("issued_on", models.DateField()),
                ("due_on", models.DateField()),
                ("language", models.CharField(max_length=5)),
                ("parties", models.JSONField()),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("open_amount", models.DecimalField(decimal_places=4, default=0, max_digits=18)),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                ("voided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "center",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoices",
                        to="centers.center",
                    ),
                ),
                (
                    "credits",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="credit_note",
                        to="billing.invoice",
                    ),
                ),
                (
                    "issued_by",
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoices",
                        to="centers.reseller",
                    ),
                ),
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
                            models.Q(("credits__isnull", True), ("kind", "invoice")),
                            models.Q(("credits__isnull", False), ("kind", "credit_note")),
                            _connector="OR",
                        ),
                        name="invoice_credit_note_credits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("open_amount__gte", 0),
                            models.Q(
                                ("open_amount", 0), ("open_amount__lte", models.F("total")), _connector="OR"
                            ),
                        ),
                        name="invoice_open_amount_bounded",
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
                ("first_day", models.DateField()),
                ("end_day", models.DateField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[("invoiced", "Invoiced"), ("waived", "Nothing to charge")], max_length=8
                    ),
                ),
                ("closed_at", models.DateTimeField()),
                ("voided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "center",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="billing_periods",
                        to="centers.center",
                    ),
                ),
                (
                    "closed_by",
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
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="centers.reseller"
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
            name="InvoiceNumber",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=12)),
                ("year", models.PositiveSmallIntegerField()),
                ("last", models.PositiveIntegerField(default=0)),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="centers.reseller"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("reseller", "kind", "year"), name="invoicenumber_counter")
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
                ("job", models.CharField(max_length=24)),
                ("next_at", models.DateTimeField()),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="centers.reseller"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("reseller", "job"), name="jobschedule_once")],
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
                    "level",
                    models.CharField(
                        choices=[("reseller", "All centers"), ("country", "Country"), ("center", "Center")],
                        max_length=8,
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
                    "center",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="margins",
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
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="margins",
                        to="centers.reseller",
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
            name="InvoiceLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                        ],
                        max_length=12,
                    ),
                ),
                ("number_label", models.CharField(max_length=160)),
                ("rate_type", models.CharField(blank=True, max_length=64)),
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
                ("percent", models.DecimalField(decimal_places=4, max_digits=9)),
                ("fixed", models.DecimalField(decimal_places=8, max_digits=18)),
                ("exchange_rate", models.DecimalField(decimal_places=10, max_digits=20)),
                ("unit_price", models.DecimalField(decimal_places=10, max_digits=24)),
                ("amount", models.DecimalField(decimal_places=4, max_digits=18)),
                ("currency", models.CharField(max_length=3)),
                (
                    "instance",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="whatsapp.instance",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="billing.invoice",
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="centers.reseller"
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
            ],
            options={
                "ordering": ["position"],
                "constraints": [
                    models.UniqueConstraint(fields=("invoice", "position"), name="invoiceline_position_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="OutgoingMail",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=80)),
                ("kind", models.CharField(max_length=16)),
                ("to", models.EmailField(blank=True, max_length=254)),
                ("language", models.CharField(max_length=5)),
                ("subject", models.CharField(max_length=200)),
                ("body", models.TextField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sent", "Sent"),
                            ("failed", "Not delivered"),
                            ("unsent", "Not sent: no mail server"),
                            ("no_address", "No email address"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("next_try_at", models.DateTimeField()),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("error", centers.stored_messages.StoredMessageField(blank=True)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                (
                    "center",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="outgoing_mails",
                        to="centers.center",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mails",
                        to="billing.invoice",
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="outgoing_mails",
                        to="centers.reseller",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
                "indexes": [
                    models.Index(
                        models.F("next_try_at"), condition=models.Q(("state", "waiting")), name="mail_due"
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("reseller", "key"), name="mail_once")],
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
                ("amount", models.DecimalField(decimal_places=4, max_digits=18, verbose_name="amount")),
                ("currency", models.CharField(max_length=3)),
                ("reference", models.CharField(max_length=80, verbose_name="reference")),
                ("received_on", models.DateField(verbose_name="received on")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="note")),
                ("recorded_at", models.DateTimeField()),
                ("reversed_at", models.DateTimeField(blank=True, null=True)),
                ("reversal_reason", models.CharField(blank=True, max_length=300)),
                (
                    "center",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="centers.center",
                    ),
                ),
                (
                    "recorded_by",
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
                        to="centers.reseller",
                    ),
                ),
                (
                    "reversed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-received_on", "-pk"],
                "indexes": [models.Index(fields=["reseller", "-received_on", "-id"], name="payment_by_day")],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("reseller"),
                        django.db.models.functions.text.Upper("reference"),
                        name="payment_reference_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0), ("amount__lt", 100000000000000)),
                        name="payment_positive",
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
                    "kind",
                    models.CharField(
                        choices=[
                            ("invoice", "Invoice"),
                            ("credit_note", "Credit note"),
                            ("payment", "Payment"),
                            ("reversal", "Payment reversed"),
                            ("refund", "Credit refunded"),
                        ],
                        max_length=12,
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=4, max_digits=18)),
                ("currency", models.CharField(max_length=3)),
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
                (
                    "center",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="ledger_entries",
                        to="centers.center",
                    ),
                ),
                (
                    "invoice",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="billing.invoice",
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="centers.reseller"
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="billing.payment",
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
                        django.db.models.functions.text.Upper("reference"),
                        condition=models.Q(("kind", "refund")),
                        name="ledger_refund_once",
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
                            _connector="OR",
                        ),
                        name="ledger_entry_fits_kind",
                    ),
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
                ("type", models.CharField(max_length=64)),
                (
                    "category",
                    models.CharField(
                        choices=[("message", "Messages"), ("subscription", "Subscriptions")], max_length=12
                    ),
                ),
                (
                    "interval",
                    models.CharField(
                        blank=True,
                        choices=[("month", "Monthly subscription"), ("year", "Yearly subscription")],
                        db_default="",
                        default="",
                        max_length=5,
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="centers.reseller"
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
            name="RateFetch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("country_id", models.CharField(blank=True, max_length=16)),
                ("first_fetched_at", models.DateTimeField()),
                ("fetched_at", models.DateTimeField()),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rate_fetches",
                        to="centers.reseller",
                    ),
                ),
            ],
            options={
                "ordering": ["country_id", "-pk"],
                "indexes": [models.Index(fields=["reseller", "country_id", "-id"], name="ratefetch_latest")],
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
                ("type", models.CharField(max_length=64)),
                ("cost", models.DecimalField(decimal_places=10, max_digits=24)),
                ("currency", models.CharField(max_length=3)),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="centers.reseller"
                    ),
                ),
                (
                    "fetch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rates",
                        to="billing.ratefetch",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("fetch", "type"), name="rate_once_per_fetch")
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
                ("step", models.CharField(max_length=16)),
                ("at", models.DateTimeField()),
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
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reminders",
                        to="billing.invoice",
                    ),
                ),
                (
                    "mail",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.outgoingmail",
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="centers.reseller"
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("invoice", "step"), name="reminder_step_once")
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
                ("pulled_at", models.DateTimeField()),
                (
                    "center_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                ("limit", models.PositiveIntegerField()),
                ("active_centers", models.PositiveIntegerField()),
                ("released_at", models.DateTimeField(blank=True, null=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "released_by",
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
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="safety_stops",
                        to="centers.reseller",
                    ),
                ),
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
            name="SubscriptionClaim",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("month", models.DateField()),
                ("first_day", models.DateField(null=True)),
                ("end_day", models.DateField(null=True)),
                ("voided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="whatsapp.instance"
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
                (
                    "period",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subscription_claims",
                        to="billing.billingperiod",
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="centers.reseller"
                    ),
                ),
            ],
            options={
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("voided_at__isnull", True)),
                        expressions=[("instance", "="), (billing.models.claims.CoveredDays(), "&&")],
                        name="subscriptionclaim_apart",
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
            name="Suspension",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                ("amount", models.DecimalField(decimal_places=4, max_digits=18)),
                ("currency", models.CharField(max_length=3)),
                ("because", models.CharField(max_length=300)),
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
                (
                    "center",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="suspensions",
                        to="centers.center",
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="centers.reseller"
                    ),
                ),
                (
                    "safety_stop",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cases",
                        to="billing.safetystop",
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
            name="UsageRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                (
                    "center",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="usage_records",
                        to="centers.center",
                    ),
                ),
                (
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="usage_records",
                        to="whatsapp.instance",
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="centers.reseller"
                    ),
                ),
            ],
            options={
                "ordering": ["-day", "instance"],
                "indexes": [
                    models.Index(fields=["center", "day"], name="usagerecord_of_center"),
                    models.Index(fields=["reseller", "day"], name="usagerecord_of_reseller"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("instance", "day"), name="usagerecord_once"),
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
            name="Waiver",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                (
                    "center",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="waivers",
                        to="centers.center",
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="centers.reseller"
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
                ("revision", models.PositiveIntegerField()),
                ("sent", models.BigIntegerField()),
                ("received", models.BigIntegerField()),
                ("failed", models.BigIntegerField()),
                ("sent_before", models.BigIntegerField()),
                ("failed_before", models.BigIntegerField()),
                ("cost", models.DecimalField(decimal_places=10, max_digits=24)),
                ("voided_at", models.DateTimeField(blank=True, null=True)),
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
                    "waiver",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="claims",
                        to="billing.waiver",
                    ),
                ),
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
            name="AccountUsageRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="account_usage_records",
                        to="centers.reseller",
                    ),
                ),
            ],
            options={
                "ordering": ["-day"],
                "constraints": [
                    models.UniqueConstraint(fields=("reseller", "day"), name="accountusagerecord_once")
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
                        default=3,
                        validators=[
                            django.core.validators.MinValueValidator(-31),
                            django.core.validators.MaxValueValidator(31),
                        ],
                        verbose_name="past days to fetch again",
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
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("exchange_warn_days__lte", models.F("exchange_block_days"))),
                        name="billingpolicy_warns_before_it_blocks",
                        violation_error_message=(
                            "An exchange rate can't block invoices before it warns: "
                            "enter at least as many days for blocking."
                        ),
                    )
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
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="exchange_rates",
                        to="centers.reseller",
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
            name="FlaggedUsage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("sent", models.BigIntegerField(null=True)),
                ("received", models.BigIntegerField(null=True)),
                ("failed", models.BigIntegerField(null=True)),
                ("cost", models.DecimalField(decimal_places=10, max_digits=24, null=True)),
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
                    "center",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="centers.center"
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
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="centers.reseller"
                    ),
                ),
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
                        fields=("instance", "day", "flag"),
                        name="flaggedusage_open_flag_once",
                    )
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
                ("until", models.DateField(verbose_name="don't suspend before")),
                ("because", models.CharField(max_length=300, verbose_name="reason")),
                ("created_at", models.DateTimeField()),
                ("released_at", models.DateTimeField(blank=True, null=True)),
                (
                    "center",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="holds", to="centers.center"
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
                    "released_by",
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
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="centers.reseller"
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
                    )
                ],
            },
        ),
        *_guards.CHANGES,
        *_guards.WAIVERS,
        *_guards.EMPTYING,
    ]
