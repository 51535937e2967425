"""Labels of billing's actions in the audit log."""

from django.utils.translation import gettext_lazy as _

SENTENCES = {
    "billing_policy.changed": _("%(who)s changed the billing rules"),
    "center_policy.changed": _("%(who)s changed the billing rules of a center"),
    "center.suspended": _("%(who)s suspended %(what)s for unpaid invoices"),
    "center.resumed": _("%(who)s ended the suspension of %(what)s"),
    "credit.refunded": _("%(who)s recorded that credit was paid out to %(what)s"),
    "exchange_rate.entered": _("%(who)s entered the exchange rate %(what)s"),
    "hold.set": _("%(who)s held the suspension of %(what)s"),
    "hold.released": _("%(who)s released the hold of %(what)s"),
    "invoice.issued": _("%(who)s issued the invoice %(what)s"),
    "invoice.voided": _("%(who)s took back the invoice %(what)s"),
    "mail.sent_again": _("%(who)s sent a mail again: %(what)s"),
    "margin.set": _("%(who)s set a margin: %(what)s"),
    "margin.withdrawn": _("%(who)s withdrew a margin of its own: the wider one counts again"),
    "payment.recorded": _("%(who)s recorded the payment %(what)s"),
    "payment.reversed": _("%(who)s reversed the payment %(what)s"),
    "period.waived": _("%(who)s closed a period with nothing to charge"),
    "rate.categorised": _("%(who)s decided what a rate type counts as"),
    "rates.changed": _("MazBot's rates changed"),
    "reading.accepted": _("%(who)s accepted a doubtful usage reading"),
    "reading.dismissed": _("%(who)s dismissed a doubtful usage reading"),
    "reminder.written": _("%(who)s wrote a reminder for %(what)s"),
    "suspensions.held": _("%(who)s stopped the suspensions: there would be too many at once"),
    "suspensions.released": _("%(who)s let the stopped suspensions go on"),
    "usage.waived": _("%(who)s waived usage"),
}
