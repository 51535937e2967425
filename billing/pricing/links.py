"""Links to a center's prices in an email or chat: each opens without an account, for some time, until it is revoked.

A link is signed and holds no secret of its own. Like a link to an invoice it ends once the center's email address is
another, and also once the center is archived.
"""

from dataclasses import dataclass
from datetime import datetime

from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from billing.invoice_links import IS_OVER, LIFE, address_mark
from billing.models import PriceLink
from centers import clock
from centers.audit import entries
from centers.errors import LinkOver, OperationRefused
from centers.models import Center, User
from centers.tenancy.scoping import every_tenant
from centers.values.page_urls import page_url

#: Links of one center that open at a time: as many as people can look through.
MOST = 20
_SIGNER = signing.Signer(salt="markaz.price-link")


@dataclass(frozen=True, slots=True)
class ListedLink:
    """A link that opens, until `ends_at` at the latest."""

    link: PriceLink
    url: str
    ends_at: datetime


def working_links(center: Center, now: datetime) -> list[ListedLink]:
    """The links that open the center's prices, the latest first."""
    rows = _working(center, now).select_related("made_by")
    return [ListedLink(row, prices_url(row), row.made_at + LIFE) for row in rows]


def make_link(*, center: Center, by: User | None, now: datetime) -> PriceLink:
    """Make a link to the center's prices. OperationRefused for an archived center, or while it has MOST of them."""
    with transaction.atomic():
        center = Center.objects.select_for_update(of=("self",), no_key=True).get(pk=center.pk)
        if center.archived_at is not None:
            raise OperationRefused(_("“%(center)s” is archived.") % {"center": center})
        if _working(center, now).count() >= MOST:
            raise OperationRefused(_("Revoke a link first: at most %(most)s can be open.") % {"most": MOST})
        values = {"reseller_id": center.reseller_id, "center": center, "made_at": now, "made_by": by}
        link: PriceLink = PriceLink.objects.create(address_mark=address_mark(center), **values)
        _record("center.price_link_made", link, by, now)
    return link


def revoke_link(*, link: PriceLink, by: User | None, now: datetime) -> None:
    """Have the link open nothing from now on."""
    with transaction.atomic():
        rows = PriceLink.objects.filter(pk=link.pk, revoked_at=None)
        if rows.update(revoked_at=now, revoked_by=by):
            _record("center.price_link_revoked", link, by, now)


def prices_url(link: PriceLink) -> str:
    """The whole address of the page that the link opens."""
    return page_url("price_link", _SIGNER.sign_object([link.pk]))


def opened_link(token: str) -> PriceLink:
    """The link of a token, with its center and reseller. Needs no scope.

    Raises LinkOver for a link that is older than LIFE, and OperationRefused for any other that opens nothing.
    """
    try:
        (pk,) = _SIGNER.unsign_object(token)
        with every_tenant():
            rows = PriceLink.objects.select_related("center__reseller").defer("center__reseller__logo")
            rows = rows.filter(revoked_at=None, center__archived_at=None)
            link: PriceLink = rows.get(pk=pk)
    except (signing.BadSignature, ValueError, TypeError, PriceLink.DoesNotExist) as error:
        raise OperationRefused(IS_OVER) from error
    if not constant_time_compare(link.address_mark, address_mark(link.center)):
        raise OperationRefused(IS_OVER)
    if link.made_at <= clock.now() - LIFE:
        raise LinkOver(IS_OVER, link)
    return link


def note_opened(link: PriceLink, now: datetime) -> None:
    """Remember when the page was last read."""
    PriceLink.objects.filter(pk=link.pk).update(opened_at=now)


def _working(center: Center, now: datetime) -> QuerySet[PriceLink]:
    mark = address_mark(center)
    return PriceLink.objects.filter(
        center=center, address_mark=mark, revoked_at=None, made_at__gt=now - LIFE
    ).order_by("-made_at", "-pk")


def _record(action: str, link: PriceLink, by: User | None, now: datetime) -> None:
    center = link.center
    entries.record(
        action,
        reseller=center.reseller,
        center=center,
        by=by,
        target=center,
        now=now,
        topics=("billing",),
    )
