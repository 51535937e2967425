"""A tax of its own that a charge or a plan has: checked, and as it is stored."""

from decimal import Decimal
from typing import Any, TypedDict

from billing.models import TaxCategory
from billing.tax.rates import check_terms
from billing.tax.reverse_charge import refuse_without_number
from centers.model_errors import checked_line
from centers.models import Center

ZERO = Decimal(0)
#: The columns of OwnTax.
OWN_TAX = ("tax_category", "tax_percent", "tax_reason")


class TaxEntry(TypedDict, total=False):
    """The category (TaxCategory; "" or none: as the center is taxed), the percent and the reason of an exemption."""

    tax_category: str
    tax_percent: Decimal | None
    tax_reason: str


def own_tax(center: Center | None, entry: TaxEntry) -> dict[str, Any]:
    """The columns of OwnTax for a charge of the center, or a plan (None).

    OperationRefused with the field: a percentage that doesn't fit the category, no reason where one is needed, a
    reverse charge of a plan or of a center without a tax number.
    """
    category = entry.get("tax_category", "")
    if not category:
        return {"tax_category": "", "tax_percent": ZERO, "tax_reason": ""}
    percent, reason = entry.get("tax_percent") or ZERO, checked_line(entry.get("tax_reason", ""), 200)
    check_terms(category, percent, reason, prefix="tax_")
    if category == TaxCategory.REVERSE:
        refuse_without_number(center, "tax_category")
    is_standard = category == TaxCategory.STANDARD
    return {
        "tax_category": category,
        "tax_percent": percent if is_standard else ZERO,
        "tax_reason": reason,
    }
