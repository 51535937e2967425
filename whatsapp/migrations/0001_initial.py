import centers.clock
import centers.secrets
import centers.stored_messages
import centers.values.names
import centers.values.validators
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import whatsapp.models.account
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("centers", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportBatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("content", models.BinaryField(null=True)),
                ("reading", models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict)),
                ("filename", models.CharField(blank=True, max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("invalid", "Has errors"),
                            ("ready", "Ready to import"),
                            ("queued", "Importing"),
                            ("done", "Imported"),
                            ("failed", "Failed"),
                        ],
                        max_length=7,
                    ),
                ),
                ("rows", models.JSONField(default=list)),
                ("errors", centers.stored_messages.StoredMessagesField(default=list)),
                ("new_centers", models.PositiveIntegerField(default=0)),
                ("total", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("queued_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("error", centers.stored_messages.StoredMessageField(blank=True)),
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
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="import_batches",
                        to="centers.reseller",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Instance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "instance_id",
                    models.CharField(
                        max_length=64,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Za-z0-9._:-]+\\Z", "Letters, digits and . _ : - only."
                            )
                        ],
                        verbose_name="instance ID",
                    ),
                ),
                ("label", models.CharField(blank=True, max_length=80, verbose_name="label")),
                (
                    "connection",
                    models.CharField(
                        choices=[
                            ("connected", "Connected"),
                            ("disconnected", "Disconnected"),
                            ("pairing", "Pairing"),
                            ("expired", "Expired"),
                            ("unknown", "Unknown"),
                            ("unchecked", "Not checked yet"),
                        ],
                        default="unchecked",
                        editable=False,
                        max_length=12,
                    ),
                ),
                ("raw_status", models.CharField(blank=True, editable=False, max_length=64)),
                ("connection_since", models.DateTimeField(blank=True, editable=False, null=True)),
                ("last_seen", models.DateTimeField(blank=True, editable=False, null=True)),
                ("checked_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("check_failed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("check_error", models.CharField(blank=True, editable=False, max_length=20)),
                ("check_failures", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("next_check_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "desired_state",
                    models.CharField(
                        choices=[
                            ("enabled", "Enabled"),
                            ("disabled", "Disabled"),
                            ("unconfirmed", "Not confirmed"),
                        ],
                        default="enabled",
                        editable=False,
                        max_length=12,
                    ),
                ),
                (
                    "desired_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "-"),
                            ("manual", "Manual"),
                            ("non_payment", "Non-payment"),
                            ("archived", "Archived"),
                        ],
                        editable=False,
                        max_length=12,
                    ),
                ),
                ("desired_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "service",
                    models.CharField(
                        choices=[
                            ("enabled", "Enabled"),
                            ("disabled", "Disabled"),
                            ("unconfirmed", "Not confirmed"),
                        ],
                        default="enabled",
                        editable=False,
                        max_length=12,
                    ),
                ),
                ("confirmed_raw", models.CharField(blank=True, editable=False, max_length=64)),
                ("confirmed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("switch_attempts", models.PositiveIntegerField(default=0, editable=False)),
                ("switch_next_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("switch_claimed_until", models.DateTimeField(blank=True, editable=False, null=True)),
                ("switch_error", centers.stored_messages.StoredMessageField(blank=True, editable=False)),
                (
                    "state",
                    models.GeneratedField(
                        choices=[
                            ("connected", "Connected"),
                            ("disconnected", "Disconnected"),
                            ("pairing", "Pairing"),
                            ("expired", "Expired"),
                            ("unknown", "Unknown"),
                            ("unchecked", "Not checked yet"),
                            ("off", "Switched off"),
                        ],
                        db_persist=True,
                        expression=models.Case(
                            models.When(desired_state="disabled", then=models.Value("off")),
                            default=models.F("connection"),
                        ),
                        output_field=models.CharField(
                            choices=[
                                ("connected", "Connected"),
                                ("disconnected", "Disconnected"),
                                ("pairing", "Pairing"),
                                ("expired", "Expired"),
                                ("unknown", "Unknown"),
                                ("unchecked", "Not checked yet"),
                                ("off", "Switched off"),
                            ],
                            max_length=12,
                        ),
                    ),
                ),
                (
                    "state_since",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Case(
                            models.When(desired_state="disabled", then=models.F("desired_at")),
                            default=models.F("connection_since"),
                        ),
                        output_field=models.DateTimeField(null=True),
                    ),
                ),
                (
                    "webhook_url",
                    models.URLField(
                        blank=True, editable=False, max_length=500, verbose_name="webhook address"
                    ),
                ),
                ("webhook_set_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("webhook_error", centers.stored_messages.StoredMessageField(blank=True, editable=False)),
                ("webhook_attempts", models.PositiveIntegerField(default=0, editable=False)),
                ("webhook_next_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("webhook_claimed_until", models.DateTimeField(blank=True, editable=False, null=True)),
                ("connect_claimed_until", models.DateTimeField(blank=True, editable=False, null=True)),
                ("version", models.PositiveIntegerField(default=0, editable=False)),
                ("created_at", models.DateTimeField(default=centers.clock.now, editable=False)),
                ("archived_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "center",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="instances",
                        to="centers.center",
                    ),
                ),
                (
                    "desired_by",
                    models.ForeignKey(
                        editable=False,
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
                        related_name="instances",
                        to="centers.reseller",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("instance_id"), name="gin_trgm_ops"
                        ),
                        name="instance_id_trgm",
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            centers.values.names.NameKey("label"), name="gin_trgm_ops"
                        ),
                        name="instance_label_trgm",
                    ),
                    models.Index(
                        models.F("next_check_at"),
                        condition=models.Q(("archived_at", None)),
                        name="instance_check_due",
                    ),
                    models.Index(
                        models.F("switch_next_at"),
                        condition=models.Q(("switch_next_at__isnull", False)),
                        name="instance_switch_due",
                    ),
                    models.Index(
                        models.F("webhook_next_at"),
                        condition=models.Q(("webhook_next_at__isnull", False)),
                        name="instance_webhook_due",
                    ),
                    models.Index(
                        models.F("reseller"), models.F("state"), models.F("id"), name="instance_by_state"
                    ),
                    models.Index(
                        models.F("reseller"), models.F("center"), models.F("id"), name="instance_by_center"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("reseller", "instance_id"), name="instance_id_once_per_reseller"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("desired_state__in", ["enabled", "disabled"])),
                        name="instance_wants_something_real",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("label__regex", "[\\u0001-\\u0008\\u000a-\\u001f\\u007f-\\u009f\\u2028\\u2029]"),
                            _negated=True,
                        ),
                        name="instance_label_no_control",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Alert",
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
                            ("disconnected", "Disconnected"),
                            ("expired", "Session expired"),
                            ("unknown_status", "Unknown status"),
                            ("not_found", "Instance unknown to MazBot"),
                            ("switch_unconfirmed", "Switching not confirmed"),
                            ("webhook_unconfirmed", "Webhook address not confirmed"),
                            ("provider_failing", "MazBot is failing"),
                            ("account_refused", "MazBot login refused"),
                            ("account_limited", "MazBot request limit reached"),
                            ("quota_low", "Quota running out"),
                            ("suspensions_held", "Suspensions need a decision"),
                            ("usage_gap", "Usage doesn't match"),
                            ("billing_blocked", "Invoice blocked"),
                            ("late_corrections", "Usage after the last invoice"),
                            ("exchange_old", "Exchange rate out of date"),
                            ("usage_flagged", "Usage not explained by prices"),
                            ("below_cost", "Prices below cost"),
                        ],
                        max_length=20,
                    ),
                ),
                ("detail", centers.stored_messages.StoredMessageField(blank=True)),
                ("opened_at", models.DateTimeField()),
                ("times", models.PositiveIntegerField(default=1)),
                ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "acknowledged_by",
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
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="centers.center",
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="alerts",
                        to="centers.reseller",
                    ),
                ),
                (
                    "instance",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="whatsapp.instance",
                    ),
                ),
            ],
            options={
                "ordering": ["-opened_at", "-pk"],
                "indexes": [models.Index(fields=["reseller", "-opened_at", "-id"], name="alert_by_time")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("resolved_at__isnull", True)),
                        fields=("reseller", "instance", "center", "kind"),
                        name="alert_open_once",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MazbotAccount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("base_url", models.URLField(default="https://mazbot.net/api", verbose_name="address")),
                ("api_key", centers.secrets.SecretField(blank=True, verbose_name="API key")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="login email")),
                ("password", centers.secrets.SecretField(blank=True, verbose_name="login password")),
                ("locale_prefix", models.CharField(blank=True, max_length=8, verbose_name="locale prefix")),
                (
                    "rate_limit",
                    models.PositiveSmallIntegerField(
                        default=60,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(30000),
                        ],
                        verbose_name="requests per minute",
                    ),
                ),
                (
                    "body_format",
                    models.CharField(
                        choices=[("form", "Form fields"), ("json", "JSON")],
                        default="form",
                        max_length=4,
                        verbose_name="body format",
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(
                        default="Asia/Riyadh",
                        max_length=64,
                        validators=[centers.values.validators.validate_time_zone],
                        verbose_name="MazBot's time zone",
                    ),
                ),
                (
                    "cost_currency",
                    models.CharField(
                        default="USD",
                        max_length=3,
                        validators=[centers.values.validators.validate_currency],
                        verbose_name="currency of MazBot's costs",
                    ),
                ),
                (
                    "webhook_secret",
                    centers.secrets.SecretField(blank=True, verbose_name="webhook signing secret"),
                ),
                (
                    "webhook_path_token",
                    models.CharField(
                        default=whatsapp.models.account.new_path_token,
                        editable=False,
                        max_length=64,
                        unique=True,
                    ),
                ),
                ("credentials_version", models.PositiveIntegerField(default=1, editable=False)),
                ("last_ok_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("last_error_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("last_error_kind", models.CharField(blank=True, editable=False, max_length=20)),
                ("failing_since", models.DateTimeField(blank=True, editable=False, null=True)),
                ("recent_checks", models.JSONField(default=list, editable=False)),
                ("checks_paused_until", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "reseller",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mazbot_account",
                        to="centers.reseller",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PairingLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
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
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pairing_links",
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
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="PairingAttempt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "via",
                    models.CharField(
                        choices=[("staff", "Staff"), ("portal", "Portal"), ("link", "Shared link")],
                        max_length=6,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asking", "Requesting a code"),
                            ("shown", "Code on screen"),
                            ("connected", "Connected"),
                            ("expired", "Expired"),
                            ("failed", "Failed"),
                        ],
                        default="asking",
                        max_length=9,
                    ),
                ),
                ("image", models.BinaryField(null=True)),
                ("renewal", models.PositiveSmallIntegerField(default=0)),
                ("started_at", models.DateTimeField()),
                ("asked_at", models.DateTimeField(null=True)),
                ("polled_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("error_kind", models.CharField(blank=True, max_length=20)),
                ("error", models.CharField(blank=True, max_length=300)),
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
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pairing_attempts",
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
                    "link",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="attempts",
                        to="whatsapp.pairinglink",
                    ),
                ),
            ],
            options={
                "ordering": ["-started_at", "-pk"],
                "indexes": [models.Index(fields=["instance", "-started_at"], name="pairing_latest")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "asking")),
                        fields=("instance",),
                        name="pairing_one_question_in_flight",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StatusChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "before",
                    models.CharField(
                        choices=[
                            ("connected", "Connected"),
                            ("disconnected", "Disconnected"),
                            ("pairing", "Pairing"),
                            ("expired", "Expired"),
                            ("unknown", "Unknown"),
                            ("unchecked", "Not checked yet"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "after",
                    models.CharField(
                        choices=[
                            ("connected", "Connected"),
                            ("disconnected", "Disconnected"),
                            ("pairing", "Pairing"),
                            ("expired", "Expired"),
                            ("unknown", "Unknown"),
                            ("unchecked", "Not checked yet"),
                        ],
                        max_length=12,
                    ),
                ),
                ("raw", models.CharField(blank=True, max_length=64)),
                ("at", models.DateTimeField()),
                (
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="changes",
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
                "ordering": ["-at", "-pk"],
                "indexes": [models.Index(fields=["instance", "-at"], name="change_timeline")],
            },
        ),
        migrations.CreateModel(
            name="WebhookEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("event_id", models.CharField(max_length=100)),
                ("type", models.CharField(max_length=64)),
                ("body", models.JSONField()),
                ("signed", models.BooleanField()),
                ("received_at", models.DateTimeField()),
                ("processed_at", models.DateTimeField(null=True)),
                ("deliveries", models.PositiveIntegerField(default=1)),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="centers.reseller"
                    ),
                ),
            ],
            options={
                "ordering": ["-received_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("reseller", "event_id"), name="webhook_event_once")
                ],
            },
        ),
    ]
