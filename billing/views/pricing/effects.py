"""What a change that is not saved would make of the invoice of its month: drafted by the same code as invoices are."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from django.db import transaction

from billing.charges.changing import closed_until
from billing.invoicing.draft_lines import DraftLine
from billing.invoicing.drafts import Draft, preview_invoice
from billing.periods import Period, month_of
from centers.models import Center

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Effect:
    """The draft of a period before and after a change; of a running month it has what is known so far."""

    before: Draft
    after: Draft

    @property
    def lines(self) -> list[DraftLine]:
        """The lines that the change adds, or makes different."""
        known = {_shown(line) for line in self.before.lines}
        return [line for line in self.after.lines if _shown(line) not in known]


def effect_of(change: Callable[[], object], center: Center, day: date) -> Effect:
    """Do the change, draft the center's invoice of the day's month, or of the first open one, and undo the change.

    Raises OperationRefused as the change does, or where the invoice can't be calculated.
    """
    first = max(day, closed_until(center) or day)
    month = month_of(first)
    period = Period(max(month.first_day, closed_until(center) or month.first_day), month.end_day)
    before = preview_invoice(center, period)

    def changed() -> Draft:
        change()
        return preview_invoice(center, period)

    return Effect(before, undone(changed))


def undone(change: Callable[[], Result]) -> Result:
    """What the change returns; the change is undone. Raises OperationRefused as it does."""
    with transaction.atomic():
        result = change()
        transaction.set_rollback(True)
    return result


def _shown(line: DraftLine) -> tuple[object, ...]:
    return line.kind, line.heading, line.description, line.first_day, line.end_day, line.amount, line.tax
