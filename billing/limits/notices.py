"""Messages about limits: little is left (to the center's contact and to the team), and a center asks for a top-up."""

from datetime import datetime
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from billing.limits.texts import little_left
from billing.models import CreditTerms
from billing.money import format_amount
from billing.periods import day_start, today, zone_of
from centers import clock
from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import AuditEntry, Center, Notification, Role, User
from centers.notifications.compose import open_page
from centers.notifications.outbox import News, notify
from centers.notifications.preferences import people_with
from centers.notifications.registry import Content, Group, Kind, register_group, register_kind

GROUP = Group(
    name="limits",
    label=gettext_lazy("Credit limits and top-ups"),
    text=gettext_lazy(
        "A center has used up most of its limit or of what it paid in advance, or asks for a top-up."
    ),
    order=33,
    roles=(Role.OWNER, Role.BILLING),
    lasting=False,
    overview=lambda row: open_page(
        _("Open centers with a limit"), reverse("credit_limits", args=[row.reseller.slug])
    ),
)
#: To the center's contact; to the team; a center's request.
LOW, LOW_TEAM, TOP_UP = "credit.low", "credit.low_team", "credit.top_up"
_ASKED = "credit.top_up_asked"


def connect(mails: str) -> None:
    """Register the group and its kinds; `mails` is the group of emails to contacts."""
    register_group(GROUP)
    register_kind(
        Kind(
            name=LOW,
            group=mails,
            label=gettext_lazy("Low balance"),
            write=_to_contact,
            line=lambda row: _("Low balance"),
            condenses=False,
            to_contacts=True,
        )
    )
    register_kind(
        Kind(
            name=LOW_TEAM,
            group=GROUP.name,
            label=gettext_lazy("Limit nearly used up"),
            write=_to_team,
            line=_low_line,
            page=_page,
            counted=lambda row, count: (
                ngettext("%(n)s center near its limit", "%(n)s centers near their limits", count)
                % {"n": count}
            ),
        )
    )
    register_kind(
        Kind(
            name=TOP_UP,
            group=GROUP.name,
            label=gettext_lazy("Top-up requested"),
            write=_asked,
            line=_asked_line,
            page=_page,
            counted=lambda row, count: (
                ngettext("%(n)s center asks for a top-up", "%(n)s centers ask for a top-up", count)
                % {"n": count}
            ),
        )
    )


def write(terms: CreditTerms, now: datetime) -> None:
    """Tell the center's contact and the team that little is left, in the transaction that notes it."""
    center = terms.center
    about, event = f"credit_terms:{terms.pk}", f"low:{now:%Y%m%d%H%M%S}"
    facts = {"center": center.name, "left": f"{terms.available:f}", "currency": terms.currency}
    mail = News(kind=LOW, about=about, event=event, for_contact=True, center=center.pk, context=facts)
    news = News(
        kind=LOW_TEAM,
        about=about,
        event=event,
        people=_people(center),
        for_team=True,
        center=center.pk,
        context=facts,
    )
    notify(reseller=center.reseller, news=[mail, news], now=now)


def request_top_up(*, center: Center, by: User | None, now: datetime) -> None:
    """A person of the center asks for a way to pay in advance: the team gets a message, once a day.

    OperationRefused: it was asked for today already.
    """
    day = today(center.reseller, now)
    before = AuditEntry.objects.filter(
        center=center, action=_ASKED, at__gte=day_start(day, zone_of(center.reseller))
    )
    if before.exists():
        raise OperationRefused(_("You asked for a top-up today. You will be contacted."))
    facts = {"center": center.name, "asked_by": str(by) if by is not None else ""}
    news = News(
        kind=TOP_UP,
        about=f"top_up:{center.pk}",
        event=day.isoformat(),
        people=_people(center),
        for_team=True,
        center=center.pk,
        context=facts,
    )
    notify(reseller=center.reseller, news=[news], now=now)
    entries.record(
        _ASKED,
        reseller=center.reseller,
        center=center,
        by=by,
        target=center,
        now=now,
        topics=("billing",),
    )


def _people(center: Center) -> list[User]:
    return people_with(center.reseller, GROUP.roles)


def _to_contact(row: Notification, now: datetime) -> Content | None:
    """With what is left now; None once there is enough again."""
    terms = _nearly_empty(row)
    if terms is None:
        return None
    terms.center.reseller = row.reseller
    return little_left(
        terms.center, terms.available or Decimal(0), terms.currency, is_prepaid=terms.is_prepaid
    )


def _to_team(row: Notification, now: datetime) -> Content | None:
    terms = _nearly_empty(row)
    if terms is None:
        return None
    return _low_content(row, format_amount(terms.available or Decimal(0), terms.currency))


def _low_content(row: Notification, left: str) -> Content:
    facts = [
        _("Center: %(name)s") % {"name": row.context["center"]},
        _("Left: %(amount)s") % {"amount": left},
    ]
    text = _(
        "Once nothing is left its numbers are suspended, unless there is a hold. A payment resumes them."
    )
    return Content(
        subject=_low_line(row),
        text="\n\n".join(["\n".join(facts), text]),
        actions=(open_page(_("Open the center"), _page(row)),),
        wording=LOW_TEAM,
        fields={"center": row.context["center"], "left": left},
    )


def _asked(row: Notification, now: datetime) -> Content:
    facts = [_("Center: %(name)s") % {"name": row.context["center"]}]
    if row.context["asked_by"]:
        facts.append(_("Asked by: %(person)s") % {"person": row.context["asked_by"]})
    text = _("Send it a way to pay, and record the payment when it arrives.")
    return Content(
        subject=_asked_line(row),
        text="\n\n".join(["\n".join(facts), text]),
        actions=(open_page(_("Open the center"), _page(row)),),
        wording=TOP_UP,
        fields={"center": row.context["center"], "asked_by": row.context["asked_by"]},
    )


def low_example(center: Center) -> Content:
    """The message to the team about this center, as though little were left."""
    left, currency = Decimal(20), center.currency
    facts = {"center": center.name, "left": f"{left:f}", "currency": currency}
    row = Notification(reseller=center.reseller, center=center, context=facts)
    return _low_content(row, format_amount(left, currency))


def top_up_example(center: Center) -> Content:
    """The message to the team about this center, as though someone there had asked for a top-up."""
    facts = {"center": center.name, "asked_by": center.contact_name}
    return _asked(Notification(reseller=center.reseller, center=center, context=facts), clock.now())


def _nearly_empty(row: Notification) -> CreditTerms | None:
    pk = row.about.partition(":")[2]
    levels = [CreditTerms.Level.LOW, CreditTerms.Level.EMPTY]
    return CreditTerms.objects.filter(pk=pk, level__in=levels).select_related("center").first()


def _low_line(row: Notification) -> str:
    left = format_amount(Decimal(row.context["left"]), row.context["currency"])
    return _("%(center)s has %(amount)s left") % {"center": row.context["center"], "amount": left}


def _asked_line(row: Notification) -> str:
    return _("%(center)s asks for a top-up") % {"center": row.context["center"]}


def _page(row: Notification) -> str:
    return reverse("center", args=[row.reseller.slug, row.center_id])
