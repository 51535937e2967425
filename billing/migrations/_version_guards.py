"""What the database refuses of centers: a country or currency that has versions changes by these only."""

from django.db import migrations

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
CHANGES = [migrations.RunSQL(FOLLOWS, FOLLOWS_BACK)]
