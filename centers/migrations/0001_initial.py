import centers.clock
import centers.stored_messages
import centers.values.countries
import centers.values.names
import centers.values.languages
import centers.values.validators
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension
from centers.migrations import _guards
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        TrigramExtension(),
        BtreeGistExtension(),
        *_guards.NAMES,
        migrations.CreateModel(
            name="Center",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                        choices=[("clear", "Nothing due"), ("open", "Open"), ("overdue", "Overdue")],
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
            },
        ),
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
            name="FactorReset",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("requested_at", models.DateTimeField(default=centers.clock.now)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("warned_at", models.DateTimeField(blank=True, null=True)),
                ("canceled_at", models.DateTimeField(blank=True, null=True)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("result_sent_at", models.DateTimeField(blank=True, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="factor_resets",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
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
            name="Invitation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                ("created_at", models.DateTimeField(default=centers.clock.now, editable=False)),
                ("expires_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("mailed_at", models.DateTimeField(blank=True, null=True)),
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
                    "invited_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
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
                ("email", models.CharField(db_index=True, max_length=254)),
                ("code_hash", models.CharField(max_length=64)),
                ("sent_at", models.DateTimeField(default=centers.clock.now)),
                ("tries", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("used_at", models.DateTimeField(blank=True, null=True)),
                ("proof_hash", models.CharField(blank=True, db_default="", max_length=64)),
                (
                    "invitation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="codes",
                        to="centers.invitation",
                    ),
                ),
            ],
            options={
                "ordering": ["-sent_at", "-pk"],
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
            name="Membership",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                    "user",
                    models.ForeignKey(
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
            name="JobRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="job_runs",
                        to="centers.reseller",
                    ),
                ),
            ],
            options={
                "ordering": ["-started_at", "-pk"],
                "indexes": [models.Index(fields=["reseller", "job", "-started_at"], name="jobrun_latest")],
            },
        ),
        migrations.AddField(
            model_name="invitation",
            name="reseller",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="invitations", to="centers.reseller"
            ),
        ),
        migrations.AddField(
            model_name="center",
            name="reseller",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="centers", to="centers.reseller"
            ),
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
                ("at", models.DateTimeField(db_index=True)),
                ("actor_label", models.CharField(blank=True, max_length=254)),
                ("action", models.CharField(max_length=64)),
                ("target_type", models.CharField(blank=True, max_length=40)),
                ("target_id", models.CharField(blank=True, max_length=40)),
                ("target_label", centers.stored_messages.StoredMessageField(blank=True)),
                ("data", centers.stored_messages.StoredMessagesField(blank=True, default=dict)),
                (
                    "actor",
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
                        on_delete=django.db.models.deletion.SET_NULL,
                        to="centers.center",
                    ),
                ),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="audit_events",
                        to="centers.reseller",
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
                "indexes": [models.Index(fields=["reseller", "-at", "-id"], name="audit_by_time")],
            },
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("center__isnull", True), ("role__in", ("owner", "billing", "support"))),
                    models.Q(("center__isnull", False), ("role__in", ("center_admin", "center_viewer"))),
                    _connector="OR",
                ),
                name="invitation_role_fits_place",
            ),
        ),
        migrations.AddIndex(
            model_name="center",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(
                    centers.values.names.NameKey("name"), name="gin_trgm_ops"
                ),
                name="center_name_trgm",
            ),
        ),
        migrations.AddIndex(
            model_name="center",
            index=django.contrib.postgres.indexes.GinIndex(
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
        ),
        migrations.AddIndex(
            model_name="center",
            index=models.Index(
                models.F("reseller"), models.F("name"), models.F("id"), name="center_reseller_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="center",
            constraint=models.UniqueConstraint(
                models.F("reseller"),
                centers.values.names.NameKey("name"),
                name="center_name_unique_per_reseller",
            ),
        ),
        migrations.AddConstraint(
            model_name="center",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("name__regex", "[\\u0001-\\u0008\\u000a-\\u001f\\u007f-\\u009f\\u2028\\u2029]"),
                    _negated=True,
                ),
                name="center_name_no_control",
            ),
        ),
        migrations.AddConstraint(
            model_name="center",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("contact_name__regex", "[\\u0001-\\u0008\\u000a-\\u001f\\u007f-\\u009f\\u2028\\u2029]"),
                    _negated=True,
                ),
                name="center_contact_no_control",
            ),
        ),
        migrations.AddConstraint(
            model_name="center",
            constraint=models.UniqueConstraint(fields=("reseller", "id"), name="center_reseller_pair"),
        ),
        *_guards.OPERATIONS,
    ]
