"""Rows that many tests begin with are made once; each test works in a savepoint of the transaction that holds them."""

import copy
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, TypeVar

import pytest
from django.db import connection, transaction
from pytest_django.plugin import blocking_manager_key

T = TypeVar("T")

#: The fixtures whose rows are shared.
SHARED = {"house", "desk", "crawl", "shop_rows", "worlds", "full", "issued_rows", "written_rows"}
#: These commit and empty the tables.
COMMITTING = {"transactional_db", "committed_shop", "live_server"}


def commits(item: pytest.Item) -> bool:
    """Whether the test commits, so that no transaction may be open around it."""
    mark = item.get_closest_marker("django_db")
    return bool(COMMITTING & set(getattr(item, "fixturenames", ()))) or bool(
        mark and mark.kwargs.get("transaction")
    )


class SharedRows:
    """The rows of one fixture at a time; the transaction ends before a test that does not begin with them."""

    def __init__(self) -> None:
        self._name = ""
        self._rows: Any = None
        self._open = ExitStack()

    def get(self, request: pytest.FixtureRequest, make: Callable[[], T]) -> T:
        """A copy of what `make` returned, with its rows in the database, for the fixture that asks.

        Where the test's own transaction has begun already, or the test commits, the rows are made for it alone.
        """
        if request.fixturename not in SHARED:
            raise LookupError(f"Name the fixture {request.fixturename} in SHARED.")
        if commits(request.node):
            request.getfixturevalue("transactional_db")
            return make()
        request.getfixturevalue("django_db_setup")
        with request.config.stash[blocking_manager_key].unblock():
            if not connection.in_atomic_block:
                self._begin(str(request.fixturename))
                self._rows = make()
            else:
                # PostgreSQL keeps the mode that a test set inside a savepoint of its own.
                with connection.cursor() as cursor:
                    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        request.getfixturevalue("db")
        return copy.deepcopy(self._rows) if self._name == request.fixturename else make()

    def _begin(self, name: str) -> None:
        self.end()
        atomic = transaction.atomic()
        atomic._from_testcase = True  # type: ignore[attr-defined]  # as TestCase does: durable blocks may begin inside
        self._open.enter_context(atomic)
        self._name = name

    def end(self) -> None:
        """Undo the rows."""
        if self._name:
            if connection.in_atomic_block:
                transaction.set_rollback(True)
            self._open.close()
            self._name, self._rows = "", None

    def needed_by(self, item: pytest.Item | None) -> bool:
        """Whether the next test begins with the rows that are there."""
        return item is not None and self._name in getattr(item, "fixturenames", ()) and not commits(item)


ROWS = SharedRows()


def end_unless_needed(item: pytest.Item, following: pytest.Item | None) -> None:
    """Undo the shared rows after `item` where the test after it does not begin with them.

    Another module may have a clock of its own, and would find rows that are older or younger than its tests expect.
    """
    if not ROWS.needed_by(following) or following is None or following.path != item.path:
        with item.config.stash[blocking_manager_key].unblock():
            ROWS.end()
