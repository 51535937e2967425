"""What the database refuses of credit notes and carried amounts: a wrong sign, more than is left, foreign parties."""

from django.db import migrations

from billing.migrations import _guards

NOTES = """
CREATE FUNCTION billing_note_fits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    original record;
    before numeric;
BEGIN
    -- The lock makes notes on one invoice wait for each other, so the sum below sees all of them.
    SELECT * INTO original FROM billing_invoice WHERE id = NEW.credits_id FOR NO KEY UPDATE;
    IF original.kind = 'credit_note' OR original.voided_at IS NOT NULL THEN
        RAISE EXCEPTION 'credit note: % takes none', original.number USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.reseller_id, NEW.center_id, NEW.currency, NEW.parties, NEW.language) IS DISTINCT FROM
       (original.reseller_id, original.center_id, original.currency, original.parties, original.language) THEN
        RAISE EXCEPTION 'credit note: it repeats the parties of %', original.number
            USING ERRCODE = 'check_violation';
    END IF;
    SELECT coalesce(sum(total), 0) INTO before FROM billing_invoice WHERE credits_id = NEW.credits_id;
    IF original.total + before + NEW.total < 0 THEN
        RAISE EXCEPTION 'credit note: more than is left of %', original.number USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER billing_note_fits BEFORE INSERT ON billing_invoice
    FOR EACH ROW WHEN (NEW.kind = 'credit_note') EXECUTE FUNCTION billing_note_fits();

CREATE FUNCTION billing_line_corrects() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    bill record;
    line record;
    rest numeric;
BEGIN
    SELECT kind, credits_id, center_id INTO bill FROM billing_invoice WHERE id = NEW.invoice_id;
    IF NEW.corrects_id IS NULL THEN
        IF bill.kind = 'credit_note' THEN
            RAISE EXCEPTION 'credit note: each line names the line it credits' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    SELECT own.id, own.invoice_id, own.amount, own.currency, of.center_id INTO line
      FROM billing_invoiceline own JOIN billing_invoice of ON of.id = own.invoice_id
     WHERE own.id = NEW.corrects_id FOR NO KEY UPDATE OF own;
    IF bill.kind <> 'credit_note' THEN
        IF NEW.kind NOT IN ('adjustment', 'beyond') OR line.center_id <> bill.center_id THEN
            RAISE EXCEPTION 'invoice line: only an adjustment names an earlier line of its center'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF line.invoice_id <> bill.credits_id OR line.currency <> NEW.currency THEN
        RAISE EXCEPTION 'credit note: line % is of another invoice', line.id USING ERRCODE = 'check_violation';
    END IF;
    SELECT line.amount + NEW.amount + coalesce(sum(own.amount), 0) INTO rest
      FROM billing_invoiceline own JOIN billing_invoice of ON of.id = own.invoice_id
     WHERE own.corrects_id = line.id AND of.kind = 'credit_note';
    IF rest < least(line.amount, 0) OR rest > greatest(line.amount, 0) THEN
        RAISE EXCEPTION 'credit note: more than is left of line %', line.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER billing_line_corrects BEFORE INSERT ON billing_invoiceline
    FOR EACH ROW EXECUTE FUNCTION billing_line_corrects();
"""
NOTES_BACK = """
DROP TRIGGER billing_line_corrects ON billing_invoiceline;
DROP FUNCTION billing_line_corrects();
DROP TRIGGER billing_note_fits ON billing_invoice;
DROP FUNCTION billing_note_fits();
"""

CARRIED = """
CREATE FUNCTION billing_carried_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    rest numeric;
BEGIN
    PERFORM 1 FROM centers_center WHERE id = NEW.center_id FOR NO KEY UPDATE;
    SELECT sum(amount) INTO rest FROM billing_carriedamount
     WHERE center_id = NEW.center_id AND currency = NEW.currency;
    IF rest * NEW.amount > 0 THEN
        RAISE EXCEPTION 'more than is carried would be billed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER billing_carried_stays AFTER INSERT ON billing_carriedamount
    FOR EACH ROW WHEN (NEW.kind IN ('billed', 'settled')) EXECUTE FUNCTION billing_carried_stays();

CREATE FUNCTION billing_carried_is_billed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    target bigint;
    lines numeric;
    taken numeric;
BEGIN
    IF TG_TABLE_NAME = 'billing_carriedamount' THEN
        target := NEW.document_id;
    ELSE
        target := NEW.invoice_id;
    END IF;
    IF (SELECT kind FROM billing_invoice WHERE id = target) = 'credit_note' THEN
        RETURN NULL;
    END IF;
    SELECT coalesce(sum(amount), 0) INTO lines FROM billing_invoiceline WHERE invoice_id = target AND kind = 'carried';
    SELECT coalesce(sum(amount), 0) INTO taken FROM billing_carriedamount
     WHERE document_id = target AND kind = 'billed';
    IF lines + taken <> 0 THEN
        RAISE EXCEPTION 'invoice %: what it bills was not carried', target USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER billing_carried_is_billed AFTER INSERT ON billing_carriedamount
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.kind = 'billed')
    EXECUTE FUNCTION billing_carried_is_billed();
CREATE CONSTRAINT TRIGGER billing_carried_is_billed AFTER INSERT ON billing_invoiceline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.kind = 'carried')
    EXECUTE FUNCTION billing_carried_is_billed();
"""
CARRIED_BACK = """
DROP TRIGGER billing_carried_is_billed ON billing_invoiceline;
DROP TRIGGER billing_carried_is_billed ON billing_carriedamount;
DROP FUNCTION billing_carried_is_billed();
DROP TRIGGER billing_carried_stays ON billing_carriedamount;
DROP FUNCTION billing_carried_stays();
"""
CHANGES = [
    migrations.RunSQL(NOTES, NOTES_BACK),
    migrations.RunSQL(CARRIED, CARRIED_BACK),
    _guards.frozen("billing_carriedamount", ["by_id"]),
    _guards.paired("billing_carriedamount"),
    _guards.never_emptied("billing_carriedamount"),
]
