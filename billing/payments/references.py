"""References of payments and refunds: normalized to what people see, each recorded once."""

import unicodedata

from django.utils.translation import gettext as _

from billing.models import Payment
from billing.money import format_amount
from centers.errors import OperationRefused
from centers.model_errors import checked_line
from centers.models import Center
from centers.values.formats import day_text

LONGEST = 80


def normalized(text: str, *, optional: bool = False) -> str:
    """Normalize what looks the same to people: no invisible marks, Latin digits, plain widths and spaces.

    OperationRefused: nothing is left of it, unless it is `optional`, or more than 80 characters.
    """
    seen = (
        str(unicodedata.digit(character)) if character.isdecimal() else character
        for character in unicodedata.normalize("NFKC", checked_line(text, len(text)))
        if unicodedata.category(character) != "Cf"
    )
    reference = " ".join("".join(seen).split())
    if not reference and not optional:
        raise OperationRefused(
            _("A payment needs a reference, such as the number of the transfer or the receipt."),
            field="reference",
        )
    if len(reference) > LONGEST:
        raise OperationRefused(_("The reference is longer than 80 characters."), field="reference")
    return reference


def recorded_with(reseller_id: int, reference: str) -> Payment | None:
    """The reseller's payment that has this reference, as people see it."""
    if not reference:
        return None
    rows = Payment.objects.filter(reseller_id=reseller_id, reference__named=reference)
    return rows.order_by("pk").select_related("center").first()


def check_unused(center: Center, reference: str) -> None:
    """Raise OperationRefused, naming the earlier payment, if the reference was recorded before."""
    earlier = recorded_with(center.reseller_id, reference)
    if earlier is not None:
        raise OperationRefused(
            _("Reference “%(reference)s” has already been recorded: %(amount)s from “%(center)s” on %(day)s.")
            % {
                "reference": earlier.reference,
                "amount": format_amount(earlier.amount, earlier.currency),
                "center": earlier.center,
                "day": day_text(earlier.received_on),
            },
            field="reference",
        )
