"""Hooks into the other apps: menus, parts of pages, jobs, the search, the check before a number is suspended."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing import audit_actions, navigation, notifications, report_sections, wordings
from billing.advances import undoing
from billing.charges import end_charges_of_archived
from billing.dunning import promise_notices, tomorrow
from billing.dunning.suspension import may_disable
from billing.gateways import notices
from billing.jobs import catch_up_jobs
from billing.models import Invoice, JobSchedule, Margin, Payment
from billing.payments import receipts, report_notices
from billing.pricing.rate_types.country_names import kept_labels
from billing.reports.gap_items import leave_items
from billing.usage.todays_usage import ask_todays_usage
from centers import clock
from centers.audit.messages import register_words
from centers.errors import OperationRefused
from centers.models import JobRun, Reseller
from centers.queries import register_country_names
from centers.queue.dispatch import enqueue
from centers.queue.heartbeats import register_queue
from centers.queue.job_runs import register_job
from centers.tenancy import lifecycle, team
from centers.tenancy.permissions import Permission
from centers.tenancy.scoping import tenant
from centers.web.first_steps import Step, register_step
from centers.web.fragments import register_fragments
from centers.web.navigation import register_sections
from centers.web.search import SHOWN_PER_KIND, Hit, is_true, register
from whatsapp.catching_up import on_catch_up
from whatsapp.ownership.todays_usage import register_todays_usage
from whatsapp.service.reconciler import register_guard

_JOBS = (
    ("usage", _("Usage"), Permission.VIEW, _("Days once they are over, today's usage as often as you set")),
    ("account", _("Main account and quota"), Permission.VIEW, _("Every hour")),
    ("rates", _("Rates"), Permission.MANAGE_PRICES, _("Every six hours")),
    ("invoices", _("Invoices"), Permission.ISSUE_INVOICES, _("Every hour, for months that have ended")),
    ("prices", _("Price changes"), Permission.MANAGE_PRICES, _("Every ten minutes")),
    (
        "limits",
        _("Credit limits"),
        Permission.MANAGE_DUNNING,
        _("Every ten minutes, if a center has a limit"),
    ),
    ("dunning", _("Reminders and suspensions"), Permission.MANAGE_DUNNING, _("Every five minutes")),
)


def connect() -> None:
    """Called once, from the app's ready()."""
    register_guard(may_disable)
    undoing.connect()
    notifications.connect()
    receipts.connect()
    tomorrow.connect()
    promise_notices.connect()
    notices.connect()
    report_notices.connect()
    report_sections.connect()
    wordings.connect()
    on_catch_up(catch_up_jobs)
    team.on_staff_removed(leave_items)
    lifecycle.on_archive(end_charges_of_archived)
    register_todays_usage(ask_todays_usage)
    register_country_names(kept_labels)
    register_sections(*navigation.SECTIONS)
    register_fragments(*navigation.FRAGMENTS)
    register_queue(order=30, name="metering", label=_("Usage, rates, invoices"))
    register(find_invoices)
    register(find_payments)
    register_words(
        sentences=audit_actions.SENTENCES,
        nouns=audit_actions.NOUNS,
        facts=audit_actions.FACTS,
        codes=audit_actions.CODES,
        dated=["gapitem"],
    )
    register_step(
        Step(
            order=30,
            title=_("Set your margin"),
            text=_("A margin is added to MazBot's cost. Without one, a center pays the cost."),
            url_name="prices",
            permission=Permission.MANAGE_PRICES,
            done=lambda reseller_id: Margin.objects.exists(),
        )
    )
    for name, label, permission, schedule in _JOBS:
        register_job(name, label, permission, schedule, _runner(name), next_run=_next_run(name))


def run_soon(job: str, reseller_id: int) -> bool:
    """Make a job due now, as a person asked, and enqueue it; False without a broker.

    Raises OperationRefused while it is running.
    """
    now = clock.now()
    with tenant(reseller_id):
        if JobRun.objects.filter(JobRun.going_on(now), job=job).exists():
            raise OperationRefused(gettext("A run is already in progress."))
        JobSchedule.objects.update_or_create(
            reseller_id=reseller_id, job=job, defaults={"next_at": now, "by_person": True}
        )
    return enqueue(f"billing.{job}", reseller_id=reseller_id)


def find_invoices(reseller: Reseller, permissions: frozenset[Permission], text: str) -> Iterable[Hit]:
    """Invoices and credit notes by their number."""
    if Permission.VIEW_INVOICES not in permissions:
        return
    rows = Invoice.objects.filter(number__icontains=text).select_related("center")
    for row in rows.order_by("-issued_at", "-pk")[:SHOWN_PER_KIND]:
        yield Hit(
            kind=row.get_kind_display(),
            title=row.number,
            url=reverse("invoice", args=[reseller.slug, row.pk]),
            detail=str(row.center),
            icon="file-invoice",
            exact=text.upper() == row.number.upper(),
        )


def find_payments(reseller: Reseller, permissions: frozenset[Permission], text: str) -> Iterable[Hit]:
    """Payments by their reference."""
    if Permission.VIEW_INVOICES not in permissions:
        return
    rows = Payment.objects.filter(reference__name_holds=text).select_related("center")
    rows = rows.annotate(exact=is_true(Q(reference__named=text)))
    for row in rows.order_by("-received_on", "-pk")[:SHOWN_PER_KIND]:
        yield Hit(
            kind=_("Payment"),
            title=str(row),
            url=f"{reverse('payments', args=[reseller.slug])}?center={row.center_id}",
            detail=str(row.center),
            icon="cash",
            exact=row.exact,
        )


def _runner(job: str) -> Callable[[int], object]:
    return lambda reseller_id: run_soon(job, reseller_id)


def _next_run(job: str) -> Callable[[int, datetime], datetime | None]:
    def next_run(reseller_id: int, now: datetime) -> datetime | None:
        next_at: datetime | None = (
            JobSchedule.objects.filter(reseller=reseller_id, job=job)
            .values_list("next_at", flat=True)
            .first()
        )
        return next_at

    return next_run
