"""What the database refuses of payments that centers report: changes of what was reported, and removal.

And limits of other resellers' centers, as for every row that names a center.
"""

from billing.migrations import _guards

CHANGES = [
    _guards.frozen(
        "billing_reportedpayment", ["state", "payment_id", "decided_at", "decided_by_id", "decision"]
    ),
    _guards.never_emptied("billing_reportedpayment"),
    _guards.paired("billing_reportedpayment"),
    _guards.paired("billing_creditterms"),
]
