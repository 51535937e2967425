"""What happens to centers that don't pay: reminders, late fees, holds, promises, disputes, suspensions, safety stop."""

from billing.dunning.disputes import close_dispute, open_dispute, open_disputes
from billing.dunning.holds import hold, release_hold
from billing.dunning.late_fees import charge_late_fees
from billing.dunning.plan import Planned, planned_for, preview
from billing.dunning.promises import broken_promises, judge, judge_due, promise, promised, with_paid
from billing.dunning.reminders import send_reminders
from billing.dunning.run import open_safety_stop, release_safety_stop, run_suspensions

__all__ = [
    "Planned",
    "broken_promises",
    "charge_late_fees",
    "close_dispute",
    "hold",
    "judge",
    "judge_due",
    "open_dispute",
    "open_disputes",
    "open_safety_stop",
    "planned_for",
    "preview",
    "promise",
    "promised",
    "release_hold",
    "release_safety_stop",
    "run_suspensions",
    "send_reminders",
    "with_paid",
]
