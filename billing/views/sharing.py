"""The texts that links to an invoice, to pay it, and to a price list are sent with."""

from django.utils import translation
from django.utils.translation import gettext as _

from billing.invoice_links import invoice_url
from billing.models import Invoice, PaymentLink
from billing.pricing.links import ListedLink
from centers.models import Center, Reseller
from centers.values.formats import day_text, moment_text, money_text, zone_of
from centers.web.sharing import Share, letter


def share_of_invoice(invoice: Invoice, reseller: Reseller) -> Share:
    """The invoice's page that needs no account, in the center's language."""
    center = invoice.center
    url = invoice_url(invoice)
    what = _("invoice link")
    with translation.override(center.language):
        facts = {
            "number": invoice.number,
            "total": money_text(invoice.total, invoice.currency),
            "day": day_text(invoice.due_on),
        }
        due = _("Invoice %(number)s for %(total)s is due on %(day)s. View it here:")
        said = due if invoice.open_amount > 0 else _("Here is invoice %(number)s for %(total)s:")
        return Share(
            name="invoice",
            what=what,
            url=url,
            language=center.language,
            subject=_("Invoice %(number)s") % facts,
            text=letter(
                said % facts,
                url,
                sender=reseller.name,
            ),
            phone=center.phone,
            email=center.email,
        )


def share_of_payment(link: PaymentLink, invoice: Invoice, reseller: Reseller) -> Share:
    """The page of a gateway where the invoice can be paid, in the center's language."""
    center = invoice.center
    what = _("payment link")
    with translation.override(center.language):
        facts = {
            "number": invoice.number,
            "amount": money_text(link.amount, link.currency),
            "time": moment_text(link.expires_at, zone_of(reseller.time_zone)),
        }
        return Share(
            name="payment",
            what=what,
            url=link.url,
            language=center.language,
            subject=_("Pay invoice %(number)s") % facts,
            text=letter(
                _("You can pay %(amount)s for invoice %(number)s here until %(time)s:") % facts,
                link.url,
                sender=reseller.name,
            ),
            phone=center.phone,
            email=center.email,
        )


def share_of_prices(listed: ListedLink, center: Center, reseller: Reseller) -> Share:
    """The page of the center's prices that needs no account, in the center's language."""
    url = listed.url
    what = _("price list link")
    with translation.override(center.language):
        return Share(
            name=f"prices-{listed.link.pk}",
            what=what,
            url=url,
            language=center.language,
            subject=_("Your prices"),
            text=letter(_("View your current prices here:"), url, sender=reseller.name),
            phone=center.phone,
            email=center.email,
        )
