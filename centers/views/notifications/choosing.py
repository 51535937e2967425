"""Listing and changing what is chosen for groups and kinds of messages, for the pages of reach.py.

`back` is the name of the page from which one came: TEAM is the reseller's, on which everyone's defaults are chosen, the
others are a person's own.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _

from centers import clock
from centers.models import Destination, NotificationPreference, User
from centers.notification_forms import PreferenceForm, initial
from centers.notifications import registry
from centers.notifications.preferences import kinds_apart, reset_preference, save_preference
from centers.notifications.preview import last_week
from centers.notifications.registry import Group, Kind
from centers.notifications.rules import chosen_rules, destinations_of, rule_of
from centers.tenancy.access import TenantRequest
from centers.views.notifications.destinations import addable, frame_of, place_of
from centers.web.form_views import form_page, posted, redirect_with_toast, saved
from centers.web.partials import render_page

TEAM = "settings_notifications"


@dataclass(frozen=True, slots=True)
class Listed:
    """A group with what holds for it, and its kinds, each with its own rule or None where it follows the group."""

    group: Group
    rule: NotificationPreference
    kinds: list[tuple[Kind, NotificationPreference | None]]

    @property
    def apart(self) -> int:
        """How many kinds don't follow the group."""
        return sum(rule is not None for _kind, rule in self.kinds)

    @property
    def is_own(self) -> bool:
        """Whether the person has chosen anything in it."""
        return any(
            rule is not None and rule.user_id for rule in [self.rule, *(one for _k, one in self.kinds)]
        )


def _kinds(request: TenantRequest, group: Group) -> list[Kind]:
    """What can be chosen apart; a group of one kind is chosen as a whole."""
    found = registry.kinds_of(group.name, at_center=_is_portal(request))
    return found if len(found) > 1 else []


def _kind(request: TenantRequest, group: Group, name: str) -> Kind:
    found = next((one for one in _kinds(request, group) if one.name == name), None)
    if found is None:
        raise Http404
    return found


def _is_portal(request: TenantRequest) -> bool:
    return hasattr(request, "center")


def overview(request: TenantRequest, back: str) -> HttpResponseBase:
    """The page of a person, on which what reaches them is listed."""
    context = {
        "base": back,
        "place": place_of(request),
        "rows": listed(request, registry.groups_of(request.membership.role), request.user),
        "destinations": places(request, request.user),
        "addable": addable(for_team=False),
        "frame": frame_of(request),
    }
    return render_page(request, "centers/notifications/reach.html", context)


def listed(request: TenantRequest, groups: list[Group], user: User | None) -> list[Listed]:
    """These groups with what holds for a person, or for everyone who chose nothing."""
    rules = chosen_rules(request.reseller, user)
    return [
        Listed(
            group=group,
            rule=rules[group.name][""],
            kinds=[(kind, rules[group.name].get(kind.name)) for kind in _kinds(request, group)],
        )
        for group in groups
    ]


def places(request: TenantRequest, user: User | None) -> list[tuple[Destination, Any]]:
    """Where a person, or the team, is reached, each with its channel (None if there is none any longer)."""
    rows = Destination.objects.filter(reseller=request.reseller, user=user).defer("address")
    found = [(row, registry.channel(row.channel)) for row in rows]
    # A person's own address is no place that was set up: it appears here only while it is paused.
    return [
        (row, entry) for row, entry in found if not (entry and entry.own_address) or (user and row.paused_at)
    ]


def edit_kind(request: TenantRequest, group: Group, name: str, back: str) -> HttpResponseBase:
    """The form of one kind in a group."""
    return edit(request, group, back, _kind(request, group, name))


def edit(request: TenantRequest, group: Group, back: str, kind: Kind | None = None) -> HttpResponseBase:
    """The form of a group, or of one kind in it, with what it would have brought last week."""
    person = None if back == TEAM else request.user
    name = kind.name if kind is not None else ""
    held = rule_of(request.reseller, group.name, person, kind=name)
    form = PreferenceForm(
        posted(request),
        initial=initial(held),
        reseller=request.reseller,
        group=group,
        with_team=not _is_portal(request),
        set_up=None if person is None else _set_up(request),
    )
    chosen: dict[str, Any] = {"reseller": request.reseller, "group": group.name, "kind": name, "user": person}
    asked = request.POST.get("act") == "preview"
    if not asked and saved(
        form, lambda: save_preference(**chosen, by=request.user, now=clock.now(), **form.cleaned_data)
    ):
        return redirect_with_toast(request, _("The settings were saved."), back, place_of(request))
    valid = asked and form.is_valid()
    rule = NotificationPreference(**chosen, **form.cleaned_data) if valid else held
    apart = kinds_apart(request.reseller, group.name, person) if kind is None else frozenset[str]()
    context = {
        "group": group,
        "kind": kind,
        "follows": kind is not None and not held.kind,
        "apart": _labels(request, group, apart),
        "overruled": _labels(request, group, _overruled(held, person) - apart) if kind is None else [],
        "preview": last_week(rule, now=clock.now(), at_center=_is_portal(request), kind=name, apart=apart),
        "frame": frame_of(request),
        "back": _("What reaches me") if person else _("Notifications"),
        "back_url": reverse(back, args=[place_of(request)]),
    }
    template = "centers/notifications/group_edit.html"
    if valid:
        return render_page(request, template, {"form": form, **context})
    return form_page(request, form, template, context)


def _labels(request: TenantRequest, group: Group, names: Collection[str]) -> list[str]:
    return [str(kind.label) for kind in _kinds(request, group) if kind.name in names]


def _overruled(held: NotificationPreference, person: User | None) -> frozenset[str]:
    """The kinds that the reseller has set apart, which a person's first choice for the whole group replaces."""
    if person is None or held.user_id is not None:
        return frozenset()
    return kinds_apart(held.reseller, held.group, None)


def _set_up(request: TenantRequest) -> frozenset[str]:
    """The channels by which the person can be reached now."""
    own = destinations_of(request.reseller, [request.user]).get(request.user.pk, [])
    everyones = [entry.name for entry in registry.channels() if entry.own_address]
    return frozenset([*everyones, *(place.channel for place in own)])


def reset(request: TenantRequest, group: Group, back: str) -> HttpResponseBase:
    """Forget all that the person chose in a group."""
    rows = NotificationPreference.objects.select_related("reseller")
    for row in rows.filter(reseller=request.reseller, user=request.user, group=group.name):
        reset_preference(preference=row, by=request.user, now=clock.now())
    text = _("The settings of %(reseller)s apply to you again.") % {"reseller": request.reseller}
    return redirect_with_toast(request, text, back, place_of(request))


def reset_kind(request: TenantRequest, group: Group, name: str, back: str) -> HttpResponseBase:
    """Forget what was chosen for one kind, by the person or for everyone."""
    kind = _kind(request, group, name)
    person = None if back == TEAM else request.user
    rows = NotificationPreference.objects.select_related("reseller")
    for row in rows.filter(reseller=request.reseller, user=person, group=group.name, kind=name):
        reset_preference(preference=row, by=request.user, now=clock.now())
    text = _("The separate settings for “%(kind)s” were removed.") % {"kind": kind.label}
    return redirect_with_toast(request, text, back, place_of(request))
