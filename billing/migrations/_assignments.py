"""Usage belongs to the span in which its center held the number, and an invoiced span no longer changes."""

from django.db import migrations

# Until here a number had one span, of its present center. Who was billed for its days shows who held it before.
SPLIT = """
ALTER TABLE whatsapp_instanceassignment DISABLE TRIGGER whatsapp_instanceassignment_stays;

CREATE TEMPORARY TABLE span ON COMMIT DROP AS
WITH days AS (
    SELECT instance_id, center_id, day,
           row_number() OVER (PARTITION BY instance_id ORDER BY day)
           - row_number() OVER (PARTITION BY instance_id, center_id ORDER BY day) AS island
    FROM billing_usagerecord
    -- Numbers with several spans have moved since, if this is undone and done again.
    WHERE instance_id IN (SELECT instance_id FROM whatsapp_instanceassignment GROUP BY instance_id HAVING count(*) = 1)
), billed AS (
    SELECT instance_id, center_id, min(day) AS first, max(day) AS last
    FROM days GROUP BY instance_id, center_id, island
), moved_since AS (
    SELECT a.instance_id, a.center_id, max(b.last) + 1 AS first, NULL::date AS last
    FROM whatsapp_instanceassignment a JOIN billed b ON b.instance_id = a.instance_id
    GROUP BY a.instance_id, a.center_id
    HAVING (array_agg(b.center_id ORDER BY b.first DESC))[1] <> a.center_id
)
SELECT s.*, lead(first) OVER w AS next, row_number() OVER w = 1 AS is_first
FROM (SELECT * FROM billed UNION ALL SELECT * FROM moved_since) s
WINDOW w AS (PARTITION BY instance_id ORDER BY first);

CREATE TEMPORARY TABLE zone ON COMMIT DROP AS
SELECT r.id AS reseller_id, coalesce(m.time_zone, r.time_zone) AS name
FROM centers_reseller r LEFT JOIN whatsapp_mazbotaccount m ON m.reseller_id = r.id;

-- The last span of a number is the one it has; what came before is written for each earlier center.
CREATE TEMPORARY TABLE fresh ON COMMIT DROP AS
SELECT a.id AS own, a.reseller_id, s.center_id, a.instance_id, a.mazbot_id, s.next,
       CASE WHEN s.is_first THEN least(a.since, s.first::timestamp AT TIME ZONE z.name)
            ELSE s.first::timestamp AT TIME ZONE z.name END AS since,
       CASE WHEN s.is_first THEN least(a.first_day, s.first) ELSE s.first END AS first_day,
       CASE WHEN s.is_first THEN least(a.first_day, (
                SELECT min(u.day) FROM billing_usagerecord u JOIN billing_usageclaim c ON c.usage_record_id = u.id
                WHERE u.instance_id = a.instance_id AND c.voided_at IS NULL
            )) ELSE s.first END AS billed_from,
       s.next::timestamp AT TIME ZONE z.name AS until, s.last
FROM span s
JOIN whatsapp_instanceassignment a ON a.instance_id = s.instance_id
JOIN zone z ON z.reseller_id = a.reseller_id;

UPDATE whatsapp_instanceassignment a
SET since = f.since, first_day = f.first_day, billed_from = f.billed_from,
    until = CASE WHEN a.until IS NOT NULL THEN greatest(a.until, f.since) END,
    last_day = CASE WHEN a.until IS NOT NULL THEN greatest(a.last_day, f.last, f.first_day) END
FROM fresh f WHERE f.own = a.id AND f.next IS NULL;
INSERT INTO whatsapp_instanceassignment
    (reseller_id, center_id, instance_id, mazbot_id, since, until, first_day, last_day, billed_from)
SELECT reseller_id, center_id, instance_id, mazbot_id, since, greatest(until, since), first_day,
       greatest(next - 1, first_day), least(billed_from, greatest(next - 1, first_day))
FROM fresh WHERE next IS NOT NULL;

UPDATE billing_usagerecord u SET assignment_id = a.id FROM whatsapp_instanceassignment a
WHERE (a.instance_id, a.center_id) = (u.instance_id, u.center_id)
  AND u.day BETWEEN a.first_day AND coalesce(a.last_day, 'infinity');
UPDATE billing_flaggedusage f SET assignment_id = coalesce(
    (SELECT u.assignment_id FROM billing_usagerecord u WHERE (u.instance_id, u.day) = (f.instance_id, f.day)),
    (SELECT a.id FROM whatsapp_instanceassignment a WHERE a.instance_id = f.instance_id
     ORDER BY a.center_id = f.center_id DESC, f.day BETWEEN a.first_day AND coalesce(a.last_day, 'infinity') DESC,
              a.since DESC LIMIT 1)
);
UPDATE billing_flaggedusage f SET center_id = a.center_id FROM whatsapp_instanceassignment a
WHERE a.id = f.assignment_id AND a.center_id <> f.center_id;

-- The deferred checks of these rows, before their tables are altered.
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
ALTER TABLE whatsapp_instanceassignment ENABLE TRIGGER whatsapp_instanceassignment_stays;
"""

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

OPERATIONS_ON_ROWS = [migrations.RunSQL(SPLIT, migrations.RunSQL.noop)]
OPERATIONS_ON_TABLES = [migrations.RunSQL(GUARDS, GUARDS_BACK)]
