import centers.values.names
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from billing.migrations import _report_guards


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0015_closing_together"),
        ("centers", "0006_names_that_look_the_same"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CreditTerms",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("is_prepaid", models.BooleanField(default=False)),
                ("limit", models.DecimalField(decimal_places=4, max_digits=18, verbose_name="credit limit")),
                ("currency", models.CharField(max_length=3)),
                ("set_at", models.DateTimeField()),
                ("exposure", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                ("unbilled", models.DecimalField(decimal_places=4, max_digits=18, null=True)),
                ("base", models.DecimalField(decimal_places=4, default=0, max_digits=18)),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("ok", "Enough left"),
                            ("low", "Nearly used up"),
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
            ],
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
                        choices=[("undecided", "To check"), ("recorded", "Recorded"), ("refused", "Refused")],
                        default="undecided",
                        max_length=9,
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                ("decision", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "ordering": ["-reported_at", "-pk"],
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
                ("generation", models.PositiveIntegerField()),
                ("revoked_at", models.DateTimeField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="ledgerentry",
            name="ledger_entry_fits_kind",
        ),
        migrations.AddField(
            model_name="suspension",
            name="limit",
            field=models.DecimalField(decimal_places=4, max_digits=18, null=True),
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
                    ("opening", "Opening balance"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
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
                    _connector="OR",
                ),
                name="ledger_entry_fits_kind",
            ),
        ),
        migrations.AddField(
            model_name="creditterms",
            name="center",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="credit_terms", to="centers.center"
            ),
        ),
        migrations.AddField(
            model_name="creditterms",
            name="reseller",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="centers.reseller",
            ),
        ),
        migrations.AddField(
            model_name="creditterms",
            name="set_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="journalaccounts",
            name="reseller",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="journal_accounts",
                to="centers.reseller",
            ),
        ),
        migrations.AddField(
            model_name="reportedpayment",
            name="center",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="centers.center"
            ),
        ),
        migrations.AddField(
            model_name="reportedpayment",
            name="decided_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="reportedpayment",
            name="invoice",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reported_payments",
                to="billing.invoice",
            ),
        ),
        migrations.AddField(
            model_name="reportedpayment",
            name="payment",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="billing.payment",
            ),
        ),
        migrations.AddField(
            model_name="reportedpayment",
            name="reseller",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="centers.reseller",
            ),
        ),
        migrations.AddField(
            model_name="revokedlinks",
            name="invoice",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="revoked_links",
                to="billing.invoice",
            ),
        ),
        migrations.AddField(
            model_name="revokedlinks",
            name="reseller",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="centers.reseller",
            ),
        ),
        migrations.AddField(
            model_name="revokedlinks",
            name="revoked_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="creditterms",
            index=models.Index(fields=["reseller", "level"], name="creditterms_by_level"),
        ),
        migrations.AddConstraint(
            model_name="creditterms",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("is_prepaid", True), ("limit", 0)),
                    models.Q(("is_prepaid", False), ("limit__gt", 0)),
                    _connector="OR",
                ),
                name="creditterms_limit_fits",
            ),
        ),
        migrations.AddIndex(
            model_name="reportedpayment",
            index=models.Index(
                fields=["reseller", "state", "-reported_at", "-id"], name="reportedpayment_list"
            ),
        ),
        migrations.AddConstraint(
            model_name="reportedpayment",
            constraint=models.UniqueConstraint(
                models.F("invoice"),
                centers.values.names.NameKey("reference"),
                condition=models.Q(("state", "undecided")),
                name="reportedpayment_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="reportedpayment",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="reportedpayment_positive"
            ),
        ),
        migrations.AlterField(
            model_name="paymentlink",
            name="invoice",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="payment_links",
                to="billing.invoice",
            ),
        ),
        *_report_guards.CHANGES,
    ]
