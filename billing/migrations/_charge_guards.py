"""What the database refuses of charges and plans: changes of them, foreign centers, claims outside their days."""

from django.db import migrations

from billing.migrations import _guards

FITS = """
CREATE FUNCTION billing_chargeclaim_fits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    own record;
    closed record;
BEGIN
    SELECT * INTO own FROM billing_charge WHERE id = NEW.charge_id FOR NO KEY UPDATE;
    SELECT center_id, reseller_id INTO closed FROM billing_billingperiod WHERE id = NEW.period_id;
    IF (own.center_id, own.reseller_id) IS DISTINCT FROM (closed.center_id, closed.reseller_id)
       OR NEW.reseller_id <> own.reseller_id THEN
        RAISE EXCEPTION 'charge %: it is of another center', own.id USING ERRCODE = 'check_violation';
    END IF;
    IF own.withdrawn_at IS NOT NULL OR NEW.first_day < own.first_day OR NEW.first_day >= own.end_day
       OR (own.every = 'month' AND NEW.end_day > own.end_day)
       OR own.per_number <> (NEW.instance_id IS NOT NULL) OR NEW.once <> (own.every = 'once') THEN
        RAISE EXCEPTION 'charge %: it does not apply to %', own.id, NEW.first_day USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER billing_chargeclaim_fits BEFORE INSERT ON billing_chargeclaim
    FOR EACH ROW EXECUTE FUNCTION billing_chargeclaim_fits();

CREATE FUNCTION billing_beyondclaim_fits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    own record;
    closed record;
BEGIN
    SELECT * INTO own FROM billing_charge WHERE id = NEW.charge_id FOR NO KEY UPDATE;
    SELECT center_id, reseller_id INTO closed FROM billing_billingperiod WHERE id = NEW.period_id;
    IF (own.center_id, own.reseller_id) IS DISTINCT FROM (closed.center_id, closed.reseller_id)
       OR NEW.reseller_id <> own.reseller_id THEN
        RAISE EXCEPTION 'plan of charge %: it is of another center', own.id USING ERRCODE = 'check_violation';
    END IF;
    IF own.terms_id IS NULL OR own.withdrawn_at IS NOT NULL OR NEW.first_day < own.first_day
       OR NEW.end_day > own.end_day OR own.per_number <> (NEW.instance_id IS NOT NULL) THEN
        RAISE EXCEPTION 'plan of charge %: it does not apply to %', own.id, NEW.first_day
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER billing_beyondclaim_fits BEFORE INSERT ON billing_beyondclaim
    FOR EACH ROW EXECUTE FUNCTION billing_beyondclaim_fits();

CREATE FUNCTION billing_plan_fits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    own record;
BEGIN
    IF TG_TABLE_NAME = 'billing_planterms' THEN
        SELECT reseller_id INTO own FROM billing_plan WHERE id = NEW.plan_id;
        IF own.reseller_id <> NEW.reseller_id THEN
            RAISE EXCEPTION 'terms: of another reseller''s plan' USING ERRCODE = 'check_violation';
        END IF;
    ELSIF NEW.terms_id IS NOT NULL THEN
        SELECT t.reseller_id, t.price, p.currency, p.per_number, t.tax_category, t.tax_percent, t.tax_reason INTO own
          FROM billing_planterms t JOIN billing_plan p ON p.id = t.plan_id WHERE t.id = NEW.terms_id;
        IF (own.reseller_id, own.price, own.currency, own.per_number,
            own.tax_category, own.tax_percent, own.tax_reason)
           IS DISTINCT FROM (NEW.reseller_id, NEW.amount, NEW.currency, NEW.per_number,
            NEW.tax_category, NEW.tax_percent, NEW.tax_reason) THEN
            RAISE EXCEPTION 'charge: it does not fit terms %', NEW.terms_id USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER billing_plan_fits BEFORE INSERT ON billing_planterms
    FOR EACH ROW EXECUTE FUNCTION billing_plan_fits();
CREATE TRIGGER billing_plan_fits BEFORE INSERT ON billing_charge
    FOR EACH ROW EXECUTE FUNCTION billing_plan_fits();

CREATE FUNCTION billing_discount_fits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    own record;
BEGIN
    IF NEW.charge_id IS NULL THEN
        RETURN NEW;
    END IF;
    SELECT center_id, amount INTO own FROM billing_charge WHERE id = NEW.charge_id;
    IF own.center_id <> NEW.center_id OR NEW.amount > own.amount THEN
        RAISE EXCEPTION 'discount: it does not fit charge %', NEW.charge_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER billing_discount_fits BEFORE INSERT ON billing_discount
    FOR EACH ROW EXECUTE FUNCTION billing_discount_fits();

CREATE FUNCTION billing_charge_keeps_invoiced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM billing_chargeclaim
         WHERE charge_id = NEW.id AND voided_at IS NULL
           AND (NEW.withdrawn_at IS NOT NULL OR first_day >= NEW.end_day
                OR (NEW.every = 'month' AND end_day > NEW.end_day))
    ) THEN
        RAISE EXCEPTION 'charge %: days of it are invoiced', NEW.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER billing_charge_keeps_invoiced BEFORE UPDATE ON billing_charge
    FOR EACH ROW EXECUTE FUNCTION billing_charge_keeps_invoiced();
"""
FITS_BACK = """
DROP TRIGGER billing_plan_fits ON billing_charge;
DROP TRIGGER billing_plan_fits ON billing_planterms;
DROP FUNCTION billing_plan_fits();
DROP TRIGGER billing_beyondclaim_fits ON billing_beyondclaim;
DROP FUNCTION billing_beyondclaim_fits();
DROP TRIGGER billing_discount_fits ON billing_discount;
DROP FUNCTION billing_discount_fits();
DROP TRIGGER billing_charge_keeps_invoiced ON billing_charge;
DROP FUNCTION billing_charge_keeps_invoiced();
DROP TRIGGER billing_chargeclaim_fits ON billing_chargeclaim;
DROP FUNCTION billing_chargeclaim_fits();
"""


CHANGES = [
    migrations.RunSQL(FITS, FITS_BACK),
    _guards.frozen("billing_charge", ["end_day", "withdrawn_at", "created_by_id"]),
    _guards.frozen("billing_chargeclaim", ["voided_at"]),
    *[_guards.never_emptied(table) for table in ("billing_charge", "billing_chargeclaim")],
    _guards.paired("billing_charge"),
    _guards.frozen("billing_discount", ["end_day", "withdrawn_at", "created_by_id"]),
    _guards.never_emptied("billing_discount"),
    _guards.paired("billing_discount"),
    _guards.frozen("billing_plan", ["archived_at", "created_by_id"]),
    _guards.frozen("billing_planterms", ["created_by_id"]),
    _guards.frozen("billing_beyondclaim", ["voided_at"]),
    *[_guards.never_emptied(table) for table in ("billing_plan", "billing_planterms", "billing_beyondclaim")],
]
