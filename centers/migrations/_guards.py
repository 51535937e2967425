"""What the database itself refuses: a changed or removed audit entry, and emptying a table that is never emptied."""

from django.db import migrations

FUNCTIONS = """
CREATE FUNCTION centers_audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    forgotten text[] := '{actor_id,center_id}';
    name text;
BEGIN
    IF to_jsonb(OLD) - forgotten IS DISTINCT FROM to_jsonb(NEW) - forgotten THEN
        RAISE EXCEPTION '%: a written row is never changed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    -- Who did it, or where, may be forgotten when the person or the center goes; never said anew.
    FOREACH name IN ARRAY forgotten LOOP
        IF to_jsonb(NEW) ->> name IS NOT NULL AND to_jsonb(NEW) ->> name IS DISTINCT FROM to_jsonb(OLD) ->> name THEN
            RAISE EXCEPTION '%: % is never said anew', TG_TABLE_NAME, name USING ERRCODE = 'restrict_violation';
        END IF;
    END LOOP;
    RETURN NEW;
END $$;

CREATE FUNCTION centers_audit_goes_with_its_reseller() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM centers_reseller WHERE id = OLD.reseller_id) THEN
        RAISE EXCEPTION '%: rows are never removed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

-- Row triggers do not see TRUNCATE. Tests, which empty their own database with it, say so on their connections.
CREATE FUNCTION centers_refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('markaz.may_truncate', true), '') <> 'on' THEN
        RAISE EXCEPTION '%: is never emptied', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER centers_auditentry_frozen BEFORE UPDATE ON centers_auditentry
    FOR EACH ROW EXECUTE FUNCTION centers_audit_stays();
CREATE CONSTRAINT TRIGGER centers_auditentry_kept AFTER DELETE ON centers_auditentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION centers_audit_goes_with_its_reseller();
CREATE TRIGGER centers_auditentry_not_emptied BEFORE TRUNCATE ON centers_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION centers_refuse_truncate();
"""
FUNCTIONS_BACK = """
DROP TRIGGER centers_auditentry_not_emptied ON centers_auditentry;
DROP TRIGGER centers_auditentry_kept ON centers_auditentry;
DROP TRIGGER centers_auditentry_frozen ON centers_auditentry;
DROP FUNCTION centers_refuse_truncate();
DROP FUNCTION centers_audit_goes_with_its_reseller();
DROP FUNCTION centers_audit_stays();
"""

OPERATIONS = [migrations.RunSQL(FUNCTIONS, FUNCTIONS_BACK)]
