from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0014_documents")]

    operations = [
        migrations.AddField(
            model_name="usagecheck",
            name="closing_at",
            field=models.DateTimeField(null=True),
        ),
    ]
