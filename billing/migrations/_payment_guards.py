"""What the database refuses of payments: allocations to foreign invoices or over the payment, and changes."""

from django.db import migrations

from billing.migrations import _guards

ALLOCATIONS = """
CREATE FUNCTION billing_allocation_fits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    paid record;
    bill record;
BEGIN
    SELECT center_id, currency, amount INTO paid FROM billing_payment WHERE id = NEW.payment_id;
    SELECT center_id, currency, kind INTO bill FROM billing_invoice WHERE id = NEW.invoice_id;
    IF paid.center_id <> NEW.center_id OR bill.center_id <> NEW.center_id OR bill.kind <> 'invoice'
       OR bill.currency <> paid.currency THEN
        RAISE EXCEPTION 'payment %: not an invoice it can settle', NEW.payment_id USING ERRCODE = 'check_violation';
    END IF;
    IF (SELECT sum(amount) FROM billing_paymentallocation WHERE payment_id = NEW.payment_id) > paid.amount THEN
        RAISE EXCEPTION 'payment %: more is allocated than was paid', NEW.payment_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER billing_allocation_fits AFTER INSERT ON billing_paymentallocation
    FOR EACH ROW EXECUTE FUNCTION billing_allocation_fits();
"""
ALLOCATIONS_BACK = """
DROP TRIGGER billing_allocation_fits ON billing_paymentallocation;
DROP FUNCTION billing_allocation_fits();
"""
CHANGES = [
    migrations.RunSQL(ALLOCATIONS, ALLOCATIONS_BACK),
    _guards.frozen("billing_paymentallocation", []),
    _guards.frozen("billing_paymentattachment", ["added_by_id"]),
    _guards.frozen("billing_gatewayevent", ["deliveries", "outcome", "processed_at", "payment_id"]),
    _guards.frozen(
        "billing_flaggedpayment", ["state", "payment_id", "decided_at", "decided_by_id", "decision"]
    ),
    _guards.frozen("billing_bankline", ["state", "payment_id", "decided_at", "decided_by_id"]),
    _guards.never_emptied("billing_paymentallocation"),
    _guards.never_emptied("billing_paymentattachment"),
    _guards.never_emptied("billing_gatewayevent"),
    _guards.never_emptied("billing_flaggedpayment"),
    _guards.never_emptied("billing_bankline"),
    _guards.paired("billing_paymentallocation"),
    _guards.paired("billing_paymentlink"),
    _guards.paired("billing_flaggedpayment"),
]
