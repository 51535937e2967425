"""What the database refuses of rules for unpaid centers: those of another reseller."""

from django.db import migrations

CHANGES = [
    migrations.RunSQL(
        """
ALTER TABLE billing_dunningpolicy ADD CONSTRAINT billing_dunningpolicy_of_reseller UNIQUE (reseller_id, id);
ALTER TABLE billing_centerpolicy ADD CONSTRAINT billing_centerpolicy_rules_of_reseller
    FOREIGN KEY (reseller_id, dunning_policy_id)
    REFERENCES billing_dunningpolicy (reseller_id, id) DEFERRABLE INITIALLY DEFERRED;
""",
        """
ALTER TABLE billing_centerpolicy DROP CONSTRAINT billing_centerpolicy_rules_of_reseller;
ALTER TABLE billing_dunningpolicy DROP CONSTRAINT billing_dunningpolicy_of_reseller;
""",
    ),
]
