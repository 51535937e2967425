"""Who may do what: the whole table, so that no line of it changes unnoticed."""

import pytest

from centers.models import Role
from centers.tenancy.permissions import GRANTS, Permission, may

#: Permission -> owner, billing, support, center admin, center viewer.
TABLE = """
view                  x x x - -
manage_centers        x - x - -
pair                  x - x - -
switch_service        x - x - -
manage_alerts         x - x - -
view_jobs             x x x - -
run_jobs              x x x - -
view_invoices         x x x - -
view_costs            x x - - -
manage_prices         x x - - -
issue_invoices        x x - - -
record_payments       x x - - -
manage_dunning        x x - - -
manage_center_people  x - x - -
manage_team           x - - - -
manage_settings       x - - - -
view_audit            x x - - -
portal_view           - - - x x
portal_pair           - - - x -
portal_webhook        - - - x -
"""
ROLES = (Role.OWNER, Role.BILLING, Role.SUPPORT, Role.CENTER_ADMIN, Role.CENTER_VIEWER)
ROWS = [line.split() for line in TABLE.split("\n") if line]


def test_the_table_names_every_permission_and_every_role_once() -> None:
    assert [row[0] for row in ROWS] == [str(permission) for permission in Permission]
    assert set(GRANTS) == set(ROLES) == set(Role)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_each_role_may_what_the_table_says(row: list[str]) -> None:
    permission, *marks = row
    assert [may(role, Permission(permission)) for role in ROLES] == [mark == "x" for mark in marks]


@pytest.mark.parametrize("role", ["", "inventor", "Owner"])
def test_a_role_that_does_not_exist_may_nothing(role: str) -> None:
    assert not any(may(role, permission) for permission in Permission)
