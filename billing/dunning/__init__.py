"""What happens to centers that do not pay: reminders, holds, the preview, suspensions and their brake."""

from billing.dunning.holds import hold, release_hold
from billing.dunning.plan import Planned, planned_for, preview
from billing.dunning.reminders import send_reminders
from billing.dunning.suspending import open_brake, release_brake, run_suspensions

__all__ = [
    "Planned",
    "hold",
    "open_brake",
    "planned_for",
    "preview",
    "release_brake",
    "release_hold",
    "run_suspensions",
    "send_reminders",
]
