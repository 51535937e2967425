"""What the database refuses of advance invoices: more than is left of one, or than an invoice has; foreign documents."""

from django.db import migrations

from billing.migrations import _guards

ADVANCES = """
CREATE FUNCTION billing_advance_fits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    paid record;
    said record;
    moved record;
    bill record;
    rest record;
    taken numeric;
BEGIN
    -- The locks make entries of one advance, and of one invoice, wait for each other: the sums below see all of them.
    SELECT * INTO paid FROM billing_invoice WHERE id = NEW.advance_id FOR NO KEY UPDATE;
    SELECT center_id, currency INTO said FROM billing_invoice WHERE id = NEW.document_id;
    SELECT center_id, currency INTO moved FROM billing_ledgerentry WHERE id = NEW.entry_id;
    IF paid.kind <> 'advance' OR paid.center_id <> NEW.center_id
       OR (said.center_id, said.currency) IS DISTINCT FROM (paid.center_id, paid.currency)
       OR (moved.center_id, moved.currency) IS DISTINCT FROM (paid.center_id, paid.currency) THEN
        RAISE EXCEPTION 'advance %: its entries are of its center and currency', paid.number
            USING ERRCODE = 'check_violation';
    END IF;
    SELECT coalesce(sum(net), 0) + NEW.net AS net, coalesce(sum(tax), 0) + NEW.tax AS tax INTO rest
      FROM billing_advanceentry WHERE advance_id = NEW.advance_id;
    IF rest.net < 0 OR rest.tax < 0 OR rest.net + rest.tax > paid.total THEN
        RAISE EXCEPTION 'advance %: more than is left of it', paid.number USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.invoice_id IS NULL THEN
        RETURN NEW;
    END IF;
    SELECT * INTO bill FROM billing_invoice WHERE id = NEW.invoice_id FOR NO KEY UPDATE;
    IF bill.kind <> 'invoice' OR (bill.center_id, bill.currency) IS DISTINCT FROM (paid.center_id, paid.currency) THEN
        RAISE EXCEPTION 'advance %: % is no invoice of its center', paid.number, bill.number
            USING ERRCODE = 'check_violation';
    END IF;
    SELECT -coalesce(sum(net + tax), 0) - NEW.net - NEW.tax INTO taken
      FROM billing_advanceentry WHERE invoice_id = NEW.invoice_id;
    IF taken < 0 OR taken > bill.total THEN
        RAISE EXCEPTION 'invoice %: it would deduct more than it has', bill.number USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER billing_advance_fits BEFORE INSERT ON billing_advanceentry
    FOR EACH ROW EXECUTE FUNCTION billing_advance_fits();
"""
ADVANCES_BACK = """
DROP TRIGGER billing_advance_fits ON billing_advanceentry;
DROP FUNCTION billing_advance_fits();
"""
CHANGES = [
    migrations.RunSQL(ADVANCES, ADVANCES_BACK),
    _guards.frozen("billing_advanceentry", []),
    _guards.paired("billing_advanceentry"),
    _guards.never_emptied("billing_advanceentry"),
]
