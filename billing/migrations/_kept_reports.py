"""Reports of many centers as they were last added up (billing/reports/kept.py, kept_profit.py); they can be made again."""

from django.db import migrations

KEPT = """
CREATE TABLE billing_keptreport (
    reseller_id bigint NOT NULL,
    name varchar(10) NOT NULL,
    month date NOT NULL,
    made_at timestamptz NOT NULL,
    content jsonb NOT NULL,
    PRIMARY KEY (reseller_id, name, month)
);

CREATE TABLE billing_keptprofit (
    reseller_id bigint NOT NULL,
    month date NOT NULL,
    center_id bigint,
    currency varchar(3) NOT NULL,
    invoiced numeric NOT NULL,
    accrued numeric NOT NULL,
    cost numeric NOT NULL,
    uncharged numeric NOT NULL
);
CREATE INDEX billing_keptprofit_of_month
    ON billing_keptprofit (reseller_id, month, (invoiced + accrued - cost), center_id);
"""
KEPT_BACK = """
DROP TABLE billing_keptprofit;
DROP TABLE billing_keptreport;
"""

CHANGES = [migrations.RunSQL(KEPT, KEPT_BACK)]
