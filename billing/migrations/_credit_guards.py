"""What the database refuses of credit notes and carried amounts: a wrong sign, more than is left, foreign parties."""

from django.db import migrations

from billing.migrations import _guards

NEW = ["billing_carriedamount", "billing_creditconversion"]

#: Documents of older versions keep their sign: these look at rows that are written from now on.
ADDS_UP = """
CREATE OR REPLACE FUNCTION billing_lines_add_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    target bigint;
    bill record;
    lines record;
    sign integer;
BEGIN
    IF TG_TABLE_NAME = 'billing_invoice' THEN
        target := NEW.id;
    ELSE
        target := NEW.invoice_id;
    END IF;
    SELECT kind, total, line_count, currency INTO bill FROM billing_invoice WHERE id = target;
    sign := CASE bill.kind WHEN 'credit_note' THEN -1 ELSE 1 END;
    SELECT coalesce(sum(amount), 0) AS total, count(*) AS count,
           count(*) FILTER (WHERE currency <> bill.currency) AS foreign_count,
           count(*) FILTER (WHERE amount * sign < 0 AND kind <> 'carried') AS wrong_count
      INTO lines FROM billing_invoiceline WHERE invoice_id = target;
    IF lines.total <> bill.total OR lines.count <> bill.line_count OR lines.foreign_count > 0 THEN
        RAISE EXCEPTION 'invoice %: its lines do not add up to it', target USING ERRCODE = 'check_violation';
    END IF;
    IF bill.total * sign < 0 OR lines.wrong_count > 0 THEN
        RAISE EXCEPTION 'invoice %: it has the wrong sign', target USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
"""

NOTES = """
CREATE FUNCTION billing_note_fits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    original record;
    before numeric;
BEGIN
    -- The lock makes notes on one invoice wait for each other, so the sum below sees all of them.
    SELECT * INTO original FROM billing_invoice WHERE id = NEW.credits_id FOR NO KEY UPDATE;
    IF original.kind <> 'invoice' OR original.voided_at IS NOT NULL THEN
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
        IF NEW.kind <> 'adjustment' OR line.center_id <> bill.center_id THEN
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
CONVERSIONS = """
CREATE TRIGGER billing_credit_stays_converted AFTER INSERT ON billing_ledgerentry
    FOR EACH ROW WHEN (NEW.kind = 'conversion' AND NEW.amount > 0) EXECUTE FUNCTION billing_credit_stays();

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
CONVERSIONS_BACK = """
DROP TRIGGER billing_conversion_balances ON billing_ledgerentry;
DROP TRIGGER billing_conversion_balances ON billing_creditconversion;
DROP FUNCTION billing_conversion_balances();
DROP TRIGGER billing_credit_stays_converted ON billing_ledgerentry;
"""
_ADDED_UP = _guards.FUNCTIONS[_guards.FUNCTIONS.index("CREATE FUNCTION billing_lines_add_up") :]
ADDS_UP_BACK = _ADDED_UP[: _ADDED_UP.index("END $$;") + len("END $$;")].replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
)


def _frozen_again(free: list[str], before: list[str]) -> migrations.RunSQL:
    """The trigger that freezes invoices, with other columns that may change."""

    def trigger(columns: list[str]) -> str:
        return (
            "DROP TRIGGER billing_invoice_frozen ON billing_invoice;"
            "CREATE TRIGGER billing_invoice_frozen BEFORE UPDATE OR DELETE ON billing_invoice FOR EACH ROW "
            f"EXECUTE FUNCTION billing_refuse_change('{{{','.join(columns)}}}', 'voided_at');"
        )

    return migrations.RunSQL(trigger(free), trigger(before))


_FREE = _guards.FROZEN["billing_invoice"]
#: Every credit note so far voided its invoice. The trigger that freezes them is switched off for this statement only.
KINDS_OF_NOTES = migrations.RunSQL(
    """
    ALTER TABLE billing_invoice DISABLE TRIGGER billing_invoice_frozen;
    UPDATE billing_invoice SET credit_kind = 'void' WHERE kind = 'credit_note';
    UPDATE billing_invoice SET credited = total WHERE kind = 'invoice' AND voided_at IS NOT NULL AND total > 0;
    ALTER TABLE billing_invoice ENABLE TRIGGER billing_invoice_frozen;
    """,
    migrations.RunSQL.noop,
)
CHANGES = [
    migrations.RunSQL(ADDS_UP, ADDS_UP_BACK),
    migrations.RunSQL(NOTES, NOTES_BACK),
    migrations.RunSQL(CARRIED, CARRIED_BACK),
    _frozen_again([*_FREE, "credited"], _FREE),
    migrations.RunSQL(CONVERSIONS, CONVERSIONS_BACK),
    *[_guards.frozen(table, ["by_id"]) for table in NEW],
    *[_guards.paired(table) for table in NEW],
    *[_guards.never_emptied(table) for table in NEW],
]
