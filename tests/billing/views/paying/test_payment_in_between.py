"""A page reads in several statements, and a payment may arrive between any two of them: the page must show anyway."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, transaction

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


class Payer:
    """Pays the invoice right after a statement of a request: the one that was asked for."""

    def __init__(self, desk: Desk, after: int) -> None:
        self.desk, self.after, self.seen = desk, after, 0

    def __call__(self, execute: Callable[..., Any], *call: Any) -> Any:
        done = execute(*call)
        self.seen += 1
        if self.seen == self.after:
            self._pay()
        return done

    def _pay(self) -> None:
        invoice = self.desk.invoice
        with tenant(self.desk.shop.reseller):
            record_payment(
                center=self.desk.center,
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


@pytest.mark.parametrize("path", PAGES)
def test_a_payment_between_two_statements_breaks_no_page(desk: Desk, path: str) -> None:
    client, url = desk.as_(desk.owner), desk.url(path.format(**desk.ids()))
    after, seen = 0, 1
    while after < seen:
        after += 1
        payer = Payer(desk, after)
        with undone(), connection.execute_wrapper(payer):
            assert client.get(url).status_code == 200, f"{path}: paid after statement {after}"
        seen = payer.seen
