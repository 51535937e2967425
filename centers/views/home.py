"""The staff's first page, the search over everything, and the token of the live stream."""

from django.http import HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from centers import clock
from centers.live import TOKEN_SECONDS, make_token
from centers.queries import jobs_today
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web import first_steps, fragments
from centers.web.partials import render_page
from centers.web.search import only_exact, search


@staff(Permission.VIEW)
@require_GET
def staff_home(request: TenantRequest) -> HttpResponse:
    """What is down, overdue or running out, and what today's jobs did: fragments of all apps."""
    slug = request.reseller.slug
    context = {
        "wide": fragments.parts_of(request, "home.wide", slug),
        "narrow": fragments.parts_of(request, "home.narrow", slug),
        "steps": first_steps.steps_of(request.reseller, request.permissions),
    }
    return render_page(request, "centers/staff_home.html", context)


@staff(Permission.VIEW_JOBS)
@require_GET
def home_jobs(request: TenantRequest) -> HttpResponse:
    """`#home-jobs`: what each job did since midnight."""
    rows = jobs_today(request.reseller, clock.now())
    return render_page(request, "centers/parts/home_jobs.html", {"rows": rows})


@staff(Permission.VIEW)
@require_GET
def search_everything(request: TenantRequest) -> HttpResponseBase:
    """Hits of all apps; a single exact one is opened directly."""
    text = request.GET.get("q", "")
    hits = search(request.reseller, request.permissions, text)
    single = only_exact(hits)
    if single and "all" not in request.GET:
        return redirect(single.url)
    return render_page(request, "centers/search.html", {"search_query": text, "hits": hits})


@staff(Permission.VIEW)
@require_GET
def live_token(request: TenantRequest) -> JsonResponse:
    """A fresh token for the stream of this reseller."""
    return JsonResponse({"token": make_token(request.reseller.pk), "seconds": TOKEN_SECONDS})
