"""Pictures and PDFs that prove a payment: judged by what they contain, never by name or declared type.

A picture becomes a PNG that we encoded, so no metadata and no second file travels with it. A PDF is stored as it is
and only ever downloaded.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from billing.models import Payment, PaymentAttachment
from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import User
from centers.values.images import safe_png

Kind = PaymentAttachment.Kind
MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 16_000_000  # a phone's camera has 12 megapixels
MAX_SIDE = 2000  # pixels of what is kept: the small print of a receipt stays legible
MOST = 5  # files of one payment
_PDF, _PDF_END = b"%PDF-", b"%%EOF"
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF")
_TAIL = 1024  # bytes in which a PDF's last line stands (ISO 32000-1, Annex H)


@dataclass(frozen=True, slots=True)
class Checked:
    """A file as it will be stored."""

    kind: Kind
    content: bytes


def check_attachment(data: bytes) -> Checked | None:
    """The file as it will be stored; None without one. OperationRefused: too large, damaged, no picture and no PDF."""
    if not data:
        return None
    if len(data) > MAX_BYTES:
        raise OperationRefused(
            _("The file is larger than %(size)s MB.") % {"size": MAX_BYTES // 1024**2}, field="attachment"
        )
    if data.startswith(_PDF):
        if _PDF_END not in data[-_TAIL:]:
            raise OperationRefused(_("The PDF is damaged: its end is missing."), field="attachment")
        return Checked(Kind.PDF, data)
    if not data.startswith(_PICTURES):
        raise OperationRefused(
            _("This file is neither a picture (PNG, JPEG, WebP) nor a PDF. Attach one of these."),
            field="attachment",
        )
    try:
        return Checked(Kind.PNG, safe_png(data, MAX_BYTES, MAX_PIXELS, max_side=MAX_SIDE))
    except OperationRefused as refusal:
        raise OperationRefused(refusal.message, field="attachment") from refusal


def store_attachment(payment: Payment, checked: Checked | None) -> None:
    """Store a checked file, if there is one, in the transaction that records the payment."""
    if checked is not None:
        _stored(payment, checked, payment.recorded_by, payment.recorded_at)


def attach(*, payment: Payment, data: bytes, by: User | None, now: datetime) -> PaymentAttachment:
    """Add a picture or a PDF to a payment recorded before. OperationRefused: as check_attachment, or too many."""
    checked = check_attachment(data)
    if checked is None:
        raise OperationRefused(_("The file is empty."), field="attachment")
    with transaction.atomic():
        payment = (
            Payment.objects.select_for_update(of=("self",), no_key=True)
            .select_related("center")
            .get(pk=payment.pk)
        )
        if payment.attachments.count() >= MOST:
            raise OperationRefused(
                _("A payment has up to %(most)s files.") % {"most": MOST}, field="attachment"
            )
        row = _stored(payment, checked, by, now)
        entries.record(
            "payment.attached",
            reseller=payment.center.reseller,
            center=payment.center,
            by=by,
            target=payment,
            now=now,
            topics=("billing",),
        )
    return row


def _stored(payment: Payment, checked: Checked, by: User | None, now: datetime) -> PaymentAttachment:
    row: PaymentAttachment = PaymentAttachment.objects.create(
        reseller_id=payment.reseller_id,
        payment=payment,
        kind=checked.kind,
        content=checked.content,
        added_at=now,
        added_by=by,
    )
    return row
