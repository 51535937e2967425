from django.db import migrations

# The story of alerts that exist already, as far as their columns tell it.
STORIES = """
INSERT INTO whatsapp_alertevent (reseller_id, alert_id, kind, at, by_id, text)
SELECT reseller_id, id, 'opened', opened_at, NULL, '' FROM whatsapp_alert
UNION ALL
SELECT reseller_id, id, 'acknowledged', acknowledged_at, acknowledged_by_id, ''
FROM whatsapp_alert WHERE acknowledged_at IS NOT NULL
UNION ALL
SELECT reseller_id, id, 'resolved', resolved_at, NULL, '' FROM whatsapp_alert WHERE resolved_at IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("whatsapp", "0002_alert_life")]

    operations = [migrations.RunSQL(STORIES, migrations.RunSQL.noop)]
