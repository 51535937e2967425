"""What the database refuses of conversions that reverse another one: other amounts, another center, a second time."""

from django.db import migrations

#: A reversal takes back what may have paid an invoice by now, as a reversed payment does.
_STAYS = """
CREATE FUNCTION billing_conversion_leaves_credit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    balance numeric;
BEGIN
    IF EXISTS (SELECT 1 FROM billing_creditconversion WHERE id = NEW.conversion_id AND reverses_id IS NOT NULL) THEN
        RETURN NULL;
    END IF;
    PERFORM 1 FROM centers_center WHERE id = NEW.center_id FOR NO KEY UPDATE;
    SELECT coalesce(sum(amount), 0) INTO balance FROM billing_ledgerentry
     WHERE center_id = NEW.center_id AND currency = NEW.currency;
    IF balance > 0 THEN
        RAISE EXCEPTION 'more than the credit would be paid out' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER billing_credit_stays_converted ON billing_ledgerentry;
CREATE TRIGGER billing_credit_stays_converted AFTER INSERT ON billing_ledgerentry
    FOR EACH ROW WHEN (NEW.kind = 'conversion' AND NEW.amount > 0)
    EXECUTE FUNCTION billing_conversion_leaves_credit();
"""
_STAYS_BACK = """
DROP TRIGGER billing_credit_stays_converted ON billing_ledgerentry;
CREATE TRIGGER billing_credit_stays_converted AFTER INSERT ON billing_ledgerentry
    FOR EACH ROW WHEN (NEW.kind = 'conversion' AND NEW.amount > 0) EXECUTE FUNCTION billing_credit_stays();
DROP FUNCTION billing_conversion_leaves_credit();
"""
_MIRROR = """
CREATE FUNCTION billing_reversal_mirrors() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    original record;
BEGIN
    SELECT * INTO original FROM billing_creditconversion WHERE id = NEW.reverses_id;
    IF original.reverses_id IS NOT NULL
       OR (original.center_id, original.from_amount, original.from_currency, original.to_amount, original.to_currency)
          IS DISTINCT FROM (NEW.center_id, NEW.to_amount, NEW.to_currency, NEW.from_amount, NEW.from_currency) THEN
        RAISE EXCEPTION 'conversion %: it does not reverse what it names', NEW.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_reversal_mirrors BEFORE INSERT ON billing_creditconversion
    FOR EACH ROW WHEN (NEW.reverses_id IS NOT NULL) EXECUTE FUNCTION billing_reversal_mirrors();
"""
_MIRROR_BACK = """
DROP TRIGGER billing_reversal_mirrors ON billing_creditconversion;
DROP FUNCTION billing_reversal_mirrors();
"""
CHANGES = [
    migrations.RunSQL(_STAYS, _STAYS_BACK),
    migrations.RunSQL(_MIRROR, _MIRROR_BACK),
]
