"""Where messages reach a person or the team: adding a place, proving that it is theirs, and what goes there."""

from django.db import transaction
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from centers import clock
from centers.models import Destination
from centers.notification_forms import AddressForm, CodeForm, GroupsForm
from centers.notifications import registry
from centers.notifications.channels import push, webhook
from centers.notifications.destinations import (
    add_destination,
    remove_destination,
    resume_destination,
    trouble_of,
)
from centers.notifications.log import TEST, write_to
from centers.notifications.preferences import choose_groups, groups_at
from centers.notifications.registry import ChannelEntry, Setup
from centers.notifications.verification import send_code, verify
from centers.tenancy.access import PortalRequest, TenantRequest, portal, staff
from centers.tenancy.permissions import Permission
from centers.values.devices import device_name
from centers.web.form_views import (
    form_page,
    performed,
    posted,
    redirect_with_toast,
    refusal_shown,
    saved,
)

__all__ = [
    "addable",
    "destination",
    "destination_act",
    "destination_add",
    "frame_of",
    "place_of",
    "portal_destination",
    "portal_destination_act",
    "portal_destination_add",
    "team_destination_add",
]


@staff(Permission.VIEW)
@require_http_methods(["GET", "POST"])
def destination_add(request: TenantRequest, channel: str) -> HttpResponseBase:
    """Add a place where messages reach oneself."""
    return _add(request, channel)


@staff(Permission.MANAGE_SETTINGS)
@require_http_methods(["GET", "POST"])
def team_destination_add(request: TenantRequest, channel: str) -> HttpResponseBase:
    """Add a place where the team is reached."""
    return _add(request, channel, for_team=True)


@staff(Permission.VIEW)
@require_http_methods(["GET", "POST"])
def destination(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Verify one of one's own destinations, or of the team's, and choose what goes there."""
    return _destination(request, pk)


@staff(Permission.VIEW)
@require_POST
def destination_act(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Resume, remove or test one of one's own destinations, or with the permission one of the team's."""
    return _act(request, pk)


@portal(Permission.PORTAL_VIEW)
@require_http_methods(["GET", "POST"])
def portal_destination_add(request: PortalRequest, channel: str) -> HttpResponseBase:
    """Add a place where messages reach someone of a center."""
    return _add(request, channel)


@portal(Permission.PORTAL_VIEW)
@require_http_methods(["GET", "POST"])
def portal_destination(request: PortalRequest, pk: int) -> HttpResponseBase:
    """Verify one of one's own destinations and choose what goes there."""
    return _destination(request, pk)


@portal(Permission.PORTAL_VIEW)
@require_POST
def portal_destination_act(request: PortalRequest, pk: int) -> HttpResponseBase:
    """Resume, remove or test one of one's own destinations."""
    return _act(request, pk)


def place_of(request: TenantRequest) -> str | int:
    """The argument of the addresses of this person's pages: a center, or a reseller's slug."""
    center = getattr(request, "center", None)
    return center.pk if center is not None else request.reseller.slug


def frame_of(request: TenantRequest) -> str:
    """The template around the person's pages."""
    return "portal.html" if hasattr(request, "center") else "staff.html"


def addable(*, for_team: bool) -> list[ChannelEntry]:
    """The channels for which a person, or a team, can set up a place."""
    return [entry for entry in registry.channels() if entry.setup and (entry.setup.for_team or not for_team)]


def _name(request: TenantRequest, name: str) -> str:
    return f"portal_{name}" if hasattr(request, "center") else name


def _back_label(*, of_team: bool) -> str:
    return _("Notifications") if of_team else _("What reaches me")


def _back(request: TenantRequest, *, of_team: bool) -> str:
    name = "settings_notifications" if of_team else _name(request, "reach")
    return reverse(name, args=[place_of(request)])


def _add(request: TenantRequest, channel: str, *, for_team: bool = False) -> HttpResponseBase:
    entry = next((one for one in addable(for_team=for_team) if one.name == channel), None)
    if entry is None or entry.setup is None:
        raise Http404
    form = AddressForm(posted(request), setup=entry.setup)
    if form.is_valid():
        # A place whose code is refused is not added either.
        with refusal_shown(form, "address"), transaction.atomic():
            row = _added(request, entry, entry.setup, form, for_team=for_team)
        if not form.errors:
            return redirect(_name(request, "destination"), place_of(request), row.pk)
    context = {
        "entry": entry,
        "frame": frame_of(request),
        "back": _back_label(of_team=for_team),
        "back_url": _back(request, of_team=for_team),
        "push_key": push.public_key(),
    }
    return form_page(request, form, "centers/notifications/destination_add.html", context)


def _added(
    request: TenantRequest, entry: ChannelEntry, setup: Setup, form: AddressForm, *, for_team: bool
) -> Destination:
    where: object = getattr(request, "center", None) or request.reseller
    country = getattr(where, "phone_country", request.reseller.country)
    address, shown = setup.accept(form.cleaned_data["address"], country)
    if setup.form:
        shown = device_name(request.headers.get("User-Agent", "")) or shown
    row = add_destination(
        reseller=request.reseller,
        user=None if for_team else request.user,
        channel=entry.name,
        address=address,
        label=form.cleaned_data["label"] or shown,
        by=request.user,
        now=clock.now(),
        verified=bool(setup.form),
    )
    if not setup.form:
        send_code(destination=row, by=request.user, now=clock.now())
    return row


def _found(request: TenantRequest, pk: int) -> Destination:
    rows = Destination.objects.select_related("reseller", "user").filter(reseller=request.reseller)
    of_team = rows.filter(user=None) if request.may(Permission.MANAGE_SETTINGS) else rows.none()
    return get_object_or_404(rows.filter(user=request.user) | of_team, pk=pk)


def _destination(request: TenantRequest, pk: int) -> HttpResponseBase:
    place = _found(request, pk)
    return _choose(request, place) if place.verified_at else _verify(request, place)


def _verify(request: TenantRequest, place: Destination) -> HttpResponseBase:
    form = CodeForm(posted(request))
    if saved(
        form,
        lambda: verify(destination=place, code=form.cleaned_data["code"], by=request.user, now=clock.now()),
    ):
        text = _("%(name)s is verified. Choose which messages go there.") % {"name": place}
        return redirect_with_toast(request, text, request.path)
    return form_page(request, form, "centers/notifications/destination.html", _context(request, place))


def _choose(request: TenantRequest, place: Destination) -> HttpResponseBase:
    of_team = [one for one in registry.groups() if one.roles and not one.is_for_centers]
    offered = of_team if place.user_id is None else registry.groups_of(request.membership.role)
    chosen = groups_at(place)
    form = GroupsForm(
        posted(request),
        offered=offered,
        of_team=place.user_id is None,
        initial={"groups": chosen or [group.name for group in offered]},
    )

    def save() -> None:
        choose_groups(
            destination=place,
            groups=form.cleaned_data["groups"],
            offered=[group.name for group in offered],
            by=request.user,
            now=clock.now(),
        )

    if saved(form, save):
        back = _back(request, of_team=place.user_id is None)
        return redirect_with_toast(request, _("The settings were saved."), back)
    context = _context(request, place) | {"nothing_yet": not chosen}
    return form_page(request, form, "centers/notifications/destination.html", context)


def _context(request: TenantRequest, place: Destination) -> dict[str, object]:
    secret = webhook.parts(place.address)[0] if place.channel == "webhook" else ""
    return {
        "place": place,
        "entry": registry.channel(place.channel),
        "secret": secret,
        "trouble": trouble_of(place),
        "frame": frame_of(request),
        "back": _back_label(of_team=place.user_id is None),
        "back_url": _back(request, of_team=place.user_id is None),
        "act_url": reverse(_name(request, "destination_act"), args=[place_of(request), place.pk]),
    }


def _act(request: TenantRequest, pk: int) -> HttpResponseBase:
    place, now = _found(request, pk), clock.now()
    acts = {
        "remove": (
            lambda: remove_destination(destination=place, by=request.user, now=now),
            _("%(name)s was removed."),
        ),
        "test": (
            lambda: write_to(place, kind=TEST, by=request.user, now=now),
            _("A test message is on its way."),
        ),
        "code": (
            lambda: send_code(destination=place, by=request.user, now=now),
            _("A new code is on its way."),
        ),
        "resume": (
            lambda: resume_destination(destination=place, by=request.user, now=now),
            _("Messages go to %(name)s again."),
        ),
    }
    act = request.POST.get("act", "")
    if act in acts:
        operation, done = acts[act]
        performed(request, operation, done % {"name": place})
    if act == "code":
        return redirect(_name(request, "destination"), place_of(request), place.pk)
    return redirect(_back(request, of_team=place.user_id is None))
