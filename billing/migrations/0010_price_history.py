import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import centers.models.fields
from billing.migrations import _guards

# A center's columns have what applies today. Once its country or currency has versions, only they can change it.
FOLLOWS = """
CREATE FUNCTION billing_center_follows_versions() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed text;
    named text;
BEGIN
    FOREACH changed IN ARRAY '{country_id,currency}'::text[] LOOP
        named := CASE changed WHEN 'currency' THEN 'invoice_currency' ELSE 'mazbot_country' END;
        IF to_jsonb(NEW) ->> changed IS DISTINCT FROM to_jsonb(OLD) ->> changed
           AND EXISTS (SELECT 1 FROM billing_centerversion WHERE center_id = NEW.id AND name = named AND valid_from IS NULL)
           AND NOT EXISTS (SELECT 1 FROM billing_centerversion
                            WHERE center_id = NEW.id AND name = named AND value = to_jsonb(NEW) ->> changed) THEN
            RAISE EXCEPTION 'center %: its % changes by a version with a first day', NEW.id, changed
                USING ERRCODE = 'check_violation';
        END IF;
    END LOOP;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_center_follows_versions BEFORE UPDATE OF country_id, currency ON centers_center
    FOR EACH ROW EXECUTE FUNCTION billing_center_follows_versions();
"""
FOLLOWS_BACK = """
DROP TRIGGER billing_center_follows_versions ON centers_center;
DROP FUNCTION billing_center_follows_versions();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0009_reconciliation"),
        ("centers", "0006_names_that_look_the_same"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="billingpolicy",
            name="price_notice_days",
            field=models.PositiveSmallIntegerField(
                blank=True,
                null=True,
                validators=[django.core.validators.MaxValueValidator(365)],
                verbose_name="announce price changes, days before",
            ),
        ),
        migrations.CreateModel(
            name="CenterVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        choices=[("mazbot_country", "Country at MazBot"), ("invoice_currency", "Currency")],
                        max_length=16,
                    ),
                ),
                ("value", centers.models.fields.CodeField(blank=True, max_length=16)),
                ("valid_from", models.DateField(null=True, verbose_name="valid from")),
                ("created_at", models.DateTimeField()),
                (
                    "center",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="center_versions",
                        to="centers.center",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
            ],
            options={
                "ordering": [models.F("valid_from").desc(nulls_last=True), "-pk"],
                "indexes": [
                    models.Index(
                        fields=["reseller", "center", "name", "-valid_from"], name="centerversion_lookup"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("valid_from", None)),
                        fields=("center", "name"),
                        name="centerversion_one_beginning",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("name", "mazbot_country"),
                            models.Q(("name", "invoice_currency"), models.Q(("value", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="centerversion_fits",
                    ),
                ],
            },
        ),
        _guards.frozen("billing_centerversion", ["created_by_id"]),
        _guards.paired("billing_centerversion"),
        _guards.never_emptied("billing_centerversion"),
        migrations.RunSQL(FOLLOWS, FOLLOWS_BACK),
    ]
