from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("whatsapp", "0015_rates_currency"),
    ]

    operations = [
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
    ]
