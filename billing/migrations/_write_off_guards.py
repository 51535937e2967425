"""What the database refuses of write-offs: more than is left of an invoice, foreign invoices, and changes."""

from django.db import migrations

from billing.migrations import _guards

FITS = """
CREATE FUNCTION billing_write_off_fits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    bill record;
    before numeric;
BEGIN
    -- The lock makes write-offs of one invoice wait for each other, so the sum below sees all of them.
    SELECT * INTO bill FROM billing_invoice WHERE id = NEW.invoice_id FOR NO KEY UPDATE;
    IF (bill.center_id, bill.currency, bill.kind) IS DISTINCT FROM (NEW.center_id, NEW.currency, 'invoice')
       OR bill.voided_at IS NOT NULL THEN
        RAISE EXCEPTION 'write-off: not of an invoice of its center' USING ERRCODE = 'check_violation';
    END IF;
    SELECT coalesce(sum(amount), 0) INTO before FROM billing_writeoff
     WHERE invoice_id = NEW.invoice_id AND reversed_at IS NULL;
    IF before + NEW.amount > bill.total - bill.credited THEN
        RAISE EXCEPTION 'write-off: more than is left of %', bill.number USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER billing_write_off_fits BEFORE INSERT ON billing_writeoff
    FOR EACH ROW EXECUTE FUNCTION billing_write_off_fits();

CREATE FUNCTION billing_write_off_posted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    lost record;
BEGIN
    SELECT center_id, currency, amount INTO lost FROM billing_writeoff WHERE id = NEW.write_off_id;
    IF (lost.center_id, lost.currency, lost.amount) IS DISTINCT FROM
       (NEW.center_id, NEW.currency, CASE NEW.kind WHEN 'write_off' THEN -NEW.amount ELSE NEW.amount END) THEN
        RAISE EXCEPTION 'ledger: not the amount of its write-off' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER billing_write_off_posted BEFORE INSERT ON billing_ledgerentry
    FOR EACH ROW WHEN (NEW.write_off_id IS NOT NULL) EXECUTE FUNCTION billing_write_off_posted();
"""
FITS_BACK = """
DROP TRIGGER billing_write_off_posted ON billing_ledgerentry;
DROP FUNCTION billing_write_off_posted();
DROP TRIGGER billing_write_off_fits ON billing_writeoff;
DROP FUNCTION billing_write_off_fits();
"""
CHANGES = [
    migrations.RunSQL(FITS, FITS_BACK),
    _guards.frozen("billing_writeoff", ["reversed_at", "reversed_by_id", "reversal_reason", "by_id"]),
    _guards.paired("billing_writeoff"),
    _guards.never_emptied("billing_writeoff"),
]
