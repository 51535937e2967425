"""The history of a number's status, kept by the database: one interval after the other, whatever writes the row."""

from django.db import migrations

from whatsapp.migrations import _counts

FUNCTIONS = """
-- After which time without a check a status counts as unknown: three times what a sweep of the account's numbers
-- takes at its request limit, and at least half an hour. (greatest() ignores the NULL of a reseller without account.)
CREATE FUNCTION whatsapp_unobserved_after(of_reseller bigint) RETURNS interval LANGUAGE sql STABLE AS $$
    SELECT greatest(
        interval '30 minutes',
        interval '3 minutes'
        * (SELECT coalesce(sum(count), 0)::double precision FROM whatsapp_statecount WHERE reseller_id = of_reseller)
        / (SELECT max(rate_limit) FROM whatsapp_mazbotaccount WHERE reseller_id = of_reseller)
    )
$$;

-- End the present interval of the number at `moment` and begin another. A change that is dated before the present
-- interval began (two processes, one slow) changes that interval instead.
CREATE FUNCTION whatsapp_begin_interval(
    number whatsapp_instance, new_connection text, new_off text, moment timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    present whatsapp_statusinterval;
    new_raw text := CASE WHEN new_connection = 'unknown' THEN number.raw_status ELSE '' END;
    connected boolean := new_connection = 'connected';
BEGIN
    SELECT * INTO present FROM whatsapp_statusinterval WHERE instance_id = number.id AND until IS NULL;
    IF present.id IS NULL THEN
        IF new_connection = 'unchecked' AND new_off = '' THEN
            RETURN;  -- the history begins with the first check
        END IF;
    ELSIF (present.connection, present.off, present.raw) = (new_connection, new_off, new_raw) THEN
        RETURN;
    ELSIF moment <= present.since THEN
        UPDATE whatsapp_statusinterval
        SET connection = new_connection, off = new_off, raw = new_raw, ever_connected = ever_connected OR connected
        WHERE id = present.id;
        RETURN;
    ELSE
        UPDATE whatsapp_statusinterval SET until = moment WHERE id = present.id;
    END IF;
    INSERT INTO whatsapp_statusinterval (reseller_id, instance_id, since, connection, off, raw, ever_connected)
    VALUES (number.reseller_id, number.id, moment, new_connection, new_off, new_raw,
            connected OR coalesce(present.ever_connected, false));
END $$;

CREATE FUNCTION whatsapp_keep_history() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    off text := CASE WHEN NEW.desired_state = 'disabled' THEN coalesce(nullif(NEW.desired_reason, ''), 'manual')
                     ELSE '' END;
    moment timestamptz := coalesce(NEW.connection_since, NEW.checked_at, NEW.created_at);
    last_known timestamptz;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.connection = OLD.connection THEN
            moment := coalesce(CASE WHEN (NEW.desired_state, NEW.desired_reason) IS DISTINCT FROM
                (OLD.desired_state, OLD.desired_reason) THEN NEW.desired_at ELSE NEW.checked_at END, now());
        END IF;
        IF off = '' AND NEW.checked_at - OLD.checked_at > interval '30 minutes' THEN
            -- A status seen once, and not again before the gap, still was there.
            SELECT greatest(OLD.checked_at, since + interval '1 second') INTO last_known
            FROM whatsapp_statusinterval WHERE instance_id = NEW.id AND until IS NULL;
            IF NEW.checked_at - last_known > whatsapp_unobserved_after(NEW.reseller_id) THEN
                PERFORM whatsapp_begin_interval(NEW, '', '', last_known);
                moment := NEW.checked_at;
            END IF;
        END IF;
    END IF;
    PERFORM whatsapp_begin_interval(NEW, NEW.connection, off, moment);
    RETURN NULL;
END $$;

CREATE TRIGGER whatsapp_instance_history_begins AFTER INSERT ON whatsapp_instance
    FOR EACH ROW WHEN (NEW.connection <> 'unchecked' OR NEW.desired_state = 'disabled')
    EXECUTE FUNCTION whatsapp_keep_history();
-- Most updates are checks that found what was known: for these only this condition is evaluated.
CREATE TRIGGER whatsapp_instance_history AFTER UPDATE ON whatsapp_instance
    FOR EACH ROW WHEN (
        NEW.connection <> OLD.connection OR NEW.desired_state <> OLD.desired_state
        OR NEW.desired_reason <> OLD.desired_reason
        OR (NEW.connection = 'unknown' AND NEW.raw_status <> OLD.raw_status)
        OR NEW.checked_at - OLD.checked_at > interval '30 minutes'
    ) EXECUTE FUNCTION whatsapp_keep_history();
"""
FUNCTIONS_BACK = """
DROP TRIGGER whatsapp_instance_history ON whatsapp_instance;
DROP TRIGGER whatsapp_instance_history_begins ON whatsapp_instance;
DROP FUNCTION whatsapp_keep_history();
DROP FUNCTION whatsapp_begin_interval(whatsapp_instance, text, text, timestamptz);
DROP FUNCTION whatsapp_unobserved_after(bigint);
"""

OPERATIONS = [*_counts.OPERATIONS, migrations.RunSQL(FUNCTIONS, FUNCTIONS_BACK)]
