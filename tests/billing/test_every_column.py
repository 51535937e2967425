"""What is issued stays as it is: the database refuses to change each of its columns by plain SQL, or to remove rows."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from billing.charges import add_charge, add_discount
from billing.dunning.write_offs import write_off
from billing.invoicing import Part, close_period, credit_invoice, issue_invoice, lines_left
from billing.invoicing.waivers import waive_usage
from billing.models import Invoice
from billing.payments import refund_credit
from billing.periods import Period
from billing.plans import add_plan, choose_plan
from billing.policies import save_policy
from billing.pricing.exchange_rates import set_exchange_rate
from centers.tenancy.scoping import tenant
from tests.billing.conftest import FEBRUARY, NOW, Shop, make_shop
from tests.billing.pricing.test_price_list import rates
from tests.billing.tax.shops import register, tax_rate
from tests.shared_rows import ROWS
from whatsapp.instances import move

#: Table -> the columns that may still change: what is open, that a row no longer counts (once), who did it (privacy).
MAY_CHANGE = {
    "billing_invoice": {"open_amount", "credited", "written_off", "settled_at", "voided_at", "issued_by_id"},
    "billing_invoiceline": set(),
    "billing_invoicetax": set(),
    "billing_ledgerentry": {"by_id"},
    "billing_payment": {"reversed_at", "reversed_by_id", "reversal_reason", "recorded_by_id"},
    "billing_carriedamount": {"by_id"},
    "billing_billingperiod": {"voided_at", "closed_by_id"},
    "billing_usageclaim": {"voided_at"},
    "billing_subscriptionclaim": {"voided_at"},
    "billing_waiver": {"by_id"},
    "billing_writeoff": {"reversed_at", "reversed_by_id", "reversal_reason", "by_id"},
    "billing_margin": {"created_by_id"},
    "billing_exchangerate": {"entered_by_id"},
    "billing_taxrate": {"created_by_id"},
    "billing_charge": {"end_day", "withdrawn_at", "created_by_id"},
    "billing_chargeclaim": {"voided_at"},
    "billing_plan": {"archived_at", "created_by_id"},
    "billing_planterms": {"created_by_id"},
    "billing_beyondclaim": {"voided_at"},
    "billing_discount": {"end_day", "withdrawn_at", "created_by_id"},
    "whatsapp_instanceassignment": {"read_to"},
}
#: Another value for any column, by its type.
OTHER = {
    "numeric": "coalesce({}, 0) + 1",
    "bigint": "coalesce({}, 0) + 1",
    "integer": "coalesce({}, 0) + 1",
    "smallint": "coalesce({}, 0) + 1",
    "character varying": "'x'",
    "text": "'x'",
    "boolean": "NOT coalesce({}, false)",
    "jsonb": """'{{"x": 1}}'""",
    "date": "coalesce({}, '2026-01-01') + 1",
    "timestamp with time zone": "coalesce({}, '2026-01-01') + interval '1 day'",
}


@pytest.fixture
def issued_rows(request: pytest.FixtureRequest) -> Shop:
    """Made once for all tables."""
    return ROWS.get(request, _issue)


@pytest.fixture
def issued(issued_rows: Shop) -> Iterator[Shop]:
    with tenant(issued_rows.reseller):
        yield issued_rows


def _issue() -> Shop:
    """A row of each kind: an invoice with tax, subscription, carried amount, a note, payments, waiver, a write-off."""
    shop = make_shop()
    with tenant(shop.reseller):
        register(shop)
        tax_rate(shop)
        shop.margin("10", "0.0007")
        common: dict[str, Any] = {"by": None, "now": NOW}
        set_exchange_rate(
            reseller=shop.reseller,
            base="USD",
            quote="SAR",
            day=date(2026, 1, 1),
            rate=Decimal("3.75"),
            **common,
        )
        rates(shop, "1", subscription_monthly="15")
        save_policy(reseller=shop.reseller, subscription_type="subscription_monthly", **common)
        center = shop.new_center(currency="SAR")
        number = shop.number(center, held_since=NOW - timedelta(days=40))
        first = date(2026, 2, 3)
        shop.read_all(
            [(number, FEBRUARY.first_day + timedelta(days=day)) for day in range(28)], sent=7, cost="0.0123"
        )
        waive_usage(
            instance=number, period=Period(first, first + timedelta(days=1)), because="a test", **common
        )
        add_charge(center=center, amount="5", description="Set-up", day=first, **common)
        add_discount(center=center, percent=Decimal(1), day=FEBRUARY.end_day, **common)
        invoice = issue_invoice(center=center, period=FEBRUARY, **common)
        line = max(lines_left(invoice), key=lambda row: row.amount).line
        credit_invoice(invoice=invoice, parts={line.pk: Part(amount=Decimal(1))}, because="a test", **common)
        shop.pay("500", center)
        refund_credit(center=center, amount="1", currency="SAR", reference="back", **common)
        plan = add_plan(
            reseller=shop.reseller, name="Basic", currency="USD", amount="5", included=1, day=first, **common
        )
        with_plan = shop.new_center(created_at=NOW - timedelta(days=40))
        choose_plan(center=with_plan, plan=plan, day=first, **common)
        close_period(center=with_plan, period=FEBRUARY, **common)
        move(instance=number, center=shop.center, **common)
        lost = shop.owe("3", shop.new_center())
        write_off(center=lost.center, invoices=[lost.pk], because="a test", **common)
    return shop


@pytest.mark.parametrize("table", MAY_CHANGE)
def test_each_column_of_what_is_issued_refuses_plain_sql(
    issued: Shop, table: str, record_property: Any
) -> None:
    columns = columns_of(table)
    assert count(table) > 0
    changed = {name for name, kind in columns.items() if is_changed(table, name, OTHER[kind])}
    assert changed <= MAY_CHANGE[table]
    assert not removed(table)
    record_property("figures", f"{table}: {len(columns) - len(MAY_CHANGE[table])} columns refused")


def test_a_void_document_never_counts_again(issued: Shop) -> None:
    Invoice.objects.filter(kind="invoice").update(voided_at=NOW, open_amount=0)
    assert not is_changed("billing_invoice", "voided_at", "NULL")


def columns_of(table: str) -> dict[str, str]:
    """Names and types."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s", [table]
        )
        return dict(cursor.fetchall())


def count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])


def is_changed(table: str, column: str, value: str) -> bool:
    """Whether any row of the table takes another value in this column, with all constraints."""
    return _worked(f"UPDATE {table} SET {column} = {value.format(column)}")


def removed(table: str) -> bool:
    return _worked(f"DELETE FROM {table}")


def _worked(statement: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            transaction.set_rollback(True)
    except DatabaseError:
        return False
    return True
