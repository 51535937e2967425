"""The link to a center's prices in an email or chat: it opens without an account, for some time.

It is signed and holds no secret of its own. Like a link to an invoice it ends once the center's email address is
another, and also once the center is archived.
"""

from django.core import signing
from django.utils.crypto import constant_time_compare

from billing.invoice_links import LIFE, address_mark, link_is_over
from centers.models import Center
from centers.tenancy.scoping import every_tenant
from centers.values.page_urls import page_url

_SALT = "markaz.price-link"


def prices_url(center: Center) -> str:
    """The whole address of the page of the center's prices."""
    return page_url("price_link", signing.dumps([center.pk, address_mark(center)], salt=_SALT))


def linked_center(token: str) -> Center:
    """The center of a link, with its reseller. Needs no scope; raises OperationRefused."""
    try:
        pk, mark = signing.loads(token, salt=_SALT, max_age=LIFE)
        with every_tenant():
            rows = Center.objects.select_related("reseller").defer("reseller__logo")
            center: Center = rows.get(pk=pk, archived_at=None)
    except (signing.BadSignature, ValueError, TypeError, Center.DoesNotExist) as error:
        raise link_is_over() from error
    if not constant_time_compare(mark, address_mark(center)):
        raise link_is_over()
    return center
