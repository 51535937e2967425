"""A page reads in several statements, and a payment may arrive between any two of them: the page must show anyway."""

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from billing.payments.recording import record_payment
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.views.conftest import Desk

PAGES = (
    "",
    "unpaid/",
    "unpaid/aging/",
    "unpaid/forecast/",
    "invoices/",
    "invoices/{invoice}/",
    "centers/{center}/",
    "payments/",
    "usage/",
)


#: A table that a statement writes to.
WRITTEN = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM) "?(\w+)')


class Payer:
    """Pays the invoice right after a statement of a request: the one that was asked for.

    Only statements that read a table which payments change are counted. After one that reads none of them, a payment
    is the same to the page as after the one before.
    """

    def __init__(self, desk: Desk, after: int, changed: Collection[str]) -> None:
        self.desk, self.after, self.seen, self.changed = desk, after, 0, changed

    def __call__(self, execute: Callable[..., Any], sql: str, *call: Any) -> Any:
        done = execute(sql, *call)
        if any(table in sql for table in self.changed):
            self.seen += 1
            if self.seen == self.after:
                pay(self.desk)
        return done


def pay(desk: Desk) -> None:
    invoice = desk.invoice
    with tenant(desk.shop.reseller):
        record_payment(
            center=desk.center,
            amount=invoice.total,
            currency=invoice.currency,
            reference="T-1",
            received_on=NOW.date(),
            by=None,
            now=NOW,
        )


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def changed_by_payments(desk: Desk) -> set[str]:
    with undone(), CaptureQueriesContext(connection) as queries:
        pay(desk)
    return {table for query in queries.captured_queries for table in WRITTEN.findall(query["sql"])}


@pytest.mark.parametrize("path", PAGES)
def test_a_payment_between_two_statements_breaks_no_page(desk: Desk, path: str) -> None:
    client, url = desk.as_(desk.owner), desk.url(path.format(**desk.ids()))
    changed = changed_by_payments(desk)
    assert {"billing_payment", "billing_ledgerentry", "billing_invoice", "centers_center"} <= changed
    after, seen = 0, 1
    while after < seen:
        after += 1
        payer = Payer(desk, after, changed)
        with undone(), connection.execute_wrapper(payer):
            assert client.get(url).status_code == 200, f"{path}: paid after statement {after}"
        seen = payer.seen
    assert seen > 1
