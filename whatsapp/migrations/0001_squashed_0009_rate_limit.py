"""All tables of this app."""

import centers.clock
import centers.secrets
import centers.sentences
import centers.validators
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import whatsapp.models.account
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("whatsapp", "0001_initial"),
        ("whatsapp", "0002_domain"),
        ("whatsapp", "0003_created_by_the_products_clock"),
        ("whatsapp", "0004_webhook_taken_back"),
        ("whatsapp", "0005_state"),
        ("whatsapp", "0006_left_over_usage"),
        ("whatsapp", "0007_sentences"),
        ("whatsapp", "0008_alerts_that_come_back"),
        ("whatsapp", "0009_rate_limit"),
    ]

    initial = True

    dependencies = [
        ("centers", "0001_squashed_0005_sentences"),
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
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="import_batches",
                        to="centers.reseller",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
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
                ("errors", centers.sentences.SentencesField(default=list)),
                ("new_centers", models.PositiveIntegerField(default=0)),
                ("total", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("queued_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("error", centers.sentences.SentenceField(blank=True)),
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
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="instances",
                        to="centers.reseller",
                    ),
                ),
                (
                    "center",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="instances",
                        to="centers.center",
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
                        verbose_name="instance id",
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
                    "service_wanted",
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
                    "want_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "-"),
                            ("manual", "By hand"),
                            ("non_payment", "Not paid"),
                            ("archived", "Archived"),
                        ],
                        editable=False,
                        max_length=12,
                    ),
                ),
                ("wanted_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "wanted_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
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
                ("service_raw", models.CharField(blank=True, editable=False, max_length=64)),
                ("service_confirmed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("switch_attempts", models.PositiveIntegerField(default=0, editable=False)),
                ("switch_next_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("switch_claimed_until", models.DateTimeField(blank=True, editable=False, null=True)),
                ("switch_error", centers.sentences.SentenceField(blank=True, editable=False)),
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
                            models.When(service_wanted="disabled", then=models.Value("off")),
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
                            models.When(service_wanted="disabled", then=models.F("wanted_at")),
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
                ("webhook_error", centers.sentences.SentenceField(blank=True, editable=False)),
                ("webhook_attempts", models.PositiveIntegerField(default=0, editable=False)),
                ("webhook_next_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("webhook_claimed_until", models.DateTimeField(blank=True, editable=False, null=True)),
                ("connect_claimed_until", models.DateTimeField(blank=True, editable=False, null=True)),
                ("version", models.PositiveIntegerField(default=0, editable=False)),
                ("created_at", models.DateTimeField(default=centers.clock.now, editable=False)),
                ("archived_at", models.DateTimeField(blank=True, editable=False, null=True)),
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
                            django.db.models.functions.text.Upper("label"), name="gin_trgm_ops"
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
                        condition=models.Q(("service_wanted__in", ["enabled", "disabled"])),
                        name="instance_wants_something_real",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Incident",
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
                        related_name="incidents",
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
                            ("account_refused", "MazBot refuses our login"),
                            ("account_limited", "MazBot limits our requests"),
                            ("quota_low", "Quota is running out"),
                            ("suspensions_held", "Suspensions wait for a decision"),
                            ("usage_gap", "Usage does not add up"),
                            ("billing_blocked", "An invoice is blocked"),
                            ("left_over", "Usage after the last invoice"),
                        ],
                        max_length=20,
                    ),
                ),
                ("detail", centers.sentences.SentenceField(blank=True)),
                ("opened_at", models.DateTimeField()),
                ("times", models.PositiveIntegerField(default=1)),
                ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-opened_at", "-pk"],
                "indexes": [models.Index(fields=["reseller", "-opened_at", "-id"], name="incident_by_time")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("resolved_at__isnull", True)),
                        fields=("reseller", "instance", "center", "kind"),
                        name="incident_open_once",
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
                (
                    "reseller",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mazbot_account",
                        to="centers.reseller",
                    ),
                ),
                ("base_url", models.URLField(default="https://mazbot.net/api", verbose_name="address")),
                ("api_key", centers.secrets.SecretField(blank=True, verbose_name="API key")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="login e-mail")),
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
                        validators=[centers.validators.validate_time_zone],
                        verbose_name="time zone of its times",
                    ),
                ),
                (
                    "cost_currency",
                    models.CharField(
                        default="USD",
                        max_length=3,
                        validators=[centers.validators.validate_currency],
                        verbose_name="currency of its costs",
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
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="centers.reseller"
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
                ("token_hash", models.CharField(max_length=64, unique=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
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
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="centers.reseller"
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
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                            ("asking", "Asking for a code"),
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
                (
                    "link",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="attempts",
                        to="whatsapp.pairinglink",
                    ),
                ),
                ("renewal", models.PositiveSmallIntegerField(default=0)),
                ("started_at", models.DateTimeField()),
                ("asked_at", models.DateTimeField(null=True)),
                ("polled_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("error_kind", models.CharField(blank=True, max_length=20)),
                ("error", models.CharField(blank=True, max_length=300)),
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
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="centers.reseller"
                    ),
                ),
                (
                    "instance",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="changes",
                        to="whatsapp.instance",
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
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="centers.reseller"
                    ),
                ),
                ("event_id", models.CharField(max_length=100)),
                ("type", models.CharField(max_length=64)),
                ("body", models.JSONField()),
                ("signed", models.BooleanField()),
                ("received_at", models.DateTimeField()),
                ("processed_at", models.DateTimeField(null=True)),
                ("deliveries", models.PositiveIntegerField(default=1)),
            ],
            options={
                "ordering": ["-received_at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("reseller", "event_id"), name="webhook_event_once")
                ],
            },
        ),
    ]
