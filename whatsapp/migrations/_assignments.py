"""Who held a number when, kept by the database: one span after the other, whatever writes the number's row."""

from django.db import migrations

FUNCTIONS = """
-- The day of MazBot's calendar; of the reseller's own until an account is entered.
CREATE FUNCTION whatsapp_mazbot_day(of_reseller bigint, moment timestamptz) RETURNS date LANGUAGE sql STABLE AS $$
    SELECT (moment AT TIME ZONE coalesce(
        (SELECT time_zone FROM whatsapp_mazbotaccount WHERE reseller_id = of_reseller),
        (SELECT time_zone FROM centers_reseller WHERE id = of_reseller)
    ))::date
$$;

-- Ends the present span of a number and begins the next one. A move without a time of its own (plain SQL, a process of
-- an earlier version) counts from now; one that is dated before the present span began ends it as it begins.
CREATE FUNCTION whatsapp_assign() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    present whatsapp_instanceassignment;
    moment timestamptz := NEW.held_since;
    day date;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT * INTO present FROM whatsapp_instanceassignment WHERE instance_id = NEW.id AND until IS NULL;
        IF NEW.archived_at IS NOT NULL THEN
            moment := NEW.archived_at;
        ELSIF NEW.held_since = OLD.held_since THEN
            moment := now();
        END IF;
    END IF;
    day := whatsapp_mazbot_day(NEW.reseller_id, moment);
    IF present.id IS NOT NULL THEN
        IF NEW.archived_at IS NULL AND (present.center_id, present.mazbot_id) = (NEW.center_id, NEW.instance_id) THEN
            -- Nothing but the time: a program dates what it made of the past.
            UPDATE whatsapp_instanceassignment SET since = moment, first_day = day, billed_from = day
            WHERE id = present.id;
            RETURN NULL;
        END IF;
        moment := greatest(moment, present.since);
        day := greatest(day, present.first_day);
        UPDATE whatsapp_instanceassignment SET until = moment, last_day = day WHERE id = present.id;
    ELSIF TG_OP = 'UPDATE' THEN
        -- Restored on the day it was archived: the same span goes on, with a whole day.
        UPDATE whatsapp_instanceassignment SET until = NULL, last_day = NULL
        WHERE NEW.archived_at IS NULL AND (center_id, mazbot_id, last_day) = (NEW.center_id, NEW.instance_id, day)
          AND id = (SELECT id FROM whatsapp_instanceassignment WHERE instance_id = NEW.id
                    ORDER BY since DESC, id DESC LIMIT 1);
        IF FOUND THEN
            RETURN NULL;
        END IF;
    END IF;
    IF NEW.archived_at IS NULL THEN
        INSERT INTO whatsapp_instanceassignment
            (reseller_id, center_id, instance_id, mazbot_id, since, first_day, billed_from)
        VALUES (NEW.reseller_id, NEW.center_id, NEW.id, NEW.instance_id, moment, day, day);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER whatsapp_instance_assigned AFTER INSERT ON whatsapp_instance
    FOR EACH ROW EXECUTE FUNCTION whatsapp_assign();
CREATE TRIGGER whatsapp_instance_reassigned
    AFTER UPDATE OF center_id, instance_id, archived_at, held_since ON whatsapp_instance
    FOR EACH ROW WHEN (
        (NEW.center_id, NEW.instance_id, NEW.held_since) IS DISTINCT FROM (OLD.center_id, OLD.instance_id, OLD.held_since)
        OR (NEW.archived_at IS NULL) <> (OLD.archived_at IS NULL)
    ) EXECUTE FUNCTION whatsapp_assign();

-- Only the number's own row writes its history; people choose the first billed day, and billing notes what is read.
CREATE FUNCTION whatsapp_assignment_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := '{billed_from,read_to}';
BEGIN
    IF pg_trigger_depth() < 2 THEN
        IF to_jsonb(OLD) - free IS DISTINCT FROM to_jsonb(NEW) - free THEN
            RAISE EXCEPTION '%: the history of a number is never changed', TG_TABLE_NAME
                USING ERRCODE = 'restrict_violation';
        END IF;
        NEW.first_day := least(NEW.billed_from, whatsapp_mazbot_day(NEW.reseller_id, NEW.since));
    END IF;
    IF NEW.first_day < OLD.first_day THEN
        NEW.read_to := NULL;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER whatsapp_instanceassignment_stays
    BEFORE UPDATE OF id, reseller_id, center_id, instance_id, mazbot_id, since, until, first_day, last_day, billed_from
    ON whatsapp_instanceassignment FOR EACH ROW EXECUTE FUNCTION whatsapp_assignment_stays();

-- A number in use is held by its center, an archived one by no one, and no span is removed while the number is there.
CREATE FUNCTION whatsapp_assignment_fits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    number whatsapp_instance;
    present whatsapp_instanceassignment;
BEGIN
    SELECT * INTO number FROM whatsapp_instance WHERE id = coalesce(NEW.instance_id, OLD.instance_id);
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION '%: rows are never removed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    SELECT * INTO present FROM whatsapp_instanceassignment WHERE instance_id = number.id AND until IS NULL;
    IF number.archived_at IS NULL AND (present.center_id, present.mazbot_id, present.reseller_id)
           IS DISTINCT FROM (number.center_id, number.instance_id, number.reseller_id)
       OR number.archived_at IS NOT NULL AND present.id IS NOT NULL THEN
        RAISE EXCEPTION '%: a number in use is held by its center', TG_TABLE_NAME USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER whatsapp_instanceassignment_fits
    AFTER INSERT OR DELETE OR UPDATE OF until, center_id, mazbot_id ON whatsapp_instanceassignment
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION whatsapp_assignment_fits();
CREATE TRIGGER whatsapp_instanceassignment_not_emptied BEFORE TRUNCATE ON whatsapp_instanceassignment
    FOR EACH STATEMENT EXECUTE FUNCTION centers_refuse_truncate();
ALTER TABLE whatsapp_instanceassignment ADD CONSTRAINT whatsapp_instanceassignment_center_of_reseller
    FOREIGN KEY (reseller_id, center_id) REFERENCES centers_center (reseller_id, id) DEFERRABLE INITIALLY DEFERRED;
"""
FUNCTIONS_BACK = """
ALTER TABLE whatsapp_instanceassignment DROP CONSTRAINT whatsapp_instanceassignment_center_of_reseller;
DROP TRIGGER whatsapp_instanceassignment_not_emptied ON whatsapp_instanceassignment;
DROP TRIGGER whatsapp_instanceassignment_fits ON whatsapp_instanceassignment;
DROP FUNCTION whatsapp_assignment_fits();
DROP TRIGGER whatsapp_instanceassignment_stays ON whatsapp_instanceassignment;
DROP FUNCTION whatsapp_assignment_stays();
DROP TRIGGER whatsapp_instance_reassigned ON whatsapp_instance;
DROP TRIGGER whatsapp_instance_assigned ON whatsapp_instance;
DROP FUNCTION whatsapp_assign();
DROP FUNCTION whatsapp_mazbot_day(bigint, timestamptz);
"""

OPERATIONS = [migrations.RunSQL(FUNCTIONS, FUNCTIONS_BACK)]
