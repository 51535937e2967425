"""The link to one document in an email or chat: it opens without an account, and shows what its recipient was sent.

It is signed, holds no secret of its own and is stored nowhere. It ends after LIFE, and once the center's email address
is another: what was sent to a wrong address closes with its correction.
"""

from datetime import timedelta

from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from billing.models import Invoice
from centers.errors import OperationRefused
from centers.models import Center
from centers.tenancy.scoping import every_tenant
from centers.values.page_urls import page_url

LIFE = timedelta(days=60)
_SALT = "markaz.invoice-link"


def invoice_url(invoice: Invoice) -> str:
    """The whole address of the page of an invoice or a credit note."""
    token = signing.dumps([invoice.pk, _address_mark(invoice.center)], salt=_SALT)
    return page_url("invoice_link", token)


def linked_invoice(token: str) -> Invoice:
    """The document of a link, with its center and reseller. Needs no scope; raises OperationRefused."""
    try:
        pk, mark = signing.loads(token, salt=_SALT, max_age=LIFE)
        with every_tenant():
            rows = Invoice.objects.select_related("center__reseller", "credits")
            invoice: Invoice = rows.defer("center__reseller__logo").get(pk=pk)
    except (signing.BadSignature, ValueError, TypeError, Invoice.DoesNotExist) as error:
        raise _over() from error
    if not constant_time_compare(mark, _address_mark(invoice.center)):
        raise _over()
    return invoice


def _address_mark(center: Center) -> str:
    return salted_hmac(_SALT, center.email.casefold(), algorithm="sha256").hexdigest()[:16]


def _over() -> OperationRefused:
    return OperationRefused(_("This link no longer works. Ask the sender for a new one."))
