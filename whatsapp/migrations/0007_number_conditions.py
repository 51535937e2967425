import django.core.validators
from django.conf import settings
from django.db import migrations, models


# When a phone was first connected, as far as the history or MazBot tells it.
FIRST_CONNECTED = """
UPDATE whatsapp_instance i SET first_connected_at = coalesce(
    (SELECT min(since) FROM whatsapp_statusinterval h WHERE h.instance_id = i.id AND h.ever_connected), i.last_seen
)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("centers", "0001_initial"),
        ("whatsapp", "0006_number_days"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="instance",
            name="condition",
            field=models.CharField(
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
        migrations.AddField(
            model_name="instance",
            name="condition_since",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="instance",
            name="first_connected_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="instance",
            name="suspect_as",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=12),
        ),
        migrations.AddField(
            model_name="instance",
            name="suspect_since",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="instance",
            name="usage_condition",
            field=models.CharField(
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
        migrations.AddField(
            model_name="instance",
            name="usage_condition_since",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="instance",
            name="usual_gap",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddField(
            model_name="mazbotaccount",
            name="dropped",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddField(
            model_name="mazbotaccount",
            name="drops_since",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="mazbotaccount",
            name="recovered_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="mazbotaccount",
            name="stale_hours",
            field=models.PositiveSmallIntegerField(
                db_default=24,
                default=24,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(720),
                ],
                verbose_name="hours until a number is stale",
            ),
        ),
        migrations.AlterField(
            model_name="alert",
            name="kind",
            field=models.CharField(
                choices=[
                    ("disconnected", "Disconnected"),
                    ("expired", "Session expired"),
                    ("unknown_status", "Unknown status"),
                    ("needs_qr", "Phone logged out"),
                    ("flapping", "Unstable connection"),
                    ("stale", "Not seen for long"),
                    ("silent", "Fewer messages than usual"),
                    ("failing", "More failed messages than usual"),
                    ("not_found", "Instance unknown to MazBot"),
                    ("switch_unconfirmed", "Switching not confirmed"),
                    ("webhook_unconfirmed", "Webhook address not confirmed"),
                    ("provider_failing", "MazBot is failing"),
                    ("numbers_dropped", "Many numbers down at once"),
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
        # What a generated column is made of cannot be changed: it is made again.
        migrations.RemoveIndex("instance", "instance_by_state"),
        migrations.RemoveField("instance", "state"),
        migrations.AddField(
            model_name="instance",
            name="state",
            field=models.GeneratedField(
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
                    ("off", "Switched off"),
                ],
                db_persist=True,
                expression=models.Case(
                    models.When(desired_state="disabled", then=models.Value("off")),
                    models.When(models.Q(("condition", ""), _negated=True), then=models.F("condition")),
                    models.When(
                        models.Q(
                            ("connection", "connected"), models.Q(("usage_condition", ""), _negated=True)
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
                        ("off", "Switched off"),
                    ],
                    max_length=12,
                ),
            ),
        ),
        migrations.RemoveField("instance", "state_since"),
        migrations.AddField(
            model_name="instance",
            name="state_since",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Case(
                    models.When(desired_state="disabled", then=models.F("desired_at")),
                    models.When(models.Q(("condition", ""), _negated=True), then=models.F("condition_since")),
                    models.When(
                        models.Q(
                            ("connection", "connected"), models.Q(("usage_condition", ""), _negated=True)
                        ),
                        then=models.F("usage_condition_since"),
                    ),
                    default=models.F("connection_since"),
                ),
                output_field=models.DateTimeField(null=True),
            ),
        ),
        migrations.AddIndex(
            model_name="instance",
            index=models.Index(
                models.F("reseller"), models.F("state"), models.F("id"), name="instance_by_state"
            ),
        ),
        migrations.AddIndex(
            model_name="instance",
            index=models.Index(
                models.F("reseller"),
                models.F("suspect_since"),
                condition=models.Q(("suspect_since__isnull", False)),
                name="instance_suspects",
            ),
        ),
        migrations.RunSQL(FIRST_CONNECTED, migrations.RunSQL.noop),
    ]
