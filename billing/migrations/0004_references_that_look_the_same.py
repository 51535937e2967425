from django.db import migrations, models

import centers.values.names
from billing.migrations import _references

REFERENCE = (models.F("reseller"), centers.values.names.NameKey("reference"))


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0003_credit_notes_and_carried_amounts"),
        ("centers", "0006_names_that_look_the_same"),
    ]

    operations = [
        migrations.AddField(
            model_name="payment",
            name="looks_repeated",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="looks_repeated",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.RemoveConstraint(model_name="payment", name="payment_reference_once"),
        migrations.RemoveConstraint(model_name="ledgerentry", name="ledger_refund_once"),
        migrations.RunSQL(_references.MARKS, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                *REFERENCE, condition=models.Q(looks_repeated=False), name="payment_reference_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.UniqueConstraint(
                *REFERENCE,
                condition=models.Q(kind="refund", looks_repeated=False),
                name="ledger_refund_once",
            ),
        ),
    ]
