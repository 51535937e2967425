"""How what was paid is spread over what is to be paid: what staff chose, opening debts, the oldest due date first."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

ZERO = Decimal(0)
#: What payments come from: a center and a currency.
Purse = tuple[int, str]


class Claim(NamedTuple):
    """What is to be paid of an invoice."""

    pk: int
    purse: Purse
    amount: Decimal


def spread(
    claims: Sequence[Claim], balances: Mapping[Purse, Decimal], chosen: Mapping[int, Decimal]
) -> dict[int, Decimal]:
    """What is covered of each claim, by the invoice's id: of those that were `chosen` first, then in their order.

    `balances` are the sums of the ledger, so what they say is paid is spread, and no more.
    """
    paid = _paid(claims, balances)
    covered = dict.fromkeys((claim.pk for claim in claims), ZERO)
    for limits in (chosen, None):
        for claim in claims:
            limit = claim.amount - covered[claim.pk]
            if limits is not None:
                limit = min(limit, limits.get(claim.pk, ZERO))
            part = max(ZERO, min(paid[claim.purse], limit))
            paid[claim.purse] -= part
            covered[claim.pk] += part
    return covered


def kept_from_openings(
    claims: Sequence[Claim],
    balances: Mapping[Purse, Decimal],
    openings: Mapping[Purse, Decimal],
    chosen: Mapping[int, Decimal],
    covered: Mapping[int, Decimal],
) -> dict[Purse, Decimal]:
    """The `balances` without the part of opening debts that nothing is left for.

    Opening debts come before invoices, but take nothing that was `chosen` for one or had `covered` one before.
    """
    kept: dict[Purse, Decimal] = {}
    for claim in claims:
        most = max(chosen.get(claim.pk, ZERO), covered.get(claim.pk, ZERO))
        kept[claim.purse] = kept.get(claim.purse, ZERO) + min(claim.amount, most)
    found, paid = dict(balances), _paid(claims, balances)
    for purse, opening in openings.items():
        if opening > 0:
            spare = paid[purse] + opening - kept.get(purse, ZERO)
            found[purse] -= opening - min(opening, max(ZERO, spare))
    return found


def _paid(claims: Sequence[Claim], balances: Mapping[Purse, Decimal]) -> dict[Purse, Decimal]:
    paid = {key: -balance for key, balance in balances.items()}
    for claim in claims:
        paid[claim.purse] = paid.get(claim.purse, ZERO) + claim.amount
    return paid
