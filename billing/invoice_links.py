"""The link to one document in an email or chat: it opens without an account, and shows what its recipient was sent.

It is signed and holds no secret of its own. It ends after LIFE, once the center's email address is another (what was
sent to a wrong address closes with its correction), and when staff revoke the links of its document.
"""

from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _

from billing.models import Invoice, RevokedLinks
from centers.audit import entries
from centers.errors import LinkOver, OperationRefused
from centers.models import AuditEntry, Center, User
from centers.tenancy.scoping import every_tenant
from centers.values.page_urls import page_url
from centers.values.signed_tokens import read_token

LIFE = timedelta(days=60)
IS_OVER = _("Ask the person who sent it to you for a new one.")  # below a heading that says it
_SALT = "markaz.invoice-link"


def invoice_token(invoice: Invoice) -> str:
    """What opens the document without an account."""
    parts: list[Any] = [invoice.pk, address_mark(invoice.center)]
    revoked = revoked_links(invoice)
    if revoked is not None:
        parts.append(revoked.generation)
    return signing.dumps(parts, salt=_SALT)


def invoice_url(invoice: Invoice) -> str:
    """The whole address of the page of an invoice or a credit note."""
    return page_url("invoice_link", invoice_token(invoice))


def linked_invoice(token: str) -> Invoice:
    """The document of a link, with its center and reseller. Needs no scope.

    Raises LinkOver for a link that is older than LIFE, and OperationRefused for any other that opens nothing.
    """
    try:
        (pk, mark, *rest), is_over = read_token(token, salt=_SALT, life=LIFE)
        with every_tenant():
            rows = Invoice.objects.select_related("center__reseller", "credits")
            invoice: Invoice = rows.defer("center__reseller__logo").get(pk=pk)
            revoked = revoked_links(invoice)
    except (signing.BadSignature, ValueError, TypeError, Invoice.DoesNotExist) as error:
        raise OperationRefused(IS_OVER) from error
    generation = revoked.generation if revoked is not None else 0
    if not constant_time_compare(mark, address_mark(invoice.center)) or (rest or [0]) != [generation]:
        raise OperationRefused(IS_OVER)
    if is_over:
        raise LinkOver(IS_OVER, invoice)
    return invoice


def revoked_links(invoice: Invoice) -> RevokedLinks | None:
    """When the links to the document were revoked last, if they were."""
    return RevokedLinks.objects.filter(invoice=invoice).first()


def closed_since(invoice: Invoice, since: datetime) -> bool:
    """Whether links made until then are closed: they were revoked, or the center's email address changed."""
    revoked = revoked_links(invoice)
    if revoked is not None and revoked.revoked_at >= since:
        return True
    edits = AuditEntry.objects.filter(center=invoice.center_id, action="center.edited", at__gte=since)
    return edits.filter(data__changes__has_key="email").exists()


def revoke_links(*, invoice: Invoice, by: User | None, now: datetime) -> None:
    """Close every link to the document that was made so far; a link that is sent from now on works."""
    with transaction.atomic():
        locked = Invoice.objects.select_for_update(of=("self",), no_key=True).get(pk=invoice.pk)
        before = revoked_links(locked)
        generation = before.generation + 1 if before is not None else 1
        RevokedLinks.objects.update_or_create(
            invoice=locked,
            defaults={
                "reseller_id": locked.reseller_id,
                "generation": generation,
                "revoked_at": now,
                "revoked_by": by,
            },
        )
        entries.record(
            "invoice.links_revoked",
            reseller=invoice.center.reseller,
            center=invoice.center,
            by=by,
            target=invoice,
            now=now,
            topics=("billing",),
        )


def address_mark(center: Center) -> str:
    """What a signed link says of the center's email address, without naming it."""
    return salted_hmac(_SALT, center.email.casefold(), algorithm="sha256").hexdigest()[:16]
