"""Issuing: number, lines, claims, ledger entry, mail and audit entry in one transaction."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from billing.invoicing.drafts import Draft, draft_of
from billing.invoicing.preconditions import (
    blockers_of,
    overlaps_of,
    refuse_absurd,
    without_buyer_number,
)
from billing.invoicing.run.material import Material
from billing.invoicing.run.writing import Closed, write
from billing.ledger import lock_all
from billing.models import BillingPeriod, Invoice
from billing.periods import Period
from centers.errors import OperationRefused
from centers.models import Center, User
from centers.stored_messages import StoredMessage as _
from centers.stored_messages import together

MOST_REASONS = 3  # in one message


class NothingToCharge(OperationRefused):
    """The period had nothing to charge; it was closed without an invoice."""


def issue_invoice(
    *,
    center: Center,
    period: Period,
    by: User | None,
    now: datetime,
    note: str | None = None,
    purchase_order: str = "",
) -> Invoice:
    """Issue the invoice of one center for a half-open range of past days.

    `note` is printed instead of the reseller's usual one, `purchase_order` instead of the center's.
    OperationRefused: not over, unread or flagged days, an overlapping invoice, a missing exchange rate.
    Raises NothingToCharge after closing a period without charges.
    """
    words = {"note": note, "purchase_order": purchase_order}
    closed = _closed(center, period, by, now, words)
    if closed.invoice is None:
        facts = {"center": center, "first": period.first_day, "last": period.last_day}
        nothing = _("There's nothing to charge “%(center)s” for %(first)s to %(last)s. The period is closed.")
        issued = [
            _("Credit note %(note)s for %(number)s was issued.")
            % {"note": note.number, "number": str(note.credits)}
            for note in closed.notes
        ]
        raise NothingToCharge(together([nothing % facts, *issued]))
    return closed.invoice


def close_period(*, center: Center, period: Period, by: User | None, now: datetime) -> BillingPeriod:
    """Bill or waive all usage of the period, and issue credit notes for earlier days that now cost less.

    Of two concurrent calls one gets OperationRefused.
    """
    return _closed(center, period, by, now).period


def _closed(
    center: Center, period: Period, by: User | None, now: datetime, words: Mapping[str, Any] | None = None
) -> Closed:
    outcome = close_together(centers=[center], period=period, by=by, now=now, words=words)[center.pk]
    if isinstance(outcome, OperationRefused):
        raise outcome
    return outcome


def close_together(
    *,
    centers: Iterable[Center],
    period: Period,
    by: User | None,
    now: datetime,
    words: Mapping[str, Any] | None = None,
) -> dict[int, Closed | OperationRefused]:
    """Close the same period of several centers of one reseller in one transaction; by id what became of each.

    `words` are the `note` and the `purchase_order` of the invoices, as for `issue_invoice`.
    What can be known beforehand refuses only its own center. An error of the database (raised) refuses all of them:
    nothing is saved then.
    """
    own = list(centers)
    try:
        with transaction.atomic():
            return _close(lock_all(own), period, by, now, words or {})
    except IntegrityError:
        # Without the lock, or beside an older process, another one may have closed it.
        taken = overlaps_of(own, period)
        if len(taken) < len(own):
            raise
        return {**taken}


def _close(
    centers: list[Center], period: Period, by: User | None, now: datetime, words: Mapping[str, Any]
) -> dict[int, Closed | OperationRefused]:
    outcomes: dict[int, Closed | OperationRefused] = {**overlaps_of(centers, period)}
    centers = [center for center in centers if center.pk not in outcomes]
    if centers:
        for pk, why_not in blockers_of(centers, period, now).items():
            if why_not:
                outcomes[pk] = OperationRefused(_shortened(why_not))
        centers = [center for center in centers if center.pk not in outcomes]
    if centers:
        material = Material(centers[0].reseller, centers, period)
        drafts: list[Draft] = []
        for center in centers:
            try:
                drafts.append(_draft(center, material))
            except OperationRefused as error:
                outcomes[center.pk] = error
        unnumbered = without_buyer_number(drafts)
        drafts = [draft for draft in drafts if draft.center.pk not in unnumbered]
        outcomes |= {**unnumbered, **write(material, drafts, by, now, words)}
    return outcomes


def _shortened(reasons: list[str]) -> str:
    """The first reasons, and how many more there are: each names its number."""
    more = len(reasons) - MOST_REASONS
    if more <= 0:
        return together(reasons)
    rest = _("The invoice's page lists more reasons: %(count)s.") % {"count": more}
    return together([*reasons[:MOST_REASONS], rest])


def _draft(center: Center, material: Material) -> Draft:
    draft = draft_of(center, material)
    refuse_absurd(draft)
    return draft
