"""What the database keeps and refuses of documents: logos stay, receipts never change."""

from django.db import migrations

from billing.migrations import _guards

#: A logo is known by the digest of its picture, so keeping it twice changes nothing.
LOGOS = """
CREATE FUNCTION billing_keep_logo() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO billing_documentlogo (reseller_id, version, picture)
    VALUES (NEW.id, NEW.logo_version, NEW.logo)
    ON CONFLICT (reseller_id, version) DO NOTHING;
    RETURN NULL;
END $$;

CREATE TRIGGER billing_logo_kept AFTER INSERT OR UPDATE OF logo, logo_version ON centers_reseller
    FOR EACH ROW WHEN (NEW.logo IS NOT NULL AND NEW.logo_version <> '') EXECUTE FUNCTION billing_keep_logo();
"""
LOGOS_BACK = """
DROP TRIGGER billing_logo_kept ON centers_reseller;
DROP FUNCTION billing_keep_logo();
"""
CHANGES = [
    migrations.RunSQL(LOGOS, LOGOS_BACK),
    _guards.frozen("billing_receipt", []),
    _guards.never_emptied("billing_receipt"),
    _guards.paired("billing_receipt"),
]
