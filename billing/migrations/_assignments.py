"""Usage belongs to the span in which its center held the number, and an invoiced span no longer changes."""

from django.db import migrations

GUARDS = """
ALTER TABLE billing_usagerecord ADD CONSTRAINT billing_usagerecord_of_assignment
    FOREIGN KEY (assignment_id, instance_id, center_id)
    REFERENCES whatsapp_instanceassignment (id, instance_id, center_id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE billing_flaggedusage ADD CONSTRAINT billing_flaggedusage_of_assignment
    FOREIGN KEY (assignment_id, instance_id, center_id)
    REFERENCES whatsapp_instanceassignment (id, instance_id, center_id) DEFERRABLE INITIALLY DEFERRED;

CREATE FUNCTION billing_usage_of_its_holder() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM whatsapp_instanceassignment WHERE id = NEW.assignment_id
                   AND NEW.day BETWEEN first_day AND coalesce(last_day, 'infinity')) THEN
        RAISE EXCEPTION '%: the center did not hold the number on that day', TG_TABLE_NAME
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_usagerecord_of_its_holder BEFORE INSERT OR UPDATE OF assignment_id, day ON billing_usagerecord
    FOR EACH ROW EXECUTE FUNCTION billing_usage_of_its_holder();

CREATE FUNCTION billing_assignment_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM billing_usagerecord u JOIN billing_usageclaim c ON c.usage_record_id = u.id
               WHERE u.assignment_id = OLD.id AND c.voided_at IS NULL) THEN
        RAISE EXCEPTION '%: days of this span are invoiced', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_assignment_stays BEFORE UPDATE OF since, first_day, billed_from ON whatsapp_instanceassignment
    FOR EACH ROW WHEN (
        (NEW.since, NEW.first_day, NEW.billed_from) IS DISTINCT FROM (OLD.since, OLD.first_day, OLD.billed_from)
    ) EXECUTE FUNCTION billing_assignment_stays();
"""
GUARDS_BACK = """
DROP TRIGGER billing_assignment_stays ON whatsapp_instanceassignment;
DROP FUNCTION billing_assignment_stays();
DROP TRIGGER billing_usagerecord_of_its_holder ON billing_usagerecord;
DROP FUNCTION billing_usage_of_its_holder();
ALTER TABLE billing_flaggedusage DROP CONSTRAINT billing_flaggedusage_of_assignment;
ALTER TABLE billing_usagerecord DROP CONSTRAINT billing_usagerecord_of_assignment;
"""

CHANGES = [migrations.RunSQL(GUARDS, GUARDS_BACK)]
