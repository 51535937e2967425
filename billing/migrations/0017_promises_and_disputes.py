import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from billing.migrations import _guards

_PERSON = {
    "null": True,
    "on_delete": django.db.models.deletion.SET_NULL,
    "related_name": "+",
    "to": settings.AUTH_USER_MODEL,
}


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0015_closing_together"),
        ("centers", "0006_names_that_look_the_same"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="hold",
            name="kind",
            field=models.CharField(
                choices=[("hold", "Hold"), ("promise", "Promise to pay")],
                db_default="hold",
                default="hold",
                max_length=7,
            ),
        ),
        migrations.AddField(
            model_name="hold",
            name="amount",
            field=models.DecimalField(
                decimal_places=4, max_digits=18, null=True, verbose_name="promised amount"
            ),
        ),
        migrations.AddField(
            model_name="hold",
            name="currency",
            field=models.CharField(blank=True, db_default="", default="", max_length=3),
        ),
        migrations.AddField(
            model_name="hold",
            name="outcome",
            field=models.CharField(
                blank=True,
                choices=[("", "Promised"), ("kept", "Promise kept"), ("broken", "Promise broken")],
                db_default="",
                default="",
                max_length=6,
            ),
        ),
        migrations.AddField(
            model_name="hold",
            name="judged_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("amount__isnull", True), ("currency", ""), ("kind", "hold"), ("outcome", "")
                )
                | models.Q(
                    models.Q(("amount__gt", 0), ("kind", "promise")),
                    models.Q(("currency", ""), _negated=True),
                ),
                name="hold_promises_an_amount",
            ),
        ),
        migrations.CreateModel(
            name="Dispute",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("because", models.CharField(max_length=300, verbose_name="reason")),
                ("opened_at", models.DateTimeField()),
                ("decision", models.CharField(blank=True, max_length=300, verbose_name="decision")),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "center",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="centers.center",
                    ),
                ),
                ("closed_by", models.ForeignKey(**_PERSON)),
                (
                    "invoice",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="disputes",
                        to="billing.invoice",
                    ),
                ),
                ("opened_by", models.ForeignKey(**_PERSON)),
                (
                    "reseller",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="centers.reseller",
                    ),
                ),
            ],
            options={
                "ordering": ["-opened_at", "-pk"],
                "indexes": [models.Index(fields=["invoice"], name="dispute_of_invoice")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("closed_at__isnull", True)),
                        fields=("invoice",),
                        name="dispute_one_per_invoice",
                    )
                ],
            },
        ),
        _guards.paired("billing_dispute"),
    ]
