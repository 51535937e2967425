"""What happens to centers that do not pay: reminders, holds, the preview, suspensions and the safety stop."""

from billing.dunning.holds import hold, release_hold
from billing.dunning.plan import Planned, planned_for, preview
from billing.dunning.reminders import send_reminders
from billing.dunning.run import open_safety_stop, release_safety_stop, run_suspensions

__all__ = [
    "Planned",
    "hold",
    "open_safety_stop",
    "planned_for",
    "preview",
    "release_hold",
    "release_safety_stop",
    "run_suspensions",
    "send_reminders",
]
