"""What the database refuses of conversions: entries that don't balance, more than the credit, a wrong reversal."""

from django.db import migrations

from billing.migrations import _guards

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
CREATE TRIGGER billing_credit_stays_converted AFTER INSERT ON billing_ledgerentry
    FOR EACH ROW WHEN (NEW.kind = 'conversion' AND NEW.amount > 0)
    EXECUTE FUNCTION billing_conversion_leaves_credit();
"""
_STAYS_BACK = """
DROP TRIGGER billing_credit_stays_converted ON billing_ledgerentry;
DROP FUNCTION billing_conversion_leaves_credit();
"""
_BALANCES = """
CREATE FUNCTION billing_conversion_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    act record;
    entries record;
BEGIN
    SELECT * INTO act FROM billing_creditconversion
     WHERE id = CASE TG_TABLE_NAME WHEN 'billing_creditconversion' THEN (to_jsonb(NEW) ->> 'id')::bigint
                ELSE (to_jsonb(NEW) ->> 'conversion_id')::bigint END;
    SELECT count(*) AS count,
           coalesce(sum(amount) FILTER (WHERE currency = act.from_currency), 0) AS taken,
           coalesce(sum(amount) FILTER (WHERE currency = act.to_currency), 0) AS given,
           count(*) FILTER (WHERE center_id <> act.center_id) AS foreign_count
      INTO entries FROM billing_ledgerentry WHERE conversion_id = act.id;
    IF entries.count <> 2 OR entries.foreign_count > 0
       OR entries.taken <> act.from_amount OR entries.given <> -act.to_amount THEN
        RAISE EXCEPTION 'conversion %: its entries do not balance', act.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER billing_conversion_balances AFTER INSERT ON billing_creditconversion
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing_conversion_balances();
CREATE CONSTRAINT TRIGGER billing_conversion_balances AFTER INSERT ON billing_ledgerentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.conversion_id IS NOT NULL)
    EXECUTE FUNCTION billing_conversion_balances();
"""
_BALANCES_BACK = """
DROP TRIGGER billing_conversion_balances ON billing_ledgerentry;
DROP TRIGGER billing_conversion_balances ON billing_creditconversion;
DROP FUNCTION billing_conversion_balances();
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
    migrations.RunSQL(_BALANCES, _BALANCES_BACK),
    migrations.RunSQL(_MIRROR, _MIRROR_BACK),
    _guards.frozen("billing_creditconversion", ["by_id"]),
    _guards.paired("billing_creditconversion"),
    _guards.never_emptied("billing_creditconversion"),
]
