"""The team of a reseller, and the people of one center: inviting, roles, removing."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from centers import clock, queries
from centers.forms import InviteForm, RoleForm, center_invite, staff_invite
from centers.models import Center, Invitation, Membership
from centers.models.tenancy import CENTER_ROLES, STAFF_ROLES
from centers.tenancy import invitations
from centers.tenancy import team as people
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.invitation_mail import invitation_url
from centers.tenancy.permissions import Permission
from centers.web.form_views import form_page, performed, saved
from centers.web.sharing import Share, share_of_invitation
from centers.web.toasts import toast

PEOPLE_PART = "centers/parts/center_people.html"


@staff(Permission.MANAGE_TEAM)
@require_GET
def team(request: TenantRequest) -> HttpResponse:
    """Members, their roles and two-factor sign-in, open invitations."""
    return _team_page(request, staff_invite())


@staff(Permission.MANAGE_TEAM)
@require_POST
def team_invite(request: TenantRequest) -> HttpResponseBase:
    """Invite a person to the team."""
    form = staff_invite(request.POST)
    if saved(form, lambda: _invite(request, form, None)):
        return redirect("team", request.reseller.slug)
    return _team_page(request, form)


@staff(Permission.MANAGE_TEAM)
@require_POST
def team_change(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Give a member of the team another role."""
    return _change(request, _member(request, None, pk), "team")


@staff(Permission.MANAGE_TEAM)
@require_POST
def team_remove(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Remove a member of the team."""
    return _remove(request, _member(request, None, pk), "team")


@staff(Permission.MANAGE_TEAM)
@require_POST
def invitation_resend(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Send an invitation to the team again."""
    return _resend(request, None, pk, "team")


@staff(Permission.MANAGE_TEAM)
@require_POST
def invitation_revoke(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Withdraw an invitation to the team."""
    return _revoke(request, None, pk, "team")


@staff(Permission.VIEW)
@require_GET
def center_people(request: TenantRequest, pk: int) -> HttpResponse:
    """`#center-people`: who has access to this center's portal."""
    return _people_part(request, get_object_or_404(Center, pk=pk), center_invite())


@staff(Permission.MANAGE_CENTER_PEOPLE)
@require_POST
def center_invite_person(request: TenantRequest, center_pk: int) -> HttpResponseBase:
    """Invite a person to a center's portal."""
    center = get_object_or_404(Center, pk=center_pk)
    form = center_invite(request.POST)
    if not saved(form, lambda: _invite(request, form, center)):
        return _people_part(request, center, form)
    if request.htmx:
        return _people_part(request, center, center_invite())
    return redirect("center", request.reseller.slug, center.pk)


@staff(Permission.MANAGE_CENTER_PEOPLE)
@require_POST
def center_person_change(request: TenantRequest, center_pk: int, pk: int) -> HttpResponseBase:
    """Give a member of a center another role."""
    center = get_object_or_404(Center, pk=center_pk)
    return _change(request, _member(request, center, pk), "center", center.pk)


@staff(Permission.MANAGE_CENTER_PEOPLE)
@require_POST
def center_person_remove(request: TenantRequest, center_pk: int, pk: int) -> HttpResponseBase:
    """Remove a person's access to a center's portal."""
    center = get_object_or_404(Center, pk=center_pk)
    return _remove(request, _member(request, center, pk), "center", center.pk)


@staff(Permission.MANAGE_CENTER_PEOPLE)
@require_POST
def center_invitation_resend(request: TenantRequest, center_pk: int, pk: int) -> HttpResponseBase:
    """Send an invitation to a center's portal again."""
    center = get_object_or_404(Center, pk=center_pk)
    return _resend(request, center, pk, "center", center.pk)


@staff(Permission.MANAGE_CENTER_PEOPLE)
@require_POST
def center_invitation_revoke(request: TenantRequest, center_pk: int, pk: int) -> HttpResponseBase:
    """Withdraw an invitation to a center's portal."""
    center = get_object_or_404(Center, pk=center_pk)
    return _revoke(request, center, pk, "center", center.pk)


def _team_page(request: TenantRequest, form: InviteForm) -> HttpResponse:
    members = list(queries.members(request.reseller))
    secured = queries.with_mfa(member.user for member in members)
    context = {
        "rows": [(member, member.user_id in secured, _role_form(member, STAFF_ROLES)) for member in members],
        "invitations": list(queries.open_invitations()),
        "share": _shared_once(request),
        "now": clock.now(),
    }
    return form_page(request, form, "centers/team.html", context)


def _people_part(request: TenantRequest, center: Center, form: InviteForm) -> HttpResponse:
    context = {
        "center": center,
        "rows": [
            (member, _role_form(member, CENTER_ROLES)) for member in queries.members(request.reseller, center)
        ],
        "invitations": list(queries.open_invitations(center)),
        "share": _shared_once(request),
        "now": clock.now(),
    }
    # Without htmx, only a form with errors comes here: it needs a page around it.
    page = "centers/center_people.html" if form.is_bound and not request.htmx else PEOPLE_PART
    return form_page(request, form, page, context)


def _role_form(member: Membership, roles: tuple[Any, ...]) -> RoleForm:
    return RoleForm(initial={"role": member.role}, roles=roles, auto_id=f"role_{member.pk}_%s")


def _invite(request: TenantRequest, form: InviteForm, center: Center | None) -> None:
    invitation, token = invitations.invite(
        reseller=request.reseller, center=center, by=request.user, now=clock.now(), **form.cleaned_data
    )
    _remember_link(request, invitation, token)
    toast(request, _("%(email)s was invited.") % {"email": form.cleaned_data["email"]})


def _remember_link(request: TenantRequest, invitation: Invitation, token: str) -> None:
    """Show the link once on the next page: it can be sent by WhatsApp, and no one can look it up later."""
    request.session["invitation_link"] = [invitation.pk, invitation_url(token)]


def _shared_once(request: TenantRequest) -> Share | None:
    """The link that was just made, for the one page that shows it."""
    pk, url = request.session.pop("invitation_link", (None, ""))
    rows = Invitation.objects.select_related("center", "reseller").defer("reseller__logo")
    invitation = rows.filter(pk=pk).first() if pk else None
    return share_of_invitation(invitation, url) if invitation else None


def _member(request: TenantRequest, center: Center | None, pk: int) -> Membership:
    """Memberships are not scoped, so the query names the tenant; a membership elsewhere is a 404."""
    return get_object_or_404(queries.members(request.reseller, center), pk=pk)


def _change(request: TenantRequest, member: Membership, page: str, *args: int) -> HttpResponseBase:
    role = request.POST.get("role", "")
    done = _("%(name)s has a new role.") % {"name": member.user}
    performed(request, lambda: people.change_role(membership=member, role=role, by=request.user), done)
    return redirect(page, request.reseller.slug, *args)


def _remove(request: TenantRequest, member: Membership, page: str, *args: int) -> HttpResponseBase:
    done = _("%(name)s no longer has access.") % {"name": member.user}
    performed(
        request, lambda: people.remove_member(membership=member, by=request.user, now=clock.now()), done
    )
    return redirect(page, request.reseller.slug, *args)


def _resend(
    request: TenantRequest, center: Center | None, pk: int, page: str, *args: int
) -> HttpResponseBase:
    invitation = get_object_or_404(queries.open_invitations(center), pk=pk)

    def resend() -> None:
        token = invitations.resend(invitation=invitation, by=request.user, now=clock.now())
        _remember_link(request, invitation, token)

    performed(request, resend, _("The invitation was resent to %(email)s.") % {"email": invitation.email})
    return redirect(page, request.reseller.slug, *args)


def _revoke(
    request: TenantRequest, center: Center | None, pk: int, page: str, *args: int
) -> HttpResponseBase:
    invitation = get_object_or_404(queries.open_invitations(center), pk=pk)
    done = _("The invitation for %(email)s was revoked.") % {"email": invitation.email}
    performed(
        request, lambda: invitations.revoke(invitation=invitation, by=request.user, now=clock.now()), done
    )
    return redirect(page, request.reseller.slug, *args)
