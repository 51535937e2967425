"""How many numbers each reseller has in each state, kept by the database, whatever writes the numbers' rows.

Each statement adds the changes it makes as rows of their own: a row per state to count up and down would stay locked,
after each change of a number, until the end of its transaction. Rows are added up every minute
(whatsapp/state_counts.py).
"""

from django.db import migrations

FUNCTIONS = """
CREATE TABLE whatsapp_statecount (
    reseller_id bigint NOT NULL,
    state varchar(12) NOT NULL,
    switching boolean NOT NULL,
    count bigint NOT NULL,
    added_up boolean NOT NULL DEFAULT false
);
CREATE INDEX whatsapp_statecount_of_reseller ON whatsapp_statecount (reseller_id) INCLUDE (state, switching, count);
CREATE INDEX whatsapp_statecount_new ON whatsapp_statecount (reseller_id) WHERE NOT added_up;

CREATE FUNCTION whatsapp_count_states() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO whatsapp_statecount (reseller_id, state, switching, count)
        SELECT reseller_id, state, service <> desired_state, count(*) FROM now_rows
        WHERE archived_at IS NULL GROUP BY 1, 2, 3;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO whatsapp_statecount (reseller_id, state, switching, count)
        SELECT reseller_id, state, service <> desired_state, -count(*) FROM old_rows
        WHERE archived_at IS NULL GROUP BY 1, 2, 3;
    ELSE
        INSERT INTO whatsapp_statecount (reseller_id, state, switching, count)
        SELECT reseller_id, state, service <> desired_state, sum(one) FROM (
            SELECT reseller_id, state, service, desired_state, 1 AS one FROM now_rows WHERE archived_at IS NULL
            UNION ALL
            SELECT reseller_id, state, service, desired_state, -1 FROM old_rows WHERE archived_at IS NULL
        ) changes GROUP BY 1, 2, 3 HAVING sum(one) <> 0;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER whatsapp_instance_counted AFTER INSERT ON whatsapp_instance
    REFERENCING NEW TABLE AS now_rows FOR EACH STATEMENT EXECUTE FUNCTION whatsapp_count_states();
CREATE TRIGGER whatsapp_instance_recounted AFTER UPDATE ON whatsapp_instance
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS now_rows
    FOR EACH STATEMENT EXECUTE FUNCTION whatsapp_count_states();
CREATE TRIGGER whatsapp_instance_discounted AFTER DELETE ON whatsapp_instance
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION whatsapp_count_states();
"""
FUNCTIONS_BACK = """
DROP TRIGGER whatsapp_instance_discounted ON whatsapp_instance;
DROP TRIGGER whatsapp_instance_recounted ON whatsapp_instance;
DROP TRIGGER whatsapp_instance_counted ON whatsapp_instance;
DROP FUNCTION whatsapp_count_states();
DROP TABLE whatsapp_statecount;
"""

OPERATIONS = [migrations.RunSQL(FUNCTIONS, FUNCTIONS_BACK)]
