"""All numbers' usage by day, and each center's by month, kept by the database, whatever writes the usage records.

Each statement adds the changes it makes as rows of their own: a row per day to count up would stay locked, after
usage is stored, until the end of that transaction. Rows are added up every minute (billing/queries/kept_sums.py).
"""

from django.db import migrations

SUMS = """
CREATE TABLE billing_dayusage (
    reseller_id bigint NOT NULL,
    day date NOT NULL,
    currency varchar(3) NOT NULL,
    sent bigint NOT NULL,
    received bigint NOT NULL,
    failed bigint NOT NULL,
    cost numeric(30, 10) NOT NULL,
    read_at timestamptz NOT NULL,
    added_up boolean NOT NULL DEFAULT false
);
CREATE INDEX billing_dayusage_of_reseller ON billing_dayusage (reseller_id, day);
CREATE INDEX billing_dayusage_new ON billing_dayusage (reseller_id, day) WHERE NOT added_up;

CREATE TABLE billing_monthusage (
    reseller_id bigint NOT NULL,
    month date NOT NULL,
    center_id bigint NOT NULL,
    currency varchar(3) NOT NULL,
    sent bigint NOT NULL,
    received bigint NOT NULL,
    failed bigint NOT NULL,
    cost numeric(30, 10) NOT NULL,
    added_up boolean NOT NULL DEFAULT false
);
CREATE INDEX billing_monthusage_of_reseller
    ON billing_monthusage (reseller_id, month, center_id, currency) INCLUDE (sent);
CREATE INDEX billing_monthusage_new ON billing_monthusage (reseller_id, month, center_id) WHERE NOT added_up;

-- Usage records are never deleted.
CREATE FUNCTION billing_sum_usage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO billing_dayusage (reseller_id, day, currency, sent, received, failed, cost, read_at)
        SELECT reseller_id, day, currency, sum(sent), sum(received), sum(failed), sum(cost), max(read_at)
        FROM now_rows GROUP BY 1, 2, 3;
        INSERT INTO billing_monthusage (reseller_id, month, center_id, currency, sent, received, failed, cost)
        SELECT reseller_id, date_trunc('month', day::timestamp)::date, center_id, currency,
               sum(sent), sum(received), sum(failed), sum(cost)
        FROM now_rows GROUP BY 1, 2, 3, 4;
    ELSE
        INSERT INTO billing_dayusage (reseller_id, day, currency, sent, received, failed, cost, read_at)
        SELECT reseller_id, day, currency, sum(sent), sum(received), sum(failed), sum(cost), max(read_at) FROM (
            SELECT reseller_id, day, currency, sent, received, failed, cost, read_at FROM now_rows
            UNION ALL
            SELECT reseller_id, day, currency, -sent, -received, -failed, -cost, read_at FROM old_rows
        ) changes GROUP BY 1, 2, 3;
        INSERT INTO billing_monthusage (reseller_id, month, center_id, currency, sent, received, failed, cost)
        SELECT reseller_id, date_trunc('month', day::timestamp)::date, center_id, currency,
               sum(sent), sum(received), sum(failed), sum(cost) FROM (
            SELECT reseller_id, day, center_id, currency, sent, received, failed, cost FROM now_rows
            UNION ALL
            SELECT reseller_id, day, center_id, currency, -sent, -received, -failed, -cost FROM old_rows
        ) changes GROUP BY 1, 2, 3, 4
        HAVING (sum(sent), sum(received), sum(failed), sum(cost)) <> (0, 0, 0, 0);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER billing_usagerecord_summed AFTER INSERT ON billing_usagerecord
    REFERENCING NEW TABLE AS now_rows FOR EACH STATEMENT EXECUTE FUNCTION billing_sum_usage();
CREATE TRIGGER billing_usagerecord_changed AFTER UPDATE ON billing_usagerecord
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS now_rows
    FOR EACH STATEMENT EXECUTE FUNCTION billing_sum_usage();
"""
SUMS_BACK = """
DROP TRIGGER billing_usagerecord_changed ON billing_usagerecord;
DROP TRIGGER billing_usagerecord_summed ON billing_usagerecord;
DROP FUNCTION billing_sum_usage();
DROP TABLE billing_monthusage;
DROP TABLE billing_dayusage;
"""

CHANGES = [migrations.RunSQL(SUMS, SUMS_BACK)]
