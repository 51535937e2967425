"""Which alerts a posted form is about: the ticked ones, one, or all that matched when the page was shown."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from centers import clock
from centers.tenancy.access import TenantRequest
from whatsapp.alerts.acts import Choice
from whatsapp.models import Alert
from whatsapp.views.alerts.filters import Filters, in_tab, whole_number

MOST_TICKED = 200


@dataclass(frozen=True, slots=True)
class Selection:
    """`expected` alerts, as the person saw them; `hidden` (name, value) select the same from the next form."""

    choice: Choice
    expected: int
    hidden: list[tuple[str, str]]

    @classmethod
    def read(cls, request: TenantRequest) -> "Selection":
        """From `one`, from `all` with the list's filters, or from `alert`, repeated; foreign ids are ignored."""
        given = request.GET.get("one", "") or request.POST.get("one", "")
        one = whole_number(given)
        if one is not None:
            return cls._of_ids(request, [one], [("one", given)])
        if request.POST.get("all") == "1":
            return cls._matching(request)
        ids = [pk for text in request.POST.getlist("alert") if (pk := whole_number(text)) is not None]
        ids = ids[:MOST_TICKED]
        return cls._of_ids(request, ids, [("alert", str(pk)) for pk in ids])

    @classmethod
    def _of_ids(cls, request: TenantRequest, ids: list[int], hidden: list[tuple[str, str]]) -> "Selection":
        rows = Alert.objects.filter(pk__in=ids)
        return cls(Choice(reseller=request.reseller, rows=rows), len(set(ids)), hidden)

    @classmethod
    def _matching(cls, request: TenantRequest) -> "Selection":
        """All that match the filters, except those that opened after the page was shown (`newest`)."""
        filters = Filters.read(request.POST)
        newest = whole_number(request.POST.get("newest", "")) or 0
        rows = filters.matching(request.user).filter(in_tab(filters.tab, clock.now()), pk__lte=newest)
        choice = Choice(reseller=request.reseller, rows=rows, filters=filters.described(request.user))
        count = whole_number(request.POST.get("matching", "")) or 0
        kept = [("all", "1"), ("newest", str(newest)), ("matching", str(count)), *filters.pairs]
        return cls(choice, count, kept)


def back(request: TenantRequest) -> str:
    """The page the person came from (`next`), on this site; else the list."""
    address = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(address, allowed_hosts=None) and address.startswith("/"):
        return address
    return reverse("alerts", args=[request.reseller.slug])
