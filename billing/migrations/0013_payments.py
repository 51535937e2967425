import centers.secrets
import centers.stored_messages
import centers.values.names
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from billing.migrations import _payment_guards


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0012_types_and_conversions"),
        ("centers", "0006_names_that_look_the_same"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BankLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                ("decided_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["-booked_on", "-pk"],
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
                ("filename", models.CharField(blank=True, max_length=200)),
                ("uploaded_at", models.DateTimeField()),
                ("lines_read", models.PositiveIntegerField()),
                ("known_before", models.PositiveIntegerField()),
                ("left_out", models.JSONField(default=list)),
            ],
            options={
                "ordering": ["-pk"],
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
                    "why",
                    models.CharField(
                        choices=[
                            ("unknown_link", "No payment link of yours fits"),
                            ("other_amount", "Another amount than the link's"),
                            ("other_currency", "Another currency than the link's"),
                            ("void", "The invoice was voided"),
                            ("nothing_open", "The invoice was already paid"),
                            ("twice", "The link was paid a second time"),
                            ("returned", "The gateway returned the money"),
                            ("no_center", "No center or invoice of yours fits"),
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
                ("decided_at", models.DateTimeField(null=True)),
                ("decision", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "ordering": ["-received_at", "-pk"],
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
            ],
            options={
                "ordering": ["-pk"],
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
                ("amount", models.DecimalField(decimal_places=4, max_digits=18)),
            ],
            options={
                "ordering": ["pk"],
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
                    "kind",
                    models.CharField(choices=[("png", "PNG"), ("pdf", "PDF")], max_length=3),
                ),
                ("content", models.BinaryField()),
                ("added_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["pk"],
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
                ("expires_at", models.DateTimeField()),
                ("ask_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["-pk"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="payment",
            name="payment_reference_once",
        ),
        migrations.AddField(
            model_name="payment",
            name="method",
            field=models.CharField(
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
        migrations.AlterField(
            model_name="payment",
            name="reference",
            field=models.CharField(blank=True, max_length=80, verbose_name="reference"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                models.F("reseller"),
                centers.values.names.NameKey("reference"),
                condition=models.Q(("looks_repeated", False), models.Q(("reference", ""), _negated=True)),
                name="payment_reference_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("method", "cash"), models.Q(("reference", ""), _negated=True), _connector="OR"
                ),
                name="payment_reference_unless_cash",
            ),
        ),
        migrations.AddField(
            model_name="bankline",
            name="decided_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="bankline",
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
            model_name="bankline",
            name="reseller",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="centers.reseller",
            ),
        ),
        migrations.AddField(
            model_name="bankstatement",
            name="reseller",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="centers.reseller",
            ),
        ),
        migrations.AddField(
            model_name="bankstatement",
            name="uploaded_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="bankline",
            name="statement",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="billing.bankstatement"
            ),
        ),
        migrations.AddField(
            model_name="flaggedpayment",
            name="center",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="centers.center"
            ),
        ),
        migrations.AddField(
            model_name="flaggedpayment",
            name="decided_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="flaggedpayment",
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
            model_name="flaggedpayment",
            name="reseller",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="centers.reseller",
            ),
        ),
        migrations.AddField(
            model_name="gateway",
            name="reseller",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="gateways",
                to="centers.reseller",
            ),
        ),
        migrations.AddField(
            model_name="flaggedpayment",
            name="gateway",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="billing.gateway",
            ),
        ),
        migrations.AddField(
            model_name="gatewayevent",
            name="gateway",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="events",
                to="billing.gateway",
            ),
        ),
        migrations.AddField(
            model_name="gatewayevent",
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
            model_name="gatewayevent",
            name="reseller",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="centers.reseller",
            ),
        ),
        migrations.AddField(
            model_name="flaggedpayment",
            name="event",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="flagged", to="billing.gatewayevent"
            ),
        ),
        migrations.AddField(
            model_name="paymentallocation",
            name="center",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="centers.center"
            ),
        ),
        migrations.AddField(
            model_name="paymentallocation",
            name="invoice",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="allocations", to="billing.invoice"
            ),
        ),
        migrations.AddField(
            model_name="paymentallocation",
            name="payment",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="allocations",
                to="billing.payment",
            ),
        ),
        migrations.AddField(
            model_name="paymentallocation",
            name="reseller",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="centers.reseller",
            ),
        ),
        migrations.AddField(
            model_name="paymentattachment",
            name="added_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="paymentattachment",
            name="payment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="attachments", to="billing.payment"
            ),
        ),
        migrations.AddField(
            model_name="paymentattachment",
            name="reseller",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="centers.reseller",
            ),
        ),
        migrations.AddField(
            model_name="paymentlink",
            name="center",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="centers.center"
            ),
        ),
        migrations.AddField(
            model_name="paymentlink",
            name="created_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="paymentlink",
            name="gateway",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="links",
                to="billing.gateway",
            ),
        ),
        migrations.AddField(
            model_name="paymentlink",
            name="invoice",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="payment_links",
                to="billing.invoice",
            ),
        ),
        migrations.AddField(
            model_name="paymentlink",
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
            model_name="paymentlink",
            name="reseller",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="centers.reseller",
            ),
        ),
        migrations.AddField(
            model_name="flaggedpayment",
            name="link",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="billing.paymentlink",
            ),
        ),
        migrations.AddIndex(
            model_name="bankstatement",
            index=models.Index(fields=["reseller", "-id"], name="bankstatement_list"),
        ),
        migrations.AddIndex(
            model_name="bankline",
            index=models.Index(fields=["reseller", "state", "-booked_on", "-id"], name="bankline_list"),
        ),
        migrations.AddConstraint(
            model_name="bankline",
            constraint=models.UniqueConstraint(fields=("reseller", "fingerprint"), name="bankline_once"),
        ),
        migrations.AddConstraint(
            model_name="gateway",
            constraint=models.UniqueConstraint(fields=("reseller", "provider"), name="gateway_once"),
        ),
        migrations.AddIndex(
            model_name="gatewayevent",
            index=models.Index(
                condition=models.Q(("processed_at__isnull", True)),
                fields=["reseller"],
                name="gatewayevent_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="gatewayevent",
            constraint=models.UniqueConstraint(fields=("gateway", "event_id"), name="gatewayevent_once"),
        ),
        migrations.AddConstraint(
            model_name="paymentallocation",
            constraint=models.UniqueConstraint(fields=("payment", "invoice"), name="allocation_once"),
        ),
        migrations.AddConstraint(
            model_name="paymentallocation",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="allocation_positive"
            ),
        ),
        migrations.AddIndex(
            model_name="paymentlink",
            index=models.Index(
                condition=models.Q(("ask_at__isnull", False)), fields=["ask_at"], name="paymentlink_asked"
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentlink",
            constraint=models.UniqueConstraint(
                condition=models.Q(("external_id", ""), _negated=True),
                fields=("gateway", "external_id"),
                name="paymentlink_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentlink",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["creating", "ready"])),
                fields=("invoice", "gateway"),
                name="paymentlink_one_open",
            ),
        ),
        migrations.AddIndex(
            model_name="flaggedpayment",
            index=models.Index(
                fields=["reseller", "state", "-received_at", "-id"], name="flaggedpayment_list"
            ),
        ),
        migrations.AddConstraint(
            model_name="flaggedpayment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reference", ""), _negated=True),
                fields=("gateway", "reference", "why"),
                name="flaggedpayment_once",
            ),
        ),
        *_payment_guards.CHANGES,
    ]
