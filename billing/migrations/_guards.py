"""What the database itself refuses: changed invoices, rewritten ledgers, a credit below zero, foreign centers."""

from django.db import migrations

# Table -> columns that may still change. Who did it may be forgotten (privacy); the rest may not.
FROZEN = {
    "billing_margin": ["created_by_id"],
    "billing_exchangerate": ["entered_by_id"],
    "billing_ledgerentry": ["by_id"],
    "billing_invoiceline": [],
    "billing_invoice": ["open_amount", "settled_at", "voided_at", "issued_by_id", "credited", "written_off"],
    "billing_payment": ["reversed_at", "reversed_by_id", "reversal_reason", "recorded_by_id"],
    "billing_usageclaim": ["voided_at"],
    "billing_subscriptionclaim": ["voided_at"],
    "billing_billingperiod": ["voided_at", "closed_by_id"],
    "billing_waiver": ["by_id"],
    "billing_centerversion": ["created_by_id"],
}
# Columns that are set once and never taken back.
ONE_WAY = {
    "billing_invoice": "voided_at",
    "billing_payment": "reversed_at",
    "billing_usageclaim": "voided_at",
    "billing_subscriptionclaim": "voided_at",
    "billing_billingperiod": "voided_at",
    "billing_writeoff": "reversed_at",
    "billing_charge": "withdrawn_at",
    "billing_chargeclaim": "voided_at",
    "billing_beyondclaim": "voided_at",
    "billing_plan": "archived_at",
    "billing_discount": "withdrawn_at",
}
# A center named in a row must be a center of the reseller named in the same row.
PAIRED = [
    "billing_usagerecord",
    "billing_flaggedusage",
    "billing_invoice",
    "billing_billingperiod",
    "billing_payment",
    "billing_ledgerentry",
    "billing_reminder",
    "billing_hold",
    "billing_suspension",
    "billing_centerpolicy",
    "billing_margin",
    "billing_waiver",
    "billing_centerversion",
]

# TRUNCATE passes row triggers: these refuse it by a trigger of their own, which the app `centers` brings.
NEVER_EMPTIED = [
    "billing_margin",
    "billing_exchangerate",
    "billing_ledgerentry",
    "billing_invoiceline",
    "billing_invoice",
    "billing_payment",
    "billing_usageclaim",
    "billing_subscriptionclaim",
    "billing_billingperiod",
    "billing_usagerecord",
    "billing_waiver",
    "billing_centerversion",
]

FUNCTIONS = """
CREATE FUNCTION billing_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := TG_ARGV[0]::text[];
    one_way text := TG_ARGV[1];
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION '%: rows are never removed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    IF (to_jsonb(OLD) - free) IS DISTINCT FROM (to_jsonb(NEW) - free) THEN
        RAISE EXCEPTION '%: a written row is never changed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    IF one_way <> '' AND to_jsonb(OLD) ->> one_way IS NOT NULL
       AND to_jsonb(OLD) ->> one_way IS DISTINCT FROM to_jsonb(NEW) ->> one_way THEN
        RAISE EXCEPTION '%: % is never taken back', TG_TABLE_NAME, one_way USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION billing_lines_add_up() RETURNS trigger LANGUAGE plpgsql AS $$
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
    SELECT kind, total, tax, line_count, currency INTO bill FROM billing_invoice WHERE id = target;
    sign := CASE bill.kind WHEN 'credit_note' THEN -1 ELSE 1 END;
    SELECT coalesce(sum(amount), 0) AS total, count(*) AS count,
           count(*) FILTER (WHERE currency <> bill.currency) AS foreign_count,
           count(*) FILTER (WHERE amount * sign < 0 AND kind <> 'carried') AS wrong_count
      INTO lines FROM billing_invoiceline WHERE invoice_id = target;
    IF lines.total + bill.tax <> bill.total OR lines.count <> bill.line_count OR lines.foreign_count > 0 THEN
        RAISE EXCEPTION 'invoice %: its lines do not add up to it', target USING ERRCODE = 'check_violation';
    END IF;
    IF bill.total * sign < 0 OR bill.tax * sign < 0 OR lines.wrong_count > 0 THEN
        RAISE EXCEPTION 'invoice %: it has the wrong sign', target USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER billing_invoice_adds_up AFTER INSERT ON billing_invoice
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing_lines_add_up();
CREATE CONSTRAINT TRIGGER billing_invoiceline_adds_up AFTER INSERT ON billing_invoiceline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing_lines_add_up();

CREATE FUNCTION billing_credit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    balance numeric;
BEGIN
    -- The lock makes refunds of one center wait for each other, so the sum below sees all of them.
    PERFORM 1 FROM centers_center WHERE id = NEW.center_id FOR NO KEY UPDATE;
    SELECT coalesce(sum(amount), 0) INTO balance FROM billing_ledgerentry
     WHERE center_id = NEW.center_id AND currency = NEW.currency;
    IF balance > 0 THEN
        RAISE EXCEPTION 'more than the credit would be paid out' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER billing_credit_stays AFTER INSERT ON billing_ledgerentry
    FOR EACH ROW WHEN (NEW.kind = 'refund') EXECUTE FUNCTION billing_credit_stays();
"""
FUNCTIONS_BACK = """
DROP TRIGGER billing_credit_stays ON billing_ledgerentry;
DROP FUNCTION billing_credit_stays();
DROP TRIGGER billing_invoiceline_adds_up ON billing_invoiceline;
DROP TRIGGER billing_invoice_adds_up ON billing_invoice;
DROP FUNCTION billing_lines_add_up();
DROP FUNCTION billing_refuse_change();
"""


def frozen(table: str, free: list[str]) -> migrations.RunSQL:
    columns = "{" + ",".join(free) + "}"
    one_way = ONE_WAY.get(table, "")
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW "
        f"EXECUTE FUNCTION billing_refuse_change('{columns}', '{one_way}');",
        f"DROP TRIGGER {table}_frozen ON {table};",
    )


def paired(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_center_of_reseller FOREIGN KEY (reseller_id, center_id) "
        "REFERENCES centers_center (reseller_id, id) DEFERRABLE INITIALLY DEFERRED;",
        f"ALTER TABLE {table} DROP CONSTRAINT {table}_center_of_reseller;",
    )


def never_emptied(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION centers_refuse_truncate();",
        f"DROP TRIGGER {table}_not_emptied ON {table};",
    )


CHANGES = [
    migrations.RunSQL(FUNCTIONS, FUNCTIONS_BACK),
    *[frozen(table, free) for table, free in FROZEN.items()],
    *[paired(table) for table in PAIRED],
    *[never_emptied(table) for table in NEVER_EMPTIED],
]
