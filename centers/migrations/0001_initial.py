import centers.clock
import centers.secrets
import centers.stored_messages
import centers.values.countries
import centers.values.languages
import centers.values.names
import centers.values.validators
import datetime
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension
from django.db import migrations, models

from centers.migrations import _guards, _names


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        TrigramExtension(),
        BtreeGistExtension(),
        *_names.OPERATIONS,
        migrations.CreateModel(
            name="User",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                ("email", models.EmailField(max_length=254, unique=True, verbose_name="email")),
                ("name", models.CharField(blank=True, max_length=120, verbose_name="name")),
                ("language", models.CharField(blank=True, max_length=5, verbose_name="language")),
                (
                    "theme",
                    models.CharField(
                        choices=[("system", "System"), ("light", "Light"), ("dark", "Dark")],
                        default="system",
                        max_length=6,
                        verbose_name="theme",
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                ("date_joined", models.DateTimeField(default=django.utils.timezone.now)),
                ("email_proven_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("email"), name="user_email_unique"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("name__regex", "[\\u0001-\\u0008\\u000a-\\u001f\\u007f-\\u009f\\u2028\\u2029]"),
                            _negated=True,
                        ),
                        name="user_name_no_control",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Reseller",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("slug", models.SlugField(max_length=60, unique=True, verbose_name="address name")),
                (
                    "language",
                    models.CharField(
                        choices=centers.values.languages.labels,
                        default="en",
                        max_length=5,
                        verbose_name="language",
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(
                        default="Asia/Riyadh",
                        max_length=64,
                        validators=[centers.values.validators.validate_time_zone],
                        verbose_name="time zone",
                    ),
                ),
                (
                    "currency",
                    models.CharField(
                        default="USD",
                        max_length=3,
                        validators=[centers.values.validators.validate_currency],
                        verbose_name="currency",
                    ),
                ),
                (
                    "country",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=2,
                        validators=[centers.values.countries.validate_country],
                        verbose_name="country",
                    ),
                ),
                ("logo", models.BinaryField(null=True)),
                ("logo_version", models.CharField(blank=True, editable=False, max_length=16)),
                (
                    "colour",
                    models.CharField(
                        blank=True,
                        max_length=7,
                        validators=[django.core.validators.RegexValidator("^#[0-9a-fA-F]{6}$")],
                        verbose_name="color",
                    ),
                ),
                (
                    "support_contact",
                    models.CharField(blank=True, max_length=200, verbose_name="support contact"),
                ),
                (
                    "payment_instructions",
                    models.TextField(blank=True, max_length=2000, verbose_name="how to pay"),
                ),
                (
                    "mfa_required",
                    models.BooleanField(default=False, verbose_name="require two-factor sign-in for staff"),
                ),
                ("created_at", models.DateTimeField(default=centers.clock.now, editable=False)),
            ],
            options={
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("name__regex", "[\\u0001-\\u0008\\u000a-\\u001f\\u007f-\\u009f\\u2028\\u2029]"),
                            _negated=True,
                        ),
                        name="reseller_name_no_control",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "support_contact__regex",
                                "[\\u0001-\\u0008\\u000a-\\u001f\\u007f-\\u009f\\u2028\\u2029]",
                            ),
                            _negated=True,
                        ),
                        name="reseller_support_no_control",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Center",
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
                        related_name="centers",
                        to="centers.reseller",
                    ),
                ),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("contact_name", models.CharField(blank=True, max_length=120, verbose_name="contact name")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="email")),
                ("phone", models.CharField(blank=True, max_length=20, verbose_name="phone")),
                (
                    "country",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=2,
                        validators=[centers.values.countries.validate_country],
                        verbose_name="country",
                    ),
                ),
                ("country_id", models.CharField(blank=True, max_length=16, verbose_name="MazBot country ID")),
                (
                    "currency",
                    models.CharField(
                        max_length=3,
                        validators=[centers.values.validators.validate_currency],
                        verbose_name="currency",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=centers.values.languages.labels,
                        default="en",
                        max_length=5,
                        verbose_name="language",
                    ),
                ),
                ("notes", models.TextField(blank=True, max_length=4000, verbose_name="notes")),
                (
                    "payment_status",
                    models.CharField(
                        choices=[("clear", "Nothing due"), ("open", "Unpaid"), ("overdue", "Overdue")],
                        default="clear",
                        editable=False,
                        max_length=8,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=0, editable=False)),
                ("created_at", models.DateTimeField(default=centers.clock.now, editable=False)),
                ("archived_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "ordering": ["name", "pk"],
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            centers.values.names.NameKey("name"), name="gin_trgm_ops"
                        ),
                        name="center_name_trgm",
                    ),
                    django.contrib.postgres.indexes.GinIndex(
                        django.contrib.postgres.indexes.OpClass(
                            centers.values.names.NameKey("contact_name"), name="gin_trgm_ops"
                        ),
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("email"), name="gin_trgm_ops"
                        ),
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Upper("phone"), name="gin_trgm_ops"
                        ),
                        name="center_contact_trgm",
                    ),
                    models.Index(
                        models.F("reseller"), models.F("name"), models.F("id"), name="center_reseller_name"
                    ),
                    models.Index(
                        models.F("reseller"),
                        models.F("contact_name"),
                        models.F("id"),
                        name="center_by_contact",
                    ),
                    models.Index(
                        models.F("reseller"),
                        models.F("country_id"),
                        models.F("name"),
                        models.F("id"),
                        name="center_by_country",
                    ),
                    models.Index(
                        models.F("reseller"),
                        models.F("payment_status"),
                        models.F("name"),
                        models.F("id"),
                        name="center_by_status",
                    ),
                    models.Index(
                        models.F("reseller"),
                        models.OrderBy(models.F("payment_status"), descending=True),
                        models.F("name"),
                        models.F("id"),
                        name="center_worst_first",
                    ),
                    models.Index(
                        models.F("reseller"), models.F("created_at"), models.F("id"), name="center_by_age"
                    ),
                    models.Index(
                        models.F("reseller"),
                        condition=models.Q(("archived_at", None), ("payment_status", "overdue")),
                        name="center_overdue",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        models.F("reseller"),
                        centers.values.names.NameKey("name"),
                        name="center_name_unique_per_reseller",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("name__regex", "[\\u0001-\\u0008\\u000a-\\u001f\\u007f-\\u009f\\u2028\\u2029]"),
                            _negated=True,
                        ),
                        name="center_name_no_control",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "contact_name__regex",
                                "[\\u0001-\\u0008\\u000a-\\u001f\\u007f-\\u009f\\u2028\\u2029]",
                            ),
                            _negated=True,
                        ),
                        name="center_contact_no_control",
                    ),
                    models.UniqueConstraint(fields=("reseller", "id"), name="center_reseller_pair"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to="centers.reseller",
                    ),
                ),
                (
                    "center",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to="centers.center",
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "Owner"),
                            ("billing", "Billing"),
                            ("support", "Support"),
                            ("center_admin", "Center admin"),
                            ("center_viewer", "Center viewer"),
                        ],
                        max_length=14,
                        verbose_name="role",
                    ),
                ),
                ("created_at", models.DateTimeField(default=centers.clock.now, editable=False)),
            ],
            options={
                "ordering": ["reseller__name", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "reseller", "center"), name="membership_once", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("center__isnull", True), ("role__in", ("owner", "billing", "support"))),
                            models.Q(
                                ("center__isnull", False), ("role__in", ("center_admin", "center_viewer"))
                            ),
                            _connector="OR",
                        ),
                        name="membership_role_fits_place",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Invitation",
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
                        related_name="invitations",
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
                    "role",
                    models.CharField(
                        choices=[
                            ("owner", "Owner"),
                            ("billing", "Billing"),
                            ("support", "Support"),
                            ("center_admin", "Center admin"),
                            ("center_viewer", "Center viewer"),
                        ],
                        max_length=14,
                        verbose_name="role",
                    ),
                ),
                ("email", models.EmailField(max_length=254, verbose_name="email")),
                ("token_hash", models.CharField(editable=False, max_length=64, unique=True)),
                ("mail_token_hash", models.CharField(editable=False, max_length=64, null=True, unique=True)),
                (
                    "invited_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("created_at", models.DateTimeField(default=centers.clock.now, editable=False)),
                ("expires_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("mailed_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-created_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("center__isnull", True), ("role__in", ("owner", "billing", "support"))),
                            models.Q(
                                ("center__isnull", False), ("role__in", ("center_admin", "center_viewer"))
                            ),
                            _connector="OR",
                        ),
                        name="invitation_role_fits_place",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AddressCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "invitation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="codes",
                        to="centers.invitation",
                    ),
                ),
                ("email", models.CharField(db_index=True, max_length=254)),
                ("code_hash", models.CharField(max_length=64)),
                ("sent_at", models.DateTimeField(default=centers.clock.now)),
                ("tries", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                ("proof_hash", models.CharField(blank=True, db_default="", max_length=64)),
            ],
            options={
                "ordering": ["-sent_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="FactorReset",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="factor_resets",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("requested_at", models.DateTimeField(default=centers.clock.now)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("warned_at", models.DateTimeField(blank=True, null=True)),
                ("canceled_at", models.DateTimeField(blank=True, null=True)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("result_sent_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-requested_at", "-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("canceled_at", None), ("done_at", None)),
                        fields=["due_at"],
                        name="factor_reset_due",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("canceled_at", None), ("done_at", None), ("started_at__isnull", False)
                        ),
                        fields=("user",),
                        name="factor_reset_one_waiting",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditEntry",
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
                        related_name="audit_events",
                        to="centers.reseller",
                    ),
                ),
                (
                    "center",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to="centers.center",
                    ),
                ),
                ("at", models.DateTimeField(db_index=True)),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("actor_label", models.CharField(blank=True, max_length=254)),
                ("action", models.CharField(max_length=64)),
                ("target_type", models.CharField(blank=True, max_length=40)),
                ("target_id", models.CharField(blank=True, max_length=40)),
                ("target_label", centers.stored_messages.StoredMessageField(blank=True)),
                ("data", centers.stored_messages.StoredMessagesField(blank=True, default=dict)),
            ],
            options={
                "ordering": ["-at", "-pk"],
                "indexes": [models.Index(fields=["reseller", "-at", "-id"], name="audit_by_time")],
            },
        ),
        migrations.CreateModel(
            name="JobRun",
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
                        related_name="job_runs",
                        to="centers.reseller",
                    ),
                ),
                ("job", models.CharField(max_length=24)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("done", "Done"),
                            ("partial", "Done with failures"),
                            ("failed", "Failed"),
                            ("interrupted", "Interrupted"),
                        ],
                        default="running",
                        max_length=12,
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("lease_until", models.DateTimeField(blank=True, editable=False, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("total", models.PositiveIntegerField(blank=True, null=True)),
                ("done", models.PositiveIntegerField(default=0)),
                ("failed", models.PositiveIntegerField(default=0)),
                ("failures", centers.stored_messages.StoredMessagesField(blank=True, default=list)),
                ("note", centers.stored_messages.StoredMessageField(blank=True)),
            ],
            options={
                "ordering": ["-started_at", "-pk"],
                "indexes": [models.Index(fields=["reseller", "job", "-started_at"], name="jobrun_latest")],
            },
        ),
        migrations.CreateModel(
            name="MessageText",
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
                        related_name="message_texts",
                        to="centers.reseller",
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                ("language", models.CharField(max_length=5)),
                ("subject", models.CharField(max_length=200, verbose_name="subject")),
                ("text", models.TextField(max_length=4000, verbose_name="text")),
            ],
            options={
                "verbose_name": "text of a message",
                "ordering": ["name", "language"],
                "constraints": [
                    models.UniqueConstraint(fields=("reseller", "name", "language"), name="message_text_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Destination",
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
                        related_name="destinations",
                        to="centers.reseller",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="destinations",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("channel", models.CharField(max_length=16)),
                ("address", centers.secrets.SecretField()),
                ("fingerprint", models.CharField(max_length=64)),
                ("label", models.CharField(blank=True, db_default="", max_length=120, verbose_name="name")),
                (
                    "groups",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=16),
                        blank=True,
                        db_default=[],
                        default=list,
                        size=None,
                    ),
                ),
                ("created_at", models.DateTimeField(default=centers.clock.now, editable=False)),
                ("verified_at", models.DateTimeField(blank=True, null=True)),
                ("code_sent_at", models.DateTimeField(blank=True, null=True)),
                ("code_tries", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("paused_at", models.DateTimeField(blank=True, null=True)),
                (
                    "pause_reason",
                    centers.stored_messages.StoredMessageField(blank=True, db_default="", default=""),
                ),
                ("failures", models.PositiveIntegerField(db_default=0, default=0)),
                ("last_sent_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["channel", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("reseller", "user", "channel", "fingerprint"),
                        name="destination_once",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="NotificationPreference",
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
                        related_name="notification_preferences",
                        to="centers.reseller",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notification_preferences",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("group", models.CharField(max_length=16)),
                ("kind", models.CharField(blank=True, db_default="", default="", max_length=40)),
                (
                    "channels",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=16),
                        blank=True,
                        db_default=[],
                        default=list,
                        size=None,
                    ),
                ),
                ("quiet_from", models.TimeField(blank=True, null=True, verbose_name="quiet from")),
                ("quiet_until", models.TimeField(blank=True, null=True, verbose_name="quiet until")),
                (
                    "urgent_passes",
                    models.BooleanField(
                        db_default=True, default=True, verbose_name="urgent messages during quiet hours"
                    ),
                ),
                (
                    "digest",
                    models.CharField(
                        choices=[
                            ("none", "Immediately"),
                            ("quarter", "Every 15 minutes"),
                            ("daily", "Once a day"),
                        ],
                        db_default="none",
                        default="none",
                        max_length=8,
                        verbose_name="delivery",
                    ),
                ),
                (
                    "daily_at",
                    models.TimeField(
                        db_default=datetime.time(8, 0),
                        default=datetime.time(8, 0),
                        verbose_name="time of the daily message",
                    ),
                ),
                (
                    "resend_hours",
                    models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name="resend every"),
                ),
                (
                    "escalate_minutes",
                    models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name="escalate after"),
                ),
                (
                    "escalate_to",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["group", "kind", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("reseller", "user", "group", "kind"),
                        name="notification_preference_once",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("quiet_from", None), ("quiet_until", None)),
                            models.Q(("quiet_from__isnull", False), ("quiet_until__isnull", False)),
                            _connector="OR",
                        ),
                        name="notification_quiet_both",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Notification",
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
                        related_name="notifications",
                        to="centers.reseller",
                    ),
                ),
                (
                    "center",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="centers.center",
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notifications",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "destination",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="notifications",
                        to="centers.destination",
                    ),
                ),
                ("address", models.CharField(blank=True, db_default="", max_length=254)),
                ("channel", models.CharField(max_length=16)),
                ("lane", models.CharField(max_length=300)),
                ("key", models.CharField(max_length=400)),
                ("kind", models.CharField(max_length=40)),
                ("group", models.CharField(max_length=16)),
                ("about", models.CharField(max_length=60)),
                ("event", models.CharField(max_length=24)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sent", "Sent"),
                            ("failed", "Not delivered"),
                            ("dropped", "Not needed"),
                            ("condensed", "Part of a list"),
                            ("bounced", "Bounced"),
                            ("spam", "Marked as spam"),
                        ],
                        db_default="waiting",
                        default="waiting",
                        max_length=9,
                    ),
                ),
                ("urgent", models.BooleanField(db_default=False, default=False)),
                ("language", models.CharField(blank=True, db_default="", max_length=5)),
                ("context", centers.stored_messages.StoredMessagesField(blank=True, default=dict)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("due_at", models.DateTimeField()),
                ("claimed_until", models.DateTimeField(blank=True, null=True)),
                ("attempts", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                (
                    "within",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="parts",
                        to="centers.notification",
                    ),
                ),
                ("provider_id", models.CharField(blank=True, db_default="", max_length=200)),
                ("answer", models.CharField(blank=True, db_default="", max_length=300)),
                ("error", centers.stored_messages.StoredMessageField(blank=True, db_default="", default="")),
                ("subject", models.CharField(blank=True, db_default="", max_length=200)),
                ("repeat_at", models.DateTimeField(blank=True, null=True)),
                ("escalate_at", models.DateTimeField(blank=True, null=True)),
                ("seen_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
                "indexes": [
                    models.Index(
                        models.F("due_at"),
                        models.F("reseller"),
                        condition=models.Q(("state", "waiting")),
                        name="notification_due",
                    ),
                    models.Index(
                        models.F("lane"),
                        models.F("due_at"),
                        condition=models.Q(("state", "waiting")),
                        name="notification_lane_waiting",
                    ),
                    models.Index(
                        models.F("lane"),
                        models.OrderBy(models.F("sent_at"), descending=True),
                        condition=models.Q(("sent_at__isnull", False)),
                        name="notification_lane_sent",
                    ),
                    models.Index(fields=["reseller", "about"], name="notification_about"),
                    models.Index(fields=["reseller", "-created_at", "-id"], name="notification_log"),
                    models.Index(fields=["recipient", "-created_at"], name="notification_of_person"),
                    models.Index(
                        condition=models.Q(("center__isnull", False)),
                        fields=["center", "-created_at"],
                        name="notification_of_center",
                    ),
                    models.Index(
                        condition=models.Q(("provider_id", ""), _negated=True),
                        fields=["provider_id"],
                        name="notification_provider_id",
                    ),
                    models.Index(
                        models.F("repeat_at"),
                        condition=models.Q(("repeat_at__isnull", False)),
                        name="notification_repeat",
                    ),
                    models.Index(
                        models.F("escalate_at"),
                        condition=models.Q(("escalate_at__isnull", False)),
                        name="notification_escalate",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("reseller", "key"), name="notification_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="NotificationTry",
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
                    "notification",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tries",
                        to="centers.notification",
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("sent", "Sent"),
                            ("retried", "Will be retried"),
                            ("failed", "Not delivered"),
                            ("lost", "Outcome unknown"),
                            ("bounced", "Bounced"),
                            ("spam", "Marked as spam"),
                        ],
                        max_length=8,
                    ),
                ),
                ("answer", models.CharField(blank=True, db_default="", max_length=300)),
                ("error", centers.stored_messages.StoredMessageField(blank=True, db_default="", default="")),
            ],
            options={
                "ordering": ["at", "pk"],
                "indexes": [models.Index(fields=["notification", "at"], name="notification_tries")],
            },
        ),
        *_guards.OPERATIONS,
    ]
