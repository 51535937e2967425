from django.db import migrations, models

#: Written once, but a column that is new has to be filled: what the day's valid claims took before each one.
FILL = """
ALTER TABLE billing_usageclaim DISABLE TRIGGER billing_usageclaim_frozen;
UPDATE billing_usageclaim AS claim SET sent_before = earlier.sent, failed_before = earlier.failed
  FROM (SELECT id,
               coalesce(sum(sent) OVER before, 0) AS sent,
               coalesce(sum(failed) OVER before, 0) AS failed
          FROM billing_usageclaim WHERE voided_at IS NULL
        WINDOW before AS (PARTITION BY usage_day_id ORDER BY revision
                          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS earlier
 WHERE claim.id = earlier.id;
ALTER TABLE billing_usageclaim ENABLE TRIGGER billing_usageclaim_frozen;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0008_billable_basis"),
    ]

    operations = [
        *[
            migrations.AddField(
                model_name="usageclaim",
                name=name,
                field=models.BigIntegerField(default=0),
                preserve_default=False,
            )
            for name in ("sent_before", "failed_before")
        ],
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
