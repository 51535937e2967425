"""What must add up after any process was killed."""

from collections import Counter
from datetime import datetime
from typing import Any

from tests.browser import stack
from tests.browser.tenants import Tenant

#: Seconds: a machine that is busy with other work is no fault of the product. What is counted is exact all the same.
PATIENCE = 300.0
#: The table of the mails to centers, and what tells them from other messages.
MAILS, TO_CENTERS = (
    "centers_notification",
    "kind IN ('invoice.issued', 'invoice.reminder', 'invoice.warning')",
)


def wait_for(question: Any, what: str, seconds: float = PATIENCE, every: float = 0.2) -> Any:
    """Poll until the answer is truthy and return it."""
    return stack.wait_for(question, what, seconds, every)


def calls(tenant: Tenant, call: str, *, since: datetime | None = None) -> Counter[str]:
    """The count of requests to the sandbox for each number of this reseller."""
    entries = tenant.control.requests_log()
    return Counter(
        entry.instance_id
        for entry in entries
        if entry.account_key == tenant.slug and entry.call == call and (since is None or entry.at >= since)
    )


def count(tenant: Tenant, table: str, condition: str = "true") -> int:
    """Rows of this reseller."""
    return int(tenant.value(f"SELECT count(*) FROM {table} WHERE reseller_id = {{}} AND {condition}"))


def wait_for_count(
    tenant: Tenant, expected: int, table: str, condition: str = "true", seconds: float = PATIENCE
) -> None:
    """Wait until there are exactly `count` rows; more fail immediately."""
    what = f"{expected} rows of {table} where {condition}"

    def reached() -> bool:
        found = count(tenant, table, condition)
        assert found <= expected, f"{found} rows instead of {what}"
        return found == expected

    wait_for(reached, what, seconds)


def assert_billed_once(tenant: Tenant, centers: int) -> None:
    """One invoice, ledger entry and mail per center, gapless numbers, and every unit claimed exactly once."""
    assert count(tenant, "billing_invoice") == centers
    assert count(tenant, "billing_billingperiod", "outcome = 'invoiced'") == centers
    assert count(tenant, "billing_ledgerentry", "kind = 'invoice'") == centers
    assert count(tenant, MAILS, "kind = 'invoice.issued'") == centers
    numbers = "SELECT array_agg(sequence ORDER BY sequence) FROM billing_invoice WHERE reseller_id = {}"
    assert tenant.value(numbers) == list(range(1, centers + 1))
    balance = tenant.value("SELECT sum(amount) FROM billing_ledgerentry WHERE reseller_id = {}")
    assert balance == tenant.value("SELECT sum(total) FROM billing_invoice WHERE reseller_id = {}") > 0
    assert balance == tenant.value("SELECT sum(amount) FROM billing_invoiceline WHERE reseller_id = {}")
    claimed = tenant.value(
        "SELECT sum(sent) FROM billing_usageclaim WHERE voided_at IS NULL AND reseller_id = {}"
    )
    used = tenant.value(
        "SELECT sum(u.sent) FROM billing_usagerecord u JOIN billing_billingperiod p ON p.center_id = u.center_id "
        "AND u.day >= p.first_day AND u.day < p.end_day WHERE u.reseller_id = {}"
    )
    assert claimed == used > 0
    twice = "SELECT count(*) - count(DISTINCT usage_record_id) FROM billing_usageclaim WHERE reseller_id = {}"
    assert tenant.value(twice) == 0
