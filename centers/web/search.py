"""The global search: each app registers its searches."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import BooleanField, ExpressionWrapper, Q
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from centers.models import Center, Reseller
from centers.tenancy.permissions import Permission
from centers.values.text import searched

SHOWN_PER_KIND = 20
_SHORTEST_WITH_PREFIX = 4  # fewer digits are no phone number with a trunk or a country prefix


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A hit. `exact` means that the query is the full name or id of this object."""

    kind: str | Promise
    title: str
    url: str
    detail: str = ""
    icon: str = ""
    exact: bool = False


#: (reseller, the person's permissions, the text) -> hits; called inside the tenant's scope.
Provider = Callable[[Reseller, frozenset[Permission], str], Iterable[Hit]]
_providers: list[Provider] = []


def register(provider: Provider) -> Provider:
    """Add a search; called from the ready() of the app that owns it. At most SHOWN_PER_KIND hits each."""
    _providers.append(provider)
    return provider


def search(reseller: Reseller, permissions: frozenset[Permission], text: str) -> list[Hit]:
    """All objects that match `text`, exact hits first; empty for an empty text."""
    text = searched(text)
    if not text:
        return []
    hits = [hit for provider in _providers for hit in provider(reseller, permissions, text)]
    return sorted(hits, key=lambda hit: not hit.exact)


def only_exact(hits: list[Hit]) -> Hit | None:
    """The hit to jump to: the only exact one, or the only one."""
    exact = [hit for hit in hits if hit.exact]
    if len(exact) == 1:
        return exact[0]
    return hits[0] if len(hits) == 1 else None


def is_true(condition: Q) -> "ExpressionWrapper[Q]":
    """`condition` as a column, such as whether a row is an exact hit."""
    return ExpressionWrapper(condition, output_field=BooleanField())


def matching_centers(text: str) -> Q:
    """The condition that name, contact or phone match `text`, as normalized by searched().

    Each part has a trigram index.
    """
    condition = Q(name__name_holds=text) | Q(contact_name__name_holds=text) | Q(email__icontains=text)
    return condition | matching_phone("phone", text)


def matching_phone(column: str, text: str) -> Q:
    """The condition that the phone number in `column` contains `text`; no row meets it if the text is no number."""
    digits = phone_part(text)
    return Q(**{f"{column}__icontains": digits}) if digits else Q(pk__in=())


def phone_part(text: str) -> str:
    """The digits of a phone number as they are stored; "" if the text is no number."""
    digits = re.sub(r"[\s()+-]", "", text)
    return _without_prefix(digits) if digits.isdigit() else ""


def _without_prefix(digits: str) -> str:
    """`21891...` for `0021891...` and `91...` for `091...`: phones are stored with a plus and the country's code."""
    return digits.lstrip("0") if len(digits) > _SHORTEST_WITH_PREFIX else digits


def find_centers(reseller: Reseller, permissions: frozenset[Permission], text: str) -> Iterable[Hit]:
    """Centers by name, contact, e-mail or phone."""
    exact = Q(name__named=text) | Q(email__iexact=text) | Q(phone=text) | Q(phone=f"+{text.lstrip('+0')}")
    centers = Center.objects.filter(matching_centers(text)).annotate(exact=is_true(exact))
    for center in centers.order_by("name", "pk")[:SHOWN_PER_KIND]:
        detail = [center.contact_name, center.phone, center.email]
        yield Hit(
            kind=gettext_lazy("Center"),
            title=center.name,
            url=reverse("center", args=[reseller.slug, center.pk]),
            detail=" · ".join(filter(None, [*detail, _("archived") if center.archived_at else ""])),
            icon="building",
            exact=center.exact,
        )


register(find_centers)
