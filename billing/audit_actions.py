"""Labels of billing's actions in the audit log."""

from django.utils.translation import gettext_lazy as _

SENTENCES = {
    "billing_policy.changed": _("%(who)s changed the billing rules"),
    "center_policy.changed": _("%(who)s changed the billing rules of a center"),
    "center.suspended": _("%(who)s suspended %(what)s for unpaid invoices"),
    "center.resumed": _("%(who)s ended the suspension of %(what)s"),
    "center.price_basis_changed": _("%(who)s changed the country or currency of %(what)s"),
    "credit.refunded": _("%(who)s recorded a refund of credit to %(what)s"),
    "exchange_rate.entered": _("%(who)s entered the exchange rate %(what)s"),
    "gap.opened": _("A difference was found: %(what)s"),
    "gap.changed": _("A difference changed: %(what)s"),
    "gap.reopened": _("A difference changed and is open again: %(what)s"),
    "gap.settled": _("A difference is gone: %(what)s"),
    "gap.decided": _("%(who)s decided about a difference: %(what)s"),
    "hold.set": _("%(who)s put the suspension of %(what)s on hold"),
    "hold.released": _("%(who)s ended the hold for %(what)s"),
    "invoice.issued": _("%(who)s issued the invoice %(what)s"),
    "carried.settled": _("%(who)s settled what was carried over for %(what)s"),
    "credit.converted": _("%(who)s converted credit of %(what)s"),
    "invoice.corrected": _("%(who)s credited corrected usage of the invoice %(what)s"),
    "invoice.credited": _("%(who)s credited a part of the invoice %(what)s"),
    "invoice.voided": _("%(who)s voided the invoice %(what)s"),
    "mail.sent_again": _("%(who)s resent an email: %(what)s"),
    "margin.set": _("%(who)s set a margin: %(what)s"),
    "margin.withdrawn": _("%(who)s removed a margin"),
    "payment.recorded": _("%(who)s recorded the payment %(what)s"),
    "payment.reversed": _("%(who)s reversed the payment %(what)s"),
    "period.waived": _("%(who)s closed a period with nothing to charge"),
    "rate.categorised": _("%(who)s set the category of a rate type"),
    "rates.changed": _("MazBot's rates changed"),
    "rates.confirmed": _("%(who)s confirmed new rates of MazBot"),
    "rates.refused": _("%(who)s refused new rates of MazBot"),
    "rates.waiting": _("MazBot's new rates wait for confirmation"),
    "flagged_usage.accepted": _("%(who)s accepted flagged usage"),
    "flagged_usage.dismissed": _("%(who)s dismissed flagged usage"),
    "reminder.written": _("%(who)s created a reminder for %(what)s"),
    "suspensions.held": _("%(who)s stopped the suspensions because there were too many at once"),
    "suspensions.released": _("%(who)s approved the stopped suspensions"),
    "usage.waived": _("%(who)s waived usage"),
}

#: Labels of their subjects, for the filter of the page.
NOUNS = {
    "margin": _("margins"),
    "rates": _("rates"),
    "exchange_rate": _("exchange rates"),
    "invoice": _("invoices"),
    "payment": _("payments"),
    "billing_policy": _("billing policy"),
    "center_policy": _("billing rules of centers"),
    "carried": _("amounts carried over"),
    "credit": _("credit"),
    "mail": _("emails"),
    "period": _("periods"),
    "rate": _("rate types"),
    "flagged_usage": _("flagged usage"),
    "reminder": _("reminders"),
    "suspensions": _("suspensions"),
    "usage": _("usage"),
    "hold": _("holds"),
    "gap": _("differences"),
}

#: Labels of facts that are not model fields.
FACTS = {
    "amount": _("amount"),
    "total": _("total"),
    "price_basis": _("what changed"),
    "new_value": _("new value"),
    "difference_on_past_days": _("difference on days that were over"),
    "backdated_from": _("changed days, from"),
    "backdated_to": _("changed days, to"),
    "ending": _("reason it ended"),
    "until": _("until"),
    "step": _("step"),
    "category": _("applies to"),
    "first_day": _("first day"),
    "end_day": _("up to, not including"),
}

#: Labels of values stored as codes.
CODES = {
    "mazbot_country": _("Country at MazBot"),
    "invoice_currency": _("Currency"),
    "paid": _("Paid"),
    "held": _("Put on hold"),
    "settled": _("No longer required"),
    "warning": _("final warning"),
}
