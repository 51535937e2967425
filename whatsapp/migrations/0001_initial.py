import centers.clock
import centers.secrets
import centers.stored_messages
import centers.values.languages
import centers.values.names
import centers.values.validators
import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import whatsapp.models.account
import whatsapp.models.assignment
import whatsapp.models.instance
from django.conf import settings
from django.db import migrations, models

from whatsapp.migrations import _assignments, _intervals


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("centers", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
                    "stale_hours",
                    models.PositiveSmallIntegerField(
                        db_default=24,
                        default=24,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(720),
                        ],
                        verbose_name="hours until a number is stale",
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
                ("refused_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("failing_since", models.DateTimeField(blank=True, editable=False, null=True)),
                ("drops_since", models.DateTimeField(blank=True, editable=False, null=True)),
                ("dropped", models.PositiveIntegerField(db_default=0, default=0, editable=False)),
                ("recovered_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("recent_checks", models.JSONField(default=list, editable=False)),
                ("checks_paused_until", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
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
                        db_index=False,
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
                        verbose_name="instance ID",
                    ),
                ),
                ("label", models.CharField(blank=True, max_length=80, verbose_name="label")),
                (
                    "whatsapp_number",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=20, verbose_name="WhatsApp number"
                    ),
                ),
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
                ("suspect_since", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "suspect_as",
                    models.CharField(blank=True, db_default="", default="", editable=False, max_length=12),
                ),
                ("first_connected_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("usual_gap", models.PositiveIntegerField(db_default=0, default=0, editable=False)),
                (
                    "condition",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "-"),
                            ("not_paired", "Not paired yet"),
                            ("needs_qr", "Needs QR"),
                            ("flapping", "Unstable"),
                            ("stale", "Stale"),
                            ("silent", "Silent"),
                            ("failing", "Messages failing"),
                        ],
                        db_default="",
                        default="",
                        editable=False,
                        max_length=12,
                    ),
                ),
                ("condition_since", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "usage_condition",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "-"),
                            ("not_paired", "Not paired yet"),
                            ("needs_qr", "Needs QR"),
                            ("flapping", "Unstable"),
                            ("stale", "Stale"),
                            ("silent", "Silent"),
                            ("failing", "Messages failing"),
                        ],
                        db_default="",
                        default="",
                        editable=False,
                        max_length=12,
                    ),
                ),
                ("usage_condition_since", models.DateTimeField(blank=True, editable=False, null=True)),
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
                            ("not_paired", "Not paired yet"),
                            ("needs_qr", "Needs QR"),
                            ("flapping", "Unstable"),
                            ("stale", "Stale"),
                            ("silent", "Silent"),
                            ("failing", "Messages failing"),
                            ("off", "Disabled"),
                        ],
                        db_persist=True,
                        expression=models.Case(
                            models.When(desired_state="disabled", then=models.Value("off")),
                            models.When(
                                models.Q(("condition", ""), _negated=True), then=models.F("condition")
                            ),
                            models.When(
                                models.Q(
                                    ("connection", "connected"),
                                    models.Q(("usage_condition", ""), _negated=True),
                                ),
                                then=models.F("usage_condition"),
                            ),
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
                                ("not_paired", "Not paired yet"),
                                ("needs_qr", "Needs QR"),
                                ("flapping", "Unstable"),
                                ("stale", "Stale"),
                                ("silent", "Silent"),
                                ("failing", "Messages failing"),
                                ("off", "Disabled"),
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
                            models.When(
                                models.Q(("condition", ""), _negated=True), then=models.F("condition_since")
                            ),
                            models.When(
                                models.Q(
                                    ("connection", "connected"),
                                    models.Q(("usage_condition", ""), _negated=True),
                                ),
                                then=models.F("usage_condition_since"),
                            ),
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
                (
                    "held_since",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=centers.clock.now,
                        editable=False,
                    ),
                ),
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
                            centers.values.names.NameKey("label"), name="gin_trgm_ops"
                        ),
                        name="instance_label_trgm",
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("whatsapp_number"), name="gin_trgm_ops"
                        ),
                        condition=models.Q(("whatsapp_number", ""), _negated=True),
                        name="instance_number_trgm",
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
                        models.F("reseller"),
                        models.F("state"),
                        models.F("state_since"),
                        models.F("id"),
                        name="instance_by_state",
                    ),
                    models.Index(
                        models.F("reseller"),
                        models.F("state_since"),
                        models.F("id"),
                        condition=models.Q(("archived_at", None)),
                        name="instance_by_since",
                    ),
                    models.Index(
                        models.F("reseller"),
                        models.F("last_seen"),
                        models.F("id"),
                        condition=models.Q(("archived_at", None)),
                        name="instance_by_seen",
                    ),
                    models.Index(
                        models.F("reseller"),
                        models.F("checked_at"),
                        models.F("id"),
                        condition=models.Q(("archived_at", None)),
                        name="instance_by_check",
                    ),
                    models.Index(
                        models.F("reseller"),
                        models.F("desired_state"),
                        models.F("service"),
                        models.F("id"),
                        condition=models.Q(("archived_at", None)),
                        name="instance_by_service",
                    ),
                    models.Index(
                        models.F("reseller"),
                        models.F("suspect_since"),
                        condition=models.Q(("suspect_since__isnull", False)),
                        name="instance_suspects",
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
            bases=(whatsapp.models.instance.NumberState, models.Model),
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
                    "reseller",
                    models.ForeignKey(
                        db_index=False,
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
                            ("needs_qr", "Phone logged out"),
                            ("flapping", "Unstable connection"),
                            ("stale", "Not seen for a long time"),
                            ("silent", "Fewer messages than usual"),
                            ("failing", "More failed messages than usual"),
                            ("not_found", "Number unknown to MazBot"),
                            ("switch_unconfirmed", "Service change not confirmed"),
                            ("webhook_unconfirmed", "Webhook address not confirmed"),
                            ("provider_failing", "MazBot is failing"),
                            ("numbers_dropped", "Many numbers down at once"),
                            ("account_refused", "MazBot login refused"),
                            ("account_limited", "MazBot request limit reached"),
                            ("channel_dead", "Messages can't be delivered"),
                            ("quota_low", "Quota running out"),
                            ("suspensions_held", "Suspensions need a decision"),
                            ("usage_gap", "Usage doesn't match"),
                            ("billing_blocked", "Invoice blocked"),
                            ("late_corrections", "Usage after the last invoice"),
                            ("exchange_old", "Exchange rate out of date"),
                            ("usage_flagged", "Usage not explained by prices"),
                            ("below_cost", "Prices below cost"),
                            ("rates_waiting", "Rates wait for confirmation"),
                            ("rates_currency", "Rates in another currency"),
                            ("rates_unknown", "Rate types to classify"),
                        ],
                        max_length=20,
                    ),
                ),
                ("detail", centers.stored_messages.StoredMessageField(blank=True)),
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
                ("snoozed_until", models.DateTimeField(blank=True, null=True)),
                (
                    "assigned_to",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                "ordering": ["-opened_at", "-pk"],
                "indexes": [
                    models.Index(fields=["reseller", "-opened_at", "-id"], name="alert_by_time"),
                    models.Index(
                        models.F("reseller"),
                        models.F("opened_at"),
                        models.F("id"),
                        condition=models.Q(("resolved_at", None)),
                        name="alert_open_by_time",
                    ),
                    models.Index(
                        models.F("snoozed_until"),
                        condition=models.Q(("resolved_at__isnull", True), ("snoozed_until__isnull", False)),
                        name="alert_snoozed",
                    ),
                ],
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
            name="AlertEvent",
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
                    "alert",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="whatsapp.alert",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("opened", "Opened"),
                            ("returned", "Returned"),
                            ("acknowledged", "Acknowledged"),
                            ("snoozed", "Snoozed"),
                            ("woke", "Snooze ended"),
                            ("assigned", "Assigned"),
                            ("noted", "Note added"),
                            ("resolved", "Resolved"),
                        ],
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("until", models.DateTimeField(blank=True, null=True)),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("text", models.TextField(blank=True, max_length=2000, verbose_name="note")),
            ],
            options={
                "ordering": ["at", "pk"],
                "indexes": [models.Index(fields=["alert", "at", "id"], name="alert_event_story")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "opened")),
                        fields=("alert",),
                        name="alert_event_opened_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="InstanceAssignment",
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
                        related_name="assignments",
                        to="centers.center",
                    ),
                ),
                (
                    "instance",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="assignments",
                        to="whatsapp.instance",
                    ),
                ),
                ("mazbot_id", models.CharField(max_length=64)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                ("first_day", models.DateField()),
                ("last_day", models.DateField(null=True)),
                ("billed_from", models.DateField()),
                ("read_to", models.DateField(null=True)),
            ],
            options={
                "ordering": ["-since", "-pk"],
                "indexes": [
                    models.Index(fields=["center", "first_day"], name="assignment_of_center"),
                    models.Index(fields=["instance", "since"], name="assignment_of_number"),
                    models.Index(fields=["reseller", "first_day"], name="assignment_of_reseller"),
                    models.Index(
                        models.F("reseller"),
                        condition=models.Q(("billed_from__gt", models.F("first_day"))),
                        name="assignment_with_free_days",
                    ),
                ],
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("instance", "="),
                            (whatsapp.models.assignment.SpanOfTime("since", "until"), "&&"),
                        ],
                        name="assignment_apart",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("reseller", "="),
                            ("mazbot_id", "="),
                            (whatsapp.models.assignment.SpanOfDays("first_day", "last_day"), "&&"),
                        ],
                        name="assignment_days_apart",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("until__isnull", True)),
                        fields=("instance",),
                        name="assignment_one_present",
                    ),
                    models.UniqueConstraint(fields=("id", "instance", "center"), name="assignment_of_usage"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("last_day__isnull", True), ("until__isnull", True)),
                            models.Q(
                                ("last_day__gte", models.F("first_day")), ("until__gte", models.F("since"))
                            ),
                            _connector="OR",
                        ),
                        name="assignment_ends_after_it_began",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("billed_from__gte", models.F("first_day"))),
                        name="assignment_bills_own_days",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StatusInterval",
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
                    "instance",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="intervals",
                        to="whatsapp.instance",
                    ),
                ),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                (
                    "connection",
                    models.CharField(
                        blank=True,
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
                (
                    "off",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "-"),
                            ("manual", "Manual"),
                            ("non_payment", "Non-payment"),
                            ("archived", "Archived"),
                        ],
                        max_length=12,
                    ),
                ),
                ("ever_connected", models.BooleanField(db_default=False)),
            ],
            options={
                "ordering": ["-since", "-pk"],
                "indexes": [models.Index(fields=["reseller", "until"], name="interval_by_end")],
                "constraints": [
                    models.UniqueConstraint(fields=("instance", "since"), name="interval_begins_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("until__isnull", True)),
                        fields=("instance",),
                        name="interval_one_present",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("until__isnull", True), ("until__gt", models.F("since")), _connector="OR"
                        ),
                        name="interval_has_length",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="NumberDay",
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
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="centers.center",
                    ),
                ),
                (
                    "instance",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="whatsapp.instance",
                    ),
                ),
                ("day", models.DateField()),
                ("connected", models.IntegerField(db_default=0)),
                ("logged_out", models.IntegerField(db_default=0)),
                ("expired", models.IntegerField(db_default=0)),
                ("provider", models.IntegerField(db_default=0)),
                ("maintenance", models.IntegerField(db_default=0)),
                ("unpaid", models.IntegerField(db_default=0)),
                ("off", models.IntegerField(db_default=0)),
                ("not_paired", models.IntegerField(db_default=0)),
                ("unknown", models.IntegerField(db_default=0)),
                ("outages", models.IntegerField(db_default=0)),
                ("longest", models.IntegerField(db_default=0)),
                ("running", models.IntegerField(db_default=0)),
            ],
            options={
                "ordering": ["day", "instance"],
                "indexes": [models.Index(fields=["reseller", "day"], name="number_day_by_day")],
                "constraints": [models.UniqueConstraint(fields=("instance", "day"), name="number_day_once")],
            },
        ),
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
            ],
            options={
                "ordering": ["-created_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="MaintenanceWindow",
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
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="centers.center",
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
                ("begins_at", models.DateTimeField(verbose_name="begins")),
                ("ends_at", models.DateTimeField(verbose_name="ends")),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                ("created_at", models.DateTimeField(default=centers.clock.now, editable=False)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("announced_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("settled_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "ordering": ["-begins_at", "-pk"],
                "indexes": [
                    models.Index(fields=["reseller", "-begins_at", "-id"], name="maintenance_by_time"),
                    models.Index(
                        models.F("ends_at"),
                        condition=models.Q(("settled_at__isnull", True)),
                        name="maintenance_unsettled",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("begins_at"))),
                        name="maintenance_ends_later",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("center__isnull", True), ("instance__isnull", True), _connector="OR"
                        ),
                        name="maintenance_one_target",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "reason__regex",
                                "[\\u0001-\\u0008\\u000a-\\u001f\\u007f-\\u009f\\u2028\\u2029]",
                            ),
                            _negated=True,
                        ),
                        name="maintenance_reason_no_control",
                    ),
                ],
            },
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
                        db_index=False,
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
                "indexes": [
                    models.Index(fields=["instance", "-started_at"], name="pairing_latest"),
                    models.Index(
                        models.F("state"),
                        condition=models.Q(("state__in", ("asking", "shown"))),
                        name="pairing_open",
                    ),
                ],
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
            name="TemplateSetting",
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
                        related_name="template_settings",
                        to="centers.reseller",
                    ),
                ),
                ("kind", models.CharField(blank=True, default="", max_length=40, verbose_name="messages")),
                (
                    "language",
                    models.CharField(
                        choices=centers.values.languages.labels, max_length=5, verbose_name="language"
                    ),
                ),
                ("template_id", models.CharField(max_length=100, verbose_name="template ID")),
                (
                    "variables",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=16),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="variables",
                    ),
                ),
            ],
            options={
                "ordering": ["kind", "language"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("reseller", "kind", "language"), name="template_setting_once"
                    )
                ],
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
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="centers.reseller",
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
                "indexes": [
                    models.Index(
                        models.F("reseller"),
                        condition=models.Q(("processed_at__isnull", True)),
                        name="webhook_event_waiting",
                    ),
                    models.Index(fields=["processed_at"], name="webhook_event_by_age"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("reseller", "event_id"), name="webhook_event_once")
                ],
            },
        ),
        *_intervals.OPERATIONS,
        *_assignments.OPERATIONS,
    ]
