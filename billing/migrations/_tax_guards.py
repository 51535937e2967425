"""What the database refuses of taxes: documents whose taxes don't add up, and changes of what was written."""

from django.db import migrations

from billing.migrations import _guards

#: A document with taxes has a row for each category and rate of its lines; without any, it has no tax.
TAXES = """
CREATE FUNCTION billing_taxes_add_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    target bigint;
    bill record;
    wrong integer;
BEGIN
    IF TG_TABLE_NAME = 'billing_invoice' THEN
        target := NEW.id;
    ELSE
        target := NEW.invoice_id;
    END IF;
    SELECT kind, tax INTO bill FROM billing_invoice WHERE id = target;
    IF (SELECT coalesce(sum(tax), 0) FROM billing_invoicetax WHERE invoice_id = target) <> bill.tax THEN
        RAISE EXCEPTION 'invoice %: its taxes do not add up to it', target USING ERRCODE = 'check_violation';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM billing_invoicetax WHERE invoice_id = target) THEN
        RETURN NULL;
    END IF;
    SELECT count(*) INTO wrong
      FROM (SELECT tax_category, tax_percent, sum(amount) AS net FROM billing_invoiceline
             WHERE invoice_id = target GROUP BY 1, 2) line
      FULL JOIN (SELECT category, percent, net, tax FROM billing_invoicetax WHERE invoice_id = target) own
        ON own.category = line.tax_category AND own.percent = line.tax_percent
     WHERE line.net IS DISTINCT FROM own.net
        OR (own.tax <> 0 AND own.tax * CASE bill.kind WHEN 'credit_note' THEN -1 ELSE 1 END < 0);
    IF wrong > 0 THEN
        RAISE EXCEPTION 'invoice %: its taxes do not fit its lines', target USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER billing_invoice_taxes AFTER INSERT ON billing_invoice
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing_taxes_add_up();
CREATE CONSTRAINT TRIGGER billing_invoicetax_taxes AFTER INSERT ON billing_invoicetax
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing_taxes_add_up();
"""
TAXES_BACK = """
DROP TRIGGER billing_invoicetax_taxes ON billing_invoicetax;
DROP TRIGGER billing_invoice_taxes ON billing_invoice;
DROP FUNCTION billing_taxes_add_up();
"""
CHANGES = [
    migrations.RunSQL(TAXES, TAXES_BACK),
    _guards.frozen("billing_invoicetax", []),
    _guards.frozen("billing_taxrate", ["created_by_id"]),
    _guards.never_emptied("billing_invoicetax"),
    _guards.never_emptied("billing_taxrate"),
    _guards.paired("billing_taxrate"),
    _guards.paired("billing_legalidentity"),
]
