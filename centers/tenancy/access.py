"""The permission check of every page: who is asking, for which tenant, in which role.

A stranger gets 404, as for an address that does not exist; a member whose role is too small gets 403; a signed-out
person is sent to sign in. The tenant's scope is open while the view runs, so render inside it (no lazy responses).
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

import structlog
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from centers.live import stamp
from centers.models import Center, Membership, Reseller, Role, User
from centers.tenancy.permissions import GRANTS, Permission
from centers.tenancy.scoping import tenant

log = structlog.get_logger(__name__)
P = ParamSpec("P")


class TenantRequest(HttpRequest):
    """A request that passed the permission check."""

    user: User
    htmx: HtmxDetails
    reseller: Reseller
    membership: Membership
    permissions: frozenset[Permission]
    live_stamp: str

    may: Callable[[Permission], bool]


class PortalRequest(TenantRequest):
    """A request for one center's portal."""

    center: Center


def staff(
    permission: Permission,
) -> Callable[[Callable[Concatenate[TenantRequest, P], HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Guard a page below `/r/<slug>/`; the view receives the request with `.reseller`, without `slug`."""

    def wrap(
        view: Callable[Concatenate[TenantRequest, P], HttpResponseBase],
    ) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: Any, slug: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _sign_in(request)
            membership = (
                _memberships(request.user)
                .select_related("reseller")
                .filter(reseller__slug=slug, center__isnull=True)
                .first()
            )
            if membership is None:
                _refused(request, permission, "stranger")
                raise Http404
            _attach(request, membership)
            if membership.reseller.mfa_required and not _has_mfa(request.user):
                return _set_up_mfa(request)
            with tenant(membership.reseller):
                try:
                    _check_role(request, permission)
                    return view(request, *args, **kwargs)
                except PermissionDenied:
                    return _role_refused(request, "staff.html")

        guarded.permission = permission  # type: ignore[attr-defined]
        guarded.audience = "staff"  # type: ignore[attr-defined]
        return guarded

    return wrap


def portal(
    permission: Permission,
) -> Callable[[Callable[Concatenate[PortalRequest, P], HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Guard a page below `/c/<center_id>/`; the view receives the request with `.center`, without the id."""

    def wrap(
        view: Callable[Concatenate[PortalRequest, P], HttpResponseBase],
    ) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: Any, center_id: int, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _sign_in(request)
            membership = (
                _memberships(request.user)
                .select_related("reseller", "center")
                .filter(center_id=center_id, center__archived_at__isnull=True)
                .first()
            )
            if membership is None or membership.center is None:
                _refused(request, permission, "stranger")
                raise Http404
            _attach(request, membership)
            request.center = membership.center
            with tenant(membership.reseller, membership.center):
                try:
                    _check_role(request, permission)
                    return view(request, *args, **kwargs)
                except PermissionDenied:
                    return _role_refused(request, "portal.html")

        guarded.permission = permission  # type: ignore[attr-defined]
        guarded.audience = "portal"  # type: ignore[attr-defined]
        return guarded

    return wrap


def _memberships(user: User) -> QuerySet[Membership]:
    """The person's, each with whether there are `others`: nearly no one has any, and the switcher asks for them."""
    open_to = Membership.objects.filter(user=user, center__archived_at__isnull=True).order_by()
    rows = Membership.objects.filter(user=user).defer("reseller__logo")
    return rows.annotate(has_others=Exists(open_to.exclude(pk=OuterRef("pk"))))


def _attach(request: Any, membership: Membership) -> None:
    grants = GRANTS.get(membership.role, frozenset())
    request.reseller = membership.reseller
    request.membership = membership
    request.permissions = grants
    request.may = grants.__contains__
    # Before anything is read: a page with a stamp newer than its rows would never notice what they lack.
    whole_page = not request.htmx or request.htmx.boosted
    request.live_stamp = stamp(membership.reseller_id, membership.center_id) if whole_page else ""


def _check_role(request: Any, permission: Permission) -> None:
    if permission not in request.permissions:
        _refused(request, permission, request.membership.role)
        raise PermissionDenied


def _role_refused(request: Any, frame: str) -> HttpResponse:
    """403 within the pages of the tenant, with the person's role and who can change it."""
    membership: Membership = request.membership
    above = Role.CENTER_ADMIN if membership.center_id else Role.OWNER
    rows = Membership.objects.select_related("user").filter(
        reseller=membership.reseller, center=membership.center, role=above
    )
    context = {
        "frame": frame,
        "role": membership.get_role_display(),
        "people": [row.user.name or row.user.email for row in rows.order_by("pk")[:3]],
    }
    if request.htmx and not request.htmx.boosted:
        message = _("Your role, %(role)s, doesn't allow this.") % context
        return render(request, "components/refused.html", {"message": message}, status=403)
    return render(request, "centers/role_refused.html", context, status=403)


def _sign_in(request: Any) -> HttpResponse:
    if request.htmx:
        return HttpResponseClientRedirect(redirect_to_login(request.htmx.current_url_abs_path or "/").url)
    return redirect_to_login(request.get_full_path())


def _set_up_mfa(request: Any) -> HttpResponse:
    """Redirect the whole page to two-factor sign-in: a fragment must not be filled with another page."""
    return HttpResponseClientRedirect(reverse("mfa_index")) if request.htmx else redirect("mfa_index")


def _has_mfa(user: User) -> bool:
    from allauth.mfa.utils import is_mfa_enabled

    return bool(is_mfa_enabled(user))


def _refused(request: HttpRequest, permission: Permission, who: str) -> None:
    log.warning(
        "access_refused", path=request.path, permission=str(permission), who=who, user_id=request.user.pk
    )
