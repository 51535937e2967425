"""The link to one document in an email or chat, or printed on it: it opens without an account, and shows what its
recipient was sent.

It is signed and holds no secret of its own. It ends after LIFE, once the center's email address is another (what was
sent to a wrong address closes with its correction), and when staff revoke the links of its document. A printed one has
no time of its own, as a document is the same each time it is made: it ends LIFE after nothing was left to pay.
"""

import re
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _

from billing.models import Invoice, RevokedLinks
from centers import clock
from centers.audit import entries
from centers.errors import LinkOver, OperationRefused
from centers.models import AuditEntry, Center, User
from centers.tenancy.scoping import every_tenant
from centers.values.page_urls import page_url
from centers.values.signed_tokens import read_token

LIFE = timedelta(days=60)
IS_OVER = _("Ask the person who sent it to you for a new one.")  # below a heading that says it
_SALT = "markaz.invoice-link"
_PRINTED_SALT = "markaz.invoice-link.printed"
_PK = re.compile("[1-9][0-9]{0,17}")
_PRINTED_BYTES = 16  # a short address is a code that old phones read


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


def printed_url(invoice: Invoice) -> str:
    """The whole address that is printed on the document, the same until its links are revoked."""
    return page_url("invoice_link", _printed_token(invoice))


def _printed_token(invoice: Invoice) -> str:
    """`118-Zk3v...`: signed is what closes it, too."""
    revoked = revoked_links(invoice)
    signed = (invoice.pk, address_mark(invoice.center), revoked.generation if revoked is not None else 0)
    digest = salted_hmac(_PRINTED_SALT, repr(signed), algorithm="sha256").digest()[:_PRINTED_BYTES]
    return f"{invoice.pk}-{urlsafe_b64encode(digest).decode().rstrip('=')}"


def linked_invoice(token: str) -> Invoice:
    """The document of a link, with its center and reseller. Needs no scope.

    Raises LinkOver for a link whose time is over, and OperationRefused for any other that opens nothing.
    """
    return _sent(token) if ":" in token else _printed(token)


def _printed(token: str) -> Invoice:
    pk = token.partition("-")[0]
    with every_tenant():
        invoice = _documents().filter(pk=int(pk)).first() if _PK.fullmatch(pk) else None
        if invoice is None or not constant_time_compare(token, _printed_token(invoice)):
            raise OperationRefused(IS_OVER)
    ended = invoice.settled_at or invoice.voided_at
    if ended is not None and clock.now() > ended + LIFE:
        raise LinkOver(IS_OVER, invoice)
    return invoice


def _sent(token: str) -> Invoice:
    try:
        (pk, mark, *rest), is_over = read_token(token, salt=_SALT, life=LIFE)
        with every_tenant():
            invoice = _documents().get(pk=pk)
            revoked = revoked_links(invoice)
    except (signing.BadSignature, ValueError, TypeError, Invoice.DoesNotExist) as error:
        raise OperationRefused(IS_OVER) from error
    generation = revoked.generation if revoked is not None else 0
    if not constant_time_compare(mark, address_mark(invoice.center)) or (rest or [0]) != [generation]:
        raise OperationRefused(IS_OVER)
    if is_over:
        raise LinkOver(IS_OVER, invoice)
    return invoice


def _documents() -> QuerySet[Invoice]:
    rows: QuerySet[Invoice] = Invoice.objects.select_related("center__reseller", "credits")
    return rows.defer("center__reseller__logo")


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
