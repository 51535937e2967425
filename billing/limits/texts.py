"""Texts of the mails to centers about their limits."""

from decimal import Decimal

from django.utils.translation import gettext as _

from billing.mail_texts import letter
from billing.money import format_amount
from centers.models import Center
from centers.notifications.registry import Content


def little_left(center: Center, left: Decimal, currency: str, *, is_prepaid: bool) -> Content:
    """Most of the limit, or of what was paid in advance, is used, or all of it."""
    amount = format_amount(max(left, Decimal(0)), currency)
    rest = _("Once it is used up, your WhatsApp numbers are suspended until you pay.")
    if left <= 0:
        rest = _("Until you pay, your WhatsApp numbers are suspended.")
        if is_prepaid:
            subject, line = _("Your balance is used up"), _("Nothing is left of what you paid in advance.")
        else:
            subject, line = _("Your credit limit is used up"), _("Nothing is left of your credit limit.")
    elif is_prepaid:
        subject = _("Your balance is low: %(amount)s left") % {"amount": amount}
        line = _("%(amount)s of what you paid in advance is left.") % {"amount": amount}
    else:
        subject = _("Your credit limit is nearly used up: %(amount)s left") % {"amount": amount}
        line = _("%(amount)s of your credit limit is left.") % {"amount": amount}
    return letter("credit.low", subject, center, [line, rest], {"left": amount}, asks_for_money=True)


def limit_reached(center: Center, exposure: Decimal, currency: str, *, is_prepaid: bool) -> Content:
    """The center is suspended because it used up its limit."""
    amount = format_amount(exposure, currency)
    if is_prepaid:
        line = _("Your WhatsApp numbers are suspended because what you paid in advance is used up.")
    else:
        line = _("Your WhatsApp numbers are suspended because your credit limit is used up.")
    lines = [line, _("Service resumes automatically once you pay.")]
    subject = _("Your WhatsApp numbers are suspended")
    return letter("center.limit_reached", subject, center, lines, {"amount_due": amount}, asks_for_money=True)
